"""How an answer to a check is judged: compared with the solution's and with those of known
mistakes.
"""

import math
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal, Protocol

import numpy as np

from autograder.check import Answer, Arrays, Check, Corpus, Failure, is_text
from autograder.relations import EXCHANGED, Relation, find_relations, letters_of, shape_in_letters

Status = Literal["passed", "partial", "failed", "not_reached", "error", "timeout", "killed"]
STATUS_OF_FAILURE: Mapping[Failure, Status] = {  # of all others: error
    Failure.TIMEOUT: "timeout",
    Failure.KILLED: "killed",
    Failure.STUB: "failed",
}
# Weights trained from one start on the same batches point the same way: row by row, their cosine
# with the solution's is far above that of weights trained from elsewhere. Chance alone keeps below
# it in a matrix of LARGE numbers or more.
ALIKE, LARGE = 0.15, 1000
# of the largest value of an array: other styles reach 2e-4 in float32, the smallest mistake 1e-2
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Mistake:
    """A known mistake: `text` is for the student, `code` stays with the solution (empty in a
    student's key).
    """

    id: str
    text: str
    keeps: float = 0.0  # the share of an array's points that it leaves
    code: str = ""


# mistakes that change the answer to a check, each with that answer
Known = Sequence[tuple[Mistake, Answer]]


class CheckKey(Protocol):
    """What an answer to one check is compared with. It may be made when it is asked for."""

    @property
    def expected(self) -> Answer:
        """The solution's answer."""

    @property
    def loss(self) -> float | None:
        """The loss that the solution's training reached, of a check that trains."""

    @property
    def constant(self) -> frozenset[str]:
        """The arrays that can cost points and earn none: the solution answers them alike on another
        seed.
        """

    @property
    def mistakes(self) -> Known:
        """The known mistakes that lose points here, each with its answer."""

    def spoilt_by(self, mistake: Mistake) -> bool:
        """Whether a known mistake loses points here."""


@dataclass(frozen=True)
class PlainKey:
    """The key of one check as plain data."""

    expected: Answer
    mistakes: Known = ()
    loss: float | None = None
    constant: frozenset[str] = frozenset()

    def spoilt_by(self, mistake: Mistake) -> bool:
        """Whether a known mistake loses points here."""
        return any(mistake.id == known.id for known, _ in self.mistakes)


Key = Mapping[str, CheckKey]


def key_name(check: Check, text: Corpus | None) -> str:
    """Name an entry of a key: a check, and for one that trains also what it trained on."""
    return f"{check.name}@{text.name}" if check.measure and text else check.name


@dataclass(frozen=True)
class Remark:
    """What is wrong with some arrays of a check, and what to do.

    group: the same for equal wrong values, which no known mistake explains.
    relation: the kind of relation to the expected values that the text tells, where it tells one.
    example: the first wrong number, where the expected one may be shown.
    literal: backticks and asterisks in the text are an answer's own, and no markup.
    """

    text: str
    arrays: tuple[str, ...] = ()
    mistake: str = ""
    group: str = ""
    literal: bool = False
    relation: str = ""
    example: str = ""


@dataclass(frozen=True)
class Verdict:
    """The judgement of one check."""

    name: str
    title: str
    points: float
    earned: float
    status: Status
    remarks: tuple[Remark, ...] = ()
    seconds: float = 0.0  # from question to answer
    loss: tuple[
        float, ...
    ] = ()  # of a training check: held out, our solution's, and how far they may be apart
    material: str = ""  # a checksum of what it rests on beside the submission
    failure: Failure = Failure.NONE  # why the answer ended early
    two_answers: bool = (
        False  # asked again it was answered otherwise, which an instructor should look at
    )
    carried: float = (
        0.0  # points among those earned that rest on an earlier mistake, which was carried forward
    )


@dataclass(frozen=True)
class Candidate:
    """A known mistake that agrees with the submission on some of the wrong arrays."""

    mistake: Mistake
    spoils: frozenset[str]  # arrays on which the mistake differs from the solution
    matches: frozenset[str]  # of these, the wrong ones on which the submission equals the mistake

    @property
    def matches_all(self) -> bool:
        """Whether the submission equals the mistake wherever the mistake differs from the
        solution.
        """
        return self.matches == self.spoils


@dataclass(frozen=True)
class Explanation:
    """Mistakes that are the same program for a check, and the wrong arrays that they explain.

    is_sure: whether the submission equals the mistakes wherever these differ from the solution.
    """

    mistakes: tuple[Mistake, ...]
    arrays: tuple[str, ...]
    is_sure: bool

    @property
    def has_one_text(self) -> bool:
        """Whether the mistakes have the same words; to list several would be no diagnosis."""
        return len({mistake.text for mistake in self.mistakes}) == 1


def judge(
    check: Check,
    key: CheckKey,
    answer: Answer,
    sizes: Mapping[str, int],
    excluded: Callable[[Mistake], bool] = lambda _: False,
) -> Verdict:
    """Compare an answer with the solution's and the known mistakes': points, and remarks that name
    what went wrong.

    sizes: letter → size, for shapes in words.
    excluded: whether a mistake cannot have been made, since it would have spoilt a check that has
    passed. It is asked
        of those mistakes alone that look like the answer.
    """
    if answer.failure:
        return _judge_failure(check, key, answer, excluded)
    if check.measure:
        return _judge_weights(check, key, answer, sizes)
    wrong = [name for name in key.expected.arrays if not _agree(check, name, key.expected, answer)]
    if not wrong:
        return _verdict(check, 1.0, [])
    return _judge_arrays(check, key, answer, sizes, wrong, excluded)


def _judge_failure(
    check: Check, key: CheckKey, answer: Answer, excluded: Callable[[Mistake], bool]
) -> Verdict:
    """Judge an answer that ended early; a known mistake that fails by the same error is named.

    Arrays that were named all the same and are right earn their share. Wrong ones may be so because
    of the failure, and nothing is said of them.
    """
    remarks = [Remark(answer.message)]
    if answer.failure == Failure.RAISED:
        made = [mistake for mistake in _raising(key, answer) if not excluded(mistake)]
        if len({mistake.text for mistake in made}) == 1:
            remarks.insert(0, Remark(made[0].text, (), made[0].code))
    verdict = _verdict(check, _share_beside_failure(check, key, answer), remarks)
    if verdict.earned:
        right = [n for n in _right(check, key, answer) if n not in key.constant]
        told = Remark(
            "right, and it counts." if len(right) == 1 else "right, and they count.", tuple(right)
        )
        return replace(verdict, remarks=(*remarks, told), failure=answer.failure)
    return replace(
        verdict, status=STATUS_OF_FAILURE.get(answer.failure, "error"), failure=answer.failure
    )


def _right(check: Check, key: CheckKey, answer: Answer) -> list[str]:
    return [name for name in key.expected.arrays if _agree(check, name, key.expected, answer)]


def _share_beside_failure(check: Check, key: CheckKey, answer: Answer) -> float:
    """The share of a check's points that arrays earn which were named although something failed."""
    if check.measure or not answer.arrays:
        return 0.0
    expected, right = key.expected.arrays, _right(check, key, answer)
    if len(right) == len(expected):  # then the failure is in what no array shows
        return 0.0
    counted = [name for name in expected if name in answer.arrays or name not in key.constant]
    return _share({name: float(name in right) for name in counted}, key.constant)


def _raising(key: CheckKey, answer: Answer) -> list[Mistake]:
    """Find the known mistakes that raise the same error in the same words, with the same shapes and
    names in them.
    """
    error = _error_without_place(answer)
    raising = [(mistake, its) for mistake, its in key.mistakes if its.failure == Failure.RAISED]
    return [mistake for mistake, its in raising if _error_without_place(its) == error]


def _judge_weights(
    check: Check, key: CheckKey, answer: Answer, sizes: Mapping[str, int]
) -> Verdict:
    """Judge whether trained weights can be measured: each has the shape of the solution's."""
    expected = key.expected.arrays
    strays = [
        name
        for name in expected
        if answer.arrays.get(name, np.empty(0)).shape != expected[name].shape
    ]
    remarks = [_describe(name, check, key, answer, sizes) for name in strays]
    return _verdict(check, 0.0 if strays else 1.0, remarks)


def _judge_arrays(
    check: Check,
    key: CheckKey,
    answer: Answer,
    sizes: Mapping[str, int],
    wrong: Sequence[str],
    excluded: Callable[[Mistake], bool],
) -> Verdict:
    """Judge an answer some of whose arrays are wrong: a mistake that explains them may leave a part
    of their share.
    """
    shares = {name: 0.0 if name in wrong else 1.0 for name in key.expected.arrays}
    candidates = [
        one for one in _candidates(check, key, answer, wrong) if not excluded(one.mistake)
    ]
    explanations = list(_explain(candidates, wrong))
    for explanation in explanations:
        for name in explanation.arrays:
            kept = min(mistake.keeps for mistake in explanation.mistakes)
            nothing = name not in key.constant and _one_number(answer.arrays.get(name))
            shares[name] = 0.0 if nothing else kept
    remarks = _remarks(check, key, answer, sizes, wrong, explanations)
    return _verdict(check, _share(shares, key.constant), remarks)


def explanations_of(
    check: Check, key: CheckKey, answer: Answer, excluded: Callable[[Mistake], bool]
) -> list[Explanation]:
    """Explain all that is wrong in an answer by known mistakes; nothing where some is left, or
    nothing is wrong.
    """
    if answer.failure or check.measure:
        return []
    wrong = [name for name in key.expected.arrays if not _agree(check, name, key.expected, answer)]
    candidates = [
        one for one in _candidates(check, key, answer, wrong) if not excluded(one.mistake)
    ]
    found = list(_explain(candidates, wrong))
    return found if {name for one in found for name in one.arrays} == set(wrong) else []


def agree(check: Check, name: str, one: Answer, other: Answer) -> bool:
    """Whether the judge cannot tell two answers apart on an array."""
    return _agree(check, name, one, other)


def _one_number(array: np.ndarray | None) -> bool:
    """Whether an array is zeros, or the same number throughout: that can be sent by a file that
    solves nothing.
    """
    if array is None or is_text(array):
        return array is None
    return not array.any() or (array.size > 1 and bool((array == array.flat[0]).all()))


def _share(right: Mapping[str, float], constant: Container[str]) -> float:
    """The share of a check's points that an answer earns, some of whose arrays are wrong.

    A file that solves nothing can send an array that is the same on every seed. So only the others
    earn, in equal parts; one that is constant and wrong costs what an array is worth among all.
    right: of each array how far it is right: 1, 0, or what a known mistake keeps.
    """
    earning = [share for name, share in right.items() if name not in constant]
    spoilt = [1 - share for name, share in right.items() if name in constant]
    if not earning:
        return 0.0
    return max(0.0, sum(earning) / len(earning) - sum(spoilt) / len(right))


def constant_arrays(check: Check, one: Answer, other: Answer) -> frozenset[str]:
    """The arrays that earn nothing: the judge cannot tell them apart in the solution's answers on
    two seeds.

    With them those of which the check says so itself.
    """
    same = {name for name in one.arrays if _agree(check, name, one, other)}
    return frozenset(same | set(check.costs))


def _remarks(
    check: Check,
    key: CheckKey,
    answer: Answer,
    sizes: Mapping[str, int],
    wrong: Sequence[str],
    explanations: Sequence[Explanation],
) -> list[Remark]:
    """Tell what is wrong: by known mistakes, by relations to the expected arrays, and else by how
    the arrays look.

    Arrays of which the same is said share a remark.
    """
    named = {name for explanation in explanations for name in explanation.arrays}
    related: Mapping[str, Relation] = {}
    if not named.issuperset(wrong) or any(not one.is_sure for one in explanations):
        related = find_relations(
            key.expected.arrays, answer.arrays, wrong, letters_of(check, sizes)
        )
    sure = named.issuperset(wrong)
    told = [
        one
        for one in explanations
        if one.has_one_text
        and not _outdone(one, related)
        and (sure or _is_credible(one, answer, named, related, wrong))
    ]
    remarks = [Remark(one.mistakes[0].text, one.arrays, one.mistakes[0].code) for one in told]
    left = [name for name in wrong if not any(name in one.arrays for one in told)]
    return remarks + _joined(
        [_described(name, check, key, answer, sizes, related.get(name)) for name in left]
    )


def _outdone(explanation: Explanation, related: Mapping[str, Relation]) -> bool:
    """Whether a relation explains all that known mistakes do, and other arrays too; or arrays
    changed places.
    """
    relations = [related[name] for name in explanation.arrays if name in related]
    if any(
        relation.kind == EXCHANGED and relation.of not in explanation.arrays
        for relation in relations
    ):
        return True
    texts = {relation.text for relation in relations}
    if len(texts) != 1 or len(relations) < len(explanation.arrays):
        return False
    holding = [name for name, relation in related.items() if relation.text in texts]
    return len(holding) > len(explanation.arrays)


def _is_credible(
    explanation: Explanation,
    answer: Answer,
    named: Container[str],
    related: Container[str],
    wrong: Sequence[str],
) -> bool:
    """Whether known mistakes are to be named that leave wrong arrays unexplained.

    Truth values say what they say. Numbers that many mistakes have in common, zeros, NaN and
    infinity, say little of how they came about. And where most of the wrong arrays are explained by
    nothing, so may these be.
    """
    arrays = [answer.arrays[name] for name in explanation.arrays]
    if any(array.dtype.kind == "b" for array in arrays):
        return True
    if not any(array[np.isfinite(array)].any() for array in arrays):
        return False
    explained = [name for name in wrong if name in named or name in related]
    return 2 * len(explained) >= len(wrong)


def _described(
    name: str,
    check: Check,
    key: CheckKey,
    answer: Answer,
    sizes: Mapping[str, int],
    relation: Relation | None,
) -> Remark:
    described = _describe(name, check, key, answer, sizes)
    if relation is None:
        return described
    want, got = key.expected.arrays[name], answer.arrays[name]
    text = relation.text
    if got.shape != want.shape:
        text = f"{text.removesuffix('.')}: {_two_shapes(got, want, sizes)}"
    elif name in check.words:
        text = f"{text} {check.words[name]}"
    return replace(described, text=text, relation=relation.kind)


WRONG = "wrong values in "  # how a remark begins that can say no more


def _joined(remarks: Sequence[Remark]) -> list[Remark]:
    """Join remarks that say the same of several arrays, and those that can only say how many values
    are wrong.
    """
    together: dict[str, list[Remark]] = {}
    for remark in remarks:
        what = WRONG if remark.text.startswith(WRONG) else remark.text
        together.setdefault(what, []).append(remark)
    return [_one_of(alike) for alike in together.values()]


def _one_of(remarks: Sequence[Remark]) -> Remark:
    """Make one remark of several that say the same."""
    first = remarks[0]
    if len(remarks) == 1:
        return first
    arrays = tuple(name for remark in remarks for name in remark.arrays)
    groups = [remark.group for remark in remarks if remark.group]
    group = sha256(" ".join(groups).encode()).hexdigest()[:12] if groups else ""
    if not first.text.startswith(WRONG):
        return replace(first, arrays=arrays, group=group)
    counts = [remark.text.removeprefix(WRONG).removesuffix(" places.") for remark in remarks]
    return replace(first, text=f"{WRONG}{', '.join(counts)} places.", arrays=arrays, group=group)


def judge_loss(
    check: Check, key: CheckKey, loss: float, trained: Arrays | None = None, loss_unit: str = ""
) -> Verdict:
    """Compare the held-out loss of trained weights with the solution's on the same seed.

    trained: the weights, which must then be alike too: from the same start and the same batches.
    loss_unit: what the loss is counted in, in words.
    """
    ours = key.loss if key.loss is not None else math.nan
    figures = tuple(
        round(value, 6) for value in (loss, ours, check.within) if math.isfinite(loss - ours)
    )
    if abs(loss - ours) <= check.within:
        if alike(trained or {}, key.expected.arrays) >= ALIKE:
            return replace(_verdict(check, 1.0, []), loss=figures)
        text = (
            f"held-out loss {loss:.4f}, as ours, but these weights did not come from the first "
            "weights and the "
        )
        remark = Remark(text + "batches that were given. Train those.")
        return replace(_verdict(check, 0.0, [remark]), loss=figures)
    unit = f" {loss_unit}" if loss_unit else ""
    text = (
        f"held-out loss {loss:.4f}{unit}; ours on the same seed, batches and first weights "
        f"{ours:.4f}. "
    )
    text += f"They should agree within {check.within:g}. {_where_to_look(check)}"
    return replace(_verdict(check, 0.0, [Remark(text)]), loss=figures)


def _where_to_look(check: Check) -> str:
    """Ask what may be wrong with training: nothing that the checks which have passed before have
    shown to be right.
    """
    if not check.needs:
        return "Does every step use its own batch and the newest weights?"
    passed = " and ".join(f"`{name}`" for name in check.needs)
    return (
        f"What {passed} asked is right, so look for what shows only in a longer run or at other "
        "sizes: does training "
        "end early, is something done in some steps only, is a number written into the code?"
    )


def alike(trained: Arrays, ours: Arrays) -> float:
    """How alike trained weights are to ours: the cosine of their rows, the median of a large
    matrix, the least of all.

    Of rows, because those that no text reaches stay as they were given, and could be made as large
    as one likes.
    """
    medians = [1.0]
    for name in trained.keys() & {
        name for name, array in ours.items() if array.ndim > 1 and array.size >= LARGE
    }:
        one, other = trained[name].astype(np.float64), ours[name].astype(np.float64)
        with np.errstate(all="ignore"):
            rows = (one * other).sum(-1) / (
                np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1)
            )
        medians.append(float(np.median(np.nan_to_num(rows))))
    return min(medians)


def not_reached(check: Check, needed: Sequence[str]) -> Verdict:
    """The verdict of a check that was not run because others, which it needs, have not passed."""
    text = (
        f"runs once {' and '.join(f'`{name}`' for name in needed)} "
        f"{'pass' if len(needed) > 1 else 'passes'}."
    )
    return Verdict(check.name, check.title, check.points, 0.0, "not_reached", (Remark(text),))


def unmet(check: Check, verdicts: Mapping[str, Verdict]) -> list[str]:
    """The checks that this one needs and that have not passed."""
    return [name for name in check.needs if name in verdicts and verdicts[name].status != "passed"]


def excluded_by(key: Key, verdicts: Mapping[str, Verdict]) -> Callable[[Mistake], bool]:
    """Say of a mistake whether it would have spoilt a check which has passed."""

    def excluded(mistake: Mistake) -> bool:
        passed = [
            name for name, verdict in verdicts.items() if verdict.status == "passed" and name in key
        ]
        return any(key[name].spoilt_by(mistake) for name in passed)

    return excluded


def _verdict(check: Check, share: float, remarks: Sequence[Remark]) -> Verdict:
    """The verdict on an answer that earns a share of the points; all of it only where nothing is
    wrong.
    """
    earned = round(check.points * share, 4)
    status: Status = "partial" if remarks and earned else "failed" if remarks else "passed"
    return Verdict(check.name, check.title, check.points, earned, status, tuple(remarks))


def kind_of_error(answer: Answer) -> str:
    """The exception's type and the beginning of its words, without the place it was raised at."""
    return _error_without_place(answer)[:40]


def _error_without_place(answer: Answer) -> str:
    return answer.message.split(": ", 1)[-1]


def _agree(check: Check, name: str, one: Answer, other: Answer) -> bool:
    return deviation(check, name, one, other) <= 1


def same_answer(check: Check, one: Answer, other: Answer) -> bool:
    """Whether the judge cannot tell two answers without failure apart."""
    return all(_agree(check, name, one, other) for name in one.arrays.keys() | other.arrays.keys())


def deviation(check: Check, name: str, one: Answer, other: Answer) -> float:
    """How far two answers are apart on an array: 1 is the check's tolerance of the first one's
    largest value.

    Infinite for another shape, for NaN and infinity in other places, and for integers and text that
    differ at all.
    """
    want, got = one.arrays.get(name), other.arrays.get(name)
    if want is None or got is None:
        return 0.0 if want is got else math.inf
    if want.shape != got.shape:
        return math.inf
    if is_text(want) or is_text(got):
        return 0.0 if is_text(want) and is_text(got) and np.array_equal(want, got) else math.inf
    if want.dtype == got.dtype and want.tobytes() == got.tobytes():
        return 0.0
    a, b = want.astype(np.float64, copy=False), got.astype(np.float64, copy=False)
    scale = float(np.abs(a).max(initial=0.0))
    if not math.isfinite(scale):
        finite = np.isfinite(a)
        if not np.array_equal(
            np.where(finite, 0, a), np.where(np.isfinite(b), 0, b), equal_nan=True
        ):
            return math.inf
        a, b = a[finite], b[finite]
        scale = float(np.abs(a).max(initial=0.0))
    with np.errstate(invalid="ignore", over="ignore"):
        apart = float(np.abs(a - b).max(initial=0.0))
    if want.dtype.kind in "iub" or math.isnan(apart):
        return math.inf if apart else 0.0  # NaN is true
    return apart / (check.tolerance.get(name, TOLERANCE) * (scale or 1.0))


def _candidates(
    check: Check, key: CheckKey, answer: Answer, wrong: Sequence[str]
) -> Iterator[Candidate]:
    """Find the known mistakes that agree with an answer on a wrong array, and would have spoilt no
    right one.
    """
    for mistake, its in key.mistakes:
        if its.failure:
            continue
        agreeing = {name for name in wrong if _agree(check, name, its, answer)}
        if not agreeing:
            continue
        spoils = frozenset(
            name for name in key.expected.arrays if not _agree(check, name, key.expected, its)
        )
        if spoils <= set(wrong):
            yield Candidate(mistake, spoils, spoils & agreeing)


def _explain(candidates: Sequence[Candidate], wrong: Sequence[str]) -> Iterator[Explanation]:
    """Assign wrong arrays to known mistakes, the mistake that explains most of them first.

    Example: `dx` and `dW` are wrong; mistake A spoils both, B spoils `dx` only. A explains both.
    Several may remain where they are the same program for this check; where they only overlap,
    nothing is claimed.
    """
    explained = set().union(*(one.matches for one in candidates))
    # arrays that no candidate explains: more than one mistake was made
    several_made = set(wrong) - explained
    left = set(wrong)
    while left:
        most = max((len(one.matches & left) for one in candidates), default=0)
        if not most:
            return
        best = [one for one in candidates if len(one.matches & left) == most]
        first = next((one for one in best if one.matches_all), best[0])
        rivals = [one for one in best if one.matches & first.matches & left]
        if any(
            one.matches_all for one in rivals
        ):  # it outdoes one that should have spoilt more, if that is right
            rivals = [one for one in rivals if one.matches_all or one.spoils & several_made]
        if all(
            (one.matches & left, one.spoils) == (first.matches & left, first.spoils)
            for one in rivals
        ):
            arrays = tuple(name for name in wrong if name in first.matches & left)
            sure = any(one.matches_all for one in rivals)
            yield Explanation(tuple(one.mistake for one in rivals), arrays, sure)
        for one in rivals:
            left = left - one.matches


def _describe(
    name: str, check: Check, key: CheckKey, answer: Answer, sizes: Mapping[str, int]
) -> Remark:
    """What can be said of a wrong array that no known mistake explains."""
    want, got = key.expected.arrays[name], answer.arrays.get(name)
    if got is None:
        return Remark("is missing from the result.", (name,))
    if is_text(want) != is_text(got):
        return Remark(f"is {_kind(got)}, and should be {_kind(want)}.", (name,))
    if got.shape != want.shape:
        return Remark(f"the shape is another: {_two_shapes(got, want, sizes)}", (name,))
    if is_text(want):
        words = check.words.get(name)
        text = words or _differing_text(want, got)
        return Remark(text, (name,), group=_checksum(got), literal=not words)
    strange = int((~np.isfinite(got.astype(np.float64))).sum())
    if strange and bool(np.isfinite(want.astype(np.float64)).all()):
        return Remark(f"NaN or infinity in {strange} of {got.size} places.", (name,))
    if check.measure:
        return Remark("cannot be measured.", (name,))
    close = np.isclose(got.astype(np.float64), want.astype(np.float64), rtol=TOLERANCE, atol=1e-6)
    words = f"{WRONG}{max(1, int((~close).sum()))} of {got.size} places."
    return Remark(check.words.get(name, words), (name,), group=_group(got.astype(np.float64)))


def _two_shapes(got: np.ndarray, want: np.ndarray, sizes: Mapping[str, int]) -> str:
    return (
        f"{shape_in_letters(got.shape, sizes)} found, {shape_in_letters(want.shape, sizes)} wanted."
    )


def _kind(array: np.ndarray) -> str:
    """Name what an array holds; an empty list holds neither numbers nor text."""
    if not array.size:
        return "an empty list"
    if is_text(array):
        return "text"
    return "numbers" if array.shape else "a number"


def _differing_text(want: np.ndarray, got: np.ndarray) -> str:
    """Say where text differs first: "expected 'A. L.', found 'A.L.'\"; both have the same shape."""
    places = np.argwhere(np.atleast_1d(want != got))
    if not want.shape:
        return f"expected {_quoted(str(want), str(got))}, found {_quoted(str(got), str(want))}."
    at = tuple(places[0].tolist())
    one, other = str(want[at]), str(got[at])
    place = "".join(f"[{index}]" for index in at)
    words = f"at {place} expected {_quoted(one, other)}, found {_quoted(other, one)}"
    return f"{words}; {len(places)} of {want.size} differ." if len(places) > 1 else f"{words}."


def _quoted(text: str, other: str, most: int = 60) -> str:
    """Quote a text; of a long one, the part around the first character that the other does not have
    there.
    """
    if len(text) <= most:
        return repr(text)
    same = next(
        (i for i, (a, b) in enumerate(zip(text, other, strict=False)) if a != b), len(other)
    )
    start = max(0, min(same, len(text)) - most // 2)
    piece = text[start : start + most]
    return f"{'…' if start else ''}{piece!r}{'…' if start + most < len(text) else ''}"


def _checksum(text: np.ndarray) -> str:
    return sha256(f"{text.shape} {text.tolist()}".encode()).hexdigest()[:12]


def _group(wrong: np.ndarray) -> str:
    """A checksum of values to two decimals: that of others who made the same mistake in another
    style.
    """
    scale = np.abs(wrong).max(initial=0.0) or 1.0
    rounded = np.round(wrong / scale, 2) + 0.0  # no minus zero
    return sha256(f"{wrong.shape} {scale:.1e}".encode() + rounded.tobytes()).hexdigest()[:12]
