"""Which small change of a right answer gives an answer's values, in words.

It is a fact about values: "your values are those of a right answer but for one small change in
`f`". It is told where arrays that have nothing to do with these answers would equal any of them
with a chance of at most `CHANCE`.
"""

import math
import re
from collections.abc import Callable, Container, Sequence

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
KIND = "small change"  # what a remark calls this relation
MOST_FUNCTIONS = MOST_WORDS = 2  # more of them are no diagnosis
_SIGNS = re.compile(r"`(\W+)` stands where `(\W+)` should")
OPPOSITES = ({"+", "-"}, {"*", "/"}, {"<", ">"}, {"<=", ">="}, {"+=", "-="}, {"*=", "/="})


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
) -> dict[str, str]:
    """Say of wrong arrays that one small change of the solution gives them: by array, in words.

    A change is told that gives all of the wrong arrays which it spoils, and spoils no right one.
    None is told where some of what is unexplained stays so.
    right, found: the expected arrays of a check, and an answer's.
    wrong: the names of those that are wrong; unexplained: those of which nothing is known yet.
    excluded: whether a change cannot have been made.
    exercises: the names of functions and classes that every submission has; others are not told.
    """
    if not changed.changes or not unexplained:
        return {}
    if any_is_much_larger(found, right, wrong):
        return {}
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
        return {}
    told: dict[str, str] = {}
    for arrays, rivals in chosen:
        text = _in_words(search, changed, rivals, exercises)
        if text:
            told.update(dict.fromkeys(sorted(arrays), text))
    return told


def can_tell(right: Arrays, found: Arrays, wrong: Sequence[str]) -> bool:
    """Return whether wrong arrays say enough for any change to be told: not if all are NaN.

    right, found, wrong: as in `find_small_change`.
    """
    chance = 0.0
    for name in wrong:
        if name in found:
            chance += chance_log10(right[name], found[name], apart=0.0)
    return chance <= math.log10(CHANCE)


def _in_words(
    search: VariantSearch,
    changed: ChangedAnswers,
    rivals: Sequence[int],
    exercises: Container[str],
) -> str:
    """Say of changes that give the same values what they have in common.

    It is "" where they differ in what they spoil, or the values may be theirs by chance.
    """
    spoilt = {search.spoilt(number) for number in rivals}
    if len(spoilt) > 1 or search.may_be_chance(rivals[0]):
        return ""
    changes = [changed.changes[number] for number in rivals]
    if len({change.function for change in changes}) > MOST_FUNCTIONS:
        return ""
    text = _where(changes, exercises)
    what = _what(changes)
    return f"{text}: {what}." if what else f"{text}."


def _where(changes: Sequence[SmallChange], exercises: Container[str]) -> str:
    """Say that one of some changes gives these values, and in which exercise if they are few."""
    text = "your values are those of a right answer but for one small change"
    places = set()
    for change in changes:
        top, _, _ = change.function.partition(".")
        if top not in exercises:
            return text
        places.add(f"`{change.function}`")
    return f"{text} in {' or in '.join(sorted(places))}"


def _what(changes: Sequence[SmallChange]) -> str:
    """Say what changes that give the same values did; "" where that is too different."""
    functions = {change.function for change in changes}
    words = {_either_way(change) for change in changes}
    has_several_words = len(words) > 1
    if len(words) > MOST_WORDS or (has_several_words and len(functions) > 1):
        return ""
    return ", or ".join(sorted(words))


def _either_way(change: SmallChange) -> str:
    """Return the words of a change, and that it may be the other way round where it may.

    A right answer may add what another one takes away.
    """
    found = _SIGNS.search(change.words)
    if found is None or set(found.groups()) not in OPPOSITES:
        return change.words
    return f"{change.words}, or the other way round"
