"""Searches for operations on whole arrays: a change, a factor, a term or another array.

Each search takes a `Case` and yields what fits, whether or not it could be chance.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from autograder.finding import Axis, Number, OperationKind, Relation, RelationKind
from autograder.judging import chance as evidence
from autograder.relations.case import Array, Case, Fitting
from autograder.relations.changes import UNCHANGED, Change, changes, rearrangements
from autograder.relations.letters import Letters

# squared cosine of two arrays below which no factor fits them, whatever their size
PARALLEL = 0.998
ROUNDING = 1e-6  # fraction of an array's largest value by which sums in single precision may differ
NEAR_ONE = 1e-5  # a factor or term within this of 1 is 1
MOST_LISTED = 8  # factors or terms along an axis that are shown
LARGEST_SIMPLE = MOST_DENOMINATOR = 12  # denominator of a fraction that is shown as one
ONE = Number("1")


# ---- factors


@dataclass(frozen=True)
class Factor:
    """A factor between two arrays.

    size: its size as it is written; None for 1. prior: its prior probability.
    fitted: 1 if its value is known only from the arrays.
    """

    value: float
    size: Number | None
    prior: float
    fitted: int = 0

    @property
    def number(self) -> Number | None:
        """Return the factor as it is written, with its sign; None for 1."""
        if self.value > 0:
            return self.size
        return (self.size or ONE).negative()


def _factor_between(one: Array, other: Array, letters: Letters) -> Factor | None:
    """Find the factor that takes one array to another of its shape; None if there is none."""
    value = _slope(one.ravel(), other.ravel())
    if value is None:
        return None
    if not evidence.fits(value * one, other):
        return None
    return _named_factor(value, letters)


def _slope(one: Array, other: Array) -> float | None:
    """Fit a factor by least squares; None if two vectors are not nearly parallel.

    Entries with NaN are ignored.
    """
    square = float(one @ one)
    product = float(one @ other)
    if not (square and math.isfinite(square)):
        if not math.isnan(square):
            return None
        are_numbers = ~(np.isnan(one) | np.isnan(other))
        return _slope(one[are_numbers], other[are_numbers])
    squared_lengths = square * float(other @ other)
    if product * product < PARALLEL * squared_lengths:
        return None
    return product / square


def _named_factor(value: float, letters: Letters) -> Factor:
    """Identify a factor: 1, −1, a number with a name, or one that is only fitted."""
    is_negative = value < 0
    size = abs(value)
    if abs(size - 1) <= NEAR_ONE:
        return Factor(-1.0, None, 0.1) if is_negative else Factor(1.0, None, 0.6)
    named = letters.named(size)
    if named:
        value = -named.value if is_negative else named.value
        return Factor(value, named.number, 0.2 * named.prior)
    return Factor(value, Number(f"{size:.3g}"), 0.02, fitted=1)


@dataclass(frozen=True)
class _ChangeAndFactor:
    """A change and a factor that take one array to another.

    predicted: their result for the first.
    """

    change: Change
    factor: Factor
    predicted: Array

    @property
    def is_same(self) -> bool:
        """Return whether both arrays are the same."""
        is_unchanged = self.change is UNCHANGED
        return is_unchanged and self.factor.value == 1

    @property
    def prior(self) -> float:
        """Return the prior probability of both."""
        return self.change.prior * self.factor.prior

    @property
    def fitted(self) -> int:
        """Return the number of parameters that are known only from the arrays."""
        return self.factor.fitted

    def relation(self, kind: RelationKind, *arrays: str) -> Relation:
        """Return the relation. arrays: that it names."""
        return Relation(kind, self.change.operation, self.factor.number, arrays)


def _fits(case: Case, tried: Sequence[Change]) -> Iterator[_ChangeAndFactor]:
    """Yield the changes that make the wrong array, each with the factor that it needs."""
    for change in tried:
        made = changed(change, case.right, case.found.shape)
        if made is None:
            continue
        factor = _factor_between(made, case.found, case.letters)
        if factor and factor.fitted and _is_scaled(change, case.right, made):
            continue  # a factor alone says the same
        if factor and factor.value == -1 and change.kind is OperationKind.ONE_LESS:
            continue  # that subtracts 1, which another search says plainly
        if factor is None:
            continue
        if change.kind is OperationKind.SIGN and factor.value < 0 and not (case.right < 0).any():
            continue  # −1 in some entries has nothing to do with signs
        predicted = factor.value * made
        if not case.rules_out(predicted):
            yield _ChangeAndFactor(change, factor, predicted)


def _is_scaled(change: Change, array: Array, made: Array) -> bool:
    """Return whether a change only multiplies an array, as the fractions of a single row do."""
    if change is UNCHANGED or made.shape != array.shape:
        return False
    scale = _slope(array.ravel(), made.ravel())
    return scale is not None and evidence.fits(scale * array, made)


def changed(change: Change, array: Array, shape: tuple[int, ...]) -> Array | None:
    """Return a change's result for an array; None if it does not have the shape."""
    made = change.function(array)
    return made if made.shape == shape else None


# ---- from the expected array, and back to it


def made_of_expected(case: Case) -> Iterator[Fitting]:
    """Find whether your values are a change of the expected ones, times a factor."""
    for fit in _fits(case, _changes(case)):
        if fit.is_same:
            continue
        yield Fitting(
            relation=fit.relation(RelationKind.CHANGED),
            prior=fit.prior,
            chance_log10=case.chance_log10(fit.predicted, fit.fitted),
            fitted=fit.fitted,
        )


def _changes(case: Case) -> Sequence[Change]:
    """List changes that may turn the expected array into one of the wrong one's shape."""
    return changes(case.right.shape, case.found.shape, case.letters)


MADE_AS_WELL = frozenset(
    {
        *(OperationKind.NOTHING, OperationKind.REVERSED),
        *(OperationKind.MOVED_ON, OperationKind.MOVED_BACK),
        *(OperationKind.AXES_EXCHANGED, OperationKind.OTHER_AXES),
        *(OperationKind.RESHAPED, OperationKind.LAID_OUT),
    }
)


def undone_to_expected(case: Case) -> Iterator[Fitting]:
    """Find whether the expected values are a change of yours, times a factor.

    Kinds whose inverse is a change too are left out: `made_of_expected` finds them.
    """
    if case.same_shape and not case.wrong.any():
        return  # they are the expected ones, up to rounding
    backwards = replace(case, right=case.found, found=case.right)
    tried = []
    for change in _changes(backwards):
        if change.operation.kind not in MADE_AS_WELL:
            tried.append(change)
    for fit in _fits(backwards, tried):
        yield Fitting(
            relation=fit.relation(RelationKind.CHANGED_BACK),
            prior=fit.prior,
            chance_log10=evidence.chance_log10(fit.predicted, case.right, fit.fitted),
            fitted=fit.fitted,
        )


# ---- with other arrays of the check


def made_of_others(case: Case) -> Iterator[Fitting]:
    """Find whether your values are another array's, or the expected ones and another's together."""
    prior = 0.05 / max(1, len(case.others))
    for name, other in case.others.items():
        if other.size < 2:
            continue
        yield from _another(case, name, prior)
        if case.same_shape and other.shape == case.right.shape:
            yield from _together(case, name, prior)


def _another(case: Case, name: str, prior: float) -> Iterator[Fitting]:
    """Find whether your values are another array's, in some order, times a factor."""
    other = case.others[name]
    tried = (UNCHANGED, *rearrangements(other.shape, case.letters))
    for fit in _fits(replace(case, right=other), tried):
        yield Fitting(
            relation=fit.relation(RelationKind.ANOTHER_ARRAY, name),
            prior=prior * fit.prior,
            chance_log10=case.chance_log10(fit.predicted, fit.fitted),
            fitted=fit.fitted,
        )


def _together(case: Case, name: str, prior: float) -> Iterator[Fitting]:
    """Find whether another array, times a factor, is added to the expected values."""
    other = case.others[name]
    added = case.found - case.right
    factor = _factor_between(other, added, case.letters)
    if factor is None:
        return
    is_less = factor.value < 0
    kind = RelationKind.ARRAY_TAKEN_AWAY if is_less else RelationKind.ARRAY_ADDED
    predicted = case.right + factor.value * other
    yield Fitting(
        relation=Relation(kind, factor=factor.size, arrays=(name,)),
        prior=0.3 * prior * factor.prior,
        chance_log10=case.chance_log10(predicted, factor.fitted),
        fitted=factor.fitted,
    )


# ---- by their differences


def same_term_everywhere(case: Case) -> Iterator[Fitting]:
    """Find whether one number is added everywhere."""
    if not case.same_shape:
        return
    differences = case.found - case.right
    numbers = differences[~np.isnan(differences)]
    if not numbers.size:
        return
    value = float(numbers.mean())
    predicted = case.right + value
    if not value or case.rules_out(predicted) or not _differ_as_predicted(case, predicted):
        return
    term = named_term(abs(value), case.letters)
    kind = RelationKind.ADDED if value > 0 else RelationKind.TAKEN_AWAY
    chance = case.chance_log10(predicted, term.fitted)
    yield Fitting(Relation(kind, factor=term.number), term.prior, chance, term.fitted)


def same_sum_everywhere(case: Case) -> Iterator[Fitting]:
    """Find whether each value and the expected one sum to the same number, as in a negative.

    Sums of 0 or 1 are left to other searches.
    """
    if not case.same_shape:
        return
    sums = case.found + case.right
    value = float(sums.flat[0])
    if not math.isclose(sums.flat[-1], value, rel_tol=evidence.NEAREST):
        return  # most often, and soon
    predicted = value - case.right
    is_plain = abs(value) <= NEAR_ONE or abs(value - 1) <= NEAR_ONE
    if is_plain or not case.fits(predicted, case.found):
        return
    term = named_term(abs(value), case.letters)
    number = term.number if value > 0 else term.number.negative()
    chance = case.chance_log10(predicted, term.fitted)
    yield Fitting(Relation(RelationKind.ADD_UP_TO, factor=number), term.prior, chance, term.fitted)


@dataclass(frozen=True)
class Term:
    """An added number; prior and fitted are as in a `Factor`."""

    number: Number
    prior: float
    fitted: int = 0


def named_term(size: float, letters: Letters) -> Term:
    """Identify a positive added number: 1, one with a name, or a fitted one."""
    if abs(size - 1) <= NEAR_ONE:
        return Term(ONE, 0.03)
    named = letters.named(size)
    if named:
        return Term(named.number, 0.01 * named.prior)
    return Term(Number(f"{size:.3g}"), 0.005, fitted=1)


def same_along_axes(case: Case) -> Iterator[Fitting]:
    """Find whether the same differences or factors apply along some axes.

    It skips an array without a letter at any axis, such as a table that a check has made, and one
    with NaN.
    """
    if not case.same_shape or not case.letters.name_any(case.found.shape):
        return
    if np.isnan(case.right).any():
        return
    for axes in some_axes(case.found.shape):
        named = case.letters.axes(case.found.shape, axes)
        yield from _same_difference_along(case, axes, named)
        yield from _same_factor_along(case, axes, named)


def _same_difference_along(
    case: Case, axes: tuple[int, ...], named: tuple[Axis, ...]
) -> Iterator[Fitting]:
    differences = case.found - case.right
    terms = differences.mean(axes, keepdims=True)
    predicted = case.right + terms
    if not _differ_as_predicted(case, predicted):
        return
    rounding = ROUNDING * evidence.largest(case.found)
    listed = _listed(terms, rounding)
    relation = Relation(RelationKind.SAME_DIFFERENCE_ALONG, axes=named, numbers=listed)
    yield from _if_it_fits(case, relation, predicted, fitted=terms.size)


def _differ_as_predicted(case: Case, predicted: Array) -> bool:
    """Return whether a wrong array is as predicted, relative to its difference from the right one.

    A fading difference may equal the prediction up to what counts as rounding of large values.
    """
    furthest = evidence.furthest_apart(predicted, case.found)
    by_difference = evidence.tolerance(case.found - case.right)
    rounding = ROUNDING * evidence.largest(case.found)
    return furthest <= max(by_difference, rounding)


def _same_factor_along(
    case: Case, axes: tuple[int, ...], named: tuple[Axis, ...]
) -> Iterator[Fitting]:
    factors = _factors_along(case.right, case.found, axes)
    sizes = np.abs(case.right).sum(axes)
    are_known = sizes.all()  # any factor makes zeros of zeros
    listed = _listed(factors, ROUNDING) if are_known else ()
    predicted = case.right * factors
    relation = Relation(RelationKind.SAME_FACTOR_ALONG, axes=named, numbers=listed)
    yield from _if_it_fits(case, relation, predicted, fitted=factors.size)


def _listed(numbers: Array, least: float) -> tuple[str, ...]:
    """Write numbers along one axis in order, as "1/2", "1"; none if there are many.

    numbers: with all axes; some may have one entry. least: smaller values are 0.
    """
    longest_axis = max(numbers.shape, default=1)
    is_one_row = longest_axis == numbers.size
    if not is_one_row or numbers.size > MOST_LISTED:
        return ()
    if not np.isfinite(numbers).all():
        return ()
    listed = []
    for number in numbers.ravel().tolist():
        is_zero = abs(number) <= least
        listed.append(_in_figures(0.0 if is_zero else number))
    return tuple(listed)


def _in_figures(number: float) -> str:
    """Write a number as a simple fraction, as "1/2", else in three figures."""
    figures = f"{number:.3g}"
    if abs(number) <= LARGEST_SIMPLE:
        simple = Fraction(number).limit_denominator(MOST_DENOMINATOR)
        if simple and abs(number - simple) <= NEAR_ONE * abs(number):
            figures = str(simple)
    return figures.replace("-", "−")


def _if_it_fits(case: Case, relation: Relation, predicted: Array, fitted: int) -> Iterator[Fitting]:
    if case.fits(predicted, case.found):
        chance = case.chance_log10(predicted, fitted)
        yield Fitting(relation, 0.002, chance, fitted)


def _factors_along(right: Array, found: Array, axes: tuple[int, ...]) -> Array:
    """Fit one factor to all entries along some axes, by least squares; 0 if all are 0."""
    squares = (right**2).sum(axes, keepdims=True)
    products = (right * found).sum(axes, keepdims=True)
    factors: Array = products / np.where(squares, squares, 1)
    return factors


def some_axes(shape: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield sets of axes, those of more than one number, but never all of them."""
    long_axes = [axis for axis, size in enumerate(shape) if size > 1]
    all_chosen = 2 ** len(long_axes) - 1  # each bit chooses an axis
    for bits in range(1, all_chosen):
        chosen = []
        for place, axis in enumerate(long_axes):
            if bits >> place & 1:
                chosen.append(axis)
        yield tuple(chosen)
