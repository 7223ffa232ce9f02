"""Searches by exceptions: most values are right, or right but for a factor, and the others not.

Each search is given a `Case` and yields what fits, whether or not it could be chance.
"""

import math
from collections.abc import Iterator

import numpy as np

from autograder.finding import Relation, RelationKind, ValuesKind
from autograder.judging import chance as evidence
from autograder.judging.chance import differ
from autograder.relations.arithmetic import NEAR_ONE
from autograder.relations.case import Array, Case, Fitting

LEAST_ROWS = 4  # rows, and places of each, that say something where one of each row is left out
LEAST_PARTS = 3  # right values, and wrong ones, that say something of the smaller and larger ones
OF_PLACES = -3.0  # log10 of the chance that wrong places are just these


# ---- one place of each row


def but_for_one_in_each_row(case: Case) -> Iterator[Fitting]:
    """Find where all but one place of each row are right, or right but for the row's factor.

    Example: exponentials that were not divided by their sum, less a 1 in one place of each row.
    """
    if not case.same_shape:
        return
    for axis, size in enumerate(case.found.shape):
        if size < LEAST_ROWS or case.found.size < LEAST_ROWS * size:
            continue
        factors = _factor_of_most(case.right, case.found, axis)
        predicted = case.right * factors
        excepted = differ(case.found, predicted)
        counts = excepted.sum(axis)
        places = excepted.argmax(axis)
        if np.all(counts == 1) and np.ptp(places):  # else it is one row that is wrong
            yield _but_for_one(case, axis, predicted, ~excepted)


def _factor_of_most(right: Array, found: Array, axis: int) -> Array:
    """Return the middle one of the factors along an axis; 1 where it is near 1, or there is none.

    Returns one factor for each row, with the axis kept.
    """
    factors = np.full_like(found, np.nan)
    np.divide(found, right, out=factors, where=right != 0)
    in_order = np.sort(factors, axis)  # NaN stands last
    is_known = np.isfinite(factors)
    half = is_known.sum(axis, keepdims=True) // 2
    middle = np.take_along_axis(in_order, half, axis)
    is_near_one = np.abs(middle - 1) <= NEAR_ONE
    is_unknown = ~np.isfinite(middle)
    return np.where(is_near_one | is_unknown, 1.0, middle)


def _but_for_one(case: Case, axis: int, predicted: Array, fits: Array) -> Fitting:
    """Return the relation that all places but one of each row are as predicted.

    fits: where they are.
    """
    shape = case.found.shape
    rows = case.found.size // shape[axis]
    choices = rows * math.log10(shape[axis])  # of the places that are left out
    along = case.letters.along(shape, axis)
    is_scaled = fits & differ(case.right, predicted)
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


# ---- where other values are of a kind


def wrong_where_values_are(case: Case) -> Iterator[Fitting]:
    """Find where values are wrong just where the expected ones are small, or another array's are.

    Example: a function in two parts, of which one is wrong; a mask that is another array's sign.
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
    """Return whether so many are wrong, and right, that chance would hardly choose them."""
    count = int(wrong.sum())
    others = wrong.size - count
    if min(count, others) < LEAST_PARTS:
        return False
    return evidence.chance_of_places_log10(wrong) <= OF_PLACES


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
