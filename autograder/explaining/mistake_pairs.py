"""Which two known mistakes, made at once, give an answer's values.

A pair is a variant of the solution, found as small changes are. It is told where nothing else
explains an array.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from autograder.explaining.small_changes import Excluded, variants_that_give
from autograder.explaining.words import one_of_two_is, two_mistakes_are
from autograder.judging.key import Known, ids_of_pair
from autograder.judging.variants import Arrays, ChangedAnswers, SmallChange
from autograder.judging.verdict import Remark

KIND = "two mistakes"  # what a remark calls this relation


def find_pairs(
    pairs: ChangedAnswers,
    right: Arrays,
    found: Arrays,
    wrong: Sequence[str],
    unexplained: Sequence[str],
    excluded: Excluded,
    known: Known,
) -> dict[str, Remark]:
    """Say of wrong arrays that two known mistakes at once give them: by array, a remark on it.

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
    told = {}
    for arrays, fitting in variants_that_give(pairs, right, found, wrong, unexplained, cannot_be):
        common = _in_common(fitting, texts)
        if not common:
            continue
        words = " And: ".join(common)
        text = two_mistakes_are(words) if len(common) > 1 else one_of_two_is(words)
        remark = Remark(text, relation=KIND, words=words)
        for name in arrays:
            told[name] = replace(remark, arrays=(name,))
    return told


def _in_common(pairs: Sequence[SmallChange], texts: Mapping[str, str]) -> list[str]:
    """Return the words that all pairs have in common, in the order of the solution."""
    words = []
    for pair in pairs:
        words.append(dict.fromkeys(texts[identity] for identity in ids_of_pair(pair)))
    first, *others = words
    return [text for text in first if all(text in other for other in others)]
