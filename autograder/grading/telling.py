"""Which arrays of a check still tell, after early mistakes, what the check is there for.

Only these earn points for work that follows from an early mistake: see `judging/carry.py`.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from autograder.check import Answer, Check
from autograder.grading.emptied import EmptiedAnswers
from autograder.judging import Mistake, agree

if TYPE_CHECKING:
    from autograder.grading.made_key import MadeCheckKey


def telling_arrays(
    check: Check, plain: "MadeCheckKey", carried: "MadeCheckKey", needed: "Sequence[MadeCheckKey]"
) -> frozenset[str]:
    """Name the arrays of a check that still tell what it is there for after early mistakes.

    Each such array shows a known mistake that none of the needed checks shows, and what it shows of
    such mistakes it shows beside the early ones too.
    plain, carried: the check's key without the early mistakes, and with them made.
    needed: the keys of the checks that this one needs.
    """
    if carried.expected.failure:
        return frozenset()
    listed = [mistake for mistake, _ in plain.mistakes]
    for key in needed:
        key.make_ahead(listed)
    own = []
    for mistake in listed:
        shown_before = any(key.spoilt_by(mistake) for key in needed)
        if carried.fits(mistake) and not shown_before:
            own.append(mistake)
    carried.make_ahead(own)
    telling = []
    for name in plain.expected.arrays:
        shown = [mistake for mistake in own if _shows(name, check, plain, mistake)]
        if shown and all(_shows(name, check, carried, mistake) for mistake in shown):
            telling.append(name)
    return frozenset(telling)


def _shows(name: str, check: Check, key: "MadeCheckKey", mistake: Mistake) -> bool:
    """Return whether a mistake changes an array."""
    mistaken = key.answer_of(mistake)
    if mistaken.failure:
        return True
    return not agree(check, name, key.expected, mistaken)


def right_without_work(
    check: Check, plain: Answer, expected: Answer, emptied: Iterable[EmptiedAnswers]
) -> frozenset[str]:
    """Name the arrays that are right after early mistakes where an exercise is emptied.

    Those are left out that are right there without the mistakes, too. With a mistake by which
    `scan` returns its argument a running sum is what it is given: to return that is no work.

    plain, expected: the solution's answer without the mistakes, and with them.
    emptied: what is answered where exercises are emptied.
    """
    found = set()
    for tried in emptied:
        for name in plain.arrays:
            if agree(check, name, plain, tried.before):
                continue
            if agree(check, name, expected, tried.after):
                found.add(name)
    return frozenset(found)
