"""Errors carried forward: an early mistake costs its own check, and what is consistent with it
counts.

Where a check that others need is wrong by known mistakes, the others run all the same. They are
judged against the solution with those mistakes in it. An array earns only where it still tells what
it is there for: each known mistake that it shows, and that none of the checks which it needs shows,
it shows beside the early mistakes too.
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
    """What a check is compared with where known mistakes were made before it, and which arrays
    still tell something.
    """

    key: CheckKey
    telling: frozenset[str]


# a check and the mistakes made before it → what it is compared with; None where nothing can be told
Carry = Callable[[Check, Mistakes], Carried | None]


def carry_nothing(*_: object) -> Carried | None:
    """Carry nothing forward."""
    return None


def carried_by_file(key: Key, check: Check, made: Mistakes) -> Carried | None:
    """What a student's key knows of a check after one early mistake: the answer with it, and no
    further one.

    Whether the arrays still tell something it does not know; a grade does.
    """
    known = key[check.name]
    if len(made) > 1:
        return None
    (its,) = [answer for mistake, answer in known.mistakes if mistake.id in made] or [
        known.expected
    ]
    return None if its.failure else Carried(PlainKey(its), frozenset(its.arrays))


@dataclass
class Early:
    """The checks that known mistakes explain wholly: by which, in each way in which that may be."""

    ways: dict[str, list[Mistakes]] = field(default_factory=dict)

    def before(self, needed: Iterable[str]) -> list[Mistakes]:
        """The mistakes that may have been made before a check that needs these; none where one is
        not explained.
        """
        combined: dict[Mistakes, None] = {}
        for choice in product(*(self.ways.get(name, []) for name in needed)):
            combined[frozenset[str]().union(*choice)] = None
        return list(combined)[:MOST_WAYS]

    def add(self, check: Check, key: CheckKey, answer: Answer, not_made: Excluded) -> None:
        """Note what explains a wrong answer, if known mistakes explain all of it."""
        found = explanations_of(check, key, answer, not_made)
        if found:
            alternatives = ([mistake.id for mistake in one.mistakes] for one in found)
            self.ways[check.name] = [frozenset(choice) for choice in product(*alternatives)][
                :MOST_WAYS
            ]

    def follow(self, check: Check, judged: "Following") -> None:
        """Note what explains the answer to a check that follows from others."""
        if judged.made:
            self.ways[check.name] = [judged.made]


@dataclass(frozen=True)
class Following:
    """The verdict on a check that follows wrong ones, and the mistakes that explain its answer.

    made: none where the answer is right all the same, or where something in it is not explained.
    """

    verdict: Verdict
    made: Mistakes = frozenset()


@dataclass(frozen=True)
class Follows:
    """A check that needs wrong ones, and all that its answer is judged by.

    key: what the answer is compared with where no mistake was made before.
    ways: the mistakes that may have been made before.
    needed: the checks that are wrong.
    not_made: whether a mistake cannot have been made, as in `judge`.
    """

    check: Check
    key: CheckKey
    carry: Carry
    ways: Sequence[Mistakes]
    needed: Sequence[str]
    sizes: Mapping[str, int]
    not_made: Excluded

    def can_be_judged(self) -> bool:
        """Whether there is something to compare an answer with."""
        return any(self._carried())

    def judge(self, answer: Answer) -> Following:
        """Judge an answer, in the way that earns most; one that is right all the same passes."""
        plain = judge(self.check, PlainKey(self.key.expected), answer, self.sizes)
        if plain.status == "passed":
            return Following(plain)
        found = [self._judged(carried, way, answer) for way, carried in self._carried()]
        return max(found, key=lambda following: following.verdict.earned)

    def _carried(self) -> Iterator[tuple[Mistakes, Carried]]:
        for way in self.ways:
            if carried := self.carry(self.check, way):
                yield way, carried

    def _judged(self, carried: Carried, way: Mistakes, answer: Answer) -> Following:
        check, key = self.check, self.key
        telling = _TellingKey(carried.key, frozenset(key.expected.arrays) - carried.telling)
        verdict = judge(check, telling, answer, self.sizes, self.not_made)
        asked = key.expected.arrays.keys() - key.constant
        share = len(asked - telling.constant) / len(asked)
        verdict = replace(verdict, earned=round(share * verdict.earned, 4))
        if verdict.status == "passed":
            return Following(verdict, way)
        more = explanations_of(check, telling, answer, self.not_made)
        made = way.union(*({one.mistakes[0].id} for one in more)) if more else frozenset[str]()
        return Following(verdict, made)


@dataclass(frozen=True)
class _TellingKey:
    """A key in which arrays that tell nothing are as those that are the same on every seed: they
    earn nothing.
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
    """Tell that earlier mistakes were carried forward; what they alone explain earns, and has not
    passed.
    """
    verdict = following.verdict
    if not following.made and verdict.status == "passed":
        return verdict
    names = " and ".join(f"`{name}`" for name in needed)
    if verdict.status == "passed":
        text = (
            f"{names} before this {'are' if len(needed) > 1 else 'is'} wrong; what follows is "
            "right, and it counts."
        )
        remarks: tuple[Remark, ...] = (Remark(text),)
    else:
        text = f"judged with what is wrong in {names} carried forward."
        remarks = (Remark(text), *verdict.remarks)
    status: Status = "partial" if verdict.earned else "failed"
    return replace(verdict, status=status, remarks=remarks, carried=verdict.earned)
