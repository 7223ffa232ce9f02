"""Known mistakes that were made in one place of several, as in one branch: they show in part.

Some arrays are as the mistake makes them; others that it would spoil are right, or a check has
passed that it would spoil. So it is told as what these values are, and never named as made.
"""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from autograder.check import Answer, Check
from autograder.judging.compare import is_of_mistake, wrong_arrays
from autograder.judging.verdict import CheckKey, Excluded, Mistake
from autograder.relations import CHANCE
from autograder.relations.small_changes import chance_log10

KIND = "known mistake in part"  # what a remark calls this relation
APART = 1e-4  # how far values that agree may be apart, as a share of an array's length


@dataclass(frozen=True)
class InPart:
    """A known mistake, and the wrong arrays that are as it makes them."""

    mistake: Mistake
    arrays: frozenset[str]

    @property
    def words(self) -> str:
        """Return the mistake's own words."""
        return self.mistake.text


def mistake_in_part(
    check: Check,
    key: CheckKey,
    answer: Answer,
    unexplained: Collection[str],
    excluded: Excluded,
) -> InPart | None:
    """Find the mistake of which most wrong arrays tell, at least half of them.

    None where mistakes with other words give the same, or chance could.
    unexplained: the wrong arrays of which nothing is known yet.
    """
    wrong = frozenset(wrong_arrays(check, key.expected, answer))
    found = []
    for one in _agreeing(check, key, answer, wrong, excluded):
        is_most = 2 * len(one.arrays) >= len(wrong)
        if is_most and one.arrays <= set(unexplained) and not _could_be_chance(key, answer, one):
            found.append(one)
    if not found:
        return None
    most = max(len(one.arrays) for one in found)
    best = [one for one in found if len(one.arrays) == most]
    words = {one.words for one in best}
    return best[0] if len(words) == 1 else None


def _agreeing(
    check: Check, key: CheckKey, answer: Answer, wrong: frozenset[str], excluded: Excluded
) -> Iterator[InPart]:
    """Yield the mistakes that agree wherever they make wrong what is wrong, and show in part."""
    for mistake, mistaken in key.mistakes:
        if mistaken.failure:
            continue
        agreeing = frozenset(
            name for name in wrong if is_of_mistake(check, name, key.expected, mistaken, answer)
        )
        if not agreeing:
            continue
        spoils = frozenset(wrong_arrays(check, key.expected, mistaken))
        if spoils & wrong != agreeing:
            continue
        if spoils - wrong or excluded(mistake):
            yield InPart(mistake, agreeing)


def _could_be_chance(key: CheckKey, answer: Answer, one: InPart) -> bool:
    """Return whether arrays that have nothing to do with a mistake could be as it makes them."""
    chance = math.log10(len(key.mistakes))
    for name in one.arrays:
        found = answer.arrays.get(name)
        if found is not None:
            chance += chance_log10(key.expected.arrays[name], found, APART)
    return chance > math.log10(CHANCE)
