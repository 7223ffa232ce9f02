"""Searches by the rows along an axis: some are right, some are left out, or their order is another.

Each search is given a `Case` and yields what fits, whether or not it could be chance.
"""

import math
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from autograder.relations import evidence
from autograder.relations.arithmetic import changed
from autograder.relations.case import RIGHT, YOURS, Array, Case, Found, Relation, differ
from autograder.relations.changes import UNCHANGED, Change, rearrangements

FEW_ROWS = 4  # wrong rows that are told one by one
MANY_ROWS = 20  # from here on an array without a letter may be one that was made flat
STEPS = 5  # the longest step by which a part of an array is looked for
# log10 of the chance that wrong entries, scattered anywhere, spare the rows that are right
SPARED_BY_CHANCE = -3.0


# ---- some rows are right


def right_but_for_rows(case: Case) -> Iterator[Found]:
    """Some rows are right, or made from the expected ones, and others are not."""
    if not case.same_shape:
        return
    for change in (UNCHANGED, *rearrangements(case.right.shape, case.letters)):
        made = changed(change, case.right, case.found.shape)
        if made is None or change.kind == "sorted":
            continue
        agree = ~differ(case.found, made)
        if agree.any() and not agree.all():
            yield from _rows_that_agree(case, change, made, agree)


def _rows_that_agree(case: Case, change: Change, made: Array, agree: Array) -> Iterator[Found]:
    """Find an axis along which whole rows are as a change would make them.

    made: what the change makes of the expected array. agree: where the wrong one equals that.
    """
    shape = case.found.shape
    for axis, size in enumerate(shape):
        other_axes = tuple(other for other in range(len(shape)) if other != axis)
        rows: Array = np.all(agree, axis=other_axes)  # (size,)
        if size < 3 or not rows.any():
            continue
        along = case.letters.along(shape, axis)
        if not along and _is_a_block_of_many(rows):
            continue
        which = _which_rows(np.flatnonzero(~rows), size)
        if not which or _spared_by_chance(agree, rows):
            continue
        telling = np.zeros_like(agree)
        telling[(slice(None),) * axis + (rows,)] = True
        if change is not UNCHANGED:
            telling &= differ(case.right, made)
        chance = evidence.chance_log10(made[telling], case.found[telling])
        choices_of_rows = size * math.log10(2)
        text = f"your values are {change.words.format(RIGHT)}, {which.format(along)}."
        kind = "right but for rows" if change is UNCHANGED else f"{change.kind}, but for rows"
        relation = Relation(kind, text, whole=False)
        yield Found(relation, 0.1 * change.prior, min(0.0, chance + choices_of_rows))


def _is_a_block_of_many(rows: Array) -> bool:
    """Whether many entries are right and many wrong: of an axis without a letter that says little.

    Such an array has often been made flat, and no student knows where its parts begin.
    """
    right = int(rows.sum())
    fewer = min(right, len(rows) - right)
    return len(rows) > MANY_ROWS and fewer > FEW_ROWS


def _spared_by_chance(agree: Array, rows: Array) -> bool:
    """Whether wrong entries that are scattered anywhere might spare these rows."""
    wrong_entries = int((~agree).sum())
    share_of_wrong_rows = 1 - rows.sum() / len(rows)
    return bool(wrong_entries * math.log10(share_of_wrong_rows) > SPARED_BY_CHANCE)


def _which_rows(wrong: Array, size: int) -> str:
    """Say which rows are wrong, `{}` for the axis: "but for the first{}"; "" where no rule is seen.

    wrong: their numbers, in order. size: how many rows there are.
    """
    count, first, last = len(wrong), int(wrong[0]), int(wrong[-1])
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
    """One of two arrays is a part of the other: rows in a row, or each second or third of them."""
    axis = _only_axis_that_differs(case.right.shape, case.found.shape)
    if axis is None:
        return
    right, found = np.moveaxis(case.right, axis, 0), np.moveaxis(case.found, axis, 0)
    shorter, longer = (found, right) if len(found) < len(right) else (right, found)
    if not len(shorter):
        return
    along = case.letters.along(case.right.shape, axis)
    prior = 0.05 / (len(longer) * STEPS)
    for start, step in _starts_and_steps(shorter, longer):
        rows = np.arange(start, start + step * len(shorter), step)
        words = _part_in_words(start, step, len(shorter), len(longer), along)
        if longer is found:
            relation = Relation("longer", f"what is expected is {words.format(YOURS)}.")
        else:
            apply = partial(np.take, indices=rows, axis=axis)
            relation = Relation("left out", f"your values are {words.format(RIGHT)}.", apply)
        yield Found(relation, prior, evidence.chance_log10(longer[rows], shorter))


def _only_axis_that_differs(one: Sequence[int], other: Sequence[int]) -> int | None:
    if len(one) != len(other):
        return None
    axes = [axis for axis, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return axes[0] if len(axes) == 1 else None


def _starts_and_steps(shorter: Array, longer: Array) -> Iterator[tuple[int, int]]:
    """Yield where in a longer array a shorter one begins, and by which step it goes on."""
    for step in range(1, STEPS + 1):
        starts = len(longer) - step * (len(shorter) - 1)
        for start in range(starts):
            if not evidence.fits(longer[start], shorter[0]):
                continue
            part = longer[start : start + step * len(shorter) : step]
            if evidence.fits(part, shorter):
                yield start, step


def _part_in_words(start: int, step: int, count: int, size: int, along: str) -> str:
    """Say which rows of a longer array these are, `{}` for the array."""
    if step > 1:
        which = {2: "second", 3: "third"}.get(step, f"{step}th")
        beginning = f", from number {start} on, counted from 0" if start else ""
        return f"each {which} of {{}}{along}{beginning}"
    before = start
    after = size - start - count
    left_out = []
    if before:
        left_out.append(_some("first", before))
    if after:
        left_out.append(_some("last", after))
    return f"{{}} without {' and '.join(left_out)}{along}"


def _some(which: str, count: int) -> str:
    return f"the {which}" if count == 1 else f"the {which} {count}"


# ---- the order is another


def in_another_order(case: Case) -> Iterator[Found]:
    """Your values are the expected ones, with rows in another order."""
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
        rows = f"with rows{case.letters.along(shape, axis)} " if len(shape) > 1 else ""
        relation = Relation("in another order", f"your values are {RIGHT}, {rows}in another order.")
        orders = math.lgamma(size + 1) / math.log(10)
        chance = min(0.0, evidence.chance_log10(right, found) + orders)
        yield Found(relation, 0.001, chance)


def _sorted_rows(array: Array, axis: int) -> Array:
    """Bring the rows along an axis into an order that depends on nothing but their values.

    They are sorted by a fixed mixture of their entries: rows that are equal are equal when mixed.
    """
    rows = np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)
    weights = np.cos(np.arange(rows.shape[1]) + 1.0)
    in_order: Array = rows[np.argsort(rows @ weights)]
    return in_order
