"""How an answer to a check is judged: compared with the solution's and with those of known mistakes."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

import numpy as np

from autograder.check import Answer, Arrays, Check, is_text

Status = Literal["passed", "partial", "failed", "not_reached", "error", "timeout", "killed"]
# Weights trained from one start on the same batches point the same way: row by row, their cosine with the solution's is
# far above that of weights trained from elsewhere. Chance alone keeps below it in a matrix of LARGE numbers or more.
ALIKE, LARGE = 0.15, 1000
TOLERANCE = 1e-3  # of the largest value of an array: other styles reach 2e-4 in float32, the smallest mistake 1e-2


@dataclass(frozen=True)
class Mistake:
    """A known mistake: `text` is for the student, `code` stays with the solution (empty in a student's key)."""

    id: str
    text: str
    keeps: float = 0.0  # the share of an array's points that it leaves
    code: str = ""


@dataclass(frozen=True)
class CheckKey:
    """The solution's answer to one check, the mistakes' where they differ, and the loss that training reached."""

    expected: Answer
    mistakes: tuple[tuple[Mistake, Answer], ...] = ()
    loss: float | None = None


Key = Mapping[str, CheckKey]


@dataclass(frozen=True)
class Remark:
    """What is wrong with some arrays of a check, and what to do.

    group: the same for equal wrong values, which no known mistake explains.
    literal: backticks and asterisks in the text are an answer's own, and no markup.
    """

    text: str
    arrays: tuple[str, ...] = ()
    mistake: str = ""
    group: str = ""
    literal: bool = False


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
    loss: tuple[float, ...] = ()  # of a training check: held out, our solution's, and how far they may be apart
    material: str = ""  # a checksum of what it rests on beside the submission
    failure: str = ""  # of an answer that is none: how it failed, as in `Answer`


def judge(
    check: Check, key: CheckKey, answer: Answer, sizes: Mapping[str, int], ruled_out: Callable[[], set[str]] = set
) -> Verdict:
    """Compare an answer with the solution's and the known mistakes': points, and remarks that name what went wrong.

    `ruled_out`, asked where a value is wrong: ids of mistakes that would have spoilt a check which has passed.
    """
    expected = key.expected.arrays
    wrong = [] if check.measure else [name for name in expected if not _agree(check, name, key.expected, answer)]
    if not (answer.failure or check.measure or wrong):
        return _verdict(check, {}, [], passed=True)
    others = ruled_out()
    key = replace(key, mistakes=tuple((m, its) for m, its in key.mistakes if m.id not in others))
    if answer.failure:
        return _judge_failure(check, key, answer)
    if check.measure:
        strays = [n for n in expected if answer.arrays.get(n, np.empty(0)).shape != expected[n].shape]
        return _verdict(check, {}, [_describe(n, check, key, answer, sizes) for n in strays], passed=not strays)
    remarks, shares = [], dict.fromkeys(expected, 1.0) | dict.fromkeys(wrong, 0.0)
    for mistakes, names in _explain(check, key, answer, wrong):
        text = " Or: ".join(dict.fromkeys(mistake.text for mistake in mistakes))
        remarks.append(Remark(text, tuple(names), mistakes[0].code))
        shares |= dict.fromkeys(names, min(mistake.keeps for mistake in mistakes))
        wrong = [name for name in wrong if name not in names]
    remarks += [_describe(name, check, key, answer, sizes) for name in wrong]
    return _verdict(check, shares, remarks, passed=False)


def judge_loss(check: Check, key: CheckKey, loss: float, trained: Arrays | None = None, loss_unit: str = "") -> Verdict:
    """Compare the held-out loss of trained weights with the solution's on the same seed.

    trained: the weights, which must then be alike too: from the same start and the same batches.
    loss_unit: what the loss is counted in, in words.
    """
    ours = key.loss if key.loss is not None else math.nan
    figures = tuple(round(value, 4) for value in (loss, ours, check.within) if math.isfinite(loss - ours))
    if abs(loss - ours) <= check.within:
        if alike(trained or {}, key.expected.arrays) >= ALIKE:
            return replace(_verdict(check, {}, [], passed=True), loss=figures)
        text = f"held-out loss {loss:.3f}, as ours, but these weights did not come from the first weights and the "
        remark = Remark(text + "batches that were given. Train those.")
        return replace(_verdict(check, {}, [remark], passed=False), loss=figures)
    unit = f" {loss_unit}" if loss_unit else ""
    text = f"held-out loss {loss:.3f}{unit}; ours on the same seed, batches and first weights {ours:.3f}. "
    text += f"They should agree within {check.within:g}: does every step use its own batch and the newest weights?"
    return replace(_verdict(check, {}, [Remark(text)], passed=False), loss=figures)


def alike(trained: Arrays, ours: Arrays) -> float:
    """How alike trained weights are to ours: the cosine of their rows, the median of a large matrix, the least of all.

    Of rows, because those that no text reaches stay as they were given, and could be made as large as one likes.
    """
    medians = [1.0]
    for name in trained.keys() & {name for name, array in ours.items() if array.ndim > 1 and array.size >= LARGE}:
        one, other = trained[name].astype(np.float64), ours[name].astype(np.float64)
        with np.errstate(all="ignore"):
            rows = (one * other).sum(-1) / (np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1))
        medians.append(float(np.median(np.nan_to_num(rows))))
    return min(medians)


def not_reached(check: Check, needed: Sequence[str]) -> Verdict:
    """The verdict of a check that was not run because others, which it needs, have not passed."""
    text = f"runs once {' and '.join(f'`{name}`' for name in needed)} {'pass' if len(needed) > 1 else 'passes'}."
    return Verdict(check.name, check.title, check.points, 0.0, "not_reached", (Remark(text),))


def unmet(check: Check, verdicts: Mapping[str, Verdict]) -> list[str]:
    """The checks that this one needs and that have not passed."""
    return [name for name in check.needs if name in verdicts and verdicts[name].status != "passed"]


def not_made(key: Key, verdicts: Mapping[str, Verdict]) -> set[str]:
    """The ids of the mistakes that would have spoilt a check which has passed."""
    passed = [name for name, verdict in verdicts.items() if verdict.status == "passed" and name in key]
    return {mistake.id for name in passed for mistake, _ in key[name].mistakes}


def _verdict(check: Check, shares: Mapping[str, float], remarks: Sequence[Remark], passed: bool) -> Verdict:
    share = 1.0 if passed else (sum(shares.values()) / len(shares) if shares else 0.0)
    earned = round(check.points * share, 4)
    status: Status = "passed" if passed else "partial" if earned else "failed"
    return Verdict(check.name, check.title, check.points, earned, status, tuple(remarks))


def _judge_failure(check: Check, key: CheckKey, answer: Answer) -> Verdict:
    status: Status = {"timeout": "timeout", "killed": "killed", "stub": "failed"}.get(answer.failure, "error")  # type: ignore[assignment]
    remarks = [Remark(answer.message)]
    for mistake, its in key.mistakes:
        if answer.failure == "raised" == its.failure and kind_of_error(answer) == kind_of_error(its):
            remarks = [Remark(mistake.text, (), mistake.code), *remarks]
    return replace(_verdict(check, {}, remarks, passed=False), status=status, failure=answer.failure)


def kind_of_error(answer: Answer) -> str:
    """The exception's type and the beginning of its words, without the place it was raised at."""
    return answer.message.split(": ", 1)[-1][:40]


def _agree(check: Check, name: str, one: Answer, other: Answer) -> bool:
    return deviation(check, name, one, other) <= 1


def deviation(check: Check, name: str, one: Answer, other: Answer) -> float:
    """How far two answers are apart on an array: 1 is the check's tolerance of the first one's largest value.

    Infinite for another shape, for NaN and infinity in other places, and for integers and text that differ at all.
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
        if not np.array_equal(np.where(finite, 0, a), np.where(np.isfinite(b), 0, b), equal_nan=True):
            return math.inf
        a, b = a[finite], b[finite]
        scale = float(np.abs(a).max(initial=0.0))
    with np.errstate(invalid="ignore", over="ignore"):
        apart = float(np.abs(a - b).max(initial=0.0))
    if want.dtype.kind in "iub" or math.isnan(apart):
        return math.inf if apart else 0.0  # NaN is true
    return apart / (check.tolerance.get(name, TOLERANCE) * (scale or 1.0))


def _explain(
    check: Check, key: CheckKey, answer: Answer, wrong: Sequence[str]
) -> Iterable[tuple[list[Mistake], list[str]]]:
    """Yield (mistakes, arrays they explain). A mistake that would have spoilt an array which is right was not made.

    Each round takes the mistakes that explain the most arrays still unexplained. Several may remain where they are
    the same program for this check; where they only overlap, nothing is claimed.
    """
    agreeing = {
        mistake: (its, names)
        for mistake, its in key.mistakes
        if not its.failure and (names := [n for n in wrong if _agree(check, n, its, answer)])
    }
    changed = {
        mistake: [n for n in key.expected.arrays if not _agree(check, n, key.expected, its)]
        for mistake, (its, _) in agreeing.items()
    }
    explains = {
        mistake: [n for n in names if n in changed[mistake]]
        for mistake, (_, names) in agreeing.items()
        if set(changed[mistake]) <= set(wrong)
    }
    odd = set(wrong) - {n for names in explains.values() for n in names}  # more than one mistake was made
    left = list(wrong)
    while left:
        reach = {mistake: [n for n in names if n in left] for mistake, names in explains.items()}
        most = max(map(len, reach.values()), default=0)
        if not most:
            return
        best = [mistake for mistake, names in reach.items() if len(names) == most]
        first = next((m for m in best if explains[m] == changed[m]), best[0])
        rivals = [m for m in best if set(reach[m]) & set(reach[first])]
        whole = [m for m in rivals if explains[m] == changed[m]]
        rivals = [m for m in rivals if m in whole or odd & set(changed[m])] if whole else rivals
        if all((reach[m], changed[m]) == (reach[first], changed[first]) for m in rivals):
            yield rivals, reach[first]
        left = [n for n in left if n not in {name for m in rivals for name in reach[m]}]


def _describe(name: str, check: Check, key: CheckKey, answer: Answer, sizes: Mapping[str, int]) -> Remark:
    """What can be said of a wrong array that no known mistake explains."""
    want, got = key.expected.arrays[name], answer.arrays.get(name)
    if got is None:
        return Remark("is missing from the result.", (name,))
    if is_text(want) != is_text(got):
        return Remark(f"is {_kind(got)}, and should be {_kind(want)}.", (name,))
    if got.shape != want.shape:
        found = f"{_letters(got.shape, sizes)} found, {_letters(want.shape, sizes)} wanted."
        return Remark(f"the shape is another: {found}", (name,))
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
    words = f"wrong values in {max(1, int((~close).sum()))} of {got.size} places."
    return Remark(check.words.get(name, words), (name,), group=_group(got.astype(np.float64)))


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
    """Quote a text; of a long one, the part around the first character that the other does not have there."""
    if len(text) <= most:
        return repr(text)
    same = next((i for i, (a, b) in enumerate(zip(text, other, strict=False)) if a != b), len(other))
    start = max(0, min(same, len(text)) - most // 2)
    piece = text[start : start + most]
    return f"{'…' if start else ''}{piece!r}{'…' if start + most < len(text) else ''}"


def _checksum(text: np.ndarray) -> str:
    return sha256(f"{text.shape} {text.tolist()}".encode()).hexdigest()[:12]


def _group(wrong: np.ndarray) -> str:
    """A checksum of values to two decimals: that of others who made the same mistake in another style."""
    scale = np.abs(wrong).max(initial=0.0) or 1.0
    rounded = np.round(wrong / scale, 2) + 0.0  # no minus zero
    return sha256(f"{wrong.shape} {scale:.1e}".encode() + rounded.tobytes()).hexdigest()[:12]


def _letters(shape: Sequence[int], sizes: Mapping[str, int]) -> str:
    """A shape in the course's letters and in numbers: `(T, B, H) = (6, 3, 9)`; one more than a letter is `T+1`."""
    names = {size + 1: f"{letter}+1" for letter, size in sizes.items()}
    names |= {size: letter for letter, size in sizes.items()}
    if not shape:
        return "a single number"
    numbers = _tuple(map(str, shape))
    if not all(size in names for size in shape):
        return numbers
    return f"{_tuple(names[size] for size in shape)} = {numbers}"


def _tuple(parts: Iterable[str]) -> str:
    """Write parts as Python writes a tuple: one of them alone keeps its comma."""
    written = list(parts)
    return f"({written[0]},)" if len(written) == 1 else f"({', '.join(written)})"
