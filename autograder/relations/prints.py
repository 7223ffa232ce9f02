"""Prints: what is known of a value that an expression had, and which values are equal by them.

A print holds how many entries a value has, and sums over them, of which all but two are the same
for any layout of the same entries. `sandbox/inside/values.py` makes them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from autograder.relations.unused import NO_NAMES, KnownNames

Array = np.ndarray
AreEqual = Callable[[Array, Array], Array]
WIDTH = 8
ENTRIES, SIZES, SUM, SQUARES, SIGNED_SQUARES, WHOLE, *IN_ORDER = range(WIDTH)  # places of a print
# shares by which sums over equal values may differ; of few entries each says more
NEAR, NEAR_OF_FEW = 1e-5, 1e-6
FEW = 4  # entries; so few whole numbers are met by chance
PARTS = 840  # multiples of 1/840 are met by chance
LARGE = 1e12
ZERO = 1e-9  # what is smaller on average is nearly zero
AT_ONCE = 256  # values that are compared at once
MOST_COMPARED = 128  # known values of nearly one size with which a value is compared
MOST_NEIGHBOURS = 6  # values of nearly one size, among which an equal one is looked for


def are_near(one: Array, other: Array) -> Array:
    """Return whether prints are of equal entries, in any order. one, other: (…, WIDTH) → (…)."""
    share = np.where(one[..., ENTRIES] < FEW, NEAR_OF_FEW, NEAR)
    of_sizes = share * one[..., SIZES]
    of_squares = 2 * share * one[..., SQUARES]
    with np.errstate(invalid="ignore"):
        apart = np.abs(one - other)
    is_finite = np.isfinite(apart).all(axis=-1)
    fits: Array = is_finite & (apart[..., ENTRIES] == 0)
    for place, most in (
        (SIZES, of_sizes),
        (SUM, of_sizes),
        (SQUARES, of_squares),
        (SIGNED_SQUARES, of_squares),
    ):
        fits = fits & (apart[..., place] <= most)
    return fits


def are_in_order(one: Array, other: Array) -> Array:
    """Return whether prints are of equal entries in one order. one, other: (…, WIDTH) → (…)."""
    most = NEAR * one[..., SIZES]
    with np.errstate(invalid="ignore"):
        apart = np.abs(one - other)[..., IN_ORDER].max(axis=-1)
    in_order: Array = are_near(one, other) & (apart <= most)
    return in_order


def say_little(prints: Array) -> Array:
    """Return which values would be met by chance: nearly zero, all equal, or simple fractions."""
    count = prints[:, ENTRIES]
    sizes = prints[:, SIZES]
    squares = prints[:, SQUARES]
    finite = np.isfinite(prints).all(axis=1)
    of_whole_numbers = prints[:, WHOLE] == count
    with np.errstate(over="ignore", invalid="ignore"):
        nearly_zero = sizes <= ZERO * count
        several_equal = (count > 1) & ~differ(prints)
        whole_sizes = _are_whole(PARTS * sizes)
        whole_squares = _are_whole(PARTS**2 * squares)
    simple = whole_sizes & whole_squares
    little: Array = finite & (nearly_zero | several_equal | simple | of_whole_numbers)
    return little


def differ(prints: Array) -> Array:
    """Return which values have entries of several sizes. prints: (n, WIDTH) → (n,)."""
    # by the inequality of Cauchy and Schwarz, which is an equality only of equal sizes
    with np.errstate(over="ignore", invalid="ignore"):
        square_of_sizes = prints[:, SIZES] ** 2
        most = prints[:, SQUARES] * prints[:, ENTRIES]
        several: Array = most > square_of_sizes * (1 + 1e-9)
    return several


def _are_whole(numbers: Array) -> Array:
    """Return which numbers are whole up to rounding; none so large that nearly all would be."""
    from_whole = np.abs(numbers - np.round(numbers))
    rounding = np.clip(1e-7 * np.abs(numbers), 1e-7, 0.02)
    whole: Array = (from_whole <= rounding) & (np.abs(numbers) < LARGE)
    return whole


@dataclass(frozen=True)
class KnownValues:
    """The prints of all values that occur in right answers, sorted by the sum of squares.

    names: what right answers do with names.
    answer: the prints of what they answer, by array.
    """

    prints: Array
    names: KnownNames = NO_NAMES
    answer: Mapping[str, Array] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        prints: Iterable[Array],
        names: KnownNames = NO_NAMES,
        answer: Mapping[str, Array] | None = None,
    ) -> "KnownValues":
        """Make it of the prints of several runs."""
        together = np.concatenate([np.zeros((0, WIDTH)), *prints])
        finite = together[np.isfinite(together).all(axis=1)]
        order = np.argsort(finite[:, SQUARES])
        return cls(finite[order], names, answer or {})

    def hold(self, prints: Array, are_equal: AreEqual = are_near) -> Array:
        """Return which of some values occur. prints: (n, WIDTH) → (n,)."""
        found = np.zeros(len(prints), bool)
        for start in range(0, len(prints), AT_ONCE):  # pairs take memory
            part = slice(start, start + AT_ONCE)
            found[part] = self._hold(prints[part], are_equal)
        return found

    def _hold(self, prints: Array, are_equal: AreEqual) -> Array:
        values, candidates = self._pairs(prints)
        fits = are_equal(prints[values], self.prints[candidates])
        found = np.zeros(len(prints), bool)
        found[values[fits]] = True
        return found

    def _pairs(self, prints: Array) -> tuple[Array, Array]:
        """Pair each value with each known one of nearly its size, by their places."""
        is_finite = np.isfinite(prints[:, SQUARES])
        squares = np.where(is_finite, prints[:, SQUARES], 0)  # (n,)
        reach = 3 * NEAR * squares
        known = self.prints[:, SQUARES]
        starts = np.searchsorted(known, squares - reach, "left")
        ends = np.searchsorted(known, squares + reach, "right")
        counts = np.clip(ends - starts, 0, MOST_COMPARED)
        values = np.repeat(np.arange(len(prints)), counts)  # (pairs,)
        # the known ones of a value are in a row: its first, and how far a pair is from that
        first_pairs = np.cumsum(counts) - counts  # (n,)
        from_first = np.arange(len(values)) - first_pairs[values]
        return values, starts[values] + from_first


def numbers_of_values(prints: Array) -> Array:
    """Number values so that equal ones have one number. prints: (n, WIDTH) → (n,)."""
    order = np.argsort(prints[:, SQUARES], kind="stable")
    earlier = _equal_before(prints[order]).tolist()
    numbers: list[int] = []  # in this order
    for place, equal in enumerate(earlier):
        number = place if equal == place else numbers[equal]
        numbers.append(number)
    in_given_order = np.zeros(len(prints), int)
    in_given_order[order] = numbers
    return in_given_order


def _equal_before(ordered: Array) -> Array:
    """Return of each value the place of one before it that equals it; its own where none does.

    ordered: prints in the order of their squares, (n, WIDTH) → (n,).
    """
    equal = np.arange(len(ordered))
    for apart in range(1, MOST_NEIGHBOURS + 1):
        later = np.arange(apart, len(ordered))
        fits = are_near(ordered[apart:], ordered[:-apart])
        equal[later[fits]] = later[fits] - apart
    return equal
