"""The basis of comparison of answers: the key of a check, and known mistakes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from autograder.check import Answer, Check, Corpus
from autograder.judging.prints import NO_CHANGES, ChangedAnswers, SmallChange
from autograder.slip import LISTED


@dataclass(frozen=True)
class Mistake:
    """A known mistake.

    text: its description for students.
    keeps: the share of an array's points that it leaves.
    code: the line with the mistake. It stays with the solution: empty in a student's key.
    """

    id: str
    text: str
    keeps: float = 0.0
    code: str = ""


def pair_of_mistakes(identity: str) -> SmallChange:
    """Return two known mistakes as one variant of the solution. identity: the ids of both."""
    return SmallChange(identity, "", LISTED)


def ids_of_pair(pair: SmallChange) -> list[str]:
    """Return the ids of the two known mistakes of a variant."""
    return pair.id.split()


# mistakes that change the answer to a check, each with that answer
KnownMistakes = Sequence[tuple[Mistake, Answer]]

# whether a known mistake, or a small change of the solution, cannot have been made, since it would
# have failed a check that passed
Excluded = Callable[[Mistake | SmallChange], bool]


def none_excluded(mistake: Mistake | SmallChange) -> bool:
    """Exclude no mistake."""
    return False


class CheckKey(Protocol):
    """The key of one check. It may be computed lazily, which may take experiments.

    `standard_for` reads from it what decides about an answer. Judging itself reads at most the
    expected answer, from keys that `grading` has computed before.
    """

    @property
    def expected(self) -> Answer:
        """The solution's answer."""

    @property
    def loss(self) -> float | None:
        """The loss that the solution's training reached, for a check that trains."""

    @property
    def constant(self) -> frozenset[str]:
        """The arrays that the solution answers alike on another seed: they cost and never earn."""

    @property
    def mistakes(self) -> KnownMistakes:
        """The known mistakes that lose points here, each with its answer."""

    @property
    def small_changes(self) -> ChangedAnswers:
        """The solution's answers with one small change in it."""

    @property
    def style_changes(self) -> ChangedAnswers:
        """The answers of right solutions in other styles with one small change in them."""

    @property
    def mistake_pairs(self) -> ChangedAnswers:
        """The solution's answers with two known mistakes in it; an id is those of both."""

    def spoilt_by(self, mistake: Mistake | SmallChange) -> bool:
        """Return whether a known mistake, or a small change of the solution, loses points here."""


@dataclass(frozen=True)
class PlainKey:
    """The key of one check as plain data."""

    expected: Answer
    mistakes: KnownMistakes = ()
    loss: float | None = None
    constant: frozenset[str] = frozenset()
    small_changes: ChangedAnswers = NO_CHANGES
    style_changes: ChangedAnswers = NO_CHANGES
    mistake_pairs: ChangedAnswers = NO_CHANGES

    def spoilt_by(self, mistake: Mistake | SmallChange) -> bool:
        """Return whether a known mistake, or a small change of the solution, loses points here."""
        if isinstance(mistake, SmallChange):
            return self.small_changes.spoilt_by(mistake.id)
        identities = {known.id for known, _ in self.mistakes}
        return mistake.id in identities


Key = Mapping[str, CheckKey]


def key_name(check: Check, text: Corpus | None) -> str:
    """Return the name of a key's entry: a check and, if it trains, its corpus."""
    if check.measure and text:
        return f"{check.name}@{text.name}"
    return check.name
