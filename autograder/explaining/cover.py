"""Chooses variants of a right answer that together give the wrong arrays of an answer.

It is a greedy cover: first the variant that gives most of the wrong arrays, then one that gives
most of the rest, until nothing is left.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograder.judging.prints import ChangedAnswers, SmallChange
from autograder.judging.variants import Compared, WrongAnswer


@dataclass(frozen=True)
class GivenByVariants:
    """Arrays of an answer, and the variants that each give all of them.

    spoilt: the arrays that any of the variants spoils.
    is_sure: the variants spoil the same arrays, and these do not match by chance.
    """

    arrays: frozenset[str]
    variants: tuple[SmallChange, ...]
    spoilt: frozenset[str]
    is_sure: bool


def variants_that_give(
    changed: ChangedAnswers, answer: WrongAnswer, excluded: Callable[[SmallChange], bool]
) -> list[GivenByVariants]:
    """Find the variants that together give what is unexplained.

    Each gives all of the wrong arrays that it spoils, and spoils no right one. If something is
    left, there are none: the error behind it has also made the rest, and is another one. Arrays are
    left out whose variants differ in what they spoil, or that may match by chance.
    excluded: whether a variant cannot have been made. It is called only for those that would be
    named, because an answer may take an experiment.
    """
    if not changed.changes or answer.is_much_larger:
        return []
    compared = Compared(changed, answer)
    possible = list(compared.fitting)
    left = frozenset(answer.unexplained)
    found: list[GivenByVariants] = []
    while left:
        best = _giving_most(compared, possible, left)
        if not best:
            return []
        not_made = [number for number in best if excluded(changed.changes[number])]
        if not_made:
            possible = [number for number in possible if number not in not_made]
            continue
        given = _given_by(best, compared, changed, left)
        found.append(given)
        left -= given.spoilt
    return [given for given in found if given.is_sure]


def _giving_most(compared: Compared, possible: Sequence[int], left: frozenset[str]) -> list[int]:
    """Return the indices of the variants that give most of the remaining arrays, if any does."""
    counts = [len(compared.spoilt(number) & left) for number in possible]
    most = max(counts, default=0)
    if not most:
        return []
    both = zip(possible, counts, strict=True)
    return [number for number, count in both if count == most]


def _given_by(
    best: Sequence[int], compared: Compared, changed: ChangedAnswers, left: frozenset[str]
) -> GivenByVariants:
    """Return what the first of the best variants gives, with the others that give some of it."""
    arrays = compared.spoilt(best[0]) & left
    rivals = [number for number in best if compared.spoilt(number) & arrays]
    spoilt = {compared.spoilt(number) for number in rivals}
    return GivenByVariants(
        arrays=arrays,
        variants=tuple(changed.changes[number] for number in rivals),
        spoilt=frozenset[str]().union(*spoilt),
        is_sure=len(spoilt) == 1 and not compared.may_be_chance(rivals[0]),
    )
