"""Searches by the positions of wrong values, and by their relations to each other.

Each search takes a `Case` and yields what fits, whether or not it could be chance.
"""

import math
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np

from autograder.finding import Relation, RelationKind, ValuesKind
from autograder.judging import chance as evidence
from autograder.relations.arithmetic import NEAR_ONE, named_term, some_axes
from autograder.relations.case import Array, Case, Fitting

OF_PLACES = -2.0  # log10 of the probability that the wrong positions are exactly those of a kind
OF_PLACES_OF_A_PART = -3.0  # the same, that they are where values, or another array's, are small
OF_ONE_NUMBER = -1.0  # the same, that several wrong values are one small number
ROUNDINGS = 8  # allowed difference, in roundings, of a result of few operations
MIN_WRONG = 3  # this many wrong zeros or signs are evidence
MIN_SAME = 3  # this many equal values are evidence
LEAST_ROWS = 4  # rows, and entries of each, that are evidence if one entry of each row is left out
LEAST_PARTS = 3  # right values, and wrong ones, that are evidence of an effect of size
MOST_NUMBERED = 6  # rows that are listed individually
CLOSE = 0.01  # relative difference: closer numbers may look equal in three figures


# ---- positions


def right_but_in_places(case: Case) -> Iterator[Fitting]:
    """Find whether values are wrong exactly where expected ones are of a kind, or in one way."""
    if not case.same_shape:
        return
    count = int(case.wrong.sum())
    if not 0 < count < case.wrong.size:
        return
    yield from _wrong_where(case)
    if count >= MIN_WRONG:
        counts = (count, case.wrong.size)
        yield from _zero_in_places(case, counts)
        yield from _other_sign_in_places(case, counts)
        yield from _off_by_one_number_in_places(case, counts)


def _chance_of_right_ones(case: Case) -> float:
    """Return the probability that the right entries are right, as its logarithm to base 10."""
    is_right = ~case.wrong
    right = case.right[is_right]
    found = case.found[is_right]
    return evidence.chance_log10(right, found)


def _wrong_where(case: Case) -> Iterator[Fitting]:
    """Find whether values are wrong exactly where the expected ones are of a kind."""
    wrong_values = case.found[case.wrong]
    what = _what_is_there(wrong_values)
    chance_of_places = evidence.chance_of_places_log10(case.wrong)
    if what and wrong_values.size > 1:
        chance_of_places += OF_ONE_NUMBER
    if chance_of_places > OF_PLACES:
        return
    for kind, places in _kinds(case.right):
        if not np.array_equal(places, case.wrong):
            continue
        relation = Relation(RelationKind.RIGHT_BUT_WHERE, values=kind, found=what)
        yield Fitting(relation, 0.005, _chance_of_right_ones(case), whole=False)


def _zero_in_places(case: Case, counts: tuple[int, int]) -> Iterator[Fitting]:
    """Find whether values are the expected ones or 0."""
    wrong_values = case.found[case.wrong]
    if wrong_values.any():
        return
    relation = Relation(RelationKind.RIGHT_OR_0, counts=counts)
    yield Fitting(relation, 0.005, _chance_of_right_ones(case), whole=False)


def _other_sign_in_places(case: Case, counts: tuple[int, int]) -> Iterator[Fitting]:
    """Find whether values are the expected ones except for their sign."""
    right_sizes = np.abs(case.right)
    sizes = np.abs(case.found)
    if not case.fits(right_sizes, sizes):
        return
    relation = Relation(RelationKind.SIGNS, counts=counts)
    choices_of_signs = int(case.wrong.sum()) * math.log10(2)
    chance = evidence.chance_log10(right_sizes, sizes) + choices_of_signs
    yield Fitting(relation, 0.005, chance, whole=False)


def _off_by_one_number_in_places(case: Case, counts: tuple[int, int]) -> Iterator[Fitting]:
    """Find whether values are the expected ones, or differ by one number in one direction.

    Example: numbers that are rounded up instead of to the nearest.
    """
    right = case.right[case.wrong]
    found = case.found[case.wrong]
    differences = found - right
    value = float(differences[0])
    if not math.isclose(differences[-1], value, rel_tol=evidence.NEAREST):
        return  # most often, and soon
    if not evidence.fits(np.full_like(right, value), differences):
        return
    if not case.fits(right + value, found):
        return
    term = named_term(abs(value), case.letters)
    kind = RelationKind.RIGHT_OR_MORE if value > 0 else RelationKind.RIGHT_OR_LESS
    relation = Relation(kind, factor=term.number, counts=counts)
    chance = _chance_of_right_ones(case) + evidence.chance_log10(right + value, found, term.fitted)
    yield Fitting(relation, 0.1 * term.prior, chance, term.fitted, whole=False)


def _kinds(right: Array) -> Iterator[tuple[ValuesKind, Array]]:
    """Yield kinds of expected values, each with their positions."""
    yield ValuesKind.ZERO, right == 0
    yield ValuesKind.NEGATIVE, right < 0
    yield ValuesKind.POSITIVE, right > 0
    yield ValuesKind.LARGEST, right == right.max()
    yield ValuesKind.SMALLEST, right == right.min()
    yield ValuesKind.NAN, np.isnan(right)


def _what_is_there(wrong: Array) -> str:
    """Write the wrong values, if all are one small number or none is a number."""
    if np.isnan(wrong).all():
        return "nan"
    if np.isinf(wrong).all():
        return "inf"
    first = float(wrong[0])
    is_small = first in (-1.0, 0.0, 1.0)
    if is_small and np.all(wrong == first):
        return f"{first:g}"
    return ""


def zeros_and_ones_exchanged(case: Case) -> Iterator[Fitting]:
    """Find whether zeros and ones are exchanged in some positions, as many in each row.

    By chance any other such positions would be equally likely.
    """
    if not case.same_shape or not _are_zeros_and_ones(case.right):
        return
    if not np.array_equal(case.found, 1 - case.right):
        return
    relation = Relation(RelationKind.ZEROS_AND_ONES_EXCHANGED)
    ones = case.right == 1
    rows = ones.reshape(-1, ones.shape[-1])
    chance = sum(evidence.chance_of_places_log10(row) for row in rows)
    yield Fitting(relation, 0.01, chance)


def _are_zeros_and_ones(array: Array) -> bool:
    """Return whether an array has both, and nothing else."""
    return np.array_equal(np.unique(array), [0, 1])


# ---- at the border


def right_but_at_the_border(case: Case) -> Iterator[Fitting]:
    """Find whether all wrong entries are in the first or last rows along two axes.

    Example: a filter of an image that takes other values beyond the edge than it should.
    """
    if not case.same_shape:
        return
    shape = case.found.shape
    wrong = case.wrong
    count = int(wrong.sum())
    if not 0 < count < wrong.size:
        return
    for axes in combinations(range(len(shape)), 2):
        border = _border(shape, axes)
        if border.all() or np.any(wrong & ~border):
            continue
        places = chance_of_being_among_log10(count, border)
        if places > OF_PLACES:
            continue
        named = case.letters.axes(shape, axes) if len(shape) > 2 else ()
        relation = Relation(RelationKind.RIGHT_BUT_AT_BORDER, axes=named)
        chance = _chance_of_right_ones(case)
        yield Fitting(relation, 0.001, chance, whole=False)


def _border(shape: tuple[int, ...], axes: tuple[int, ...]) -> Array:
    """Return which entries of a shape are the first or last along any of some axes."""
    border = np.ones(shape, bool)
    inside = [slice(None)] * len(shape)
    for axis in axes:
        inside[axis] = slice(1, -1)
    border[tuple(inside)] = False
    return border


def chance_of_being_among_log10(count: int, places: Array) -> float:
    """Return the probability that random positions are all among given ones.

    As its logarithm to base 10. places: the given ones, as truth values.
    """
    drawn = np.arange(count)
    chances = (int(places.sum()) - drawn) / (places.size - drawn)
    return float(np.log10(chances).sum())


# ---- at the crossing of some rows and some columns


def right_in_a_block(case: Case) -> Iterator[Fitting]:
    """Find whether entries are right exactly at the crossing of rows along two axes.

    Example: indices into both axes of an image that are right at first and then fall behind.
    """
    if not case.same_shape or case.wrong.all():
        return
    shape = case.found.shape
    is_right = ~case.wrong
    for axes in combinations(range(len(shape)), 2):
        rows = [_any_along(is_right, axis) for axis in axes]
        if any(one.all() for one in rows):
            continue  # whole rows are right, which another search reports
        if not np.array_equal(is_right, _where_they_meet(shape, axes, rows)):
            continue
        choices = sum(len(one) for one in rows) * math.log10(2)
        if evidence.chance_of_places_log10(is_right) + choices > OF_PLACES_OF_A_PART:
            continue
        numbers = tuple(_numbers_of(one) for one in rows)
        if all(numbers):
            named = case.letters.axes(shape, axes)
            relation = Relation(RelationKind.RIGHT_IN_BLOCK, axes=named, numbers=numbers)
            yield Fitting(relation, 0.0005, _chance_of_right_ones(case), whole=False)


def _any_along(entries: Array, axis: int) -> Array:
    """Return which rows along an axis have any of some entries, (rows,)."""
    others = tuple(other for other in range(entries.ndim) if other != axis)
    rows: Array = np.any(entries, axis=others)
    return rows


def _where_they_meet(shape: tuple[int, ...], axes: tuple[int, ...], rows: list[Array]) -> Array:
    """Return which entries are in rows of both kinds."""
    meet = np.ones(shape, bool)
    for axis, one in zip(axes, rows, strict=True):
        meet &= np.expand_dims(one, tuple(other for other in range(len(shape)) if other != axis))
    return meet


def _numbers_of(rows: Array) -> str:
    """Write row numbers, "1 to 3" or "0, 2 and 5"; "" for many that are not consecutive."""
    numbers = np.flatnonzero(rows).tolist()
    first, last = numbers[0], numbers[-1]
    if len(numbers) > 2 and last - first == len(numbers) - 1:
        return f"{first} to {last}"
    if len(numbers) > MOST_NUMBERED:
        return ""
    *firsts, _ = map(str, numbers)
    return f"{', '.join(firsts)} and {last}" if firsts else f"{last}"


# ---- on a diagonal


def right_but_on_a_diagonal(case: Case) -> Iterator[Fitting]:
    """Find whether exactly the diagonal of two axes is wrong, or exactly the diagonal is right.

    Example: a Jacobian without its off-diagonal term.
    """
    if not case.same_shape or evidence.chance_of_places_log10(case.wrong) > OF_PLACES:
        return
    shape = case.found.shape
    for axes in combinations(range(len(shape)), 2):
        first, second = (shape[axis] for axis in axes)
        if first != second:
            continue
        diagonal = _diagonal(shape, axes)
        if np.array_equal(case.wrong, diagonal):
            kind = RelationKind.RIGHT_BUT_ON_DIAGONAL
        elif np.array_equal(case.wrong, ~diagonal):
            kind = RelationKind.RIGHT_ON_DIAGONAL
        else:
            continue
        named = case.letters.axes(shape, axes) if len(shape) > 2 else ()
        chance = _chance_of_right_ones(case)
        yield Fitting(Relation(kind, axes=named), 0.005, chance, whole=False)


def _diagonal(shape: tuple[int, ...], axes: tuple[int, ...]) -> Array:
    """Return which entries of a shape have equal indices along two axes."""
    places = np.indices(shape, sparse=True)
    one, other = (places[axis] for axis in axes)
    return np.broadcast_to(one == other, shape)


# ---- one entry of each row


def but_for_one_in_each_row(case: Case) -> Iterator[Fitting]:
    """Find whether all but one entry of each row are right, or right up to the row's factor.

    Example: exponentials that were not divided by their sum, minus a 1 in one entry of each row.
    """
    if not case.same_shape:
        return
    for axis, size in enumerate(case.found.shape):
        if size < LEAST_ROWS or case.found.size < LEAST_ROWS * size:
            continue
        factors = _factor_of_most(case.right, case.found, axis)
        predicted = case.right * factors
        excepted = case.differ(case.found, predicted)
        counts = excepted.sum(axis)
        places = excepted.argmax(axis)
        if np.all(counts == 1) and np.ptp(places):  # otherwise one row is wrong
            yield _but_for_one(case, axis, predicted, ~excepted)


def _factor_of_most(right: Array, found: Array, axis: int) -> Array:
    """Return the median factor along an axis; 1 if it is near 1, or there is none.

    Returns one factor for each row, with the axis kept.
    """
    factors = np.full_like(found, np.nan)
    np.divide(found, right, out=factors, where=right != 0)
    in_order = np.sort(factors, axis)  # NaN sorts last
    is_known = np.isfinite(factors)
    half = is_known.sum(axis, keepdims=True) // 2
    middle = np.take_along_axis(in_order, half, axis)
    is_near_one = np.abs(middle - 1) <= NEAR_ONE
    is_unknown = ~np.isfinite(middle)
    return np.where(is_near_one | is_unknown, 1.0, middle)


def _but_for_one(case: Case, axis: int, predicted: Array, fits: Array) -> Fitting:
    """Return the relation that all entries but one of each row are as predicted.

    fits: their positions.
    """
    shape = case.found.shape
    rows = case.found.size // shape[axis]
    choices = rows * math.log10(shape[axis])  # of the entries that are left out
    along = case.letters.along(shape, axis)
    is_scaled = fits & case.differ(case.right, predicted)
    if is_scaled.any():
        kind = RelationKind.FACTOR_BUT_FOR_ONE_OF_EACH_ROW
        telling = is_scaled
        fitted = rows
    else:
        kind = RelationKind.RIGHT_BUT_FOR_ONE_OF_EACH_ROW
        telling = fits
        fitted = 0
    relation = Relation(kind, axes=along)
    found = case.found[telling]
    chance = evidence.chance_log10(predicted[telling], found, fitted)
    return Fitting(relation, 0.001, min(0.0, chance + choices), fitted, whole=False)


# ---- positions where other values are of a kind


def wrong_where_values_are(case: Case) -> Iterator[Fitting]:
    """Find whether values are wrong exactly where expected, or other arrays', values are small.

    Example: a function in two parts, one of them wrong; a mask by another array's sign.
    """
    if not case.same_shape or not _tell_something(case.wrong):
        return
    is_right = ~case.wrong
    right = case.right[is_right]
    found = case.found[is_right]
    chance = evidence.chance_log10(right, found)
    which = _which_part(right, case.right[case.wrong])
    if which:
        thresholds = math.log10(2 * case.wrong.size)
        relation = Relation(RelationKind.RIGHT_WHERE, values=which)
        yield Fitting(relation, 0.001, min(0.0, chance + thresholds), whole=False)
    for name, other in case.others.items():
        if other.shape == case.right.shape:
            yield from _wrong_where_another_is(case, name, other, chance)


def _tell_something(wrong: Array) -> bool:
    """Return whether enough are wrong, and right, that chance would hardly choose them."""
    count = int(wrong.sum())
    others = wrong.size - count
    if min(count, others) < LEAST_PARTS:
        return False
    return evidence.chance_of_places_log10(wrong) <= OF_PLACES_OF_A_PART


def _which_part(some: Array, others: Array) -> ValuesKind | None:
    """Return whether some values are all larger than the others, or smaller; else None."""
    if some.min() > others.max():
        return ValuesKind.LARGER
    if some.max() < others.min():
        return ValuesKind.SMALLER
    return None


def _wrong_where_another_is(
    case: Case, name: str, other: Array, chance: float
) -> Iterator[Fitting]:
    prior = 0.001 / len(case.others)
    signs = {
        ValuesKind.ZERO: other == 0,
        ValuesKind.NEGATIVE: other < 0,
        ValuesKind.POSITIVE: other > 0,
    }
    for kind, places in signs.items():
        if np.array_equal(places, case.wrong):
            relation = Relation(
                RelationKind.RIGHT_BUT_WHERE_ANOTHER_IS, arrays=(name,), values=kind
            )
            yield Fitting(relation, prior, chance, whole=False)


# ---- relations within the array


Precision = type[np.floating[Any]]
PRECISIONS: Mapping[RelationKind, Precision] = {
    RelationKind.HALF_PRECISION: np.float16,
    RelationKind.SINGLE_PRECISION: np.float32,
}


def in_lower_precision(case: Case) -> Iterator[Fitting]:
    """Find whether your values are the expected ones in a lower precision."""
    if not case.same_shape:
        return
    for kind, precision in PRECISIONS.items():
        if _differs_by_precision(case, precision):
            chance = evidence.chance_log10(case.right, case.found)
            yield Fitting(Relation(kind), 0.002, chance)
            return


def _differs_by_precision(case: Case, precision: Precision) -> bool:
    """Return whether wrong values are the expected ones, rounded to a precision."""
    if not _is_in_precision(case.found, precision) or not np.any(case.found % 1 > 0):
        return False  # integers exist in any precision, and are rounded differently
    if _is_in_precision(case.right, precision):
        return False
    if precision is np.float16 and _is_on_a_grid(case.found, precision):
        return False
    rounding = float(np.finfo(precision).eps) * evidence.largest(case.right)
    furthest = evidence.furthest_apart(case.found, case.right)
    return furthest <= ROUNDINGS * rounding


def _is_on_a_grid(array: Array, precision: Precision) -> bool:
    """Return whether all numbers are as coarse as the largest, as if rounded to eighths."""
    spacing = float(np.spacing(precision(evidence.largest(array))))
    return bool(np.all(np.isfinite(array)) and spacing and not np.any(array % spacing))


def _is_in_precision(array: Array, precision: Precision) -> bool:
    """Return whether every number of an array is exact in a precision."""
    return np.array_equal(array, array.astype(precision), equal_nan=True)


def _one_number(case: Case) -> Relation:
    """Return that all values are 0, or equal: the number itself would reveal an expected one."""
    found = "" if case.found.flat[0] else "0"
    return Relation(RelationKind.ALL_EQUAL, found=found)


def _in_place_of(case: Case) -> Relation | None:
    """Return which number replaces which expected one everywhere, such as 1 for 0."""
    found, right = (float(array.flat[0]) for array in (case.found, case.right))
    if math.isclose(found, right, rel_tol=evidence.NEAREST):
        return None
    if math.isclose(found, right, rel_tol=CLOSE):
        return Relation(RelationKind.EQUAL_AS_EXPECTED)
    number = f"{found:.3g}".replace("-", "−")
    expected = f"{right:.0f}" if right in (0, 1) else ""
    return Relation(RelationKind.EQUAL_AS_EXPECTED, found=number, expected=expected)


def same_everywhere(case: Case) -> Iterator[Fitting]:
    """Find whether all are one number, or the same along an axis."""
    if case.found.size < MIN_SAME:
        yield from _nothing_but_0(case)
        return
    is_one_number_expected = not np.ptp(case.right)
    if not np.ptp(case.found):
        relation = _in_place_of(case) if is_one_number_expected else _one_number(case)
        if relation:  # otherwise only the shape differs
            yield Fitting(relation, 0.01, -math.inf)
        return
    if is_one_number_expected or not case.same_shape:
        return
    shape = case.found.shape
    for axes in reversed(list(some_axes(shape))):
        if _is_same_along(case, axes):
            named = case.letters.axes(shape, axes)
            relation = Relation(RelationKind.THE_SAME_ALONG, axes=named)
            yield Fitting(relation, 0.005, -math.inf)
            return


def _nothing_but_0(case: Case) -> Iterator[Fitting]:
    """Find whether one or two values are 0 and no integers are expected: nothing was added."""
    are_fractions = case.right != np.round(case.right)
    if case.found.any() or not are_fractions.all():
        return
    relation = Relation(RelationKind.NOTHING_BUT_0, counts=(case.found.size,))
    yield Fitting(relation, 0.01, -math.inf)


def adds_up_along_another_axis(case: Case) -> Iterator[Fitting]:
    """Find whether values sum to 1, as the expected ones do, but along another axis, or in all."""
    shape = case.found.shape
    if not case.same_shape or len(shape) < 2 or not (case.found != np.round(case.found)).any():
        return
    for axis, size in enumerate(shape):
        if size < 2 or not _add_up(case.right, (axis,)) or _add_up(case.found, (axis,)):
            continue
        expected = case.letters.axes(shape, (axis,))
        for others in (*some_axes(shape), tuple(range(len(shape)))):
            if others == (axis,) or not _add_up(case.found, others):
                continue
            along = () if len(others) == len(shape) else case.letters.axes(shape, others)
            relation = Relation(RelationKind.ADDS_UP_ELSEWHERE, axes=along, expected_axes=expected)
            yield Fitting(relation, 0.01, -math.inf)
            return


def _add_up(array: Array, axes: tuple[int, ...]) -> bool:
    """Return whether an array's values sum to 1 along some axes, everywhere."""
    sums = array.sum(axes)
    return bool(np.all(np.abs(sums - 1) <= evidence.NEAREST))


def _is_same_along(case: Case, axes: tuple[int, ...]) -> bool:
    """Return whether wrong values are constant along some axes, and the expected ones are not."""
    count = math.prod(case.found.shape[axis] for axis in axes)
    if count < MIN_SAME:
        return False
    right_ones_change = np.ptp(case.right, axes).any()
    wrong_ones_change = np.ptp(case.found, axes).any()
    return bool(right_ones_change and not wrong_ones_change)
