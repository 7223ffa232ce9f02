"""What a check is, and how an answer to it is judged.

A check is an experiment: (implementation, seed) → named arrays. It never compares and holds no answer. The same
experiment is run on a submission, on our solution, and on our solution with each known mistake in it; this module
compares what came back.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np

Arrays = dict[str, np.ndarray]
Status = Literal["passed", "partial", "failed", "not_reached", "error", "timeout", "killed"]
# Training from one start on the same batches, rounded differently, ends at 0.62 or more by `alike`, with other dropout
# at 0.30 or more; weights trained from another start at 0.07 or less (4 seeds of each of the 8 training checks).
ALIKE, LARGE = 0.15, 1000  # a cosine; the numbers that a matrix must have for chance alone to stay below it
TOLERANCE = 1e-3  # of the largest value of an array: other styles reach 2e-4 in float32, the smallest mistake 1e-2


class UnknownUnit(Exception):
    """A unit that does not exist was asked for; the text names the nearest."""


@dataclass(frozen=True)
class Check:
    """One experiment and what it is worth.

    `experiment(implementation, seed)` returns named arrays. A training check's experiment is also given the training
    text and returns trained weights; `measure(solution, weights, held_out_text)` then gives their loss, and runs
    where the submission does not. `needs` names the checks that must have passed before. A check that does not train on
    the corpus has `data()`, called where no submission runs, which gives texts with `.name .train .held_out`.
    """

    name: str
    points: float
    experiment: Callable[..., Arrays]
    needs: tuple[str, ...] = ()
    measure: Callable[..., float] | None = None
    data: Callable[[], Any] | None = None
    within: float = 0.0  # nats that a loss may differ from our solution's on the same seed
    tolerance: Mapping[str, float] = field(default_factory=dict)  # by array, where it is not TOLERANCE
    words: Mapping[str, str] = field(
        default_factory=dict
    )  # by array: what to say of wrong values that nothing explains
    seconds: float = 5.0  # of processor time; see `Limits`

    @property
    def title(self) -> str:
        """The first line of the experiment's docstring: what a student reads."""
        return (self.experiment.__doc__ or self.name).strip().splitlines()[0]


def check(
    points: float, needs: Check | Iterable[Check] = (), **options: Any
) -> Callable[[Callable[..., Arrays]], Check]:
    """Make an experiment a `Check` worth `points`. The options are the fields of `Check`."""
    needed = (needs,) if isinstance(needs, Check) else tuple(needs)

    def make(experiment: Callable[..., Arrays]) -> Check:
        return Check(experiment.__name__, points, experiment, tuple(n.name for n in needed), **options)

    return make


def named(names: str, *values: Any) -> Arrays:
    """Name values in order: `named("loss dlogits", loss, dlogits)`; one tuple or dict may stand for all of them.

    Raises `TypeError` when the number of values is another, or a value is not an array of numbers.
    """
    wanted = names.split()
    if len(values) == 1 and len(wanted) > 1:
        values = _spread(values[0], wanted)
    if len(values) != len(wanted):
        raise TypeError(f"expected {len(wanted)} values ({', '.join(wanted)}), found {len(values)}")
    return {name: as_array(name, value) for name, value in zip(wanted, values, strict=True)}


def _spread(value: Any, wanted: Sequence[str]) -> tuple[Any, ...]:
    if isinstance(value, Mapping):
        missing = [name for name in wanted if name not in value]
        if missing:
            raise TypeError(f"the result has no {', '.join(map(repr, missing))}; it needs {', '.join(wanted)}")
        return tuple(value[name] for name in wanted)
    if isinstance(value, tuple | list):
        return tuple(value)
    raise TypeError(f"expected {len(wanted)} values ({', '.join(wanted)}), found one {type(value).__name__}")


def as_array(name: str, value: Any) -> np.ndarray:
    """`value` as an array of numbers; a tensor is detached. Raises `TypeError` for anything else."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    try:
        array = np.array(value)
    except Exception as error:
        raise TypeError(f"`{name}` should be an array of numbers, found {type(value).__name__}") from error
    if array.dtype.kind not in "fiub":
        raise TypeError(f"`{name}` should be an array of numbers, found {type(value).__name__}")
    if array.dtype.itemsize > 8:
        raise TypeError(f"`{name}` holds {array.dtype} numbers; return float64 or float32")
    return array


@dataclass(frozen=True)
class Limits:
    """What one submission may use. A unit that needs more has `LIMITS = Limits(…)`, a check `seconds=`."""

    megabytes: int = 1024  # of address space beyond the server's
    patience: float = 4.0  # wall clock of a check, in multiples of its `seconds` of processor time
    seconds: float = 600.0  # wall clock of all checks together


@dataclass(frozen=True)
class Unit:
    """A unit's checks in order, and the sizes that its letters stand for."""

    name: str
    checks: tuple[Check, ...]
    sizes: Mapping[str, int]
    packages: tuple[str, ...]  # what a submission may import beyond the standard library
    limits: Limits = Limits()


def unit_names() -> list[str]:
    """The stems of all units, in order."""
    return sorted(path.stem for path in (Path(__file__).parent / "checks").glob("unit*.py"))


def find_unit(name: str) -> str:
    """The unit that `name` is the whole or the beginning of (`unit4`). Raises `UnknownUnit`, naming the nearest."""
    from difflib import get_close_matches

    units = unit_names()
    found = [unit for unit in units if unit == name] or [unit for unit in units if name and unit.startswith(name)]
    if len(found) == 1:
        return found[0]
    stems = {unit.split("_")[0]: unit for unit in units} | {unit: unit for unit in units}
    near = get_close_matches(name, stems, 1, 0.4)
    hint = f"Did you mean `{stems[near[0]]}`?" if near else f"There is: {', '.join(units)}."
    raise UnknownUnit(f"There is no unit `{name}`. {hint}")


def load_unit(name: str) -> Unit:
    """The unit of that exact name: the `Check` objects of its module, in order."""
    module = import_module(f"autograder.checks.{name}")
    checks = tuple(value for value in vars(module).values() if isinstance(value, Check))
    return Unit(name, checks, module.SIZES, tuple(module.PACKAGES), getattr(module, "LIMITS", Limits()))


@dataclass(frozen=True)
class Answer:
    """What came back for one check: arrays, or else the kind of failure and its words."""

    arrays: Arrays = field(default_factory=dict)
    failure: str = ""  # "", stub, missing, raised, timeout, killed
    message: str = ""


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
    """What is wrong with some arrays of a check, and what to do."""

    text: str
    arrays: tuple[str, ...] = ()
    mistake: str = ""
    group: str = ""  # the same for equal wrong values, which no known mistake explains


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


def judge_loss(check: Check, key: CheckKey, loss: float, trained: Arrays | None = None) -> Verdict:
    """Compare the held-out loss of trained weights, in nats a character, with our solution's on the same seed.

    Where `trained` is given, the weights must be alike too: from the same start and the same batches.
    """
    ours = key.loss if key.loss is not None else math.nan
    figures = tuple(round(value, 4) for value in (loss, ours, check.within) if math.isfinite(loss - ours))
    if abs(loss - ours) <= check.within:
        if alike(trained or {}, key.expected.arrays) >= ALIKE:
            return replace(_verdict(check, {}, [], passed=True), loss=figures)
        text = f"held-out loss {loss:.3f}, as ours, but these weights did not come from the first weights and the "
        remark = Remark(text + "batches that were given. Train those.")
        return replace(_verdict(check, {}, [remark], passed=False), loss=figures)
    unit = "" if check.data else " nats a character"
    text = f"held-out loss {loss:.3f}{unit}; ours on the same seed, batches and first weights {ours:.3f}. "
    text += f"They should agree within {check.within:g}: does every step use its own batch and the newest weights?"
    return replace(_verdict(check, {}, [Remark(text)], passed=False), loss=figures)


def close(one: Answer, other: Answer, within: float) -> bool:
    """Whether two answers hold the same arrays, but for rounding: a share of the value, and a hundredth of it of 1."""
    return one.arrays.keys() == other.arrays.keys() and all(
        a.shape == (b := other.arrays[name]).shape and np.allclose(a, b, within, within / 100, equal_nan=True)
        for name, a in one.arrays.items()
    )


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
        if answer.failure == "raised" == its.failure and _kind_of_error(answer) == _kind_of_error(its):
            remarks = [Remark(mistake.text, (), mistake.code), *remarks]
    return replace(_verdict(check, {}, remarks, passed=False), status=status)


def _kind_of_error(answer: Answer) -> str:
    """The exception's type and the beginning of its words, without the place it was raised at."""
    return answer.message.split(": ", 1)[-1][:40]


def _agree(check: Check, name: str, one: Answer, other: Answer) -> bool:
    return deviation(check, name, one, other) <= 1


def deviation(check: Check, name: str, one: Answer, other: Answer) -> float:
    """How far two answers are apart on an array: 1 is the check's tolerance of the first one's largest value.

    Infinite for another shape, for NaN and infinity in other places, and for integers that differ at all.
    """
    want, got = one.arrays.get(name), other.arrays.get(name)
    if want is None or got is None:
        return 0.0 if want is got else math.inf
    if want.shape != got.shape:
        return math.inf
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
    if got.shape != want.shape:
        found = f"{_letters(got.shape, sizes)} found, {_letters(want.shape, sizes)} wanted."
        return Remark(f"the shape is another: {found}", (name,))
    strange = int((~np.isfinite(got.astype(np.float64))).sum())
    if strange and bool(np.isfinite(want.astype(np.float64)).all()):
        return Remark(f"NaN or infinity in {strange} of {got.size} places.", (name,))
    if check.measure:
        return Remark("cannot be measured.", (name,))
    close = np.isclose(got.astype(np.float64), want.astype(np.float64), rtol=TOLERANCE, atol=1e-6)
    words = f"wrong values in {max(1, int((~close).sum()))} of {got.size} places."
    return Remark(check.words.get(name, words), (name,), group=_group(got.astype(np.float64)))


def _group(wrong: np.ndarray) -> str:
    """A checksum of values to two digits: that of others who made the same mistake in another style."""
    scale = np.abs(wrong).max(initial=0.0) or 1.0
    rounded = np.round(wrong / scale, 2) + 0.0  # no minus zero
    return sha256(f"{wrong.shape} {scale:.1e}".encode() + rounded.tobytes()).hexdigest()[:12]


def _letters(shape: Sequence[int], sizes: Mapping[str, int]) -> str:
    """A shape in the course's letters and in numbers: `(T, B, H) = (6, 3, 9)`; of steps also `T+1`."""
    names = {sizes["T"] + 1: "T+1"} if "T" in sizes else {}
    names |= {size: letter for letter, size in sizes.items()}
    numbers = "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
    if not shape or not all(size in names for size in shape):
        return numbers if shape else "a single number"
    return f"({', '.join(names[size] for size in shape)}) = {numbers}"
