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
        """Return how many came to an answer, which no error ended."""
        unexplained = self.counts["neither"]
        return self.explained + unexplained

    @property
    def explained(self) -> int:
        """Return how many are told what explains their values."""
        named = self.counts["named"]
        related = self.counts["related"]
        changed = self.counts["small change"]
        return named + related + changed

    @property
    def share(self) -> float:
        """Return the share of those that are named or related, or told a small change."""
        if not self.answered:
            return 1.0
        return self.explained / self.answered

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
            words = f"{mutant.name}: was told: {remark.text}"
            self.untrue.append(words)


def how_told(verdicts: Iterable[Verdict]) -> Told | None:
    """Say how the first check that fails tells what went wrong; None where all pass."""
    for verdict in verdicts:
        if verdict.status not in ("passed", "not_reached"):
            return _how_failure_is_told(verdict)
    return None


def _how_failure_is_told(verdict: Verdict) -> Told:
    relations = set()
    for remark in verdict.remarks:
        if remark.mistake:
            return "named"
        if remark.relation:
            relations.add(remark.relation)
    if relations - {SMALL_CHANGE}:
        return "related"
    if relations:
        return "small change"
    if verdict.failure:
        return "error"
    return "neither"


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
            if remark.mistake:
                made_in = places.get(remark.mistake, frozenset())
                if changed not in made_in:
                    found.append(remark)
            if remark.relation == SMALL_CHANGE and _names_another(remark.text, changed):
                found.append(remark)
    return found


def _names_another(text: str, function: str) -> bool:
    """Return whether a small change is told of other functions than this one."""
    if "change in `" not in text:
        return False
    return f"`{function}" not in text
