"""The letters of a check, `T` or `B`: what shapes, axes and numbers are called in words.

A letter is said only where the check has it, and not where another has the same size.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import combinations, permutations

from autograder.check import Check, names_used

NEAR = 1e-5  # how near a factor is to a number that has a name, as a share of it
SMALL = 12  # whole numbers up to this one have names
PLAIN = 3  # a factor of 2 or 3 is called so, whatever letter has that size


@dataclass(frozen=True)
class Constant:
    """A number that has a name, and how likely it is as a factor before anything is seen."""

    value: float
    words: str
    prior: float


@dataclass(frozen=True)
class Letters:
    """The letters of a check, each with the size that it stands for."""

    pairs: tuple[tuple[str, int], ...] = ()

    @property
    def sizes(self) -> dict[str, int]:
        """Letter → size."""
        return dict(self.pairs)

    def axis(self, shape: Sequence[int], axis: int) -> str:
        """Name an axis: by its letter, else by its number.

        An axis has a letter where one letter and no other axis has its size.
        """
        size = shape[axis]
        letter = self._by_size.get(size)
        if letter and list(shape).count(size) == 1:
            return letter
        return f"axis {axis}"

    def along(self, shape: Sequence[int], axis: int) -> str:
        """Say along which axis: ` along T`; "" where there is only one, which has no letter."""
        name = self.axis(shape, axis)
        if len(shape) == 1 and name == "axis 0":
            return ""
        return f" along {name}"

    def axes(self, shape: Sequence[int], axes: Sequence[int]) -> str:
        """Name axes: `T and B`."""
        return " and ".join(self.axis(shape, axis) for axis in axes)

    def constant(self, value: float) -> Constant | None:
        """Name a positive number; of those names that fit, the most likely."""
        fitting = []
        for constant in self._constants:
            if abs(value - constant.value) <= NEAR * constant.value:
                fitting.append(constant)
        return max(fitting, key=lambda constant: constant.prior, default=None)

    @cached_property
    def _by_size(self) -> dict[int, str]:
        """Size → letter, of the sizes that one letter only has."""
        sizes = list(self.sizes.values())
        return {size: letter for letter, size in self.sizes.items() if sizes.count(size) == 1}

    @cached_property
    def _constants(self) -> list[Constant]:
        """The numbers that have a name, each value once, by the words of the largest weight.

        Where two of that weight have the same value, neither letter is said.
        """
        by_value: dict[float, Constant] = {}
        for new in self._weighted():
            before = by_value.get(new.value)
            if before is None or new.prior > before.prior:
                by_value[new.value] = new
            elif new.prior == before.prior:
                by_value[new.value] = Constant(new.value, _plainly(new.value), new.prior)
        total = sum(constant.prior for constant in by_value.values())
        return [replace(constant, prior=constant.prior / total) for constant in by_value.values()]

    def _weighted(self) -> Iterator[Constant]:
        """Yield each number that has a name. Their priors are weights here, with any sum."""
        for n in range(2, SMALL + 1):
            weight = 20.0 if n == 2 else 4.0
            yield Constant(n, f"{n}", weight)
            yield Constant(1 / n, f"1/{n}", weight)
        for p, q in permutations(range(2, 6), 2):
            if math.gcd(p, q) == 1:
                yield Constant(p / q, f"{p}/{q}", 1.0)
        yield Constant(math.log(2), "ln 2", 4.0)
        yield Constant(1 / math.log(2), "1 / ln 2", 4.0)
        yield Constant(10, "10", 4.0)
        yield Constant(0.1, "0.1", 4.0)
        letters = {letter: size for size, letter in self._by_size.items() if size > PLAIN}
        for letter, size in letters.items():
            yield from _of_one_letter(letter, size)
        for (a, one), (b, other) in permutations(letters.items(), 2):
            yield Constant(one / other, f"{one}/{other}, and {a} = {one}, {b} = {other}", 2.0)
        yield from _products(letters)


def _of_one_letter(letter: str, size: int) -> Iterator[Constant]:
    """Yield a size, its root, and its ratio to the next size, all with their inverses."""
    known = f"{letter} = {size}"
    root = math.sqrt(size)
    yield Constant(size, f"{size}, and {known}", 20.0)
    yield Constant(1 / size, f"1/{size}, and {known}", 20.0)
    yield Constant(root, f"√{size}, and {known}", 4.0)
    yield Constant(1 / root, f"1/√{size}, and {known}", 4.0)
    for sign, next_size in (("−", size - 1), ("+", size + 1)):
        formula = f"({letter} {sign} 1)"
        words = f"{size}/{next_size}, and {known}: {letter} / {formula}"
        yield Constant(size / next_size, words, 2.0)
        words = f"{next_size}/{size}, and {known}: {formula} / {letter}"
        yield Constant(next_size / size, words, 2.0)


def _products(letters: Mapping[str, int]) -> Iterator[Constant]:
    """Yield the products of two or three sizes, and their inverses."""
    for count in (2, 3):
        for factors in combinations(letters, count):
            size = math.prod(letters[letter] for letter in factors)
            known = f"{' × '.join(factors)} = {size}"
            yield Constant(size, f"{size}, and {known}", 4.0 / count)
            yield Constant(1 / size, f"1/{size}, and {known}", 4.0 / count)


def _plainly(value: float) -> str:
    """Write a number, or its inverse, as a whole one where it is; else by four figures."""
    is_large = value >= 1
    large = value if is_large else 1 / value
    whole = round(large)
    if abs(large - whole) >= NEAR:
        return f"{value:.4g}"
    return f"{whole}" if is_large else f"1/{whole}"


def letters_of(check: Check, sizes: Mapping[str, int]) -> Letters:
    """Find the letters of a unit that a check uses, itself or in functions that it calls."""
    names = names_used(check)
    pairs = [(letter, size) for letter, size in sizes.items() if letter in names]
    return _letters(tuple(pairs))


@cache
def _letters(pairs: tuple[tuple[str, int], ...]) -> Letters:
    """Make letters once, for their constants take time."""
    return Letters(pairs)
