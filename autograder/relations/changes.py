"""What may be done to an array: each change with its words, its function and its prior.

The words hold `{}` where the array is named: "the softmax along V of {}", "{} reversed along T".
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import combinations, permutations, product
from typing import Any

import numpy as np

from autograder.relations.letters import Letters

Array = np.ndarray
Function = Callable[[Array], Any]  # array → array
AxisFunction = Callable[..., Any]  # (array, axis=…) → array
Shape = tuple[int, ...]
MOST_AXES_LAID_OUT = 3  # arrays of more axes are not read in another order
MOST_AXES = 4  # arrays of more axes are not rearranged


@dataclass(frozen=True)
class Change:
    """One thing that may be done to an array.

    prior: how likely it is before anything is seen, as a share of all changes.
    """

    kind: str
    words: str
    function: Function
    prior: float


def _long_axes(shape: Shape, letters: Letters) -> Iterator[tuple[int, str]]:
    """Yield each axis of more than one row, with what is said of it: ` along T`."""
    for axis, size in enumerate(shape):
        if size > 1:
            yield axis, letters.along(shape, axis)


# ---- the same numbers elsewhere


def rearrangements(shape: Shape, letters: Letters) -> Iterator[Change]:
    """Yield what keeps an array's numbers: other orders along an axis, and other orders of axes."""
    for axis, along in _long_axes(shape, letters):
        yield from _other_orders(axis, along)
    if 2 <= len(shape) <= MOST_AXES:
        yield from _other_axes(shape, letters)


def _other_orders(axis: int, along: str) -> Iterator[Change]:
    """Yield other orders of the rows along an axis."""
    reverse = partial(np.flip, axis=axis)
    move_on = partial(np.roll, shift=1, axis=axis)
    move_back = partial(np.roll, shift=-1, axis=axis)
    sort = partial(np.sort, axis=axis)
    yield Change("reversed", f"{{}} reversed{along}", reverse, 0.01)
    yield Change("rolled", f"{{}} moved on by one{along}", move_on, 0.01)
    yield Change("rolled", f"{{}} moved back by one{along}", move_back, 0.01)
    yield Change("sorted", f"{{}} sorted{along}", sort, 0.001)


def _other_axes(shape: Shape, letters: Letters) -> Iterator[Change]:
    """Yield all other orders of axes; the most likely are those that exchange two."""
    in_order = tuple(range(len(shape)))
    for order in permutations(in_order):
        if order == in_order:
            continue
        moved = [axis for axis in in_order if order[axis] != axis]
        if len(moved) == 2:
            words = f"{{}} with {letters.axes(shape, moved)} exchanged"
            prior = 0.02
        else:
            names = ", ".join(letters.axis(shape, axis) for axis in order)
            words = f"{{}} with the axes in another order, ({names})"
            prior = 0.005
        transpose = partial(np.transpose, axes=order)
        yield Change("axes exchanged", words, transpose, prior)


@dataclass(frozen=True)
class _Layout:
    """One way to deal out an array's numbers to the axes of another shape.

    shape: the array's. order: of its axes, in which the numbers are read.
    wanted: the other shape. filled: the order of its axes, in which the numbers are filled in.
    """

    shape: Shape
    order: tuple[int, ...]
    wanted: Shape
    filled: tuple[int, ...]

    @property
    def is_transpose(self) -> bool:
        """Return whether it only exchanges axes, and breaks none up."""
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


RESHAPED = (
    "{} in another shape, with the numbers in the order in which `reshape` or `view` leaves them"
)
LAID_OUT = "{} dealt out in another order, as by `reshape` or `view` where a transpose is meant"


def layouts(shape: Shape, wanted: Shape) -> Iterator[Change]:
    """Yield what `reshape` makes of an array where a transpose is meant.

    The numbers are read with the axes in one order, and dealt out to the axes in another.
    """
    axes = range(len(shape))
    wanted_axes = range(len(wanted))
    if max(len(axes), len(wanted_axes)) > MOST_AXES_LAID_OUT:
        return
    orders = product(permutations(axes), permutations(wanted_axes))
    for order, filled in orders:
        layout = _Layout(shape, order, wanted, filled)
        if not layout.is_transpose:
            words = RESHAPED if layout.is_reshape else LAID_OUT
            yield Change("laid out", words, layout.deal_out, 0.001)


# ---- other shapes


def resizings(shape: Shape, letters: Letters) -> Iterator[Change]:
    """Yield what changes a shape: one more along an axis, axes of size 1, and one long axis."""
    for axis, along in _long_axes(shape, letters):
        yield from _doubled(axis, shape[axis], along)
    yield Change("axes of size 1", "{} without axes of size 1", np.squeeze, 0.003)
    for place in range(len(shape) + 1):
        words = f"{{}} with one more axis, of size 1, at place {place}"
        expand = partial(np.expand_dims, axis=place)
        yield Change("axes of size 1", words, expand, 0.004)
    if len(shape) > 1:
        yield Change("flat", "{} in one long row", np.ravel, 0.01)


def _doubled(axis: int, size: int, along: str) -> Iterator[Change]:
    """Yield the rows along an axis with the first or the last of them twice."""
    rows = list(range(size))
    with_first = [0, *rows]
    with_last = [*rows, size - 1]
    first_twice = partial(np.take, indices=with_first, axis=axis)
    last_twice = partial(np.take, indices=with_last, axis=axis)
    yield Change("doubled", f"{{}} with the first{along} twice", first_twice, 0.005)
    yield Change("doubled", f"{{}} with the last{along} twice", last_twice, 0.005)


# ---- one number for each row, and functions of rows


@dataclass(frozen=True)
class _OfRows:
    """A function of the rows along an axis.

    prior: as of a `Change`, for one axis.
    """

    word: str
    function: AxisFunction
    prior: float

    def change(self, axis: int, along: str) -> Change:
        """Return the change that applies it along one axis."""
        words = f"the {self.word}{along} of {{}}"
        function = partial(self.function, axis=axis)
        return Change(self.word, words, function, self.prior)


REDUCED = (
    _OfRows("sum", np.sum, 0.01),
    _OfRows("mean", np.mean, 0.01),
    _OfRows("largest", np.max, 0.003),
    _OfRows("smallest", np.min, 0.001),
    _OfRows("first", partial(np.take, indices=0), 0.003),
    _OfRows("last", partial(np.take, indices=-1), 0.005),
)


# the same, with an axis of size 1 where the rows were
_sums: AxisFunction = partial(np.sum, keepdims=True)
_means: AxisFunction = partial(np.mean, keepdims=True)
_largest: AxisFunction = partial(np.max, keepdims=True)
SPREAD_OUT: Mapping[str, AxisFunction] = {"sum": _sums, "mean": _means, "largest": _largest}


def reductions(shape: Shape, letters: Letters) -> Iterator[Change]:
    """Yield what leaves one number of each row along an axis, and the sums over several axes."""
    for axis, along in _long_axes(shape, letters):
        for reduced in REDUCED:
            yield reduced.change(axis, along)
    if len(shape) > 1:
        yield Change("sum", "the sum of {}", np.sum, 0.01)
        yield Change("mean", "the mean of {}", np.mean, 0.01)
    if len(shape) > 2:
        yield from _sums_over_two_axes(shape, letters)


def _sums_over_two_axes(shape: Shape, letters: Letters) -> Iterator[Change]:
    all_axes = range(len(shape))
    for axes in combinations(all_axes, 2):
        words = f"the sum over {letters.axes(shape, axes)} of {{}}"
        sum_over_both = partial(np.sum, axis=axes)
        yield Change("sum", words, sum_over_both, 0.003)


def along_axes(shape: Shape, letters: Letters) -> Iterator[Change]:
    """Yield functions of the rows along an axis that keep the shape."""
    for axis, along in _long_axes(shape, letters):
        for of_rows in ALONG_AN_AXIS:
            yield of_rows.change(axis, along)
        for word, function in SPREAD_OUT.items():
            words = f"the {word}{along} of {{}}, in each place"
            spread_out = partial(_spread_out, function=function, axis=axis)
            yield Change(f"{word} in each place", words, spread_out, 0.001)


def _spread_out(array: Array, function: AxisFunction, axis: int) -> Array:
    """Put one number for each row into every place of that row."""
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
    _OfRows("softmax", softmax, 0.01),
    _OfRows("logarithm of the softmax", _log_softmax, 0.005),
    _OfRows("share of the sum", _shares, 0.005),
    _OfRows("share of the length", _unit_length, 0.003),
    _OfRows("distance from the mean", _centred, 0.005),
    _OfRows("distance from the largest", _below_largest, 0.002),
    _OfRows("distance from the mean in standard deviations", _standardised, 0.002),
    _OfRows("running sum", np.cumsum, 0.004),
    _OfRows("running sum from the end", _sums_from_the_end, 0.004),
    _OfRows("step from one to the next", _differences, 0.002),
)


# ---- functions of single numbers


def _cut_below_0(x: Array) -> Any:
    if not (x < 0).any():  # nothing would be cut, and to say so would be empty
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


def _of_entries(words: str, function: Function, prior: float) -> Change:
    return Change(words, words, function, prior)


def _rounded(x: Array) -> Array:
    """Round; NaN where two whole numbers are as near, of which one might be meant."""
    is_between = np.abs(x - np.trunc(x)) == 0.5
    return np.where(is_between, np.nan, np.round(x))


ENTRY_BY_ENTRY = (
    _of_entries("the square of {}", np.square, 0.01),
    _of_entries("the root of {}", np.sqrt, 0.01),
    _of_entries("the logarithm of {}", np.log, 0.01),
    _of_entries("the exponential of {}", np.exp, 0.01),
    _of_entries("the size of {}, without a sign", _without_sign, 0.005),
    _of_entries("{}, with 0 in the place of what is negative", _cut_below_0, 0.01),
    _of_entries("the tanh of {}", np.tanh, 0.005),
    _of_entries("the sigmoid of {}", _squashed, 0.005),
    _of_entries("1 less {}", partial(np.subtract, 1.0), 0.01),
    _of_entries("1 divided by {}", np.reciprocal, 0.01),
    _of_entries("the cube of {}", _cubed, 0.001),
    _of_entries("{}, rounded", _rounded, 0.002),
    _of_entries("{}, rounded down", np.floor, 0.002),
    _of_entries("{}, without what follows the point", np.trunc, 0.002),
    _of_entries("the sign of {}", np.sign, 0.002),
)


# ---- all of them


@cache
def changes(shape: Shape, wanted: Shape, letters: Letters) -> Sequence[Change]:
    """List what may be done to an array of one shape, as far as it may give one of another.

    shape: of the array that is changed. wanted: of what it may become.
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


UNCHANGED = Change("values", "{}", _itself, 0.3)
