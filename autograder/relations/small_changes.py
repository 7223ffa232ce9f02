"""Answers of the solution with one small change in it, and which of them a wrong answer equals.

Of each answer there are only *prints*: a few numbers an array, by which arrays that are equal up to
rounding are known again, and from which no array can be made. What is told is a fact, as "your
values are those of a right answer but for one small change in `f`". It is told where arrays that
have nothing to do with these answers would equal any of them with a chance of at most `CHANCE`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from autograder.check import is_text
from autograder.relations import evidence
from autograder.relations.case import differ
from autograder.relations.search import CHANCE

Array = np.ndarray
Arrays = Mapping[str, Array]
KIND = "small change"  # what a remark calls this relation
MIXES = 4  # numbers of a print that each mix all entries of an array
WIDTH = 2 + MIXES  # the tag, the length, and the mixes
UNCHANGED = 0.0  # the tag of an array that is as the solution's
FREQUENCIES = np.sqrt([2.0, 3.0, 5.0, 7.0])
CHANCE_OF_CHARACTER = math.log10(0.25)  # that a wrong character of a text is met by chance
MUCH_LARGER, FEW_BYTES = 16, 1 << 16
MOST_FUNCTIONS = MOST_WORDS = 2  # more of them are no diagnosis


@dataclass(frozen=True)
class SmallChange:
    """One small change: its id, the definition it is made in, and what was done, in words."""

    id: str
    function: str
    words: str


@dataclass(frozen=True)
class ChangedAnswers:
    """What small changes of the solution answer to a check, as far as they answer otherwise.

    arrays: the names of the check's arrays.
    prints: of each change and array a print, (changes, arrays, WIDTH).
    """

    changes: tuple[SmallChange, ...] = ()
    arrays: tuple[str, ...] = ()
    prints: Array = field(default_factory=lambda: np.zeros((0, 0, WIDTH)))

    def spoilt_by(self, identity: str) -> bool:
        """Whether a change with this id answers otherwise than the solution."""
        return any(change.id == identity for change in self.changes)


NO_CHANGES = ChangedAnswers()


def print_of(array: Array | None, is_exact: bool) -> Array:
    """Make the print of an array: its tag, its length as a vector, and mixes of its entries.

    The tag says the shape and where NaN and infinity are; of an exact array all that it holds.
    is_exact: whether it is text, or should hold whole numbers or truth values.
    """
    made = np.zeros(WIDTH)
    if array is None:
        made[0] = _tag(b"missing")
        return made
    if is_text(array):
        made[0] = _tag(f"{array.shape} {array.tolist()}".encode())
        return made
    numbers = array.astype(np.float64)
    shape = str(array.shape).encode()
    if is_exact:
        made[0] = _tag(shape + (numbers + 0.0).tobytes())  # no minus zero
        return made
    finite = np.isfinite(numbers)
    strange = b"" if finite.all() else np.where(finite, 0, numbers).tobytes()
    made[0] = _tag(shape + strange)
    flat = np.where(finite, numbers, 0).ravel()
    with np.errstate(over="ignore"):
        made[1] = np.linalg.norm(flat)
        made[2:] = np.cos(np.outer(FREQUENCIES, np.arange(1.0, flat.size + 1))) @ flat
    return made


def _tag(content: bytes) -> float:
    """Take 48 bits of a checksum, which a float holds exactly; never that of what is unchanged."""
    return float(1 + int.from_bytes(sha256(content).digest()[:6], "big"))


def is_exact(expected: Array) -> bool:
    """Whether answers must equal an expected array exactly."""
    return is_text(expected) or expected.dtype.kind in "iub"


def find_small_change(
    changed: ChangedAnswers,
    right: Arrays,
    found: Arrays,
    wrong: Sequence[str],
    unexplained: Sequence[str],
    excluded: Callable[[SmallChange], bool],
) -> dict[str, str]:
    """Say of wrong arrays that one small change of the solution gives them: by array, in words.

    A change is told that gives all of the wrong arrays which it spoils, and spoils no right one.
    right, found: the expected arrays of a check, and an answer's.
    wrong: the names of those that are wrong; unexplained: those of which nothing is known yet.
    excluded: whether a change cannot have been made.
    """
    if not changed.changes or not unexplained:
        return {}
    if _any_is_much_larger(found, right, wrong):
        return {}
    search = _Search(changed, right, found, wrong)
    told: dict[str, str] = {}
    left = set(unexplained)
    while True:
        best = search.best_of(left, excluded)
        if not best:
            return told
        arrays = search.spoilt(best[0])
        rivals = [number for number in best if search.spoilt(number) & arrays & left]
        text = search.in_words(rivals)
        for name in sorted(arrays & left):
            if text:
                told[name] = text
        for number in rivals:
            left -= search.spoilt(number)


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
    right, found, wrong, excluded: as in `find_small_change`.
    """
    if not changed.changes or not wrong or _any_is_much_larger(found, right, wrong):
        return []
    search = _Search(changed, right, found, wrong)
    best = search.best_of(set(wrong), excluded)
    fitting = [number for number in best if search.spoilt(number) == set(wrong)]
    if not fitting or search.may_be_chance(fitting[0]):
        return []
    return [changed.changes[number] for number in fitting]


def _any_is_much_larger(found: Arrays, right: Arrays, wrong: Sequence[str]) -> bool:
    return any(_is_much_larger(found[name], right[name]) for name in wrong if name in found)


def _is_much_larger(found: Array, right: Array) -> bool:
    """Whether an array is larger than a small change would make it: its print would cost memory."""
    return found.nbytes > MUCH_LARGER * right.nbytes + FEW_BYTES


class _Search:
    """The changes that give what is wrong in an answer."""

    def __init__(
        self, changed: ChangedAnswers, right: Arrays, found: Arrays, wrong: Sequence[str]
    ) -> None:
        self._changed = changed
        self._right = right
        self._found = found
        tags = changed.prints[:, :, 0]
        mine = np.stack([self._mine(name) for name in changed.arrays])
        my_tags = mine[:, 0]
        self._spoils = tags != UNCHANGED
        self._apart = self._distances(mine)
        is_near = self._apart <= evidence.NEAREST
        is_mine = (tags == my_tags) & is_near
        is_wrong = np.isin(changed.arrays, wrong)
        explains = is_mine & is_wrong
        self._fits: Array = (~self._spoils | explains).all(1)

    def _distances(self, mine: Array) -> Array:
        """How far prints are from an answer's, (changes, arrays), as a share of lengths.

        mine: the answer's prints, (arrays, WIDTH).
        """
        theirs = self._changed.prints
        their_lengths = theirs[:, :, 1]
        my_lengths = mine[:, 1]
        lengths = np.maximum(their_lengths, my_lengths)
        with np.errstate(invalid="ignore"):  # numbers may be too large to be squared
            differences = np.abs(theirs[:, :, 1:] - mine[:, 1:])
            apart = differences.max(-1)
            shares: Array = np.zeros_like(apart)
            np.divide(apart, lengths, out=shares, where=lengths > 0)
        return shares

    def _mine(self, name: str) -> Array:
        return print_of(self._found.get(name), is_exact(self._right[name]))

    def best_of(self, left: set[str], excluded: Callable[[SmallChange], bool]) -> list[int]:
        """Find the changes that fit, can have been made, and spoil most of the arrays left.

        Return their numbers. What is excluded is asked only of those that would be told: to answer
        may take an experiment.
        """
        is_left = np.isin(self._changed.arrays, sorted(left))
        spoilt_and_left = self._spoils & is_left
        while True:
            counts = np.where(self._fits, spoilt_and_left.sum(1), 0)
            most = int(counts.max())
            if not most:
                return []
            best: list[int] = np.flatnonzero(counts == most).tolist()
            not_made = [number for number in best if excluded(self._changed.changes[number])]
            if not not_made:
                return best
            self._fits[not_made] = False

    def in_words(self, rivals: Sequence[int]) -> str:
        """Say of changes that give the same values what they have in common.

        It is "" where they differ in what they spoil, or the values may be theirs by chance.
        """
        spoilt = {self.spoilt(number) for number in rivals}
        if len(spoilt) > 1 or self.may_be_chance(rivals[0]):
            return ""
        return _in_words([self._changed.changes[number] for number in rivals])

    def spoilt(self, number: int) -> frozenset[str]:
        """The arrays that a change spoils."""
        pairs = zip(self._changed.arrays, self._spoils[number], strict=True)
        return frozenset(name for name, spoils in pairs if spoils)

    def may_be_chance(self, number: int) -> bool:
        """Whether arrays that have nothing to do with the solution could equal some change's."""
        chance = math.log10(len(self._changed.changes))
        spoilt = self.spoilt(number)
        distances = dict(zip(self._changed.arrays, self._apart[number].tolist(), strict=True))
        for name, apart in distances.items():
            found = self._found.get(name)
            if name in spoilt and found is not None:
                chance += _chance_log10(self._right[name], found, apart)
        return chance > math.log10(CHANCE)


def _chance_log10(right: Array, found: Array, apart: float) -> float:
    """Bound the chance that random entries are those found; its logarithm to base 10.

    apart: how far prints differ, as a share of the array's length.
    """
    if is_text(found):
        return CHANCE_OF_CHARACTER * _characters_that_differ(right, found)
    right, found = right.astype(np.float64), found.astype(np.float64)
    places = 0.0
    if right.shape == found.shape:
        with np.errstate(invalid="ignore"):
            told = differ(right, found)
        places = evidence.chance_of_places_log10(told.size, int(told.sum()))
        found = found[told]
    found = found[np.isfinite(found)]
    if not found.size:
        return places
    moved = found + apart * np.linalg.norm(found)
    return places + evidence.chance_log10(moved, found)


def _characters_that_differ(right: Array, found: Array) -> int:
    if not is_text(right):
        return 0
    if right.shape != found.shape:
        return sum(map(len, found.ravel().tolist()))
    count = 0
    for one, other in zip(right.ravel().tolist(), found.ravel().tolist(), strict=True):
        count += sum(a != b for a, b in zip(one, other, strict=False))
        count += abs(len(one) - len(other))
    return count


def _in_words(changes: Sequence[SmallChange]) -> str:
    """Say which change gives these values; "" where the changes that do are too different."""
    functions = sorted({change.function for change in changes})
    words = sorted({change.words for change in changes})
    if len(functions) > MOST_FUNCTIONS:
        return ""
    places = " or in ".join(f"`{function}`" for function in functions)
    text = f"your values are those of a right answer but for one small change in {places}"
    if len(words) > MOST_WORDS or (len(functions) > 1 and len(words) > 1):
        return f"{text}."
    return f"{text}: {', or '.join(words)}."
