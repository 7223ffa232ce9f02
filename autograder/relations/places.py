"""Searches by where values are wrong, and by what wrong values are among themselves.

Each search is given a `Case` and yields what fits, whether or not it could be chance.
"""

import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.relations import evidence
from autograder.relations.arithmetic import some_axes
from autograder.relations.case import RIGHT, Array, Case, Found, Relation

OF_PLACES = -2.0  # log10 of the chance that wrong places are just those of a kind
ROUNDINGS = 8  # a result of few operations in a lower precision differs by no more of its roundings
MIN_WRONG = 3  # so many wrong zeros or signs say something
MIN_SAME = 3  # so many equal values say something


# ---- where


def right_but_in_places(case: Case) -> Iterator[Found]:
    """Values are wrong just where the expected ones are of a kind, or all wrong in one way."""
    if not case.same_shape:
        return
    count = int(case.wrong.sum())
    if not 0 < count < case.wrong.size:
        return
    yield from _wrong_where(case, count)
    if count >= MIN_WRONG:
        yield from _zero_in_places(case, count)
        yield from _other_sign_in_places(case, count)


def _chance_of_right_ones(case: Case) -> float:
    """The chance that the right entries are right, as its logarithm to base 10."""
    is_right = ~case.wrong
    return evidence.chance_log10(case.right[is_right], case.found[is_right])


def _wrong_where(case: Case, count: int) -> Iterator[Found]:
    """Values are wrong just where the expected ones are of a kind."""
    if evidence.chance_of_places_log10(case.wrong.size, count) > OF_PLACES:
        return
    for words, places in _kinds(case.right):
        if np.array_equal(places, case.wrong):
            what = _what_is_there(case.found[case.wrong])
            text = f"your values are {RIGHT}, but where {words}{what}."
            relation = Relation("right but where", text, whole=False)
            yield Found(relation, 0.005, _chance_of_right_ones(case))


def _zero_in_places(case: Case, count: int) -> Iterator[Found]:
    """Values are the expected ones or 0."""
    if case.found[case.wrong].any():
        return
    text = f"your values are {RIGHT}, but 0 in {count} of {case.wrong.size} places."
    relation = Relation("right or 0", text, whole=False)
    yield Found(relation, 0.005, _chance_of_right_ones(case))


def _other_sign_in_places(case: Case, count: int) -> Iterator[Found]:
    """Values are the expected ones but for their sign."""
    right, found = np.abs(case.right), np.abs(case.found)
    if not evidence.fits(right, found):
        return
    places = f"{count} of {case.wrong.size} places"
    text = f"your values are {RIGHT}, but with the other sign in {places}."
    relation = Relation("signs", text, whole=False)
    choices_of_signs = count * math.log10(2)
    yield Found(relation, 0.005, evidence.chance_log10(right, found) + choices_of_signs)


def _kinds(right: Array) -> Iterator[tuple[str, Array]]:
    """Yield kinds of expected values, each with where they are."""
    yield "0 is expected", right == 0
    yield "a negative number is expected", right < 0
    yield "a positive number is expected", right > 0
    yield "the largest number is expected", right == right.max()
    yield "the smallest number is expected", right == right.min()


def _what_is_there(found: Array) -> str:
    """Say what wrong values are, where all are one small number or none is a number."""
    if np.isnan(found).all():
        return ", they are NaN"
    if np.isinf(found).all():
        return ", they are infinite"
    first = float(found[0])
    is_small = first in (-1.0, 0.0, 1.0)
    if is_small and (found == first).all():
        return f", they are {first:g}"
    return ""


# ---- among themselves


PRECISIONS: Mapping[str, type[np.floating[Any]]] = {"half": np.float16, "single": np.float32}


def in_lower_precision(case: Case) -> Iterator[Found]:
    """Your values are the expected ones in a lower precision."""
    if not case.same_shape:
        return
    for name, kind in PRECISIONS.items():
        if not _is_in_precision(case.found, kind) or _is_in_precision(case.right, kind):
            continue
        largest = float(np.abs(case.right).max(initial=0.0))
        furthest = np.abs(case.found - case.right).max()
        if furthest <= ROUNDINGS * float(np.finfo(kind).eps) * largest:
            text = f"your values are {RIGHT} in {name} precision, `{kind.__name__}`."
            relation = Relation("precision", text, partial(_in_precision, kind=kind))
            yield Found(relation, 0.002, evidence.chance_log10(case.right, case.found))
            return


def _in_precision(array: Array, kind: type[np.floating[Any]]) -> Array:
    return array.astype(kind)


def _is_in_precision(array: Array, kind: type[np.floating[Any]]) -> bool:
    """Whether every number of an array can be written in a precision."""
    return np.array_equal(array, _in_precision(array, kind))


def same_everywhere(case: Case) -> Iterator[Found]:
    """All are one number, or the same along an axis."""
    if case.found.size < MIN_SAME or not np.ptp(case.right):
        return
    if not np.ptp(case.found):
        which = "the same" if case.found.flat[0] else "0"
        relation = Relation("all the same", f"all your values are {which}.")
        yield Found(relation, 0.01, -math.inf)
        return
    if not case.same_shape:
        return
    shape = case.found.shape
    for axes in reversed(list(some_axes(shape))):
        if _is_same_along(case, axes):
            text = f"your values are the same for each {case.letters.axes(shape, axes)}."
            yield Found(Relation("the same along", text), 0.005, -math.inf)
            return


def _is_same_along(case: Case, axes: tuple[int, ...]) -> bool:
    """Whether wrong values do not change along some axes, where the expected ones do."""
    count = math.prod(case.found.shape[axis] for axis in axes)
    if count < MIN_SAME:
        return False
    return bool(np.ptp(case.right, axes).any()) and not np.ptp(case.found, axes).any()
