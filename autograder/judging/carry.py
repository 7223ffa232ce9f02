"""Errors carried forward: after an early mistake that is explained, consistent work counts.

Where a check that others need is wrong by known mistakes, or by one listed change of the solution,
the others still run. They are judged against the solution with those mistakes in it. An array earns
only where it still tells what it is there for: each known mistake that it shows, and that none of
the needed checks shows, it shows beside the early mistakes too. And where several mistakes explain
what is wrong, all of them must lead to the same answer later.

All of this is pure: what the solution answers after early mistakes is handed in.
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

Mistakes = frozenset[str]  # ids of known mistakes, or of small changes, made at once
MOST_WAYS = 8  # ways in which earlier answers may have come about; of more nothing is carried


@dataclass(frozen=True)
class Carried:
    """What a check is compared with where mistakes were made before it.

    key: of the solution with those mistakes. telling: the arrays that still tell something.
    """

    key: CheckKey
    telling: frozenset[str]


def ways_of(judgement: Judgement) -> list[Mistakes]:
    """List the ways in which a wrong answer may have come about, by known mistakes.

    An answer that an error ended came about by a known mistake that raises the same error; each
    that does is one way. There is none where known mistakes do not explain all that is wrong.
    """
    if judgement.failure:
        return [frozenset({mistake.id}) for mistake in judgement.raised]
    if judgement.is_right or not judgement.is_explained:
        return []
    alternatives = [_ids(explanation.mistakes) for explanation in judgement.explanations]
    return [frozenset(choice) for choice in product(*alternatives)]


def all_ways(by_check: Sequence[Sequence[Mistakes]]) -> list[Mistakes]:
    """Combine the ways in which several answers may have come about.

    There is none where one of them is not explained, or where there are too many.
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
    """Return what an answer is compared with: the same in all ways in which there is something.

    Keep arrays that are informative in every way. Return None if the ways differ in what they
    expect.
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
    """The judgement of a check that follows wrong ones, and the ways that explain its answer.

    earned: its points. telling_share: the share of the arrays that can earn which still can.
    standard: what it was compared with.
    ways: each the mistakes that were made. None where the answer is still right, or where something
    in it is not explained.
    """

    judgement: Judgement
    standard: Standard
    earned: float
    telling_share: float = 1.0
    ways: tuple[Mistakes, ...] = ()

    @property
    def has_passed(self) -> bool:
        """Return whether it is right as it would be without any early mistake."""
        return self.judgement.is_right and not self.ways

    @property
    def is_hidden(self) -> bool:
        """Return whether nothing in it that could earn still tells something."""
        return not self.telling_share

    def verdict(self) -> Verdict:
        """Return the verdict, without remarks.

        A check that is right but for early mistakes earns, and has not passed. One in which they
        hide what is right counts as not reached. What needs a question that follows wrong checks
        follows them too, so its answer does not count as given.
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
    """Judge an answer that is right though something before it is wrong; None where it is not.

    A text that a person reads is recorded, whatever went before.
    """
    standard = Standard(expected)
    judgement = judge(check, standard, answer)
    if judgement.failure or judgement.wrong:
        return None
    return Following(judgement, standard, judgement.earned)


def after_mistakes(standard: Standard, carried: Carried) -> Standard:
    """Return what an answer is compared with, where arrays that tell nothing earn nothing.

    standard: of the solution with the early mistakes in it. Arrays that tell nothing count as those
    that are the same on every seed.
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

    earning: the arrays that can earn where no mistake was made before.
    standard: what it is compared with, from `after_mistakes`.
    possible: the ways in which the early answers may have come about.
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
