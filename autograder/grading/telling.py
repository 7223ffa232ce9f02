"""Which arrays of a check are still informative after early mistakes.

Only these earn points for work that follows from an early mistake: see `judging/carry.py`.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from autograder.check import Answer, Check
from autograder.grading.emptied import EmptiedAnswers
from autograder.judging import Mistake, Standard, agree, arrays_kept

if TYPE_CHECKING:
    from autograder.grading.made_key import MadeCheckKey


def telling_arrays(
    check: Check, plain: "MadeCheckKey", carried: "MadeCheckKey", needed: "Sequence[MadeCheckKey]"
) -> frozenset[str]:
    """Return the arrays of a check that are still informative after early mistakes.

    Each such array shows a known mistake that none of the needed checks shows. If the early ones
    change the array, it shows the same such mistakes with them present, too.
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
        is_unchanged = agree(check, name, plain.expected, carried.expected)
        if shown and (
            is_unchanged or all(_shows(name, check, carried, mistake) for mistake in shown)
        ):
            telling.append(name)
    return frozenset(telling)


def _shows(name: str, check: Check, key: "MadeCheckKey", mistake: Mistake) -> bool:
    """Return whether a mistake changes an array."""
    mistaken = key.answer_of(mistake)
    if mistaken.failure:
        return True
    return not agree(check, name, key.expected, mistaken)


def right_without_work(
    check: Check,
    plain: "MadeCheckKey",
    carried: "MadeCheckKey",
    emptied: Iterable[EmptiedAnswers],
) -> frozenset[str]:
    """Return the arrays that earn after early mistakes though an exercise is emptied.

    Arrays that earn as much there without the mistakes are left out. With a mistake by which
    `scan` returns its argument a running sum equals its argument: returning that is no work.
    plain, carried: the check's key without the mistakes, and with them.
    emptied: the answers with emptied exercises.
    """
    found = set()
    for tried in emptied:
        kept = _kept(check, carried, tried.after)
        if kept:
            kept -= _kept(check, plain, tried.before)
        for name in plain.expected.arrays:
            if agree(check, name, plain.expected, tried.before):
                continue
            if name in kept or agree(check, name, carried.expected, tried.after):
                found.add(name)
    return frozenset(found)


def _kept(check: Check, key: "MadeCheckKey", answer: Answer) -> frozenset[str]:
    """Return the wrong arrays that keep a part of their points for a known mistake."""
    kept = arrays_kept(check, Standard(key.expected, key.mistakes_that_keep()), answer)
    if not kept:
        return kept  # the others, whose answers take time to make, can only take points away
    return arrays_kept(check, Standard(key.expected, key.mistakes), answer)
