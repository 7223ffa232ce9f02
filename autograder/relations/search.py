"""The search for relations: ways to make the wrong array from the expected one, and which is told.

Each search yields what fits, with the chance that anything would fit; the choice is made over all
wrong arrays of a check together, so that two numbers with one factor count as evidence of it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np

from autograder.relations import evidence
from autograder.relations.changes import UNCHANGED, Change, Function, changes, rearrangements
from autograder.relations.letters import Letters

Array = np.ndarray
Arrays = Mapping[str, Array]
# of an array that has nothing to do with the expected one: that any relation at all is told
CHANCE = 1e-6
OF_EACH = -3.0  # log10 of the chance of each array, where several are told of one relation
MOST = 100_000  # larger arrays are not searched
EXCHANGED = "exchanged"  # the kind of two arrays that changed places
FEW_ROWS = 4  # wrong rows that are told one by one
OF_PLACES = -2.0  # log10 of the chance that wrong places are just those of a kind
# log10 of the chance that wrong entries, scattered anywhere, spare the rows that are right
OF_SPARED = -3.0
ROUNDINGS = 8  # a result of few operations in a lower precision differs by no more of its roundings
STEPS = 5  # the longest step by which a part of an array is looked for
PARALLEL = (
    0.998  # squared cosine of two arrays below which no factor fits them, whatever their size
)
RIGHT, YOURS = "the expected ones", "your values"


@dataclass(frozen=True)
class Relation:
    """How a wrong array is made from the expected one.

    kind: what it is called in counts.
    text: what a student reads.
    apply: from the expected array to the wrong one; None where the expected one does not determine
    it.
    whole: whether it holds for every entry.
    of: the other array whose expected values these are.
    """

    kind: str
    text: str
    apply: Function | None = field(default=None, compare=False)
    whole: bool = True
    of: str = ""


@dataclass(frozen=True)
class Found:
    """A relation that fits an array.

    prior, chance: how likely it is before anything is seen, and how likely to fit anything;
    logarithms to base 10.
    fitted: how many of its numbers were taken from the wrong array.
    """

    relation: Relation
    prior: float
    chance: float
    fitted: int = 0


@dataclass(frozen=True)
class Case:
    """A wrong array, the expected one, those expected beside it, and the letters of the check."""

    right: Array
    found: Array
    others: Arrays
    letters: Letters

    @cached_property
    def wrong(self) -> Array:
        """Where entries of an array of the right shape are wrong."""
        return differ(self.right, self.found)


def differ(right: Array, other: Array) -> Array:
    """Where two arrays of one shape differ by more than rounding."""
    largest = float(np.abs(right).max(initial=0.0))
    places: Array = ~(np.abs(other - right) <= evidence.NEAREST * largest)
    return places


def find_relations(
    right: Arrays, found: Arrays, wrong: Sequence[str], letters: Letters
) -> dict[str, Relation]:
    """Find relations of wrong arrays to the expected ones: by array, of those that have one.

    right: the expected arrays of a check. found: those of an answer.
    wrong: the names of those that are wrong.
    """
    numbers = {
        name: array.astype(np.float64) for name, array in right.items() if _is_searched(array)
    }
    by_array: dict[str, list[Found]] = {}
    for name in wrong:
        array = found.get(name)
        if array is None or name not in numbers:
            continue
        if not array.size:
            by_array[name] = [NOTHING]
        if not _is_searched(array):
            continue
        others = {other: its for other, its in numbers.items() if other != name}
        case = Case(numbers[name], array.astype(np.float64), others, letters)
        with np.errstate(all="ignore"):
            by_array[name] = list(fitting(case))
    return _exchanged(_chosen(by_array))


def _exchanged(relations: dict[str, Relation]) -> dict[str, Relation]:
    """Say of two arrays, each of which has the values of the other, that they changed places."""
    for one, relation in list(relations.items()):
        other = relation.of
        if other in relations and relations[other].of == one:
            first, second = sorted((one, other))
            text = f"`{first}` and `{second}` have changed places."
            relations[one] = Relation(EXCHANGED, text, of=other)
            relations[other] = Relation(EXCHANGED, text, of=one)
    return relations


def _is_searched(array: Array) -> bool:
    return array.dtype.kind in "fiu" and 0 < array.size <= MOST


def _chosen(by_array: Mapping[str, Sequence[Found]]) -> dict[str, Relation]:
    """Choose for each array one of the relations that cannot be chance: that of most arrays, the
    likeliest of them.
    """
    fits: dict[str, dict[str, Found]] = {}
    for name, those in by_array.items():
        for one in those:
            fits.setdefault(one.relation.text, {})[name] = one
    sure = [members for members in fits.values() if not _by_chance(list(members.values()))]
    chosen: dict[str, Relation] = {}
    while sure:
        best = max(sure, key=_preference)
        chosen |= {name: one.relation for name, one in best.items()}
        sure = [{name: one for name, one in its.items() if name not in chosen} for its in sure]
        sure = [its for its in sure if its and not _by_chance(list(its.values()))]
    return chosen


def _by_chance(members: Sequence[Found]) -> bool:
    """Whether arrays could fit a relation by chance."""
    prior = max(one.prior for one in members)
    return sum(one.chance for one in members) > math.log10(CHANCE) + prior


def _preference(members: Mapping[str, Found]) -> tuple[bool, int, int, float]:
    """Prefer what holds everywhere, for most arrays, with the fewest numbers of its own, and is
    likeliest.
    """
    found = list(members.values())
    whole = all(one.relation.whole for one in found)
    fitted = sum(one.fitted for one in found)
    return whole, len(found), -fitted, max(one.prior for one in found)


NOTHING = Found(Relation("empty", "there are no values."), 0.0, -math.inf)


def fitting(case: Case) -> Iterator[Found]:
    """Yield the relations that fit, whether or not it could be chance."""
    if not np.isfinite(case.right).all():
        return
    if _is_hopeless(case):
        yield from _same_everywhere(case)
        return
    whole = (
        _made,
        _undone,
        _of_others,
        _added,
        _along,
        _blocks,
        _in_another_order,
        _rounded,
        _same_everywhere,
    )
    searches = whole if np.isfinite(case.found).all() else ()
    for search in (*searches, _in_parts, _where):
        for one in search(case):
            if one.chance <= OF_EACH:
                yield one


def _is_hopeless(case: Case) -> bool:
    """Whether even a perfect fit would say too little, as of a few small integers."""
    best = (evidence.chance_log10(array, array) for array in (case.found, case.right))
    return min(best) > OF_EACH


# ---- from the expected array, and back to it


def _applied(change: Change, array: Array, shape: tuple[int, ...]) -> Array | None:
    """What a change makes of an array, if that has the shape."""
    made = change.function(array)
    return made if made.shape == shape else None


@dataclass(frozen=True)
class Factor:
    """A factor between two arrays: its value, its words after the arrays, its prior, and whether it
    was fitted.
    """

    value: float
    words: str
    prior: float
    fitted: int = 0


def _factor(one: Array, other: Array, letters: Letters) -> Factor | None:
    """The factor that takes one array to another; None where none does."""
    a, b = one.ravel(), other.ravel()
    square, product = float(a @ a), float(a @ b)
    if not (square and math.isfinite(square)):
        return None
    if product * product < PARALLEL * square * float(b @ b):
        return None
    value = product / square
    if not evidence.fits(value * a, b):
        return None
    sign = "−" if value < 0 else ""
    if abs(abs(value) - 1) <= 1e-5:
        return Factor(-1.0, " × −1", 0.1) if sign else Factor(1.0, "", 0.6)
    if constant := letters.constant(abs(value)):
        named = constant.value * (-1 if sign else 1)
        return Factor(named, f" × {sign}{constant.words}", 0.2 * constant.prior)
    return Factor(
        value, f" × {'a negative' if sign else 'one and the same'} number", 0.02, fitted=1
    )


def _made(case: Case) -> Iterator[Found]:
    """Your values are a change of the expected ones, times a factor."""
    for change in changes(case.right.shape, case.found.shape, case.letters):
        made = _applied(change, case.right, case.found.shape)
        if made is None:
            continue
        factor = _factor(made, case.found, case.letters)
        if factor is None:
            continue
        if change.kind == "values" and factor.value == 1:
            continue
        text = f"your values are {change.words.format(RIGHT)}{factor.words}."
        kind = (
            change.kind if change.kind != "values" else "factor" if factor.value != -1 else "sign"
        )
        apply = partial(_times, function=change.function, factor=factor.value)
        chance = _chance(factor.value * made, case, factor.fitted)
        yield Found(
            Relation(kind, text, apply),
            math.log10(change.prior * factor.prior),
            chance,
            factor.fitted,
        )


def _times(array: Array, function: Function, factor: float) -> Array:
    made: Array = factor * function(array)
    return made


def _chance(predicted: Array, case: Case, fitted: int = 0) -> float:
    """The chance that the wrong array is as predicted, told by those entries that are predicted to
    be wrong.
    """
    if case.right.shape != case.found.shape:
        return evidence.chance_log10(predicted, case.found, fitted)
    told = differ(case.right, predicted)
    places = evidence.chance_of_places_log10(told.size, int(told.sum()))
    return places + evidence.chance_log10(predicted[told], case.found[told], fitted)


def _undone(case: Case) -> Iterator[Found]:
    """What is expected is a change of your values, times a factor."""
    for change in changes(case.found.shape, case.right.shape, case.letters):
        if change.kind in ("values", "reversed", "rolled", "axes exchanged", "laid out"):
            continue  # which are made as well as undone
        made = _applied(change, case.found, case.right.shape)
        if made is None:
            continue
        factor = _factor(made, case.right, case.letters)
        if factor is None:
            continue
        text = f"what is expected is {change.words.format(YOURS)}{factor.words}."
        chance = evidence.chance_log10(factor.value * made, case.right, factor.fitted)
        yield Found(
            Relation(change.kind, text),
            math.log10(change.prior * factor.prior),
            chance,
            factor.fitted,
        )


# ---- with other arrays of the check


def _of_others(case: Case) -> Iterator[Found]:
    """Your values are those of another array; or the expected ones and another array's together."""
    share = 0.05 / max(1, len(case.others))
    for name, other in case.others.items():
        if other.size < 2:
            continue
        words = f"those expected of `{name}`"
        yield from _another(case, name, words, share)
        if other.shape == case.right.shape == case.found.shape:
            yield from _together(case, other, words, share)


def _another(case: Case, name: str, words: str, prior: float) -> Iterator[Found]:
    other = case.others[name]
    for change in (UNCHANGED, *rearrangements(other.shape, case.letters)):
        made = _applied(change, other, case.found.shape)
        if made is None:
            continue
        factor = _factor(made, case.found, case.letters)
        if factor is None:
            continue
        text = f"your values are {change.words.format(words)}{factor.words}."
        chance = _chance(factor.value * made, case, factor.fitted)
        same = change is UNCHANGED and factor.value == 1
        relation = Relation("another array", text, of=name if same else "")
        yield Found(
            relation, math.log10(prior * change.prior * factor.prior), chance, factor.fitted
        )


def _together(case: Case, other: Array, words: str, prior: float) -> Iterator[Found]:
    factor = _factor(other, case.found - case.right, case.letters)
    if factor is None:
        return
    sign = "less" if factor.value < 0 else "plus"
    text = (
        f"your values are {RIGHT} {sign} "
        f"{words}{factor.words.replace(' × −1', '').replace('−', '')}."
    )
    chance = _chance(case.right + factor.value * other, case, factor.fitted)
    yield Found(
        Relation("another array added", text),
        math.log10(0.3 * prior * factor.prior),
        chance,
        factor.fitted,
    )


# ---- by what they differ


def _added(case: Case) -> Iterator[Found]:
    """One number is added everywhere."""
    if case.right.shape != case.found.shape:
        return
    by = float((case.found - case.right).mean())
    if not by or not evidence.fits(case.right + by, case.found):
        return
    constant = case.letters.constant(abs(by)) if abs(abs(by) - 1) > 1e-5 else None
    if abs(abs(by) - 1) <= 1e-5:
        words, prior, fitted = "1", 0.03, 0
    elif constant:
        words, prior, fitted = constant.words, 0.01 * constant.prior, 0
    else:
        words, prior, fitted = "one and the same number", 0.005, 1
    sign = "+" if by > 0 else "−"
    text = f"your values are {RIGHT} {sign} {words}."
    chance = _chance(case.right + by, case, fitted)
    yield Found(Relation("added", text, partial(np.add, by)), math.log10(prior), chance, fitted)


def _along(case: Case) -> Iterator[Found]:
    """Along some axes all differ by the same numbers, or by the same factors."""
    shape = case.found.shape
    if case.right.shape != shape:
        return
    for axes in _some_axes(shape):
        cells = case.found.size // math.prod(shape[axis] for axis in axes)
        name = case.letters.axes(shape, axes)
        by = (case.found - case.right).mean(axes, keepdims=True)
        if evidence.fits(case.right + by, case.found):
            text = f"for each {name} your values differ from the expected ones by the same numbers."
            chance = _chance(case.right + by, case, cells)
            yield Found(Relation("same difference along", text), math.log10(0.002), chance, cells)
        squares = (case.right**2).sum(axes, keepdims=True)
        factors = (case.right * case.found).sum(axes, keepdims=True) / np.where(squares, squares, 1)
        if evidence.fits(case.right * factors, case.found):
            text = f"for each {name} your values are the expected ones times the same numbers."
            chance = _chance(case.right * factors, case, cells)
            yield Found(Relation("same factor along", text), math.log10(0.002), chance, cells)


def _some_axes(shape: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield sets of axes, those of more than one number, but never all of them."""
    axes = [axis for axis, size in enumerate(shape) if size > 1]
    for bits in range(1, 2 ** len(axes) - 1):
        yield tuple(axis for place, axis in enumerate(axes) if bits >> place & 1)


# ---- in parts


def _in_parts(case: Case) -> Iterator[Found]:
    """Some rows are right, or made from the expected ones, and others are not."""
    if case.right.shape != case.found.shape:
        return
    for change in (UNCHANGED, *rearrangements(case.right.shape, case.letters)):
        made = _applied(change, case.right, case.found.shape)
        if made is None or change.kind == "sorted":
            continue
        agree = ~differ(case.found, made)
        if agree.any() and not agree.all():
            yield from _rows_that_agree(case, change, made, agree)


def _rows_that_agree(case: Case, change: Change, made: Array, agree: Array) -> Iterator[Found]:
    shape = case.found.shape
    for axis, size in enumerate(shape):
        rows = agree.all(tuple(a for a in range(len(shape)) if a != axis))
        which = _which(np.flatnonzero(~rows), size) if rows.any() and size > 2 else ""
        # would they spare these rows?
        scattered = int((~agree).sum()) * math.log10(1 - rows.sum() / size)
        if not which or scattered > OF_SPARED:
            continue
        used = np.zeros_like(agree)
        used[(slice(None),) * axis + (rows,)] = True
        if change.kind != "values":
            used &= differ(case.right, made)
        chance = evidence.chance_log10(made[used], case.found[used])
        chance = min(0.0, chance + size * math.log10(2))  # for the choice of rows
        along = case.letters.along(shape, axis)
        text = f"your values are {change.words.format(RIGHT)}, {which.format(along)}."
        kind = "right but for rows" if change.kind == "values" else f"{change.kind}, but for rows"
        yield Found(Relation(kind, text, whole=False), math.log10(change.prior * 0.1), chance)


def _which(wrong: Array, size: int) -> str:
    """Say which rows are wrong, "but for the first{}", `{}` for the axis; nothing where no rule is
    seen.
    """
    count, first, last = len(wrong), int(wrong[0]), int(wrong[-1])
    if count == 1:
        place = {0: "the first{}", size - 1: "the last{}"}.get(
            first, f"number {first}{{}}, counted from 0"
        )
        return f"but for {place}"
    if last == count - 1:
        return f"but for the first {count}{{}}" if count < size - 1 else "in the last{} only"
    if first == size - count:
        return f"but for the last {count}{{}}" if count < size - 1 else "in the first{} only"
    if last - first == count - 1:
        return f"but for numbers {first} to {last}{{}}, counted from 0"
    if count <= FEW_ROWS and count < size / 2:
        return f"but for numbers {', '.join(map(str, wrong))}{{}}, counted from 0"
    return ""


# ---- in places


def _where(case: Case) -> Iterator[Found]:
    """Values are wrong just where the expected ones are of a kind; or are the expected ones but for
    0 or a sign.
    """
    if case.right.shape != case.found.shape:
        return
    wrong, count = case.wrong, int(case.wrong.sum())
    if not 0 < count < wrong.size:
        return
    right = evidence.chance_log10(case.right[~wrong], case.found[~wrong])
    places = evidence.chance_of_places_log10(wrong.size, count)
    for words, rule in _kinds(case.right):
        if places <= OF_PLACES and np.array_equal(rule, wrong):
            text = f"your values are {RIGHT}, but where {words}{_there(case.found[wrong])}."
            yield Found(Relation("right but where", text, whole=False), math.log10(0.005), right)
    if not case.found[wrong].any() and count > 2:
        text = f"your values are {RIGHT}, but 0 in {count} of {wrong.size} places."
        yield Found(Relation("right or 0", text, whole=False), math.log10(0.005), right)
    if count > 2 and evidence.fits(np.abs(case.right), np.abs(case.found)):
        text = (
            f"your values are {RIGHT}, but with the other sign in {count} of {wrong.size} places."
        )
        sizes = evidence.chance_log10(np.abs(case.right), np.abs(case.found)) + count * math.log10(
            2
        )
        yield Found(Relation("signs", text, whole=False), math.log10(0.005), sizes)


def _kinds(right: Array) -> Iterator[tuple[str, Array]]:
    """Yield kinds of expected values, each with where they are."""
    yield "0 is expected", right == 0
    yield "a negative number is expected", right < 0
    yield "a positive number is expected", right > 0
    yield "the largest number is expected", right == right.max()
    yield "the smallest number is expected", right == right.min()


def _there(found: Array) -> str:
    """Say what wrong values are, where all are one small number or none is a number."""
    if np.isnan(found).all():
        return ", they are NaN"
    if np.isinf(found).all():
        return ", they are infinite"
    first = float(found[0])
    same = bool((found == first).all())
    return f", they are {first:g}" if same and first in (-1.0, 0.0, 1.0) else ""


# ---- parts of arrays that are longer


def _blocks(case: Case) -> Iterator[Found]:
    """One of two arrays is a part of the other: some rows in a row, or each second or third of
    them.
    """
    axis = _only_axis_that_differs(case.right.shape, case.found.shape)
    if axis is None:
        return
    right, found = np.moveaxis(case.right, axis, 0), np.moveaxis(case.found, axis, 0)
    shorter, longer = (found, right) if len(found) < len(right) else (right, found)
    if not len(shorter):
        return
    along = case.letters.along(case.right.shape, axis)
    for start, step in _starts_and_steps(shorter, longer):
        part = slice(start, start + step * len(shorter), step)
        words = _part_in_words(start, step, len(shorter), len(longer), along)
        prior = math.log10(0.05 / (len(longer) * STEPS))
        chance = evidence.chance_log10(longer[part], shorter)
        if longer is found:
            yield Found(
                Relation("longer", f"what is expected is {words.format(YOURS)}."), prior, chance
            )
        else:
            rows = np.arange(len(longer))[part]
            apply = partial(np.take, indices=rows, axis=axis)
            yield Found(
                Relation("left out", f"your values are {words.format(RIGHT)}.", apply),
                prior,
                chance,
            )


def _only_axis_that_differs(one: Sequence[int], other: Sequence[int]) -> int | None:
    if len(one) != len(other):
        return None
    axes = [axis for axis, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return axes[0] if len(axes) == 1 else None


def _starts_and_steps(shorter: Array, longer: Array) -> Iterator[tuple[int, int]]:
    """Yield where in a longer array a shorter one begins, and by which step it goes on."""
    for step in range(1, STEPS + 1):
        for start in range(len(longer) - step * (len(shorter) - 1)):
            if evidence.fits(longer[start], shorter[0]):
                part = longer[start : start + step * len(shorter) : step]
                if evidence.fits(part, shorter):
                    yield start, step


def _part_in_words(start: int, step: int, count: int, size: int, along: str) -> str:
    if step > 1:
        which = {2: "second", 3: "third"}.get(step, f"{step}th")
        return f"each {which} of {{}}{along}" + (
            f", from number {start} on, counted from 0" if start else ""
        )
    before, after = start, size - start - count
    ends = [_some("first", before)] * bool(before) + [_some("last", after)] * bool(after)
    return f"{{}} without {' and '.join(ends)}{along}"


def _some(which: str, count: int) -> str:
    return f"the {which}" if count == 1 else f"the {which} {count}"


def _in_another_order(case: Case) -> Iterator[Found]:
    """Your values are the expected ones, with rows in another order."""
    shape = case.found.shape
    if case.right.shape != shape:
        return
    for axis, size in enumerate(shape):
        if size < 3:
            continue
        right, found = (
            np.moveaxis(array, axis, 0).reshape(size, -1) for array in (case.right, case.found)
        )
        mix = np.cos(np.arange(right.shape[1]) + 1.0)  # rows that are equal are equal when mixed
        order, its = np.argsort(right @ mix), np.argsort(found @ mix)
        if not evidence.fits(right[order], found[its]):
            continue
        rows = (
            f"with rows{case.letters.along(shape, axis)} in another order"
            if len(shape) > 1
            else "in another order"
        )
        ways = math.lgamma(size + 1) / math.log(10)
        chance = min(0.0, evidence.chance_log10(right[order], found[its]) + ways)
        yield Found(
            Relation("in another order", f"your values are {RIGHT}, {rows}."),
            math.log10(0.001),
            chance,
        )


# ---- of themselves


PRECISIONS: Mapping[str, type[np.floating[Any]]] = {"half": np.float16, "single": np.float32}


def _rounded(case: Case) -> Iterator[Found]:
    """Your values are the expected ones in a lower precision."""
    if case.right.shape != case.found.shape:
        return
    for name, kind in PRECISIONS.items():
        is_lower = np.array_equal(case.found, case.found.astype(kind))
        if not is_lower or np.array_equal(case.right, case.right.astype(kind)):
            continue
        largest = float(np.abs(case.right).max(initial=0.0))
        if np.abs(case.found - case.right).max() <= ROUNDINGS * float(np.finfo(kind).eps) * largest:
            text = f"your values are {RIGHT} in {name} precision, `{kind.__name__}`."
            chance = evidence.chance_log10(case.right, case.found)
            apply = partial(_in_precision, kind=kind)
            yield Found(Relation("precision", text, apply), math.log10(0.002), chance)
            return


def _in_precision(array: Array, kind: type[np.floating[Any]]) -> Array:
    return array.astype(kind)


def _same_everywhere(case: Case) -> Iterator[Found]:
    """All are one number, or the same along an axis."""
    found, right = case.found, case.right
    if found.size < 3 or not np.ptp(right):
        return
    if not np.ptp(found):
        which = "0" if not found.flat[0] else "the same"
        yield Found(
            Relation("all the same", f"all your values are {which}."), math.log10(0.01), -math.inf
        )
        return
    if found.shape != right.shape:
        return
    for axes in reversed(list(_some_axes(found.shape))):
        shape = [found.shape[axis] for axis in axes]
        if math.prod(shape) < 3 or not np.ptp(right, axes).any() or np.ptp(found, axes).any():
            continue
        text = f"your values are the same for each {case.letters.axes(found.shape, axes)}."
        yield Found(Relation("the same along", text), math.log10(0.005), -math.inf)
        return
