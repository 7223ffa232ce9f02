"""Finds small changes of a solution that give an answer's wrong arrays.

The answer is compared with that of each change in the key. A change explains wrong arrays if
unrelated arrays would equal any of these answers with a probability of at most `CHANCE`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autograder.check import is_text
from autograder.judging import chance as evidence
from autograder.judging.chance import CHANCE, differ
from autograder.judging.prints import (
    LENGTH,
    TAG,
    UNCHANGED,
    ChangedAnswers,
    SmallChange,
    is_exact,
    print_of,
)

Array = np.ndarray
Arrays = Mapping[str, Array]
MUCH_LARGER, FEW_BYTES = 16, 1 << 16


@dataclass(frozen=True)
class WrongAnswer:
    """An answer's arrays, some of them wrong, beside the expected ones.

    right, found: the expected arrays of a check, and the answer's.
    wrong: the names of those that are wrong. unexplained: those without an explanation so far.
    """

    right: Arrays
    found: Arrays
    wrong: Sequence[str]
    unexplained: Sequence[str]

    @property
    def is_much_larger(self) -> bool:
        """Return whether a wrong array is larger than a small change makes it.

        A print of it would cost memory.
        """
        for name in self.wrong:
            if name in self.found:
                most_bytes = MUCH_LARGER * self.right[name].nbytes + FEW_BYTES
                if self.found[name].nbytes > most_bytes:
                    return True
        return False

    @property
    def says_enough(self) -> bool:
        """Return whether the wrong arrays are enough evidence for any change to be reported.

        They are not if all are NaN.
        """
        chance = 0.0
        for name in self.wrong:
            if name in self.found:
                chance += chance_of_array_log10(self.right[name], self.found[name], apart=0.0)
        return chance <= math.log10(CHANCE)


def changes_that_explain(
    changed: ChangedAnswers, answer: WrongAnswer, excluded: Callable[[SmallChange], bool]
) -> list[SmallChange]:
    """List the small changes of the solution each of which gives exactly the wrong arrays.

    Each spoils all of the wrong arrays as they are, and no other one. If unrelated arrays could
    equal one of them, the list is empty.
    excluded: whether a change cannot have been made. It is called only for those that give this,
    because an answer may take an experiment.
    """
    if not changed.changes or answer.is_much_larger:
        return []
    compared = Compared(changed, answer)
    wrong = frozenset(answer.wrong)
    giving = []
    for number in compared.fitting:
        if compared.spoilt(number) == wrong and not excluded(changed.changes[number]):
            giving.append(number)
    if not giving or compared.may_be_chance(giving[0]):
        return []
    return [changed.changes[number] for number in giving]


class Compared:
    """An answer beside those of all changes. A change is identified by its index.

    fitting: the changes that give all of the wrong arrays that they spoil, and spoil no right one.
    """

    def __init__(self, changed: ChangedAnswers, answer: WrongAnswer) -> None:
        self._changed = changed
        self._right = answer.right
        self._found = answer.found
        tags = changed.prints[:, :, TAG]  # (changes, arrays)
        mine = self._prints_of_answer()
        self._spoils = tags != UNCHANGED
        self._apart = _distances(changed.prints, mine)
        is_near = self._apart <= evidence.NEAREST
        has_my_tag = tags == mine[:, TAG]
        is_wrong = np.isin(changed.arrays, answer.wrong)  # (arrays,)
        explains = has_my_tag & is_near & is_wrong
        is_as_found = explains | ~self._spoils
        fits = is_as_found.all(axis=1)  # (changes,)
        self.fitting: Sequence[int] = np.flatnonzero(fits).tolist()

    def _prints_of_answer(self) -> Array:
        """Return the prints of the answer's arrays, (arrays, WIDTH)."""
        prints = []
        for name in self._changed.arrays:
            must_be_exact = is_exact(self._right[name])
            prints.append(print_of(self._found.get(name), must_be_exact))
        return np.stack(prints)

    def spoilt(self, number: int) -> frozenset[str]:
        """Return the arrays that a change spoils."""
        spoilt = []
        for name, spoils in zip(self._changed.arrays, self._spoils[number], strict=True):
            if spoils:
                spoilt.append(name)
        return frozenset(spoilt)

    def may_be_chance(self, number: int) -> bool:
        """Return whether arrays unrelated to the solution could equal some change's."""
        spoilt = self.spoilt(number)
        distances = self._apart[number]
        chance = math.log10(len(self._changed.changes))
        for place, name in enumerate(self._changed.arrays):
            if name not in spoilt or name not in self._found:
                continue
            apart = float(distances[place])
            chance += chance_of_array_log10(self._right[name], self._found[name], apart)
        return chance > math.log10(CHANCE)


def _distances(theirs: Array, mine: Array) -> Array:
    """Return the distances of prints from an answer's, (changes, arrays), as shares of lengths.

    theirs: of the changes, (changes, arrays, WIDTH). mine: of the answer, (arrays, WIDTH).
    """
    their_lengths = theirs[:, :, LENGTH]
    my_lengths = mine[:, LENGTH]
    lengths = np.maximum(their_lengths, my_lengths)  # (changes, arrays)
    with np.errstate(invalid="ignore"):  # numbers may be too large to square
        differences = np.abs(theirs[:, :, LENGTH:] - mine[:, LENGTH:])
        apart = differences.max(axis=-1)  # (changes, arrays)
        shares: Array = np.zeros_like(apart)
        np.divide(apart, lengths, out=shares, where=lengths > 0)
    return shares


def chance_of_array_log10(right: Array, found: Array, apart: float) -> float:
    """Bound the probability that random entries are those found; its logarithm to base 10.

    apart: the difference of the prints, relative to the array's length.
    """
    if is_text(right) != is_text(found):  # weak evidence for the cause of the answer
        return 0.0
    if is_text(found):
        return evidence.chance_of_text_log10(right, found)
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
        with np.errstate(over="ignore"):  # numbers may be too large to square
            moved = found + apart * np.linalg.norm(found)
    return of_places + evidence.chance_log10(moved, found)
