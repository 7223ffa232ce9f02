"""Errors carried forward: an early mistake costs its own check, and what follows counts.

Where a check that others need is wrong by known mistakes, the others still run. They are
judged against the solution with those mistakes in it. An array earns only where it still tells what
it is there for: each known mistake that it shows, and that none of the needed checks shows, it
shows beside the early mistakes too.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from autograder.check import Answer, Check
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
    explanations_of,
    judge,
)
from autograder.relations.small_changes import NO_CHANGES, ChangedAnswers, SmallChange

Mistakes = frozenset[str]  # ids of known mistakes made at once
MOST_WAYS = 4  # ways in which earlier answers may have come about, of which each is tried


@dataclass(frozen=True)
class Carried:
    """What a check is compared with where known mistakes were made before it.

    telling: the arrays that still tell something.
    """

    key: CheckKey
    telling: frozenset[str]


# a check and the mistakes made before it → what it is compared with; None where nothing can be told
Carry = Callable[[Check, Mistakes], Carried | None]


def carry_nothing(*_: object) -> Carried | None:
    """Carry nothing forward."""
    return None


def carried_by_file(key: Key, check: Check, made: Mistakes) -> Carried | None:
    """Return what a student's key knows of a check after one early mistake: the answer with it.

    It knows no further mistake, and not whether the arrays still tell something; a grade does.
    """
    if len(made) > 1:
        return None
    known = key[check.name]
    answer = known.expected
    for mistake, mistaken in known.mistakes:
        if mistake.id in made:
            answer = mistaken
    if answer.failure:
        return None
    return Carried(PlainKey(answer), frozenset(answer.arrays))


@dataclass
class Early:
    """The checks that known mistakes explain wholly.

    ways: check → the ways in which its answer may have come about, each the mistakes made.
    """

    ways: dict[str, list[Mistakes]] = field(default_factory=dict)

    def before(self, needed: Iterable[str]) -> list[Mistakes]:
        """List the ways in which the answers to these checks may have come about.

        There is none where one of them is not explained.
        """
        by_check = [self.ways.get(name, []) for name in needed]
        combined = []
        for choice in product(*by_check):
            made = _all_of(choice)
            if made not in combined:
                combined.append(made)
        return combined[:MOST_WAYS]

    def add(self, check: Check, key: CheckKey, answer: Answer, excluded: Excluded) -> None:
        """Note what explains a wrong answer, if known mistakes explain all of it."""
        explanations = explanations_of(check, key, answer, excluded)
        if not explanations:
            return
        alternatives = [_ids(explanation.mistakes) for explanation in explanations]
        ways = [frozenset(choice) for choice in product(*alternatives)]
        self.ways[check.name] = ways[:MOST_WAYS]

    def follow(self, check: Check, judged: "Following") -> None:
        """Note what explains the answer to a check that follows from others."""
        if judged.made:
            self.ways[check.name] = [judged.made]


def _all_of(mistakes: Iterable[Mistakes]) -> Mistakes:
    return frozenset[str]().union(*mistakes)


def _ids(mistakes: Iterable[Mistake]) -> list[str]:
    return [mistake.id for mistake in mistakes]


@dataclass(frozen=True)
class Following:
    """The verdict on a check that follows wrong ones, and the mistakes that explain its answer.

    made: none where the answer is still right, or where something in it is not explained.
    """

    verdict: Verdict
    made: Mistakes = frozenset()


@dataclass(frozen=True)
class Follows:
    """A check that needs wrong ones, and all that its answer is judged by.

    key: what the answer is compared with where no mistake was made before.
    ways: the mistakes that may have been made before.
    needed: the checks that are wrong.
    sizes, excluded: as in `judge`.
    """

    check: Check
    key: CheckKey
    carry: Carry
    ways: Sequence[Mistakes]
    needed: Sequence[str]
    sizes: Mapping[str, int]
    excluded: Excluded

    def can_be_judged(self) -> bool:
        """Whether there is something to compare an answer with."""
        return any(self._carried())

    def judge(self, answer: Answer) -> Following:
        """Judge an answer, in the way that earns most; one that is still right passes."""
        without_mistakes = PlainKey(self.key.expected)
        plain = judge(self.check, without_mistakes, answer, self.sizes)
        if plain.status == "passed":
            return Following(plain)
        found = []
        for made, carried in self._carried():
            found.append(self._judge_after(made, carried, answer))
        return max(found, key=lambda following: following.verdict.earned)

    def _carried(self) -> Iterator[tuple[Mistakes, Carried]]:
        for made in self.ways:
            carried = self.carry(self.check, made)
            if carried:
                yield made, carried

    def _judge_after(self, made: Mistakes, carried: Carried, answer: Answer) -> Following:
        """Judge an answer as one that was given after known mistakes."""
        silent = self.key.expected.arrays.keys() - carried.telling
        key = _TellingKey(carried.key, frozenset(silent))
        verdict = judge(self.check, key, answer, self.sizes, self.excluded)
        earned = round(self._telling_share(key) * verdict.earned, 4)
        verdict = replace(verdict, earned=earned)
        if verdict.status == "passed":
            return Following(verdict, made)
        explanations = explanations_of(self.check, key, answer, self.excluded)
        if not explanations:
            return Following(verdict)
        more = [explanation.mistakes[0] for explanation in explanations]
        return Following(verdict, made.union(_ids(more)))

    def _telling_share(self, key: "_TellingKey") -> float:
        """Return the share of the arrays that can earn which still can after the mistakes."""
        earning = self.key.expected.arrays.keys() - self.key.constant
        return len(earning - key.constant) / len(earning)


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

    def spoilt_by(self, mistake: Mistake | SmallChange) -> bool:
        return self.key.spoilt_by(mistake)


def told_as_following(following: Following, needed: Sequence[str]) -> Verdict:
    """Tell that earlier mistakes were carried forward.

    A check that is right but for them earns, and has not passed.
    """
    verdict = following.verdict
    if not following.made and verdict.status == "passed":
        return verdict
    names = " and ".join(f"`{name}`" for name in needed)
    if verdict.status == "passed":
        are = "are" if len(needed) > 1 else "is"
        text = f"{names} before this {are} wrong; what follows is right, and it counts."
    else:
        text = f"judged with what is wrong in {names} carried forward."
    status: Status = "partial" if verdict.earned else "failed"
    remarks = (Remark(text), *verdict.remarks)  # of one that has passed there are no others
    return replace(verdict, status=status, remarks=remarks, carried=verdict.earned)
