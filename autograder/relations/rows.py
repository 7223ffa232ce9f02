"""Searches by the rows along an axis: some are right, some are left out, or their order is another.

Each search is given a `Case` and yields what fits, whether or not it could be chance.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from autograder.judging import chance as evidence
from autograder.judging.chance import differ
from autograder.relations.arithmetic import changed
from autograder.relations.case import RIGHT, YOURS, Array, Case, Found, Relation
from autograder.relations.changes import UNCHANGED, Change, rearrangements

FEW_ROWS = 4  # wrong rows that are told one by one
MANY_ROWS = 20  # from here on an array without a letter may be one that was made flat
MOST_COMPARED = 1_000_000  # entries, where each row is compared with each
STEPS = 5  # the longest step by which a part of an array is looked for
MOST_TRIED = 500  # places at which such a part is tried: of equal rows each might be one
# log10 of the chance that wrong entries, scattered anywhere, spare the rows that are right
SPARED_BY_CHANCE = -3.0


# ---- some rows are right


def right_but_for_rows(case: Case) -> Iterator[Found]:
    """Find where some rows are right, or made from the expected ones, and others are not."""
    if not case.same_shape:
        return
    for change in (UNCHANGED, *rearrangements(case.right.shape, case.letters)):
        made = changed(change, case.right, case.found.shape)
        if made is None or change.kind == "sorted":
            continue
        agree = ~differ(case.found, made)
        if agree.any() and not agree.all():
            yield from _rows_that_agree(_Made(case, change, made, agree))


@dataclass(frozen=True)
class _Made:
    """A wrong array beside what a change makes of the expected one.

    made: what the change makes. agree: where the wrong array equals that; both of its shape.
    """

    case: Case
    change: Change
    made: Array
    agree: Array

    def rows(self, axis: int) -> Array:
        """Return which rows along an axis agree in all entries, (rows,)."""
        rows_first = np.moveaxis(self.agree, axis, 0)
        entries = rows_first.reshape(len(rows_first), -1)
        agreeing: Array = np.all(entries, axis=1)
        return agreeing

    def chance_log10(self, axis: int, rows: Array) -> float:
        """Return the chance that these rows along an axis agree, as its logarithm to base 10.

        Entries that the change leaves as they are tell nothing of it.
        """
        telling = np.zeros_like(self.agree)
        rows_first = np.moveaxis(telling, axis, 0)
        rows_first[rows] = True
        if self.change is not UNCHANGED:
            telling &= differ(self.case.right, self.made)
        made = self.made[telling]
        found = self.case.found[telling]
        chance = evidence.chance_log10(made, found)
        choices_of_rows = len(rows) * math.log10(2)
        return min(0.0, chance + choices_of_rows)


def _rows_that_agree(made: _Made) -> Iterator[Found]:
    """Find axes along which whole rows are as a change would make them."""
    case, change = made.case, made.change
    shape = case.found.shape
    kind = "right but for rows" if change is UNCHANGED else f"{change.kind}, but for rows"
    for axis, size in enumerate(shape):
        rows = made.rows(axis)
        if size < 3 or not rows.any():
            continue
        along = case.letters.along(shape, axis)
        if not along and _is_a_block_of_many(rows):
            continue
        which = _which_rows(rows)
        if not which or _spared_by_chance(made.agree, rows):
            continue
        text = f"your values are {change.words.format(RIGHT)}, {which.format(along)}."
        relation = Relation(kind, text, whole=False)
        chance = made.chance_log10(axis, rows)
        yield Found(relation, 0.1 * change.prior, chance)


def _is_a_block_of_many(rows: Array) -> bool:
    """Return whether many entries are right and many wrong, of an axis without a letter.

    Such an array has often been made flat, and no student knows where its parts begin.
    """
    if len(rows) <= MANY_ROWS:
        return False
    right = int(rows.sum())
    wrong = len(rows) - right
    return min(right, wrong) > FEW_ROWS


def _spared_by_chance(agree: Array, rows: Array) -> bool:
    """Return whether wrong entries that are scattered anywhere might spare these rows."""
    wrong_entries = np.count_nonzero(~agree)
    share_of_wrong_rows = 1 - rows.sum() / len(rows)
    chance_log10 = wrong_entries * math.log10(share_of_wrong_rows)
    return bool(chance_log10 > SPARED_BY_CHANCE)


def _which_rows(right: Array) -> str:
    """Say which rows are wrong, `{}` for the axis: "but for the first{}"; "" where no rule is seen.

    right: whether each row is, (rows,).
    """
    size = len(right)
    wrong = np.flatnonzero(~right).tolist()
    count = len(wrong)
    first = wrong[0]
    last = wrong[-1]
    if count == 1:
        return f"but for {_one_row(first, size)}"
    if last == count - 1:
        return _but_for("first", "last", count, size)
    if first == size - count:
        return _but_for("last", "first", count, size)
    if last - first == count - 1:
        return f"but for numbers {first} to {last}{{}}, counted from 0"
    if count <= FEW_ROWS and count < size / 2:
        numbers = ", ".join(map(str, wrong))
        return f"but for numbers {numbers}{{}}, counted from 0"
    return ""


def _but_for(wrong: str, right: str, count: int, size: int) -> str:
    """Say of the rows at one end that they are wrong; or, if one row is right, which."""
    if count == size - 1:
        return f"but only in the {right}{{}}: all others are wrong"
    return f"but for the {wrong} {count}{{}}"


def _one_row(number: int, size: int) -> str:
    if number == 0:
        return "the first{}"
    if number == size - 1:
        return "the last{}"
    return f"number {number}{{}}, counted from 0"


# ---- rows are left out, or there are more


def part_of_the_other(case: Case) -> Iterator[Found]:
    """Find where an array is a part of the other: rows in a row, or each second or third."""
    axis = _only_axis_that_differs(case.right.shape, case.found.shape)
    if axis is None:
        return
    right = np.moveaxis(case.right, axis, 0)
    found = np.moveaxis(case.found, axis, 0)
    is_longer = len(found) > len(right)
    shorter, longer = (right, found) if is_longer else (found, right)
    if not len(shorter):
        return
    along = case.letters.along(case.right.shape, axis)
    prior = 0.05 / (len(longer) * STEPS)
    for part in _parts(shorter, longer):
        words = part.words(along)
        if is_longer:
            text = f"what is expected is {words.format(YOURS)}."
            relation = Relation("longer", text)
        else:
            text = f"your values are {words.format(RIGHT)}."
            apply = partial(np.take, indices=part.rows, axis=axis)
            relation = Relation("left out", text, apply)
        chance = evidence.chance_log10(longer[part.rows], shorter)
        yield Found(relation, prior, chance)


def _only_axis_that_differs(one: Sequence[int], other: Sequence[int]) -> int | None:
    if len(one) != len(other):
        return None
    axes = []
    for axis in range(len(one)):
        if one[axis] != other[axis]:
            axes.append(axis)
    return axes[0] if len(axes) == 1 else None


@dataclass(frozen=True)
class _Part:
    """Rows of a longer array: every so many of them from one on.

    start: the number of the first of them. step: from each to the next.
    count: how many they are. size: how many the longer array has.
    """

    start: int
    step: int
    count: int
    size: int

    @property
    def rows(self) -> Array:
        """Return the numbers of these rows, (count,)."""
        numbers = np.arange(self.count)
        return self.start + self.step * numbers

    def words(self, along: str) -> str:
        """Say which rows these are, `{}` for the array; along: ` along T`."""
        if self.step == 1:
            return f"{{}} without {self._left_out()}{along}"
        ordinals = {2: "second", 3: "third"}
        which = ordinals.get(self.step, f"{self.step}th")
        beginning = f", from number {self.start} on, counted from 0" if self.start else ""
        return f"each {which} of {{}}{along}{beginning}"

    def _left_out(self) -> str:
        """Say what is left out at both ends."""
        before = self.start
        after = self.size - before - self.count
        left_out = []
        if before:
            left_out.append(_some("first", before))
        if after:
            left_out.append(_some("last", after))
        return " and ".join(left_out)


def _parts(shorter: Array, longer: Array) -> Iterator[_Part]:
    """Yield the parts of a longer array that equal a shorter one."""
    count = len(shorter)
    steps = STEPS if count > 1 else 1  # of a single row every step would fit
    first_rows = _rows_that_fit(longer, shorter[0])
    tries = MOST_TRIED
    for step in range(1, steps + 1):
        starts = len(longer) - step * (count - 1)
        for start in first_rows[first_rows < starts].tolist():
            tries -= 1
            if tries < 0:
                return
            part = _Part(start, step, count, len(longer))
            if evidence.fits(longer[part.rows], shorter):
                yield part


def _rows_that_fit(rows: Array, row: Array) -> Array:
    """Return the numbers of the rows that equal one up to rounding."""
    apart = np.abs(rows - row).reshape(len(rows), -1)
    return np.flatnonzero(apart.max(axis=1, initial=0.0) <= evidence.tolerance(row))


def _some(which: str, count: int) -> str:
    if count == 1:
        return f"the {which}"
    return f"the {which} {count}"


def chosen_rows(case: Case) -> Iterator[Found]:
    """Find where each of your rows is an expected one, but some are missing or there twice."""
    if case.right.ndim != case.found.ndim:
        return
    for axis in range(case.found.ndim):
        if _others(case.right, axis) != _others(case.found, axis):
            continue
        right = _rows_along(case.right, axis)
        found = _rows_along(case.found, axis)
        if not _may_be_compared(right, found):
            continue
        chosen = _number_of_each(right, found)
        if chosen is None:
            continue
        counts = np.bincount(chosen, minlength=len(right))
        which = _missing_or_doubled(counts)
        if not which:
            continue
        if np.any(np.diff(chosen) < 0):
            which = f"{which} and in another order"
        along = case.letters.along(case.right.shape, axis)
        what = "rows" if case.right.ndim > 1 else "values"
        text = f"your {what}{along} are the expected ones, {which}."
        orders = len(found) * math.log10(len(right))
        chance = evidence.chance_log10(right[chosen], found) + orders
        yield Found(Relation("rows", text), 0.001, min(0.0, chance))


def _rows_along(array: Array, axis: int) -> Array:
    """Return the rows along an axis, each made flat, (rows, entries)."""
    rows_first = np.moveaxis(array, axis, 0)
    return rows_first.reshape(len(rows_first), -1)


def _others(array: Array, axis: int) -> tuple[int, ...]:
    """Return the sizes of all other axes."""
    return array.shape[:axis] + array.shape[axis + 1 :]


def _may_be_compared(right: Array, found: Array) -> bool:
    """Return whether rows are few enough to be compared each with each."""
    return len(right) >= 3 and len(found) >= 3 and right.size * len(found) <= MOST_COMPARED


def _number_of_each(right: Array, found: Array) -> Array | None:
    """Return which expected row each found one is; None where one is none, or one of several.

    right, found: (rows, entries).
    """
    apart = np.abs(found[:, None] - right).max(axis=2)  # (found rows, right rows)
    equal = apart <= evidence.tolerance(right)
    if not np.all(equal.sum(axis=1) == 1):
        return None
    numbers: Array = equal.argmax(axis=1)
    return numbers


def _missing_or_doubled(counts: Array) -> str:
    """Say which of the expected rows are missing or there more than once; "" where it is too many.

    counts: how often each is there.
    """
    missing = np.flatnonzero(counts == 0)
    doubled = np.flatnonzero(counts > 1)
    if max(len(missing), len(doubled)) > FEW_ROWS:
        return ""
    said = []
    if len(missing):
        said.append(f"without {_numbered(missing)}")
    if len(doubled):
        said.append(f"with {_numbered(doubled)} more than once")
    if not said:
        return ""
    return f"{' and '.join(said)} (counted from 0)"


def _numbered(numbers: Array) -> str:
    """Write `number 3`, `numbers 3 and 8`."""
    *firsts, last = map(str, numbers.tolist())
    if not firsts:
        return f"number {last}"
    return f"numbers {', '.join(firsts)} and {last}"


# ---- the order is another


def in_another_order(case: Case) -> Iterator[Found]:
    """Find where your values are the expected ones, with rows in another order."""
    if not case.same_shape:
        return
    shape = case.found.shape
    for axis, size in enumerate(shape):
        if size < 3:
            continue
        right = _sorted_rows(case.right, axis)
        found = _sorted_rows(case.found, axis)
        if not evidence.fits(right, found):
            continue
        along = case.letters.along(shape, axis)
        rows = f"with rows{along} " if len(shape) > 1 else ""
        text = f"your values are {RIGHT}, {rows}in another order."
        relation = Relation("in another order", text)
        chance = evidence.chance_log10(right, found) + evidence.orders_log10(size)
        yield Found(relation, 0.001, min(0.0, chance))


def _sorted_rows(array: Array, axis: int) -> Array:
    """Bring the rows along an axis into an order that depends on nothing but their values.

    They are sorted by a fixed mixture of their entries: rows that are equal are equal when mixed.

    Returns (rows, entries).
    """
    rows_first = np.moveaxis(array, axis, 0)
    rows = rows_first.reshape(len(rows_first), -1)
    places = np.arange(rows.shape[1])
    weights = np.cos(places + 1.0)  # (entries,)
    mixed = rows @ weights  # (rows,)
    order = np.argsort(mixed)
    in_order: Array = rows[order]
    return in_order
