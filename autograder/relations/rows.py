"""Searches by rows along an axis: some are right, missing, or in another order.

Each search takes a `Case` and yields what fits, whether or not it could be chance.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from autograder.finding import (
    ChosenRows,
    OperationKind,
    Part,
    Relation,
    RelationKind,
    RowsKind,
    WrongRows,
)
from autograder.judging import chance as evidence
from autograder.relations.arithmetic import changed
from autograder.relations.case import Array, Case, Fitting
from autograder.relations.changes import UNCHANGED, Change, rearrangements
from autograder.relations.letters import Letters

FEW_ROWS = 4  # wrong rows that are listed individually
MANY_ROWS = 20  # an array of this size without a letter may be flattened
MOST_COMPARED = 1_000_000  # entries up to which all pairs of rows are compared
# relations by which rows are some of the expected ones, in any order
CHOOSING = (RelationKind.ROWS, RelationKind.IN_ANOTHER_ORDER)
STEPS = 5  # the longest step of a searched part
MOST_TRIED = 500  # positions at which such a part is tried: among equal rows each might be one
# log10 of the probability that randomly scattered wrong entries spare the right rows
SPARED_BY_CHANCE = -3.0


# ---- some rows are right


def right_but_for_rows(case: Case) -> Iterator[Fitting]:
    """Find whether some rows are right, or made from the expected ones, and others are not."""
    if not case.same_shape:
        return
    for change in (UNCHANGED, *rearrangements(case.right.shape, case.letters)):
        made = changed(change, case.right, case.found.shape)
        if made is None or change.kind is OperationKind.SORTED:
            continue
        agree = ~case.differ(case.found, made)
        if agree.any() and not agree.all():
            yield from _rows_that_agree(_ChangeMade(case, change, made, agree))


@dataclass(frozen=True)
class _ChangeMade:
    """A wrong array beside a change's result for the expected one.

    made: the result. agree: where the wrong array equals it; both of its shape.
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
        """Return the probability that these rows along an axis agree, as its logarithm to base 10.

        Entries that the change leaves unchanged are no evidence of it.
        """
        telling = np.zeros_like(self.agree)
        rows_first = np.moveaxis(telling, axis, 0)
        rows_first[rows] = True
        if self.change is not UNCHANGED:
            telling &= self.case.differ(self.case.right, self.made)
        made = self.made[telling]
        found = self.case.found[telling]
        chance = evidence.chance_log10(made, found)
        choices_of_rows = len(rows) * math.log10(2)
        return min(0.0, chance + choices_of_rows)


def _rows_that_agree(made: _ChangeMade) -> Iterator[Fitting]:
    """Find axes along which whole rows are as a change would make them."""
    case, change = made.case, made.change
    shape = case.found.shape
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
        relation = Relation(
            RelationKind.RIGHT_BUT_FOR_ROWS, change.operation, axes=along, wrong_rows=which
        )
        chance = made.chance_log10(axis, rows)
        yield Fitting(relation, 0.1 * change.prior, chance, whole=False)


def _is_a_block_of_many(rows: Array) -> bool:
    """Return whether many entries of an axis without a letter are right and many wrong.

    Such an array has often been flattened, and no student knows where its parts begin.
    """
    if len(rows) <= MANY_ROWS:
        return False
    right = int(rows.sum())
    wrong = len(rows) - right
    return min(right, wrong) > FEW_ROWS


def _spared_by_chance(agree: Array, rows: Array) -> bool:
    """Return whether randomly scattered wrong entries might spare these rows."""
    wrong_entries = np.count_nonzero(~agree)
    share_of_wrong_rows = 1 - rows.sum() / len(rows)
    chance_log10 = wrong_entries * math.log10(share_of_wrong_rows)
    return bool(chance_log10 > SPARED_BY_CHANCE)


def _which_rows(right: Array) -> WrongRows | None:
    """Return which rows are wrong; None if there is no rule.

    right: whether each row is, (rows,).
    """
    size = len(right)
    wrong = np.flatnonzero(~right).tolist()
    count = len(wrong)
    first = wrong[0]
    last = wrong[-1]
    is_one_right = count == size - 1
    if last == count - 1:
        return WrongRows(RowsKind.ALL_BUT_LAST) if is_one_right else _at_end(RowsKind.FIRST, count)
    if first == size - count:
        return WrongRows(RowsKind.ALL_BUT_FIRST) if is_one_right else _at_end(RowsKind.LAST, count)
    if count > 1 and last - first == count - 1:
        return WrongRows(RowsKind.IN_A_ROW, (first, last))
    if count == 1 or (count <= FEW_ROWS and count < size / 2):
        return WrongRows(RowsKind.NUMBERED, tuple(wrong))
    return None


def _at_end(kind: RowsKind, count: int) -> WrongRows:
    return WrongRows(kind, (count,))


# ---- rows are missing, or repeated


def part_of_the_other(case: Case) -> Iterator[Fitting]:
    """Find whether an array is a part of the other: consecutive rows, or each second or third."""
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
    kind = RelationKind.LONGER if is_longer else RelationKind.LEFT_OUT
    for part in _parts(shorter, longer):
        rows = _rows_of(part, len(shorter))
        if not case.fits(longer[rows], shorter):
            continue
        relation = Relation(kind, axes=along, part=part)
        chance = evidence.chance_log10(longer[rows], shorter)
        yield Fitting(relation, prior, chance)


def _only_axis_that_differs(one: Sequence[int], other: Sequence[int]) -> int | None:
    if len(one) != len(other):
        return None
    axes = []
    for axis in range(len(one)):
        if one[axis] != other[axis]:
            axes.append(axis)
    return axes[0] if len(axes) == 1 else None


def _rows_of(part: Part, count: int) -> Array:
    """Return the row numbers of a part, (count,)."""
    return part.start + part.step * np.arange(count)


def _parts(shorter: Array, longer: Array) -> Iterator[Part]:
    """Yield the parts of a longer array that equal a shorter one."""
    count = len(shorter)
    steps = STEPS if count > 1 else 1  # any step would fit a single row
    first_rows = _rows_that_fit(longer, shorter[0])
    tries = MOST_TRIED
    for step in range(1, steps + 1):
        starts = len(longer) - step * (count - 1)
        for start in first_rows[first_rows < starts].tolist():
            tries -= 1
            if tries < 0:
                return
            after = len(longer) - start - count if step == 1 else 0
            goes_through = start < step and start + step * count >= len(longer)
            if step > 1 and not goes_through:
                continue  # "each second" of only a part
            part = Part(start, step, after)
            if evidence.fits(longer[_rows_of(part, count)], shorter):
                yield part


def _rows_that_fit(rows: Array, row: Array) -> Array:
    """Return the numbers of the rows that equal a given one up to rounding."""
    apart = _apart(rows, row).reshape(len(rows), -1)
    return np.flatnonzero(apart.max(axis=1, initial=0.0) <= evidence.tolerance(row))


def _apart(some: Array, others: Array) -> Array:
    """Return the differences of entries: 0 if both are NaN, and NaN if only one is."""
    apart: Array = np.abs(some - others)
    apart[np.isnan(some) & np.isnan(others)] = 0
    return apart


def chosen_rows(case: Case) -> Iterator[Fitting]:
    """Find whether each of your rows is an expected one, but some are missing or repeated."""
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
        if chosen is None or not case.fits(right[chosen], found):
            continue
        counts = np.bincount(chosen, minlength=len(right))
        which = _missing_or_doubled(counts, in_another_order=bool(np.any(np.diff(chosen) < 0)))
        if which is None:
            continue
        relation = Relation(
            RelationKind.ROWS,
            axes=case.letters.along(case.right.shape, axis),
            chosen=which,
            of_rows=case.right.ndim > 1,
        )
        orders = len(found) * math.log10(len(right))
        chance = evidence.chance_log10(right[chosen], found) + orders
        yield Fitting(relation, 0.001, min(0.0, chance))


def _rows_along(array: Array, axis: int) -> Array:
    """Return the rows along an axis, each flattened, (rows, entries)."""
    rows_first = np.moveaxis(array, axis, 0)
    return rows_first.reshape(len(rows_first), -1)


def _others(array: Array, axis: int) -> tuple[int, ...]:
    """Return the sizes of all other axes."""
    return array.shape[:axis] + array.shape[axis + 1 :]


def _may_be_compared(right: Array, found: Array) -> bool:
    """Return whether rows are few enough to compare all pairs."""
    return len(right) >= 3 and len(found) >= 3 and right.size * len(found) <= MOST_COMPARED


def _number_of_each(right: Array, found: Array) -> Array | None:
    """Return the expected row of each found one; None if one matches none or several.

    right, found: (rows, entries).
    """
    apart = _apart(found[:, None], right).max(axis=2)  # (found rows, right rows)
    equal = apart <= evidence.tolerance(right)
    _one_for_each_without_numbers(equal, right, found)
    if not np.all(equal.sum(axis=1) == 1):
        return None
    numbers: Array = equal.argmax(axis=1)
    return numbers


def _one_for_each_without_numbers(equal: Array, right: Array, found: Array) -> None:
    """Match rows of NaN only in order, if there are as many found as expected.

    equal: which rows are equal, (found rows, right rows), which is changed in place.
    """
    in_found = np.flatnonzero(np.isnan(found).all(axis=1))
    in_right = np.flatnonzero(np.isnan(right).all(axis=1))
    if len(in_found) == len(in_right):
        equal[in_found] = False
        equal[in_found, in_right] = True


def _missing_or_doubled(counts: Array, in_another_order: bool) -> ChosenRows | None:
    """Return which expected rows are missing or repeated; None for many, or none.

    counts: how often each occurs.
    """
    missing = np.flatnonzero(counts == 0)
    doubled = np.flatnonzero(counts > 1)
    most = max(len(missing), len(doubled))
    if not 0 < most <= FEW_ROWS:
        return None
    return ChosenRows(tuple(missing.tolist()), tuple(doubled.tolist()), in_another_order)


def rows_taken(relation: Relation, right: Array, found: Array, letters: Letters) -> Array | None:
    """Return the expected number of each found one, by a relation of arrays with one axis.

    None if the relation does more than choose and order them.
    """
    if right.ndim != 1 or found.ndim != 1:
        return None
    if relation.kind is RelationKind.CHANGED and relation.factor is None:
        for change in rearrangements(right.shape, letters):
            if change.operation == relation.operation and change.kind is not OperationKind.SORTED:
                numbers: Array = change.function(np.arange(len(right)))
                return numbers
    if relation.kind is RelationKind.LEFT_OUT and relation.part:
        return _rows_of(relation.part, len(found))
    if relation.kind in CHOOSING and _may_be_compared(right, found):
        return _number_of_each(right[:, None], found[:, None])
    return None


# ---- the order is another


def in_another_order(case: Case) -> Iterator[Fitting]:
    """Find whether your values are the expected ones, with rows in another order."""
    if not case.same_shape or not case.wrong.any():
        return
    shape = case.found.shape
    for axis, size in enumerate(shape):
        if size < 3:
            continue
        right = _sorted_rows(case.right, axis)
        found = _sorted_rows(case.found, axis)
        if not case.fits(right, found):
            continue
        is_of_rows = len(shape) > 1
        along = case.letters.along(shape, axis) if is_of_rows else ()
        relation = Relation(RelationKind.IN_ANOTHER_ORDER, axes=along, of_rows=is_of_rows)
        chance = evidence.chance_log10(right, found) + evidence.orders_log10(size)
        yield Fitting(relation, 0.001, min(0.0, chance))


def _sorted_rows(array: Array, axis: int) -> Array:
    """Sort the rows along an axis into an order that depends only on their values.

    They are sorted by a fixed linear combination of their entries, which is equal for equal rows.
    Returns (rows, entries).
    """
    rows_first = np.moveaxis(array, axis, 0)
    rows = rows_first.reshape(len(rows_first), -1)
    places = np.arange(rows.shape[1])
    weights = np.cos(places + 1.0)  # (entries,)
    beyond_all = 2 * evidence.largest(rows)
    mixed = np.where(np.isnan(rows), beyond_all, rows) @ weights  # (rows,)
    order = np.argsort(mixed)
    in_order: Array = rows[order]
    return in_order
