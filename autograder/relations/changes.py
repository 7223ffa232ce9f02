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


def rearrangements(shape: Shape, letters: Letters) -> Iterator[Change]:
    """Yield what keeps an array's numbers: other orders along an axis, and other orders of axes."""
    for axis, size in enumerate(shape):
        if size < 2:
            continue
        along = letters.along(shape, axis)
        later = partial(np.roll, shift=1, axis=axis)
        earlier = partial(np.roll, shift=-1, axis=axis)
        yield Change("reversed", f"{{}} reversed{along}", partial(np.flip, axis=axis), 0.01)
        yield Change("rolled", f"{{}} moved on by one{along}", later, 0.01)
        yield Change("rolled", f"{{}} moved back by one{along}", earlier, 0.01)
        yield Change("sorted", f"{{}} sorted{along}", partial(np.sort, axis=axis), 0.001)
    if 2 <= len(shape) <= MOST_AXES:
        yield from _other_axes(shape, letters)


def _other_axes(shape: Shape, letters: Letters) -> Iterator[Change]:
    """Yield all other orders of axes; the most likely are those that exchange two."""
    identity = tuple(range(len(shape)))
    for order in permutations(identity):
        if order == identity:
            continue
        function = partial(np.transpose, axes=order)
        moved = [axis for axis in identity if order[axis] != axis]
        if len(moved) == 2:
            words = f"{{}} with {letters.axes(shape, moved)} exchanged"
            yield Change("axes exchanged", words, function, 0.02)
        else:
            names = ", ".join(letters.axis(shape, axis) for axis in order)
            words = f"{{}} with the axes in another order, ({names})"
            yield Change("axes exchanged", words, function, 0.005)


def layouts(shape: Shape, wanted: Shape) -> Iterator[Change]:
    """Yield what `reshape` makes of an array where a transpose is meant.

    The numbers are read with the axes in one order, and dealt out to the axes in another.
    """
    if max(len(shape), len(wanted)) > MOST_AXES_LAID_OUT:
        return
    as_read = tuple(range(len(shape)))
    as_wanted = tuple(range(len(wanted)))
    for order, other in product(permutations(as_read), permutations(as_wanted)):
        if _is_transposed(shape, order, wanted, other):
            continue
        words = LAID_OUT
        if order == as_read and other == as_wanted:
            words = RESHAPED
        function = partial(_laid_out, order=order, wanted=wanted, other=other)
        yield Change("laid out", words, function, 0.001)


RESHAPED = (
    "{} in another shape, with the numbers in the order in which `reshape` or `view` leaves them"
)
LAID_OUT = "{} dealt out in another order, as by `reshape` or `view` where a transpose is meant"


def _laid_out(array: Array, order: tuple[int, ...], wanted: Shape, other: tuple[int, ...]) -> Any:
    """Read an array's numbers with its axes in one order, and fill them into axes in another."""
    shape = [wanted[axis] for axis in other]
    filled = array.transpose(order).reshape(shape)
    return filled.transpose(np.argsort(other))


def _is_transposed(
    shape: Shape, order: tuple[int, ...], wanted: Shape, other: tuple[int, ...]
) -> bool:
    """Whether a layout only exchanges axes, and breaks none up."""
    return [shape[axis] for axis in order] == [wanted[axis] for axis in other]


def resizings(shape: Shape, letters: Letters) -> Iterator[Change]:
    """Yield what changes a shape: one more along an axis, axes of size 1, and one long axis."""
    for axis, size in enumerate(shape):
        along = letters.along(shape, axis)
        for words, rows in _doubled(size, along):
            function = partial(np.take, indices=rows, axis=axis)
            yield Change("doubled", words, function, 0.005)
    yield Change("axes of size 1", "{} without axes of size 1", np.squeeze, 0.003)
    for axis in range(len(shape) + 1):
        words = f"{{}} with one more axis, of size 1, at place {axis}"
        yield Change("axes of size 1", words, partial(np.expand_dims, axis=axis), 0.004)
    if len(shape) > 1:
        yield Change("flat", "{} in one long row", np.ravel, 0.01)


def _doubled(size: int, along: str) -> Iterator[tuple[str, list[int]]]:
    """Yield the rows along an axis with one of them twice, each with its words."""
    rows = list(range(size))
    if size > 1:
        yield f"{{}} with the first{along} twice", [0, *rows]
        yield f"{{}} with the last{along} twice", [*rows, size - 1]


REDUCED: Mapping[str, tuple[AxisFunction, float]] = {  # word → function and prior
    "sum": (np.sum, 0.01),
    "mean": (np.mean, 0.01),
    "largest": (np.max, 0.003),
    "smallest": (np.min, 0.001),
    "first": (partial(np.take, indices=0), 0.003),
    "last": (partial(np.take, indices=-1), 0.005),
}
SPREAD_OUT: Mapping[str, AxisFunction] = {"sum": np.sum, "mean": np.mean, "largest": np.max}


def reductions(shape: Shape, letters: Letters) -> Iterator[Change]:
    """Yield what leaves one number of each row along an axis, and the sums over several axes."""
    for axis, size in enumerate(shape):
        if size < 2:
            continue
        along = letters.along(shape, axis)
        for word, (function, prior) in REDUCED.items():
            words = f"the {word}{along} of {{}}"
            yield Change(word, words, partial(function, axis=axis), prior)
    if len(shape) > 1:
        yield Change("sum", "the sum of {}", np.sum, 0.01)
        yield Change("mean", "the mean of {}", np.mean, 0.01)
        yield from _sums_over_two_axes(shape, letters)


def _sums_over_two_axes(shape: Shape, letters: Letters) -> Iterator[Change]:
    if len(shape) < 3:
        return
    for axes in combinations(range(len(shape)), 2):
        words = f"the sum over {letters.axes(shape, axes)} of {{}}"
        yield Change("sum", words, partial(np.sum, axis=axes), 0.003)


def _spread_out(array: Array, function: AxisFunction, axis: int) -> Array:
    """Put one number for each row into every place of that row."""
    return np.broadcast_to(function(array, axis=axis, keepdims=True), array.shape)


def along_axes(shape: Shape, letters: Letters) -> Iterator[Change]:
    """Yield functions of the rows along an axis that keep the shape."""
    for axis, size in enumerate(shape):
        if size < 2:
            continue
        along = letters.along(shape, axis)
        for word, (function, prior) in ALONG_AN_AXIS.items():
            words = f"the {word}{along} of {{}}"
            yield Change(word, words, partial(function, axis=axis), prior)
        for word, function in SPREAD_OUT.items():
            words = f"the {word}{along} of {{}}, in each place"
            spread_out = partial(_spread_out, function=function, axis=axis)
            yield Change(f"{word} in each place", words, spread_out, 0.001)


def softmax(x: Array, axis: int) -> Any:
    """Divide exponentials by their sum."""
    powers = np.exp(x - x.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def _log_softmax(x: Array, axis: int) -> Any:
    moved = x - x.max(axis, keepdims=True)
    return moved - np.log(np.exp(moved).sum(axis, keepdims=True))


def _shares(x: Array, axis: int) -> Any:
    return x / x.sum(axis, keepdims=True)


def _unit_length(x: Array, axis: int) -> Any:
    return x / np.sqrt((x**2).sum(axis, keepdims=True))


def _centred(x: Array, axis: int) -> Any:
    return x - x.mean(axis, keepdims=True)


def _below_largest(x: Array, axis: int) -> Any:
    return x - x.max(axis, keepdims=True)


def _standardised(x: Array, axis: int) -> Any:
    return _centred(x, axis) / x.std(axis, keepdims=True)


def _sums_from_the_end(x: Array, axis: int) -> Any:
    return np.flip(np.cumsum(np.flip(x, axis), axis), axis)


def _differences(x: Array, axis: int) -> Any:
    return np.diff(x, axis=axis, prepend=0)


ALONG_AN_AXIS: Mapping[str, tuple[AxisFunction, float]] = {  # word → function and prior
    "softmax": (softmax, 0.01),
    "logarithm of the softmax": (_log_softmax, 0.005),
    "share of the sum": (_shares, 0.005),
    "share of the length": (_unit_length, 0.003),
    "distance from the mean": (_centred, 0.005),
    "distance from the largest": (_below_largest, 0.002),
    "distance from the mean in standard deviations": (_standardised, 0.002),
    "running sum": (np.cumsum, 0.004),
    "running sum from the end": (_sums_from_the_end, 0.004),
    "step from one to the next": (_differences, 0.002),
}


def _cut_below_0(x: Array) -> Any:
    return np.maximum(x, 0)


def _cubed(x: Array) -> Any:
    return x**3


def _squashed(x: Array) -> Any:
    return 0.5 + 0.5 * np.tanh(x / 2)


ENTRY_BY_ENTRY: Mapping[str, tuple[Function, float]] = {  # words → function and prior
    "the square of {}": (np.square, 0.01),
    "the root of {}": (np.sqrt, 0.01),
    "the logarithm of {}": (np.log, 0.01),
    "the exponential of {}": (np.exp, 0.01),
    "the size of {}, without a sign": (np.abs, 0.005),
    "{}, with 0 in the place of what is negative": (_cut_below_0, 0.01),
    "the tanh of {}": (np.tanh, 0.005),
    "the sigmoid of {}": (_squashed, 0.005),
    "1 less {}": (partial(np.subtract, 1.0), 0.01),
    "1 divided by {}": (np.reciprocal, 0.01),
    "the cube of {}": (_cubed, 0.001),
    "{}, rounded": (np.round, 0.002),
    "{}, rounded down": (np.floor, 0.002),
    "{}, without what follows the point": (np.trunc, 0.002),
    "the sign of {}": (np.sign, 0.002),
}


def entry_by_entry() -> Iterator[Change]:
    """Yield functions of single numbers."""
    for words, (function, prior) in ENTRY_BY_ENTRY.items():
        yield Change(words, words, function, prior)


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
        found.extend(entry_by_entry())
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
