"""The letters of a check, `T` or `B`: names of shapes, axes and numbers.

A letter is used only if the check has it, and not if another one has the same size.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import combinations, permutations

from autograder.check import Check, names_used
from autograder.finding import Axis, Number

NEAR = 1e-5  # relative difference of a factor and a number with a name
SMALL = 12  # integers up to this one have names
PLAIN = 3  # a factor of 2 or 3 is called so, whatever letter has that size


@dataclass(frozen=True)
class NamedNumber:
    """A number with a name, and its prior probability as a factor."""

    value: float
    number: Number
    prior: float


@dataclass(frozen=True)
class Letters:
    """The letters of a check, each with its size."""

    pairs: tuple[tuple[str, int], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return the letters without their sizes."""
        return tuple(letter for letter, _ in self.pairs)

    def axis(self, shape: Sequence[int], axis: int) -> Axis:
        """Return an axis by its letter, else by its number.

        An axis has a letter if exactly one letter and no other axis has its size.
        """
        size = shape[axis]
        letter = self._by_size.get(size)
        if letter and list(shape).count(size) == 1:
            return letter
        return axis

    def along(self, shape: Sequence[int], axis: int) -> tuple[Axis, ...]:
        """Return the axis in a tuple; an empty one if it is the only axis and has no letter."""
        named = self.axis(shape, axis)
        if len(shape) == 1 and not isinstance(named, str):
            return ()
        return (named,)

    def axes(self, shape: Sequence[int], axes: Sequence[int]) -> tuple[Axis, ...]:
        """Return several axes, each by its letter or number."""
        return tuple(self.axis(shape, axis) for axis in axes)

    def name_any(self, shape: Sequence[int]) -> bool:
        """Return whether an axis of a shape has a letter."""
        return any(isinstance(self.axis(shape, axis), str) for axis in range(len(shape)))

    def named(self, value: float) -> NamedNumber | None:
        """Name a positive number; of the matching names, the most likely."""
        fitting = []
        for one in self._named_numbers:
            if abs(value - one.value) <= NEAR * one.value:
                fitting.append(one)
        return max(fitting, key=lambda one: one.prior, default=None)

    @cached_property
    def _by_size(self) -> dict[int, str]:
        """Return size → letter, for sizes that only one letter has."""
        sizes = [size for _, size in self.pairs]
        letters = {}
        for letter, size in self.pairs:
            if sizes.count(size) == 1:
                letters[size] = letter
        return letters

    @cached_property
    def _named_numbers(self) -> list[NamedNumber]:
        """Return the numbers with a name, each value once. Their priors sum to 1."""
        by_value: dict[float, NamedNumber] = {}
        for new in self._weighted():
            before = by_value.get(new.value)
            by_value[new.value] = _likelier(before, new) if before else new
        total = sum(one.prior for one in by_value.values())
        numbers = []
        for one in by_value.values():
            share = one.prior / total
            numbers.append(replace(one, prior=share))
        return numbers

    def _weighted(self) -> Iterator[NamedNumber]:
        """Yield each number with a name. Their priors are weights here, with any sum."""
        yield from _small_numbers()
        yield from _simple_fractions()
        yield from _special_numbers()
        letters = {letter: size for size, letter in self._by_size.items() if size > PLAIN}
        for letter, size in letters.items():
            yield from _of_one_letter(letter, size)
        yield from _ratios(letters)
        yield from _products(letters)


def _likelier(one: NamedNumber, other: NamedNumber) -> NamedNumber:
    """Choose between two names of one value; if both are equally likely, use no letter."""
    if one.prior > other.prior:
        return one
    if one.prior < other.prior:
        return other
    return replace(one, number=Number(_plainly(one.value)))


def _with_inverse(value: float, name: str, weight: float, *known: str) -> Iterator[NamedNumber]:
    """Yield a number and its inverse, 5 and 1/5; known: the meaning of both."""
    yield NamedNumber(value, Number(name, known), weight)
    yield NamedNumber(1 / value, Number(f"1/{name}", known), weight)


def _small_numbers() -> Iterator[NamedNumber]:
    yield from _with_inverse(2, "2", weight=20.0)
    for number in range(3, SMALL + 1):
        yield from _with_inverse(number, f"{number}", weight=4.0)


def _simple_fractions() -> Iterator[NamedNumber]:
    """Yield fractions in lowest terms, of 2 to 5."""
    for over, under in permutations((2, 3, 4, 5), 2):
        in_lowest_terms = math.gcd(over, under) == 1
        if in_lowest_terms:
            yield NamedNumber(over / under, Number(f"{over}/{under}"), 1.0)


def _special_numbers() -> Iterator[NamedNumber]:
    yield NamedNumber(math.log(2), Number("ln 2"), 4.0)
    yield NamedNumber(1 / math.log(2), Number("1 / ln 2"), 4.0)
    yield NamedNumber(math.log(10), Number("ln 10"), 1.0)
    yield NamedNumber(1 / math.log(10), Number("1 / ln 10"), 1.0)
    yield NamedNumber(180 / math.pi, Number("180/π"), 1.0)
    yield NamedNumber(math.pi / 180, Number("π/180"), 1.0)
    yield NamedNumber(10, Number("10"), 4.0)
    yield NamedNumber(0.1, Number("0.1"), 4.0)
    for power in (100, 1000):  # per cent, per thousand
        yield from _with_inverse(power, f"{power}", 2.0)


def _of_one_letter(letter: str, size: int) -> Iterator[NamedNumber]:
    """Yield a size, its root, and its ratios to adjacent sizes, all with their inverses."""
    root = math.sqrt(size)
    known = f"{letter} = {size}"
    yield from _with_inverse(size, f"{size}", 20.0, known)
    yield from _with_inverse(root, f"√{size}", 4.0, known)
    one_less = size - 1
    one_more = size + 1
    yield from _ratio_to_next(letter, size, f"({letter} − 1)", one_less)
    yield from _ratio_to_next(letter, size, f"({letter} + 1)", one_more)


def _ratio_to_next(letter: str, size: int, formula: str, next_size: int) -> Iterator[NamedNumber]:
    """Yield the ratio of a size to an adjacent one, and the inverse: T / (T − 1), (T − 1) / T."""
    known = f"{letter} = {size}"
    yield NamedNumber(
        value=size / next_size,
        number=Number(f"{size}/{next_size}", (known,), f"{letter} / {formula}"),
        prior=2.0,
    )
    yield NamedNumber(
        value=next_size / size,
        number=Number(f"{next_size}/{size}", (known,), f"{formula} / {letter}"),
        prior=2.0,
    )


def _ratios(letters: Mapping[str, int]) -> Iterator[NamedNumber]:
    """Yield the ratios of two sizes."""
    for over, under in permutations(letters, 2):
        a = letters[over]
        b = letters[under]
        yield NamedNumber(
            value=a / b,
            number=Number(f"{a}/{b}", (f"{over} = {a}", f"{under} = {b}")),
            prior=2.0,
        )


def _products(letters: Mapping[str, int]) -> Iterator[NamedNumber]:
    """Yield the products of two or three sizes, and their inverses."""
    for count in (2, 3):
        weight = 4.0 / count
        for factors in combinations(letters, count):
            size = math.prod(letters[letter] for letter in factors)
            known = f"{' × '.join(factors)} = {size}"
            yield from _with_inverse(size, f"{size}", weight, known)


def _plainly(value: float) -> str:
    """Write a number, or its inverse, as an integer if it is one; else with four figures."""
    is_large = value >= 1
    large = value if is_large else 1 / value
    whole = round(large)
    if abs(large - whole) >= NEAR:
        return f"{value:.4g}"
    return f"{whole}" if is_large else f"1/{whole}"


def letters_of(check: Check, sizes: Mapping[str, int]) -> Letters:
    """Find the letters of a unit that a check uses, itself or in functions that it calls.

    For a check without letters, they are those whose sizes it writes as numbers: `rng.normal(3, 2,
    11)` with N = 11.
    sizes: letter → size, of the unit.
    """
    names = names_used(check)
    used = {letter: size for letter, size in sizes.items() if letter in names}
    if not used and check.letters is None:
        written = set(check.experiment.__code__.co_consts)
        used = {letter: size for letter, size in sizes.items() if size in written}
    return _letters(tuple(used.items()))


@cache
def _letters(pairs: tuple[tuple[str, int], ...]) -> Letters:
    """Cache letters, because naming their numbers takes time."""
    return Letters(pairs)
