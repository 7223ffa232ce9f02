"""Searches for what is made of whole arrays: by a change, a factor, a term or another array.

Each search is given a `Case` and yields what fits, whether or not it could be chance.
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
ROUNDING = 1e-6  # of an array's largest value: by so much sums in single precision may differ
NEAR_ONE = 1e-5  # a factor or term that is so near to 1 is 1
MOST_LISTED = 8  # factors or terms, one for each place along an axis, that are shown
LARGEST_SIMPLE = MOST_DENOMINATOR = 12  # of a fraction that is shown as one
ONE = Number("1")


# ---- factors


@dataclass(frozen=True)
class Factor:
    """A factor between two arrays.

    size: its size as it is written; None of 1. prior: how likely it is before anything is seen.
    fitted: 1 where its value is known only from the arrays.
    """

    value: float
    size: Number | None
    prior: float
    fitted: int = 0

    @property
    def number(self) -> Number | None:
        """Return the factor as it is written, with its sign; None of 1."""
        if self.value > 0:
            return self.size
        return (self.size or ONE).negative()


def _factor_between(one: Array, other: Array, letters: Letters) -> Factor | None:
    """Find the factor that takes one array to another of its shape; None where none does."""
    value = _slope(one.ravel(), other.ravel())
    if value is None:
        return None
    if not evidence.fits(value * one, other):
        return None
    return _named_factor(value, letters)


def _slope(one: Array, other: Array) -> float | None:
    """Fit a factor by least squares; None where two vectors are not nearly parallel.

    Places with NaN say nothing of it.
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
    """Find out what a factor is: 1, −1, a number with a name, or one that is only fitted."""
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

    predicted: what they make of the first.
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
        """Return how likely both are before anything is seen."""
        return self.change.prior * self.factor.prior

    @property
    def fitted(self) -> int:
        """Return how many numbers are known only from the arrays."""
        return self.factor.fitted

    def relation(self, kind: RelationKind, *arrays: str) -> Relation:
        """Return the relation that holds. arrays: that it names."""
        return Relation(kind, self.change.operation, self.factor.number, arrays)


def _fits(case: Case, tried: Sequence[Change]) -> Iterator[_ChangeAndFactor]:
    """Yield those changes that make the wrong array, each with the factor that it needs."""
    for change in tried:
        made = changed(change, case.right, case.found.shape)
        if made is None:
            continue
        factor = _factor_between(made, case.found, case.letters)
        if factor and factor.fitted and _is_scaled(change, case.right, made):
            continue  # a factor alone says the same
        if factor and factor.value == -1 and change.kind is OperationKind.ONE_LESS:
            continue  # that takes away 1, which another search says plainly
        if factor is None:
            continue
        if change.kind is OperationKind.SIGN and factor.value < 0 and not (case.right < 0).any():
            continue  # −1 in some places has nothing to do with signs
        predicted = factor.value * made
        if not case.rules_out(predicted):
            yield _ChangeAndFactor(change, factor, predicted)


def _is_scaled(change: Change, array: Array, made: Array) -> bool:
    """Return whether a change has only multiplied an array, as the shares of a single row do."""
    if change is UNCHANGED or made.shape != array.shape:
        return False
    scale = _slope(array.ravel(), made.ravel())
    return scale is not None and evidence.fits(scale * array, made)


def changed(change: Change, array: Array, shape: tuple[int, ...]) -> Array | None:
    """Return what a change makes of an array; None where that has not the shape."""
    made = change.function(array)
    return made if made.shape == shape else None


# ---- from the expected array, and back to it


def made_of_expected(case: Case) -> Iterator[Fitting]:
    """Find where your values are a change of the expected ones, times a factor."""
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
    """List what may make an array of the wrong one's shape of the expected one."""
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
    """Find where what is expected is a change of your values, times a factor.

    Kinds whose inverse is a change too are left out: `made_of_expected` finds them.
    """
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
    """Find where your values are another array's, or the expected ones and another's together."""
    prior = 0.05 / max(1, len(case.others))
    for name, other in case.others.items():
        if other.size < 2:
            continue
        yield from _another(case, name, prior)
        if case.same_shape and other.shape == case.right.shape:
            yield from _together(case, name, prior)


def _another(case: Case, name: str, prior: float) -> Iterator[Fitting]:
    """Find where your values are another array's, in some order, times a factor."""
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
    """Find where another array, times a factor, is added to the expected values."""
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


# ---- by what they differ


def same_term_everywhere(case: Case) -> Iterator[Fitting]:
    """Find where one number is added everywhere."""
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
    """Find where each value and the expected one add up to the same number, as in a negative.

    Not to 0 or 1: other searches say so plainly.
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
    """A number that is added; prior and fitted are as of a `Factor`."""

    number: Number
    prior: float
    fitted: int = 0


def named_term(size: float, letters: Letters) -> Term:
    """Find out what a positive number is that is added: 1, one with a name, or a fitted one."""
    if abs(size - 1) <= NEAR_ONE:
        return Term(ONE, 0.03)
    named = letters.named(size)
    if named:
        return Term(named.number, 0.01 * named.prior)
    return Term(Number(f"{size:.3g}"), 0.005, fitted=1)


def same_along_axes(case: Case) -> Iterator[Fitting]:
    """Find where along some axes all differ by the same numbers, or by the same factors.

    Not in an array without a letter at any axis, such as a table that a check has made, nor in one
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
    """Return whether a wrong array is as predicted, measured by what it differs from the right one.

    A difference that fades may be the same up to what counts as rounding of values that are large.
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
    """Write numbers that run along one axis, in their order, as "1/2", "1"; none if many.

    numbers: with all axes; some may have one entry. least: what is smaller is 0.
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
    """Write a number as a fraction where it is a simple one, as "1/2", else in three figures."""
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
    """Fit one factor to all entries along some axes, by least squares; 0 where all are 0."""
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
