"""The letters of a check, `T` or `B`: what shapes, axes and numbers are called in words.

A letter is said only where the check has it, and not where another has the same size.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
        """Name an axis: its letter, or its number where no letter, or another axis too, has its
        size.
        """
        letter = self._by_size.get(shape[axis])
        if letter and list(shape).count(shape[axis]) == 1:
            return letter
        return f"axis {axis}"

    def along(self, shape: Sequence[int], axis: int) -> str:
        """Say along which axis: ` along T`; nothing where there is only one, which has no
        letter.
        """
        name = self.axis(shape, axis)
        return "" if len(shape) == 1 and name == "axis 0" else f" along {name}"

    def axes(self, shape: Sequence[int], axes: Sequence[int]) -> str:
        """Name axes: `T and B`."""
        return " and ".join(self.axis(shape, axis) for axis in axes)

    def constant(self, value: float) -> Constant | None:
        """Name a positive number; of those names that fit, the likeliest."""
        fitting = [c for c in self._constants if abs(value - c.value) <= NEAR * c.value]
        return max(fitting, key=lambda c: c.prior, default=None)

    @cached_property
    def _by_size(self) -> dict[int, str]:
        sizes = list(self.sizes.values())
        return {size: letter for letter, size in self.sizes.items() if sizes.count(size) == 1}

    @cached_property
    def _constants(self) -> list[Constant]:
        """Numbers by value; where two of equal weight have the same value, neither letter is
        said.
        """
        found: dict[float, Constant] = {}
        for value, words, weight in self._weighted():
            before = found.get(value)
            if before is None or weight > before.prior:
                found[value] = Constant(value, words, weight)
            elif weight == before.prior:
                found[value] = Constant(value, _plainly(value), weight)
        total = sum(constant.prior for constant in found.values())
        return [Constant(c.value, c.words, c.prior / total) for c in found.values()]

    def _weighted(self) -> Iterator[tuple[float, str, float]]:
        """Value, words and weight of each number that has a name."""
        for n in range(2, SMALL + 1):
            weight = 20.0 if n == 2 else 4.0
            yield n, f"{n}", weight
            yield 1 / n, f"1/{n}", weight
        for p, q in permutations(range(2, 6), 2):
            if math.gcd(p, q) == 1:
                yield p / q, f"{p}/{q}", 1.0
        for value, words in (
            (math.log(2), "ln 2"),
            (1 / math.log(2), "1 / ln 2"),
            (10, "10"),
            (0.1, "0.1"),
        ):
            yield value, words, 4.0
        yield from self._of_letters()

    def _of_letters(self) -> Iterator[tuple[float, str, float]]:
        letters = {letter: size for size, letter in self._by_size.items() if size > PLAIN}
        for a, size in letters.items():
            known = f"{a} = {size}"
            yield size, f"{size}, and {known}", 20.0
            yield 1 / size, f"1/{size}, and {known}", 20.0
            yield math.sqrt(size), f"√{size}, and {known}", 4.0
            yield 1 / math.sqrt(size), f"1/√{size}, and {known}", 4.0
            for one in (size - 1, size + 1):
                sign = "−" if one < size else "+"
                yield size / one, f"{size}/{one}, and {known}: {a} / ({a} {sign} 1)", 2.0
                yield one / size, f"{one}/{size}, and {known}: ({a} {sign} 1) / {a}", 2.0
        for (a, one), (b, other) in permutations(letters.items(), 2):
            yield one / other, f"{one}/{other}, and {a} = {one}, {b} = {other}", 2.0
        for count in (2, 3):
            for some in combinations(letters, count):
                size = math.prod(letters[letter] for letter in some)
                words = f"and {' × '.join(some)} = {size}"
                yield size, f"{size}, {words}", 4.0 / count
                yield 1 / size, f"1/{size}, {words}", 4.0 / count


def _plainly(value: float) -> str:
    """Write a number, or its inverse, as a whole one."""
    whole = round(value if value >= 1 else 1 / value)
    near = abs((value if value >= 1 else 1 / value) - whole) < NEAR
    if not near:
        return f"{value:.4g}"
    return f"{whole}" if value >= 1 else f"1/{whole}"


def letters_of(check: Check, sizes: Mapping[str, int]) -> Letters:
    """Find the letters of a unit that a check uses, in its own code or in functions that it
    calls.
    """
    names = names_used(check)
    return _letters(tuple((letter, size) for letter, size in sizes.items() if letter in names))


@cache
def _letters(pairs: tuple[tuple[str, int], ...]) -> Letters:
    """Make letters once, for their constants take time."""
    return Letters(pairs)
