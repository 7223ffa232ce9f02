"""Searches for what is made of whole arrays: by a change, a factor, a term or another array.

Each search is given a `Case` and yields what fits, whether or not it could be chance.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from autograder.relations import evidence
from autograder.relations.case import RIGHT, YOURS, Array, Case, Found, Relation
from autograder.relations.changes import UNCHANGED, Change, Function, changes, rearrangements
from autograder.relations.letters import Letters

# squared cosine of two arrays below which no factor fits them, whatever their size
PARALLEL = 0.998
NEAR_ONE = 1e-5  # a factor or term that is so near to 1 is 1


# ---- factors


@dataclass(frozen=True)
class Factor:
    """A factor between two arrays.

    words: what is said of it after the arrays. prior: how likely it is before anything is seen.
    fitted: 1 where its value is known only from the arrays.
    """

    value: float
    words: str
    prior: float
    fitted: int = 0


def _factor_between(one: Array, other: Array, letters: Letters) -> Factor | None:
    """Find the factor that takes one array to another; None where none does."""
    a, b = one.ravel(), other.ravel()
    square, product = float(a @ a), float(a @ b)
    if not (square and math.isfinite(square)):
        return None
    if product * product < PARALLEL * square * float(b @ b):
        return None
    value = product / square
    if not evidence.fits(value * a, b):
        return None
    return _named_factor(value, letters)


def _named_factor(value: float, letters: Letters) -> Factor:
    """Say what a factor is: 1, −1, a number with a name, or one that is only fitted."""
    is_negative = value < 0
    if abs(abs(value) - 1) <= NEAR_ONE:
        return Factor(-1.0, " × −1", 0.1) if is_negative else Factor(1.0, "", 0.6)
    constant = letters.constant(abs(value))
    if constant and is_negative:
        return Factor(-constant.value, f" × −{constant.words}", 0.2 * constant.prior)
    if constant:
        return Factor(constant.value, f" × {constant.words}", 0.2 * constant.prior)
    words = " × a negative number" if is_negative else " × one and the same number"
    return Factor(value, words, 0.02, fitted=1)


@dataclass(frozen=True)
class _Fit:
    """A change and a factor that take one array to another.

    predicted: what they make of the first.
    """

    change: Change
    factor: Factor
    predicted: Array

    @property
    def prior(self) -> float:
        """How likely both are before anything is seen."""
        return self.change.prior * self.factor.prior

    def words(self, array: str) -> str:
        """Say what is made of an array with this name."""
        return f"{self.change.words.format(array)}{self.factor.words}"


def _fit(change: Change, one: Array, other: Array, letters: Letters) -> _Fit | None:
    """Find the factor with which a change takes one array to another; None where none does."""
    made = changed(change, one, other.shape)
    if made is None:
        return None
    factor = _factor_between(made, other, letters)
    if factor is None:
        return None
    return _Fit(change, factor, factor.value * made)


def changed(change: Change, array: Array, shape: tuple[int, ...]) -> Array | None:
    """Return what a change makes of an array; None where that has not the shape."""
    made = change.function(array)
    return made if made.shape == shape else None


# ---- from the expected array, and back to it


def made_of_expected(case: Case) -> Iterator[Found]:
    """Your values are a change of the expected ones, times a factor."""
    for change in changes(case.right.shape, case.found.shape, case.letters):
        fit = _fit(change, case.right, case.found, case.letters)
        if fit is None:
            continue
        if change is UNCHANGED and fit.factor.value == 1:
            continue
        apply = partial(_change_times, function=change.function, factor=fit.factor.value)
        relation = Relation(_kind_of(fit), f"your values are {fit.words(RIGHT)}.", apply)
        chance = case.chance_log10(fit.predicted, fit.factor.fitted)
        yield Found(relation, fit.prior, chance, fit.factor.fitted)


def _change_times(array: Array, function: Function, factor: float) -> Array:
    made: Array = factor * function(array)
    return made


def _kind_of(fit: _Fit) -> str:
    if fit.change is not UNCHANGED:
        return fit.change.kind
    return "sign" if fit.factor.value == -1 else "factor"


MADE_AS_WELL = ("values", "reversed", "rolled", "axes exchanged", "laid out")


def undone_to_expected(case: Case) -> Iterator[Found]:
    """What is expected is a change of your values, times a factor.

    Kinds whose inverse is a change too are left out: `made_of_expected` finds them.
    """
    for change in changes(case.found.shape, case.right.shape, case.letters):
        if change.kind in MADE_AS_WELL:
            continue
        fit = _fit(change, case.found, case.right, case.letters)
        if fit is None:
            continue
        relation = Relation(change.kind, f"what is expected is {fit.words(YOURS)}.")
        chance = evidence.chance_log10(fit.predicted, case.right, fit.factor.fitted)
        yield Found(relation, fit.prior, chance, fit.factor.fitted)


# ---- with other arrays of the check


def made_of_others(case: Case) -> Iterator[Found]:
    """Your values are those of another array, or the expected ones and another array's together."""
    prior = 0.05 / max(1, len(case.others))
    for name, other in case.others.items():
        if other.size < 2:
            continue
        yield from _another(case, name, prior)
        if other.shape == case.right.shape == case.found.shape:
            yield from _together(case, name, prior)


def _expected_of(name: str) -> str:
    return f"those expected of `{name}`"


def _another(case: Case, name: str, prior: float) -> Iterator[Found]:
    """Your values are another array's, in some order, times a factor."""
    other = case.others[name]
    for change in (UNCHANGED, *rearrangements(other.shape, case.letters)):
        fit = _fit(change, other, case.found, case.letters)
        if fit is None:
            continue
        is_same = change is UNCHANGED and fit.factor.value == 1
        text = f"your values are {fit.words(_expected_of(name))}."
        relation = Relation("another array", text, of=name if is_same else "")
        chance = case.chance_log10(fit.predicted, fit.factor.fitted)
        yield Found(relation, prior * fit.prior, chance, fit.factor.fitted)


def _together(case: Case, name: str, prior: float) -> Iterator[Found]:
    """Another array, times a factor, is added to the expected values."""
    other = case.others[name]
    factor = _factor_between(other, case.found - case.right, case.letters)
    if factor is None:
        return
    sign = "less" if factor.value < 0 else "plus"
    size = factor.words.replace(" × −1", "").replace("−", "")
    text = f"your values are {RIGHT} {sign} {_expected_of(name)}{size}."
    chance = case.chance_log10(case.right + factor.value * other, factor.fitted)
    relation = Relation("another array added", text)
    yield Found(relation, 0.3 * prior * factor.prior, chance, factor.fitted)


# ---- by what they differ


def same_term_everywhere(case: Case) -> Iterator[Found]:
    """One number is added everywhere."""
    if not case.same_shape:
        return
    term = float((case.found - case.right).mean())
    if not term or not evidence.fits(case.right + term, case.found):
        return
    size = _named_term(abs(term), case.letters)
    sign = "+" if term > 0 else "−"
    text = f"your values are {RIGHT} {sign} {size.words}."
    chance = case.chance_log10(case.right + term, size.fitted)
    relation = Relation("added", text, partial(np.add, term))
    yield Found(relation, size.prior, chance, size.fitted)


@dataclass(frozen=True)
class _Term:
    """What is said of a number that is added; prior and fitted are as of a `Factor`."""

    words: str
    prior: float
    fitted: int = 0


def _named_term(size: float, letters: Letters) -> _Term:
    if abs(size - 1) <= NEAR_ONE:
        return _Term("1", 0.03)
    constant = letters.constant(size)
    if constant:
        return _Term(constant.words, 0.01 * constant.prior)
    return _Term("one and the same number", 0.005, fitted=1)


def same_along_axes(case: Case) -> Iterator[Found]:
    """Along some axes all differ by the same numbers, or by the same factors."""
    if not case.same_shape:
        return
    shape = case.found.shape
    for axes in some_axes(shape):
        cells = case.found.size // math.prod(shape[axis] for axis in axes)
        name = case.letters.axes(shape, axes)
        terms = (case.found - case.right).mean(axes, keepdims=True)
        if evidence.fits(case.right + terms, case.found):
            text = f"for each {name} your values differ from the expected ones by the same numbers."
            chance = case.chance_log10(case.right + terms, cells)
            yield Found(Relation("same difference along", text), 0.002, chance, cells)
        factors = _factors_along(case.right, case.found, axes)
        if evidence.fits(case.right * factors, case.found):
            text = f"for each {name} your values are the expected ones times the same numbers."
            chance = case.chance_log10(case.right * factors, cells)
            yield Found(Relation("same factor along", text), 0.002, chance, cells)


def _factors_along(right: Array, found: Array, axes: tuple[int, ...]) -> Array:
    """Fit one factor to all entries along some axes, by least squares; 0 where all are 0."""
    squares = (right**2).sum(axes, keepdims=True)
    products = (right * found).sum(axes, keepdims=True)
    factors: Array = products / np.where(squares, squares, 1)
    return factors


def some_axes(shape: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield sets of axes, those of more than one number, but never all of them."""
    axes = [axis for axis, size in enumerate(shape) if size > 1]
    for bits in range(1, 2 ** len(axes) - 1):
        yield tuple(axis for place, axis in enumerate(axes) if bits >> place & 1)
