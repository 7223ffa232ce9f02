"""Errors carried forward: an early mistake costs its own check, and what follows counts.

Where a check that others need is wrong by known mistakes, or by one small change of the solution,
the others still run. They are judged against the solution with those mistakes in it. An array earns
only where it still tells what it is there for: each known mistake that it shows, and that none of
the needed checks shows, it shows beside the early mistakes too. And where several mistakes explain
what is wrong, all of them must lead to the same answer later.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product

from autograder.check import Answer, Check, Failure
from autograder.judging import (
    CheckKey,
    Excluded,
    Key,
    Known,
    Mistake,
    PlainKey,
    Remark,
    Status,
    Verdict,
    agree,
    error_words,
    explanations_of,
    is_right,
    judge,
    mistakes_that_raise,
    same_answer,
    small_changes_of,
    wrong_arrays,
)
from autograder.judging.verdict import VALUES_ARE, as_fact
from autograder.relations.small_changes import NO_CHANGES, ChangedAnswers, SmallChange
from autograder.relations.written import NOT_KNOWN, Written

Mistakes = frozenset[str]  # ids of known mistakes, or of small changes, made at once
MOST_WAYS = 8  # ways in which earlier answers may have come about; of more nothing is carried


@dataclass(frozen=True)
class Carried:
    """What a check is compared with where mistakes were made before it.

    telling: the arrays that still tell something.
    """

    key: CheckKey
    telling: frozenset[str]


# a check and the mistakes made before it → what it is compared with; None where the solution cannot
# have them all, or does not answer then
Carry = Callable[[Check, Mistakes], Carried | None]


def carry_nothing(*_: object) -> Carried | None:
    """Carry nothing forward."""
    return None


def carried_by_file(key: Key, check: Check, made: Mistakes) -> Carried | None:
    """Return what a student's key knows of a check after one early mistake: the answer with it.

    It knows no further mistake, and not whether the arrays still tell something; a grade does. Of
    small changes it holds no answers.
    """
    if len(made) > 1 or not made <= _listed(key):
        return None
    known = key[check.name]
    answer = known.expected
    for mistake, mistaken in known.mistakes:
        if mistake.id in made:
            answer = mistaken
    if answer.failure:
        return None
    return Carried(PlainKey(answer), frozenset(answer.arrays))


def _listed(key: Key) -> set[str]:
    """Return the ids of the known mistakes that a key knows."""
    listed = set()
    for known in key.values():
        for mistake, _ in known.mistakes:
            listed.add(mistake.id)
    return listed


@dataclass(frozen=True)
class _Wrong:
    """A wrong answer, with what it is explained by."""

    check: Check
    key: CheckKey
    answer: Answer
    excluded: Excluded

    def ways(self) -> list[Mistakes]:
        """List the ways in which it may have come about: by known mistakes, or one small change.

        An answer that an error ended came about by a known mistake that raises the same error.
        """
        if self.answer.failure:
            raising = mistakes_that_raise(self.key, self.answer, self.excluded)
            return [frozenset({mistake.id}) for mistake in raising]
        explanations = explanations_of(self.check, self.key, self.answer, self.excluded)
        if explanations:
            alternatives = [_ids(explanation.mistakes) for explanation in explanations]
            choices = product(*alternatives)
            return [frozenset(choice) for choice in choices]
        changes = small_changes_of(self.check, self.key, self.answer, self.excluded)
        return [frozenset({change.id}) for change in changes]

    def contradicts(self, mistake: Mistake) -> bool:
        """Return whether the check knows a mistake, and nothing of the answer is as it makes it."""
        for known, mistaken in self.key.mistakes:
            if known.id != mistake.id:
                continue
            if mistaken.failure or self.answer.failure:
                return error_words(mistaken) != error_words(self.answer)
            spoilt = wrong_arrays(self.check, self.key.expected, mistaken)
            return not any(agree(self.check, name, mistaken, self.answer) for name in spoilt)
        return False


@dataclass
class Early:
    """The checks that did not pass, and what explains their answers.

    It is found when a later check asks for it: small changes of the solution take time to make.
    """

    _wrong: dict[str, _Wrong] = field(default_factory=dict)
    _ways: dict[str, list[Mistakes]] = field(default_factory=dict)
    _all_wrong: list[_Wrong] = field(default_factory=list)

    def with_doubts(self, verdict: Verdict, key: CheckKey) -> Verdict:
        """Tell a known mistake as a fact where what came before is not as it would have been.

        A mistake that was made shows wherever it changes something. key: of the verdict's check,
        whose mistakes are made where a verdict may tell one, and nowhere else.
        """
        if not self._all_wrong or verdict.failure:
            return verdict
        remarks = []
        for remark in verdict.remarks:
            alike = [mistake for mistake, _ in key.mistakes if mistake.text == remark.text]
            if alike and all(map(self._contradict, alike)):
                remark = replace(remark, text=as_fact(VALUES_ARE, remark.text))
            remarks.append(remark)
        return replace(verdict, remarks=tuple(remarks))

    def _contradict(self, mistake: Mistake) -> bool:
        return any(wrong.contradicts(mistake) for wrong in self._all_wrong)

    def before(self, needed: Iterable[str]) -> list[Mistakes]:
        """List the ways in which the answers to these checks may have come about.

        There is none where one of them is not explained, or where there are too many.
        """
        by_check = [self._ways_of(name) for name in needed]
        if math.prod(map(len, by_check)) > MOST_WAYS:
            return []
        combined: dict[Mistakes, None] = {}
        for choice in product(*by_check):
            combined[_all_of(choice)] = None
        return list(combined)

    def _ways_of(self, name: str) -> list[Mistakes]:
        if name in self._wrong:
            wrong = self._wrong.pop(name)
            self._ways[name] = wrong.ways()
        return self._ways.get(name, [])

    def add(self, check: Check, key: CheckKey, answer: Answer, excluded: Excluded) -> None:
        """Note a wrong answer, and what it is explained by."""
        wrong = _Wrong(check, key, answer, excluded)
        self._wrong[check.name] = wrong
        self._all_wrong.append(wrong)

    def follow(self, check: Check, judged: "Following") -> None:
        """Note what explains the answer to a check that follows from others."""
        if judged.ways:
            self._ways[check.name] = list(judged.ways)


def _all_of(mistakes: Iterable[Mistakes]) -> Mistakes:
    return frozenset[str]().union(*mistakes)


def _ids(mistakes: Iterable[Mistake]) -> list[str]:
    return [mistake.id for mistake in mistakes]


@dataclass(frozen=True)
class Following:
    """The verdict on a check that follows wrong ones, and the ways that explain its answer.

    ways: each the mistakes that were made. None where the answer is still right, or where something
    in it is not explained.
    is_hidden: whether nothing in it that could earn still tells something.
    """

    verdict: Verdict
    ways: tuple[Mistakes, ...] = ()
    is_hidden: bool = False


@dataclass(frozen=True)
class Follows:
    """A check that needs wrong ones, and all that its answer is judged by.

    key: what the answer is compared with where no mistake was made before.
    ways: the ways in which the wrong ones may have come about, each the mistakes that were made.
    needed: the checks that are wrong.
    sizes, excluded, written: as in `judge`.
    """

    check: Check
    key: CheckKey
    carry: Carry
    ways: Sequence[Mistakes]
    needed: Sequence[str]
    sizes: Mapping[str, int]
    excluded: Excluded
    written: Written = NOT_KNOWN

    def can_be_judged(self) -> bool:
        """Return whether there is something to compare an answer with."""
        return self._carried is not None

    def judge(self, answer: Answer) -> Following:
        """Judge an answer as one that follows from the mistakes; one that is still right passes."""
        carried = self._carried
        if carried is None or is_right(self.check, self.key.expected, answer):
            without_mistakes = PlainKey(self.key.expected)
            plain = judge(self.check, without_mistakes, answer, self.sizes)
            return Following(plain)
        silent = self.key.expected.arrays.keys() - carried.telling
        key = _TellingKey(carried.key, frozenset(silent))
        judged = judge(self.check, key, answer, self.sizes, self.excluded, self.written)
        share = self._telling_share(carried)
        earned = round(share * judged.earned, 4)
        verdict = replace(judged, earned=earned)
        ways = self._ways_to(verdict, key, answer)
        return Following(verdict, ways, is_hidden=not share)

    def _ways_to(self, verdict: Verdict, key: CheckKey, answer: Answer) -> tuple[Mistakes, ...]:
        """Return the ways in which an answer may have come about, with the mistakes in it."""
        if verdict.status == "passed":
            return tuple(self._possible)
        explanations = explanations_of(self.check, key, answer, self.excluded)
        if not explanations:
            return ()
        more = _ids(explanation.mistakes[0] for explanation in explanations)
        return tuple(way.union(more) for way in self._possible)

    @cached_property
    def _possible(self) -> dict[Mistakes, Carried]:
        """Return what the answer is compared with in each of the ways in which there is one."""
        possible = {}
        for made in self.ways:
            carried = self.carry(self.check, made)
            if carried:
                possible[made] = carried
        return possible

    @cached_property
    def _carried(self) -> Carried | None:
        """Return what the answer is compared with: the same in all ways.

        An array tells something where it does in all. None where ways differ in what they expect.
        """
        if not self._possible:
            return None
        first, *others = self._possible.values()
        telling = first.telling
        for other in others:
            if not same_answer(self.check, first.key.expected, other.key.expected):
                return None
            telling &= other.telling
        return Carried(first.key, telling)

    def _telling_share(self, carried: Carried) -> float:
        """Return the share of the arrays that can earn which still can after the mistakes."""
        if not carried.telling:
            return 0.0
        earning = self.key.expected.arrays.keys() - self.key.constant
        still = earning & (carried.telling - carried.key.constant)
        return len(still) / len(earning)


@dataclass(frozen=True)
class _TellingKey:
    """A key in which arrays that tell nothing (`silent`) earn nothing.

    They count as those that are the same on every seed.
    """

    key: CheckKey
    silent: frozenset[str]

    @property
    def expected(self) -> Answer:
        return self.key.expected

    @property
    def loss(self) -> float | None:
        return self.key.loss

    @property
    def constant(self) -> frozenset[str]:
        return self.key.constant | self.silent

    @property
    def mistakes(self) -> Known:
        return self.key.mistakes

    @property
    def small_changes(self) -> ChangedAnswers:
        return NO_CHANGES

    @property
    def style_changes(self) -> ChangedAnswers:
        return NO_CHANGES

    def spoilt_by(self, mistake: Mistake | SmallChange) -> bool:
        return self.key.spoilt_by(mistake)


def told_as_following(following: Following, needed: Sequence[str]) -> Verdict:
    """Tell that earlier mistakes were carried forward.

    A check that is right but for them earns, and has not passed. One in which they hide what is
    right counts as not reached, but what needs it may be judged.
    """
    verdict = following.verdict
    if not following.ways and verdict.status == "passed":
        return verdict
    names = " and ".join(f"`{name}`" for name in needed)
    are_wrong = f"{names} before this {'are' if len(needed) > 1 else 'is'} wrong"
    if following.is_hidden:
        hides = Remark(f"{are_wrong}, and nobody can tell yet whether what follows is right.")
        return replace(verdict, status="not_reached", remarks=(hides,), failure=Failure.NONE)
    if verdict.status == "passed":
        text = f"{are_wrong}; what follows is right, and it counts."
    else:
        text = f"judged with what is wrong in {names} carried forward."
    status: Status = "partial" if verdict.earned else "failed"
    remarks = (Remark(text), *verdict.remarks)  # of one that has passed there are no others
    return replace(verdict, status=status, remarks=remarks, carried=verdict.earned)
