"""Errors carried forward: after an explained early mistake, consistent work earns points.

If a check that others need is wrong by known mistakes, or by one listed change of the solution, the
others still run. They are compared with the solution that contains those mistakes. An array earns
only if it is still informative: each known mistake that it shows, and that none of the needed
checks shows, must show beside the early mistakes, too. If several mistakes explain the early
answer, all of them must predict the same later one.

All of this is pure: the solution's answers after early mistakes are arguments.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from autograder.check import Answer, Check, Failure
from autograder.judging.compare import same_answer
from autograder.judging.key import CheckKey, Mistake
from autograder.judging.points import Judgement, Standard, judge
from autograder.judging.verdict import Status, Verdict

Mistakes = frozenset[str]  # ids of known mistakes, or of small changes, combined
MOST_WAYS = 8  # number of possible explanations of earlier answers; with more nothing is carried


@dataclass(frozen=True)
class Carried:
    """The basis of comparison of a check after earlier mistakes.

    key: of the solution with those mistakes. telling: the arrays that are still informative.
    """

    key: CheckKey
    telling: frozenset[str]


def ways_of(judgement: Judgement) -> list[Mistakes]:
    """List the possible explanations of a wrong answer by known mistakes.

    For an answer that an error ended, each known mistake that raises the same error is one. There
    is none if known mistakes do not explain everything that is wrong.
    """
    if judgement.failure:
        return [frozenset({mistake.id}) for mistake in judgement.raised]
    if judgement.is_right or not judgement.is_explained:
        return []
    alternatives = [_ids(explanation.mistakes) for explanation in judgement.explanations]
    return [frozenset(choice) for choice in product(*alternatives)]


def all_ways(by_check: Sequence[Sequence[Mistakes]]) -> list[Mistakes]:
    """Combine the possible explanations of several answers.

    There is none if one of them is not explained, or if there are too many.
    """
    if math.prod(map(len, by_check)) > MOST_WAYS:
        return []
    combined: dict[Mistakes, None] = {}
    for choice in product(*by_check):
        combined[_all_of(choice)] = None
    return list(combined)


def _all_of(mistakes: Iterable[Mistakes]) -> Mistakes:
    return frozenset[str]().union(*mistakes)


def _ids(mistakes: Iterable[Mistake]) -> list[str]:
    return [mistake.id for mistake in mistakes]


def common(check: Check, possible: Mapping[Mistakes, Carried]) -> Carried | None:
    """Return the common basis of comparison of all possible explanations.

    Keep arrays that are informative in every one. Return None if they differ in what they expect.
    """
    if not possible:
        return None
    first, *others = possible.values()
    telling = first.telling
    for other in others:
        if not same_answer(check, first.key.expected, other.key.expected):
            return None
        telling &= other.telling
    return Carried(first.key, telling)


@dataclass(frozen=True)
class Following:
    """The judgement of a check that depends on wrong ones, and the explanations of its answer.

    earned: its points. telling_share: the fraction of the arrays with points that can still earn
    them.
    standard: its basis of comparison.
    ways: each the mistakes that were made. None if the answer is still right, or if something in it
    is not explained.
    """

    judgement: Judgement
    standard: Standard
    earned: float
    telling_share: float = 1.0
    ways: tuple[Mistakes, ...] = ()

    @property
    def has_passed(self) -> bool:
        """Return whether it is right without any early mistake."""
        return self.judgement.is_right and not self.ways

    @property
    def is_hidden(self) -> bool:
        """Return whether no array that could earn points is still informative."""
        return not self.telling_share

    def verdict(self) -> Verdict:
        """Return the verdict, without remarks.

        A check that is right except for early mistakes earns points, and has not passed. If they
        hide its right values, it counts as not reached. A check that needs a question which depends
        on wrong checks depends on them, too, so its answer does not count as given.
        """
        verdict = self.judgement.verdict()
        if self.has_passed:
            return verdict
        verdict = replace(verdict, given="", agrees=False)
        if self.is_hidden:
            return replace(verdict, earned=0.0, status="not_reached", failure=Failure.NONE)
        status: Status = "partial" if self.earned else "failed"
        return replace(verdict, earned=self.earned, status=status, carried=self.earned)


def still_right(check: Check, expected: Answer, answer: Answer) -> Following | None:
    """Judge an answer that is right though an earlier one is wrong; None if it is not right.

    A text for a person to read is recorded, whatever the earlier answers were.
    """
    standard = Standard(expected)
    judgement = judge(check, standard, answer)
    if judgement.failure or judgement.wrong:
        return None
    return Following(judgement, standard, judgement.earned)


def after_mistakes(standard: Standard, carried: Carried) -> Standard:
    """Return a basis of comparison in which uninformative arrays earn nothing.

    standard: of the solution with the early mistakes in it. Uninformative arrays count as constant.
    """
    silent = standard.expected.arrays.keys() - carried.telling
    return replace(standard, constant=standard.constant | silent)


def judge_following(
    check: Check,
    earning: frozenset[str],
    standard: Standard,
    carried: Carried,
    possible: Iterable[Mistakes],
    answer: Answer,
) -> Following:
    """Judge an answer as one that follows from early mistakes.

    earning: the arrays that can earn without earlier mistakes.
    standard: its basis of comparison, from `after_mistakes`.
    possible: the possible explanations of the early answers.
    """
    judgement = judge(check, standard, answer)
    still = earning & carried.telling - standard.constant
    share = len(still) / len(earning) if earning else 0.0
    earned = round(share * judgement.earned, 4)
    ways: tuple[Mistakes, ...] = ()
    if judgement.is_right:
        ways = tuple(possible)
    elif judgement.explanations and judgement.is_explained:
        more = _ids(explanation.mistakes[0] for explanation in judgement.explanations)
        ways = tuple(way.union(more) for way in possible)
    return Following(judgement, standard, earned, share, ways)
