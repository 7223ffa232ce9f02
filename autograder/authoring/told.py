"""What the grader says of mistakes that nobody wrote.

Each is named, or related to the right answer, or told as a small change of one or as two known
mistakes at once, or repaired by a small change of its own, or told by words that the check's author
wrote, or none of these.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from autograder.authoring.mutants import name_of
from autograder.check import Check
from autograder.explaining.mistake_pairs import KIND as TWO_MISTAKES
from autograder.explaining.repairs import KIND as REPAIRED
from autograder.explaining.small_changes import KIND as SMALL_CHANGE
from autograder.judging import Remark, Verdict
from autograder.source.edits import Edit

Told = Literal[
    "named",
    "related",
    "small change",
    "two mistakes",
    "repaired",
    "own words",
    "error",
    "neither",
]


@dataclass
class Telling:
    """How many wrong variants of a unit's solution are told what.

    counts: by how the first check that fails tells them: *named* by a known mistake, *related* to
    the expected values, by a *small change* of the solution that gives the same, by *two mistakes*
    at once, *repaired* by a small change of the answer itself after which the check passes, by the
    check's *own words* for an array, by the *error* that they raise, or *neither*.
    untrue: what is told that is not so.
    checks: of the unit; without them own words are not known.
    """

    counts: Counter[Told] = field(default_factory=Counter)
    untrue: list[str] = field(default_factory=list)
    checks: Sequence[Check] = ()

    @property
    def answered(self) -> int:
        """Return how many came to an answer, which no error ended."""
        in_own_words = self.counts["own words"]
        return self.explained + in_own_words + self.counts["neither"]

    @property
    def explained(self) -> int:
        """Return how many are told what explains their values."""
        named = self.counts["named"]
        related = self.counts["related"]
        changed = self.counts["small change"] + self.counts["two mistakes"]
        repaired = self.counts["repaired"]
        return named + related + changed + repaired

    @property
    def share(self) -> float:
        """Return the share of those that are named or related, or told a small change."""
        if not self.answered:
            return 1.0
        return self.explained / self.answered

    def add(
        self, verdicts: Sequence[Verdict], mutant: Edit, places: Mapping[str, frozenset[str]]
    ) -> None:
        """Count what a mutant is told.

        places: code of a known mistake → the names of the definitions in which it is made.
        """
        told = how_told(verdicts, self.checks)
        if told:
            self.counts[told] += 1
        for remark in untrue(verdicts, mutant.function, places):
            words = f"{name_of(mutant)}: got: {remark.text}"
            self.untrue.append(words)


def how_told(verdicts: Iterable[Verdict], checks: Iterable[Check] = ()) -> Told | None:
    """Say how the first check that fails tells what went wrong; None where all pass.

    checks: of the unit; without them the words of their authors are not known.
    """
    failed = first_failed(verdicts)
    if failed is None:
        return None
    words: set[str] = set()
    for check in checks:
        if check.name == failed.name:
            words.update(check.words.values())
    return _how_failure_is_told(failed, words)


def first_failed(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Return the verdict on the first check that was asked and has not passed."""
    for verdict in verdicts:
        if verdict.status not in ("passed", "not_reached"):
            return verdict
    return None


def _how_failure_is_told(verdict: Verdict, words: Container[str]) -> Told:
    relations = set()
    for remark in verdict.remarks:
        if remark.mistake:
            return "named"
        if remark.relation:
            relations.add(remark.relation)
    if relations - {SMALL_CHANGE, TWO_MISTAKES, REPAIRED}:
        return "related"
    if SMALL_CHANGE in relations:
        return "small change"
    if TWO_MISTAKES in relations:
        return "two mistakes"
    if REPAIRED in relations:
        return "repaired"
    if verdict.failure:
        return "error"
    if any(remark.arrays and remark.text in words for remark in verdict.remarks):
        return "own words"
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
            if remark.relation in (SMALL_CHANGE, REPAIRED) and _names_another(remark.text, changed):
                found.append(remark)
    return found


def _names_another(text: str, function: str) -> bool:
    """Return whether a small change is told of other functions than this one."""
    if "change in `" not in text:
        return False
    return f"`{function}" not in text
