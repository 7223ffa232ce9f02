"""What the grader says of mistakes that nobody wrote.

Each is named, or related to the right answer, or told as a small change, or none of these.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from autograder.judging import Remark, Verdict
from autograder.relations.small_changes import KIND as SMALL_CHANGE

if TYPE_CHECKING:
    from autograder.authoring.mutants import Mutant  # which needs libcst

Told = Literal["named", "related", "small change", "error", "neither"]


@dataclass
class Telling:
    """How many wrong variants of a unit's solution are told what.

    counts: by how the first check that fails tells them: *named* by a known mistake, *related* to
    the expected values, by a *small change* of the solution that gives the same, by the *error*
    that they raise, or *neither*.
    untrue: what is told that is not so.
    """

    counts: Counter[Told] = field(default_factory=Counter)
    untrue: list[str] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """How many came to an answer, which no error ended."""
        return self.explained + self.counts["neither"]

    @property
    def explained(self) -> int:
        """How many are told what explains their values."""
        return self.counts["named"] + self.counts["related"] + self.counts["small change"]

    @property
    def share(self) -> float:
        """The share of those that are named or related, or told a small change."""
        return self.explained / self.answered if self.answered else 1.0

    def add(
        self, verdicts: Sequence[Verdict], mutant: "Mutant", places: Mapping[str, frozenset[str]]
    ) -> None:
        """Count what a mutant is told.

        places: code of a known mistake → the names of the definitions in which it is made.
        """
        told = how_told(verdicts)
        if told:
            self.counts[told] += 1
        for remark in untrue(verdicts, mutant.function, places):
            self.untrue.append(f"{mutant.name}: was told: {remark.text}")


def how_told(verdicts: Iterable[Verdict]) -> Told | None:
    """Say how the first check that fails tells what went wrong; None where all pass."""
    failed = [verdict for verdict in verdicts if verdict.status not in ("passed", "not_reached")]
    if not failed:
        return None
    first = failed[0]
    if any(remark.mistake for remark in first.remarks):
        return "named"
    relations = {remark.relation for remark in first.remarks if remark.relation}
    if relations - {SMALL_CHANGE}:
        return "related"
    if relations:
        return "small change"
    return "error" if first.failure else "neither"


def untrue(
    verdicts: Iterable[Verdict], function: str, places: Mapping[str, frozenset[str]]
) -> list[Remark]:
    """List the remarks that speak of another definition than the one that was changed.

    function: in which the change was made, `Class.method` or a plain name.
    places: code of a known mistake → the names of the definitions in which it is made.
    """
    changed, _, _ = function.partition(".")
    found = []
    for verdict in verdicts:
        for remark in verdict.remarks:
            if remark.mistake and changed not in places.get(remark.mistake, frozenset()):
                found.append(remark)
            if remark.relation == SMALL_CHANGE and f"`{changed}" not in remark.text:
                found.append(remark)
    return found
