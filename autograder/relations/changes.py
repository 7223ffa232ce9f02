"""Operations on an array: each change as an operation, with its function and its prior."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import combinations, permutations, product
from typing import Any

import numpy as np

from autograder.finding import NOTHING_DONE, Axis, Operation, OperationKind
from autograder.relations.letters import Letters

Array = np.ndarray
Function = Callable[[Array], Any]  # array → array
AxisFunction = Callable[..., Any]  # (array, axis=…) → array
Shape = tuple[int, ...]
MOST_AXES_LAID_OUT = 3  # arrays with more axes are not read in another order
MOST_AXES = 4  # arrays with more axes are not rearranged


@dataclass(frozen=True)
class Change:
    """One operation on an array.

    prior: its prior probability, as a fraction of all changes.
    """

    operation: Operation
    function: Function
    prior: float

    @property
    def kind(self) -> OperationKind:
        """Return the kind of its operation."""
        return self.operation.kind


Axes = tuple[Axis, ...]


def _long_axes(shape: Shape, letters: Letters) -> Iterator[tuple[int, Axes]]:
    """Yield each axis of more than one row, and its name."""
    for axis, size in enumerate(shape):
        if size > 1:
            yield axis, letters.along(shape, axis)


# ---- the same numbers in other positions


def rearrangements(shape: Shape, letters: Letters) -> Iterator[Change]:
    """Yield changes that keep an array's numbers: other orders along an axis, or of axes."""
    for axis, along in _long_axes(shape, letters):
        yield from _other_orders(axis, along)
    if 2 <= len(shape) <= MOST_AXES:
        yield from _other_axes(shape, letters)


def _other_orders(axis: int, along: Axes) -> Iterator[Change]:
    """Yield other orders of the rows along an axis."""
    reverse = partial(np.flip, axis=axis)
    move_on = partial(np.roll, shift=1, axis=axis)
    move_back = partial(np.roll, shift=-1, axis=axis)
    sort = partial(np.sort, axis=axis)
    yield Change(Operation(OperationKind.REVERSED, along), reverse, 0.01)
    yield Change(Operation(OperationKind.MOVED_ON, along), move_on, 0.01)
    yield Change(Operation(OperationKind.MOVED_BACK, along), move_back, 0.01)
    yield Change(Operation(OperationKind.SORTED, along), sort, 0.001)


def _other_axes(shape: Shape, letters: Letters) -> Iterator[Change]:
    """Yield all other orders of axes; the most likely ones swap two."""
    in_order = tuple(range(len(shape)))
    for order in permutations(in_order):
        if order == in_order:
            continue
        moved = [axis for axis in in_order if order[axis] != axis]
        if len(moved) == 2:
            exchanged = letters.axes(shape, moved)
            operation = Operation(OperationKind.AXES_EXCHANGED, exchanged)
            prior = 0.02
        else:
            operation = Operation(OperationKind.OTHER_AXES, letters.axes(shape, order))
            prior = 0.005
        transpose = partial(np.transpose, axes=order)
        yield Change(operation, transpose, prior)


@dataclass(frozen=True)
class _Layout:
    """A way to distribute an array's numbers over the axes of another shape.

    shape: the array's. order: of its axes, in which the numbers are read.
    wanted: the other shape. filled: the order of its axes, in which the numbers are written.
    """

    shape: Shape
    order: tuple[int, ...]
    wanted: Shape
    filled: tuple[int, ...]

    @property
    def is_transpose(self) -> bool:
        """Return whether it only exchanges axes, and splits none."""
        sizes_as_read = _in_order(self.shape, self.order)
        sizes_as_filled = _in_order(self.wanted, self.filled)
        return sizes_as_read == sizes_as_filled

    @property
    def is_reshape(self) -> bool:
        """Return whether the numbers keep their order."""
        return _is_sorted(self.order) and _is_sorted(self.filled)

    def deal_out(self, array: Array) -> Array:
        """Return the array's numbers in the wanted shape."""
        as_read = array.transpose(self.order)
        sizes_as_filled = _in_order(self.wanted, self.filled)
        as_filled = as_read.reshape(sizes_as_filled)
        as_wanted = np.argsort(self.filled)
        return as_filled.transpose(as_wanted)


def _in_order(shape: Shape, order: tuple[int, ...]) -> Shape:
    return tuple(shape[axis] for axis in order)


def _is_sorted(order: tuple[int, ...]) -> bool:
    return list(order) == sorted(order)


def layouts(shape: Shape, wanted: Shape) -> Iterator[Change]:
    """Yield the results of `reshape` for an array that should be transposed.

    The numbers are read with the axes in one order, and written with the axes in another.
    """
    axes = range(len(shape))
    wanted_axes = range(len(wanted))
    if max(len(axes), len(wanted_axes)) > MOST_AXES_LAID_OUT:
        return
    orders = product(permutations(axes), permutations(wanted_axes))
    for order, filled in orders:
        layout = _Layout(shape, order, wanted, filled)
        if not layout.is_transpose:
            kind = OperationKind.RESHAPED if layout.is_reshape else OperationKind.LAID_OUT
            yield Change(Operation(kind), layout.deal_out, 0.001)


# ---- other shapes


def resizings(shape: Shape, letters: Letters) -> Iterator[Change]:
    """Yield changes of shape: one more entry along an axis, axes of size 1, and one long axis."""
    for axis, along in _long_axes(shape, letters):
        yield from _doubled(axis, shape[axis], along)
    yield Change(Operation(OperationKind.WITHOUT_AXES_OF_1), np.squeeze, 0.003)
    for place in range(len(shape) + 1):
        expand = partial(np.expand_dims, axis=place)
        yield Change(Operation(OperationKind.ONE_MORE_AXIS, place=place), expand, 0.004)
    if len(shape) > 1:
        yield Change(Operation(OperationKind.FLAT), np.ravel, 0.01)


def _doubled(axis: int, size: int, along: Axes) -> Iterator[Change]:
    """Yield the rows along an axis with the first or the last of them repeated."""
    rows = list(range(size))
    with_first = [0, *rows]
    with_last = [*rows, size - 1]
    first_twice = partial(np.take, indices=with_first, axis=axis)
    last_twice = partial(np.take, indices=with_last, axis=axis)
    yield Change(Operation(OperationKind.FIRST_TWICE, along), first_twice, 0.005)
    yield Change(Operation(OperationKind.LAST_TWICE, along), last_twice, 0.005)


# ---- one number for each row, and functions of rows


@dataclass(frozen=True)
class _OfRows:
    """A function of the rows along an axis.

    prior: as in a `Change`, for one axis.
    """

    kind: OperationKind
    function: AxisFunction
    prior: float

    def change(self, axis: int, along: Axes) -> Change:
        """Return the change that applies it along one axis."""
        function = partial(self.function, axis=axis)
        return Change(Operation(self.kind, along), function, self.prior)


# The largest of two numbers is always the first or the last, too. A student who took the largest
# would pass on one seed and fail on the next, so a position is more likely than a size.
REDUCED = (
    _OfRows(OperationKind.SUM, np.sum, 0.01),
    _OfRows(OperationKind.MEAN, np.mean, 0.01),
    _OfRows(OperationKind.LARGEST, np.max, 0.002),
    _OfRows(OperationKind.SMALLEST, np.min, 0.001),
    _OfRows(OperationKind.FIRST, partial(np.take, indices=0), 0.003),
    _OfRows(OperationKind.LAST, partial(np.take, indices=-1), 0.005),
)


# the same, with an axis of size 1 in place of the rows
_sums: AxisFunction = partial(np.sum, keepdims=True)
_means: AxisFunction = partial(np.mean, keepdims=True)
_largest: AxisFunction = partial(np.max, keepdims=True)
SPREAD_OUT: Mapping[OperationKind, AxisFunction] = {
    OperationKind.SUM_IN_EACH_PLACE: _sums,
    OperationKind.MEAN_IN_EACH_PLACE: _means,
    OperationKind.LARGEST_IN_EACH_PLACE: _largest,
}


def reductions(shape: Shape, letters: Letters) -> Iterator[Change]:
    """Yield changes that reduce rows along an axis to one number, or sum over several axes."""
    for axis, along in _long_axes(shape, letters):
        for reduced in REDUCED:
            yield reduced.change(axis, along)
    if len(shape) > 1:
        yield Change(Operation(OperationKind.SUM), np.sum, 0.01)
        yield Change(Operation(OperationKind.MEAN), np.mean, 0.01)
    if len(shape) > 2:
        yield from _sums_over_two_axes(shape, letters)


def _sums_over_two_axes(shape: Shape, letters: Letters) -> Iterator[Change]:
    all_axes = range(len(shape))
    for axes in combinations(all_axes, 2):
        both = Operation(OperationKind.SUM, letters.axes(shape, axes))
        sum_over_both = partial(np.sum, axis=axes)
        yield Change(both, sum_over_both, 0.003)


def along_axes(shape: Shape, letters: Letters) -> Iterator[Change]:
    """Yield functions of the rows along an axis that keep the shape."""
    for axis, along in _long_axes(shape, letters):
        for of_rows in ALONG_AN_AXIS:
            yield of_rows.change(axis, along)
        for kind, function in SPREAD_OUT.items():
            spread_out = partial(_spread_out, function=function, axis=axis)
            yield Change(Operation(kind, along), spread_out, 0.001)


def _spread_out(array: Array, function: AxisFunction, axis: int) -> Array:
    """Put a row's number into every position of that row."""
    of_rows = function(array, axis=axis)
    return np.broadcast_to(of_rows, array.shape)


def softmax(x: Array, axis: int) -> Any:
    """Divide exponentials by their sum."""
    powers = np.exp(_below_largest(x, axis))
    return powers / _sums(powers, axis)


def _log_softmax(x: Array, axis: int) -> Any:
    moved = _below_largest(x, axis)
    sums = _sums(np.exp(moved), axis)
    return moved - np.log(sums)


def _shares(x: Array, axis: int) -> Any:
    return x / _sums(x, axis)


def _unit_length(x: Array, axis: int) -> Any:
    squares = _sums(x**2, axis)
    return x / np.sqrt(squares)


def _centred(x: Array, axis: int) -> Any:
    return x - _means(x, axis)


def _below_largest(x: Array, axis: int) -> Any:
    return x - _largest(x, axis)


def _standardised(x: Array, axis: int) -> Any:
    deviations = x.std(axis, keepdims=True)
    return _centred(x, axis) / deviations


def _sums_from_the_end(x: Array, axis: int) -> Any:
    from_the_end = np.flip(x, axis)
    sums = np.cumsum(from_the_end, axis)
    return np.flip(sums, axis)


def _differences(x: Array, axis: int) -> Any:
    return np.diff(x, axis=axis, prepend=0)


ALONG_AN_AXIS = (
    _OfRows(OperationKind.SOFTMAX, softmax, 0.01),
    _OfRows(OperationKind.LOG_SOFTMAX, _log_softmax, 0.005),
    _OfRows(OperationKind.SHARE_OF_SUM, _shares, 0.005),
    _OfRows(OperationKind.SHARE_OF_LENGTH, _unit_length, 0.003),
    _OfRows(OperationKind.FROM_MEAN, _centred, 0.005),
    _OfRows(OperationKind.FROM_LARGEST, _below_largest, 0.002),
    _OfRows(OperationKind.STANDARDISED, _standardised, 0.002),
    _OfRows(OperationKind.RUNNING_SUM, np.cumsum, 0.004),
    _OfRows(OperationKind.RUNNING_SUM_FROM_END, _sums_from_the_end, 0.004),
    _OfRows(OperationKind.STEP_TO_NEXT, _differences, 0.002),
)


# ---- functions of single numbers


def _cut_below_0(x: Array) -> Any:
    if not (x < 0).any():  # nothing would be cut, and the statement would be empty
        return np.full_like(x, np.nan)
    return np.maximum(x, 0)


def _without_sign(x: Array) -> Any:
    if not (x < 0).any():
        return np.full_like(x, np.nan)
    return np.abs(x)


def _cubed(x: Array) -> Any:
    return x**3


def _squashed(x: Array) -> Any:
    between_minus_1_and_1 = np.tanh(x / 2)
    return 0.5 + 0.5 * between_minus_1_and_1


def _rounded(x: Array) -> Array:
    """Round, as Python does; NaN if all fractions are halves, which may be rounded down as well."""
    fractions = np.abs(x - np.trunc(x))
    if ((fractions == 0.0) | (fractions == 0.5)).all():
        return np.full_like(x, np.nan)
    return _to_whole(np.round, x)


def _rounded_down(x: Array) -> Array:
    return _to_whole(np.floor, x)


def _truncated(x: Array) -> Array:
    return _to_whole(np.trunc, x)


def _to_whole(rounding: Callable[[Array], Array], x: Array) -> Array:
    """Convert numbers to integers; NaN if all are: nothing would be rounded."""
    made = rounding(x)
    return np.full_like(x, np.nan) if (made == x).all() else made


ENTRY_BY_ENTRY = (
    Change(Operation(OperationKind.SQUARE), np.square, 0.01),
    Change(Operation(OperationKind.ROOT), np.sqrt, 0.01),
    Change(Operation(OperationKind.LOGARITHM), np.log, 0.01),
    Change(Operation(OperationKind.EXPONENTIAL), np.exp, 0.01),
    Change(Operation(OperationKind.WITHOUT_SIGN), _without_sign, 0.005),
    Change(Operation(OperationKind.CUT_BELOW_0), _cut_below_0, 0.01),
    Change(Operation(OperationKind.TANH), np.tanh, 0.005),
    Change(Operation(OperationKind.SIGMOID), _squashed, 0.005),
    Change(Operation(OperationKind.ONE_LESS), partial(np.subtract, 1.0), 0.01),
    Change(Operation(OperationKind.INVERSE), np.reciprocal, 0.01),
    Change(Operation(OperationKind.CUBE), _cubed, 0.001),
    Change(Operation(OperationKind.ROUNDED), _rounded, 0.002),
    Change(Operation(OperationKind.ROUNDED_DOWN), _rounded_down, 0.002),
    Change(Operation(OperationKind.TRUNCATED), _truncated, 0.002),
    Change(Operation(OperationKind.SIGN), np.sign, 0.002),
)


# ---- all of them


@cache
def changes(shape: Shape, wanted: Shape, letters: Letters) -> Sequence[Change]:
    """List the operations on an array of one shape that may give one of another.

    shape: of the original array. wanted: of the result.
    """
    found: list[Change] = []
    if shape == wanted:
        found.append(UNCHANGED)
        found.extend(rearrangements(shape, letters))
        found.extend(layouts(shape, wanted))
        found.extend(along_axes(shape, letters))
        found.extend(ENTRY_BY_ENTRY)
    elif math.prod(shape) == math.prod(wanted):
        found.extend(rearrangements(shape, letters))
        found.extend(resizings(shape, letters))
        found.extend(layouts(shape, wanted))
    elif len(shape) == len(wanted):
        found.extend(resizings(shape, letters))
    else:
        found.extend(resizings(shape, letters))
        found.extend(reductions(shape, letters))
    return tuple(found)


def _itself(array: Array) -> Any:
    return array


UNCHANGED = Change(NOTHING_DONE, _itself, 0.3)
