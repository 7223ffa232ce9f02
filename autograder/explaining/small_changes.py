"""Which small change of a right answer gives an answer's values.

It is a fact about values: "your values are those of a right answer but for one small change in
`f`". It is told where arrays that have nothing to do with these answers would equal any of them
with a chance of at most `CHANCE`.
"""

import math
from collections.abc import Callable, Container, Sequence

from autograder.finding import ChangeFound
from autograder.judging.chance import CHANCE
from autograder.judging.key import Mistake
from autograder.judging.variants import (
    Arrays,
    ChangedAnswers,
    SmallChange,
    VariantSearch,
    any_is_much_larger,
    chance_log10,
)

# whether a known mistake, or a small change of the solution, cannot have been made, since it would
# have spoilt a check that has passed
Excluded = Callable[[Mistake | SmallChange], bool]
MOST_FUNCTIONS = 2  # more of them are no diagnosis


def none_excluded(mistake: Mistake | SmallChange) -> bool:
    """Exclude no mistake."""
    return False


def find_small_change(
    changed: ChangedAnswers,
    right: Arrays,
    found: Arrays,
    wrong: Sequence[str],
    unexplained: Sequence[str],
    excluded: Callable[[SmallChange], bool],
    exercises: Container[str],
) -> dict[str, ChangeFound]:
    """Say of wrong arrays that one small change of the solution gives them: by array.

    A change is told that gives all of the wrong arrays which it spoils, and spoils no right one.
    None is told where some of what is unexplained stays so.
    right, found: the expected arrays of a check, and an answer's.
    wrong: the names of those that are wrong; unexplained: those of which nothing is known yet.
    excluded: whether a change cannot have been made.
    exercises: the names of functions and classes that every submission has; others are not told.
    """
    told: dict[str, ChangeFound] = {}
    for arrays, fitting in variants_that_give(changed, right, found, wrong, unexplained, excluded):
        change = _in_common(fitting, exercises)
        if change:
            told.update(dict.fromkeys(arrays, change))
    return told


def variants_that_give(
    changed: ChangedAnswers,
    right: Arrays,
    found: Arrays,
    wrong: Sequence[str],
    unexplained: Sequence[str],
    excluded: Callable[[SmallChange], bool],
) -> list[tuple[list[str], list[SmallChange]]]:
    """Find the variants that together give what is unexplained: arrays, and what gives them all.

    Left out are arrays whose variants differ in what they spoil, or that may be theirs by chance.
    The parameters are those of `find_small_change`.
    """
    if not changed.changes or not unexplained:
        return []
    if any_is_much_larger(found, right, wrong):
        return []
    search = VariantSearch(changed, right, found, wrong)
    chosen: list[tuple[frozenset[str], list[int]]] = []  # arrays, and changes that give them
    left = frozenset(unexplained)
    while best := search.best_of(left, excluded):
        arrays = search.spoilt(best[0]) & left
        rivals = [number for number in best if search.spoilt(number) & arrays]
        chosen.append((arrays, rivals))
        for number in rivals:
            left -= search.spoilt(number)
    if left:  # the slip that made this has made the rest too, and was another one then
        return []
    telling = []
    for arrays, rivals in chosen:
        spoilt = {search.spoilt(number) for number in rivals}
        if len(spoilt) == 1 and not search.may_be_chance(rivals[0]):
            variants = [changed.changes[number] for number in rivals]
            telling.append((sorted(arrays), variants))
    return telling


def can_tell(right: Arrays, found: Arrays, wrong: Sequence[str]) -> bool:
    """Return whether wrong arrays say enough for any change to be told: not if all are NaN.

    right, found, wrong: as in `find_small_change`.
    """
    chance = 0.0
    for name in wrong:
        if name in found:
            chance += chance_log10(right[name], found[name], apart=0.0)
    return chance <= math.log10(CHANCE)


def _in_common(changes: Sequence[SmallChange], exercises: Container[str]) -> ChangeFound | None:
    """Return what changes that give the same values have in common; None where it is little."""
    functions = frozenset(change.function for change in changes)
    if len(functions) > MOST_FUNCTIONS:
        return None
    slips = frozenset(change.slip for change in changes)
    tops = {function.partition(".")[0] for function in functions}
    named = sorted(functions) if all(top in exercises for top in tops) else ()
    return ChangeFound(tuple(named), tuple(sorted(slips)), are_of_several=len(functions) > 1)
