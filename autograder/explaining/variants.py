"""Which variants of a right answer give an answer's values: small changes, two mistakes at once.

It is a fact about values: "your values are those of a right answer but for one small change in
`f`". It is told where nothing else explains an array, and where arrays that have nothing to do with
these answers would equal any of them with a chance of at most `CHANCE`.
"""

import math
from collections.abc import Callable, Container, Mapping, Sequence

from autograder.finding import ChangeFound
from autograder.judging.chance import CHANCE
from autograder.judging.key import Known, Mistake, ids_of_pair
from autograder.judging.prints import ChangedAnswers, SmallChange
from autograder.judging.variants import Arrays, chance_log10, given_by_variants

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

    A change is reported if it gives all wrong arrays that it spoils, and spoils no right one.
    None is reported if it leaves some arrays unexplained.
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
) -> list[tuple[list[str], Sequence[SmallChange]]]:
    """Find the variants that together give what is unexplained: arrays, and what gives them all.

    Left out are arrays whose variants differ in what they spoil, or that may be theirs by chance.
    The parameters are those of `find_small_change`.
    """
    given = [*given_by_variants(changed, right, found, wrong, unexplained, excluded)]
    if not given or given[-1].left:
        return []  # the slip that made this has made the rest too, and was another one then
    return [(sorted(one.arrays), one.variants) for one in given if one.is_sure]


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


# ---- two known mistakes at once


def find_pairs(
    pairs: ChangedAnswers,
    right: Arrays,
    found: Arrays,
    wrong: Sequence[str],
    unexplained: Sequence[str],
    excluded: Excluded,
    known: Known,
) -> dict[str, tuple[str, ...]]:
    """Find of wrong arrays which two known mistakes at once give them: by array, their words.

    Where several pairs do, these are the words that all have in common.

    right, found: the expected arrays of a check, and an answer's.
    wrong: the names of those that are wrong; unexplained: those of which nothing is known yet.
    excluded: whether a mistake cannot have been made. known: the mistakes that lose points here.
    """
    mistakes = {mistake.id: mistake for mistake, _ in known}

    def cannot_be(pair: SmallChange) -> bool:
        both = ids_of_pair(pair)
        if not mistakes.keys() >= set(both):
            return True
        return any(excluded(mistakes[identity]) for identity in both)

    texts = {identity: mistake.text for identity, mistake in mistakes.items()}
    told: dict[str, tuple[str, ...]] = {}
    for arrays, fitting in variants_that_give(pairs, right, found, wrong, unexplained, cannot_be):
        common = _words_in_common(fitting, texts)
        if common:
            told.update(dict.fromkeys(arrays, common))
    return told


def _words_in_common(pairs: Sequence[SmallChange], texts: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words that all pairs have in common, in the order of the solution."""
    words = []
    for pair in pairs:
        words.append(dict.fromkeys(texts[identity] for identity in ids_of_pair(pair)))
    first, *others = words
    return tuple(text for text in first if all(text in other for other in others))
