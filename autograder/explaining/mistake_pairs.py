"""Which two known mistakes, made at once, give an answer's values.

A pair is a variant of the solution, found as small changes are. It is told where nothing else
explains an array.
"""

from collections.abc import Mapping, Sequence

from autograder.explaining.small_changes import Excluded, variants_that_give
from autograder.judging.key import Known, ids_of_pair
from autograder.judging.variants import Arrays, ChangedAnswers, SmallChange


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
        common = _in_common(fitting, texts)
        if common:
            told.update(dict.fromkeys(arrays, common))
    return told


def _in_common(pairs: Sequence[SmallChange], texts: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words that all pairs have in common, in the order of the solution."""
    words = []
    for pair in pairs:
        words.append(dict.fromkeys(texts[identity] for identity in ids_of_pair(pair)))
    first, *others = words
    return tuple(text for text in first if all(text in other for other in others))
