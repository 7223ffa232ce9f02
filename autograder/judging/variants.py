"""Variants of a solution: what it answers with one small change in it, and which of them fit.

Of each answer there are only *prints*: a few numbers an array, by which arrays that are equal up to
rounding are known again, and from which no array can be made. A variant explains wrong arrays where
arrays that have nothing to do with these answers would equal any of them with a chance of at most
`CHANCE`.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from autograder.check import is_text
from autograder.judging import chance as evidence
from autograder.judging.chance import CHANCE, differ
from autograder.slip import Slip

Array = np.ndarray
Arrays = Mapping[str, Array]
TAG, LENGTH = 0, 1  # places in a print, before the mixes
MIXES = 4  # numbers of a print that each mix all entries of an array
WIDTH = 2 + MIXES  # the tag, the length, and the mixes
UNCHANGED = 0.0  # the tag of an array that is as the solution's
NO_ENTRIES = np.zeros(0)
FREQUENCIES = np.sqrt([2.0, 3.0, 5.0, 7.0])
CHANCE_OF_CHARACTER = math.log10(0.25)  # that a wrong character of a text is met by chance
MUCH_LARGER, FEW_BYTES = 16, 1 << 16


@dataclass(frozen=True)
class SmallChange:
    """One small change: its id, the definition it is made in, and the slip that it is.

    function: "" where a submission need not have that definition.
    """

    id: str
    function: str
    slip: Slip

    @property
    def style(self) -> str:
        """Return the style of the right answer that it changes; "" of the solution."""
        style, _, _ = self.id.rpartition(" ")
        return style


@dataclass(frozen=True)
class ChangedAnswers:
    """What small changes of the solution answer to a check, as far as they answer otherwise.

    arrays: the names of the check's arrays.
    prints: of each change and array a print, (changes, arrays, WIDTH).
    made_of: in a key's file, the digest of the code that they come from.
    """

    changes: tuple[SmallChange, ...] = ()
    arrays: tuple[str, ...] = ()
    prints: Array = field(default_factory=lambda: np.zeros((0, 0, WIDTH)))
    made_of: str = ""

    def spoilt_by(self, identity: str) -> bool:
        """Return whether a change with this id answers otherwise than the solution."""
        identities = {change.id for change in self.changes}
        return identity in identities


NO_CHANGES = ChangedAnswers()


def print_of(array: Array | None, is_exact: bool) -> Array:
    """Make the print of an array: its tag, its length as a vector, and mixes of its entries.

    The tag says the shape and where NaN and infinity are; of an exact array all that it holds.

    is_exact: whether it is text, or should hold whole numbers or truth values.
    Returns (WIDTH,).
    """
    if array is None:
        return _print(b"missing")
    if is_text(array):
        text = f"{array.shape} {array.tolist()}"
        return _print(text.encode())
    shape = str(array.shape).encode()
    numbers = array.astype(np.float64)
    if is_exact:
        without_minus_zero = numbers + 0.0
        return _print(shape + without_minus_zero.tobytes())
    is_finite = np.isfinite(numbers)
    finite = np.where(is_finite, numbers, 0)
    if is_finite.all():
        return _print(shape, finite.ravel())
    not_finite = np.where(is_finite, 0, numbers)
    return _print(shape + not_finite.tobytes(), finite.ravel())


def _print(content: bytes, entries: Array = NO_ENTRIES) -> Array:
    """Put a print together: of what the tag stands for, and of entries that may be rounded."""
    tag = _tag(content)
    places = np.arange(1.0, entries.size + 1)
    weights = np.cos(np.outer(FREQUENCIES, places))  # (MIXES, entries)
    with np.errstate(over="ignore"):
        length = np.linalg.norm(entries)
        mixes = weights @ entries
    return np.array([tag, length, *mixes])


def _tag(content: bytes) -> float:
    """Take 48 bits of a checksum, which a float holds exactly; never that of what is unchanged."""
    checksum = sha256(content).digest()
    number = int.from_bytes(checksum[:6], "big")
    return float(1 + number)


def is_exact(expected: Array) -> bool:
    """Return whether answers must equal an expected array exactly."""
    if is_text(expected):
        return True
    return expected.dtype.kind in "iub"


def changes_that_explain(
    changed: ChangedAnswers,
    right: Arrays,
    found: Arrays,
    wrong: Sequence[str],
    excluded: Callable[[SmallChange], bool],
) -> list[SmallChange]:
    """List the small changes of the solution each of which gives exactly what is wrong.

    Each spoils all of the wrong arrays as they are, and no other one. Where arrays that have
    nothing to do with the solution could equal one of them, the list is empty.
    The parameters are those of `given_by_variants`, of which it asks for all that is wrong.
    """
    first = next(given_by_variants(changed, right, found, wrong, wrong, excluded), None)
    if first is None or not first.is_sure or first.arrays != frozenset(wrong):
        return []
    return list(first.variants)


@dataclass(frozen=True)
class GivenByVariants:
    """Arrays of an answer, and the variants each of which gives them.

    is_sure: the variants spoil the same arrays, and these are not theirs by chance.
    left: the arrays that neither these variants nor those before them give.
    """

    arrays: frozenset[str]
    variants: tuple[SmallChange, ...]
    is_sure: bool
    left: frozenset[str]


def given_by_variants(
    changed: ChangedAnswers,
    right: Arrays,
    found: Arrays,
    wrong: Sequence[str],
    unexplained: Sequence[str],
    excluded: Callable[[SmallChange], bool],
) -> Iterator[GivenByVariants]:
    """Yield arrays that variants of the solution give, those first that give most of them.

    A variant gives all of the wrong arrays that it spoils, and spoils no right one.
    right, found: the expected arrays of a check, and an answer's.
    wrong: the names of those that are wrong; unexplained: those of which nothing is known yet.
    excluded: whether a variant cannot have been made.
    """
    if not changed.changes or any_is_much_larger(found, right, wrong):
        return
    search = VariantSearch(changed, right, found, wrong)
    left = frozenset(unexplained)
    while left and (best := search.best_of(left, excluded)):
        arrays = search.spoilt(best[0]) & left
        rivals = [number for number in best if search.spoilt(number) & arrays]
        spoilt = {search.spoilt(number) for number in rivals}
        left = left.difference(*spoilt)
        is_sure = len(spoilt) == 1 and not search.may_be_chance(rivals[0])
        variants = tuple(changed.changes[number] for number in rivals)
        yield GivenByVariants(arrays, variants, is_sure, left)


def any_is_much_larger(found: Arrays, right: Arrays, wrong: Sequence[str]) -> bool:
    """Return whether a wrong array is larger than a small change makes it: a print costs memory."""
    for name in wrong:
        if name in found:
            most_bytes = MUCH_LARGER * right[name].nbytes + FEW_BYTES
            if found[name].nbytes > most_bytes:
                return True
    return False


class VariantSearch:
    """The changes that give what is wrong in an answer. A change is named by its number."""

    def __init__(
        self, changed: ChangedAnswers, right: Arrays, found: Arrays, wrong: Sequence[str]
    ) -> None:
        self._changed = changed
        self._right = right
        self._found = found
        tags = changed.prints[:, :, TAG]  # (changes, arrays)
        mine = self._prints_of_answer()
        self._spoils = tags != UNCHANGED
        self._apart = _distances(changed.prints, mine)
        is_near = self._apart <= evidence.NEAREST
        has_my_tag = tags == mine[:, TAG]
        is_wrong = np.isin(changed.arrays, wrong)  # (arrays,)
        explains = has_my_tag & is_near & is_wrong
        is_as_found = explains | ~self._spoils
        self._fits: Array = is_as_found.all(axis=1)  # (changes,)

    def _prints_of_answer(self) -> Array:
        """Return the prints of the answer's arrays, (arrays, WIDTH)."""
        prints = []
        for name in self._changed.arrays:
            must_be_exact = is_exact(self._right[name])
            prints.append(print_of(self._found.get(name), must_be_exact))
        return np.stack(prints)

    def best_of(self, left: frozenset[str], excluded: Callable[[SmallChange], bool]) -> list[int]:
        """Find the changes that fit, can have been made, and spoil most of the arrays left.

        Return their numbers. What is excluded is asked only of those that would be told: to answer
        may take an experiment.
        """
        is_left = np.isin(self._changed.arrays, sorted(left))  # (arrays,)
        spoilt_and_left = (self._spoils & is_left).sum(axis=1)  # (changes,)
        while True:
            counts = np.where(self._fits, spoilt_and_left, 0)
            most = int(counts.max())
            if not most:
                return []
            best: list[int] = np.flatnonzero(counts == most).tolist()
            not_made = [number for number in best if excluded(self._changed.changes[number])]
            if not not_made:
                return best
            self._fits[not_made] = False

    def spoilt(self, number: int) -> frozenset[str]:
        """Return the arrays that a change spoils."""
        spoilt = []
        for name, spoils in zip(self._changed.arrays, self._spoils[number], strict=True):
            if spoils:
                spoilt.append(name)
        return frozenset(spoilt)

    def may_be_chance(self, number: int) -> bool:
        """Return whether arrays that are not made of the solution could equal some change's."""
        spoilt = self.spoilt(number)
        distances = self._apart[number]
        chance = math.log10(len(self._changed.changes))
        for place, name in enumerate(self._changed.arrays):
            if name not in spoilt or name not in self._found:
                continue
            apart = float(distances[place])
            chance += chance_log10(self._right[name], self._found[name], apart)
        return chance > math.log10(CHANCE)


def _distances(theirs: Array, mine: Array) -> Array:
    """Return how far prints are from an answer's, (changes, arrays), as a share of lengths.

    theirs: of the changes, (changes, arrays, WIDTH). mine: of the answer, (arrays, WIDTH).
    """
    their_lengths = theirs[:, :, LENGTH]
    my_lengths = mine[:, LENGTH]
    lengths = np.maximum(their_lengths, my_lengths)  # (changes, arrays)
    with np.errstate(invalid="ignore"):  # numbers may be too large to be squared
        differences = np.abs(theirs[:, :, LENGTH:] - mine[:, LENGTH:])
        apart = differences.max(axis=-1)  # (changes, arrays)
        shares: Array = np.zeros_like(apart)
        np.divide(apart, lengths, out=shares, where=lengths > 0)
    return shares


def chance_log10(right: Array, found: Array, apart: float) -> float:
    """Bound the chance that random entries are those found; its logarithm to base 10.

    apart: how far prints differ, as a share of the array's length.
    """
    if is_text(found):
        return CHANCE_OF_CHARACTER * _characters_that_differ(right, found)
    if is_text(right):  # numbers where text is expected: they say little of how they came about
        return 0.0
    right = right.astype(np.float64)
    found = found.astype(np.float64)
    of_places = 0.0
    if right.shape == found.shape:
        with np.errstate(invalid="ignore"):
            telling = differ(right, found)
        of_places = evidence.chance_of_places_log10(telling)
        found = found[telling]
    found = found[np.isfinite(found)]
    if not found.size:
        return of_places
    moved = found
    if apart:
        with np.errstate(over="ignore"):  # numbers may be too large to be squared
            moved = found + apart * np.linalg.norm(found)
    return of_places + evidence.chance_log10(moved, found)


def _characters_that_differ(right: Array, found: Array) -> int:
    if not is_text(right):
        return 0
    texts: list[str] = found.ravel().tolist()
    if right.shape != found.shape:
        return sum(len(text) for text in texts)
    right_texts: list[str] = right.ravel().tolist()
    count = 0
    for one, other in zip(right_texts, texts, strict=True):
        pairs = zip(one, other, strict=False)
        count += sum(a != b for a, b in pairs)
        count += abs(len(one) - len(other))
    return count
