"""Counts how feedback diagnoses mistakes that are not listed.

It names one or two known mistakes, finds a relation to the right answer or a small change of one,
or repairs the wrong answer by a small change. Otherwise it has the words that the check's author
wrote, an error, or none of these.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from autograder.authoring.mutants import name_of
from autograder.finding import Finding, FindingKind, LookKind
from autograder.judging import Remark, Verdict
from autograder.source.edits import Edit

Diagnosis = Literal[
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
class FeedbackCoverage:
    """The diagnoses of wrong variants of a unit's solution, and their number.

    counts: by the first failed check: *named* by a known mistake, *related* to the expected values,
    by a *small change* of the solution that gives the same, by *two mistakes* at once, *repaired*
    by a small change of the answer itself after which the check passes, by the check's *own words*
    for an array, by the *error* that they raise, or *neither*.
    untrue: wrong statements of the feedback.
    """

    counts: Counter[Diagnosis] = field(default_factory=Counter)
    untrue: list[str] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """Return the number of variants with an answer that no error ended."""
        in_own_words = self.counts["own words"]
        return self.explained + in_own_words + self.counts["neither"]

    @property
    def explained(self) -> int:
        """Return the number of variants with feedback that explains their values."""
        named = self.counts["named"]
        related = self.counts["related"]
        changed = self.counts["small change"] + self.counts["two mistakes"]
        repaired = self.counts["repaired"]
        return named + related + changed + repaired

    @property
    def share(self) -> float:
        """Return the share of variants with an answer whose values feedback explains."""
        if not self.answered:
            return 1.0
        return self.explained / self.answered

    def add(
        self, verdicts: Sequence[Verdict], mutant: Edit, places: Mapping[str, frozenset[str]]
    ) -> None:
        """Count the feedback on a mutant.

        places: code of a known mistake → the names of the definitions that contain it.
        """
        diagnosis = diagnosis_of(verdicts)
        if diagnosis:
            self.counts[diagnosis] += 1
        for remark in untrue(verdicts, mutant.function, places):
            words = f"{name_of(mutant)}: got: {remark.text}"
            self.untrue.append(words)


def diagnosis_of(verdicts: Iterable[Verdict]) -> Diagnosis | None:
    """Return the diagnosis of the first failed check; None if all pass."""
    failed = first_failed(verdicts)
    return _diagnosis_of_failure(failed) if failed else None


def first_failed(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Return the verdict on the first requested check that has not passed."""
    for verdict in verdicts:
        if not verdict.is_done and verdict.status != "not_reached":
            return verdict
    return None


def _diagnosis_of_failure(verdict: Verdict) -> Diagnosis:
    findings = findings_of(verdict)
    kinds = {finding.kind for finding in findings}
    for kind, diagnosis in DIAGNOSIS.items():
        if kind in kinds:
            return diagnosis
    if any(finding.mending for finding in findings):
        return "repaired"
    if verdict.failure:
        return "error"
    looks = {finding.look.kind for finding in findings if finding.look}
    return "own words" if LookKind.OWN_WORDS in looks else "neither"


# in this order: the best explanation of an array is the diagnosis
DIAGNOSIS: Mapping[FindingKind, Diagnosis] = {
    FindingKind.MISTAKE: "named",
    FindingKind.MISTAKE_OF_ERROR: "named",
    FindingKind.WRONG_PART: "named",
    FindingKind.RELATION: "related",
    FindingKind.SMALL_CHANGE: "small change",
    FindingKind.TWO_MISTAKES: "two mistakes",
}


def findings_of(verdict: Verdict) -> list[Finding]:
    """Return the findings of the remarks on a check."""
    return [remark.finding for remark in verdict.remarks if remark.finding]


def untrue(
    verdicts: Iterable[Verdict], function: str, places: Mapping[str, frozenset[str]]
) -> list[Remark]:
    """List the remarks about another definition than the changed one.

    function: the changed one, `Class.method` or a plain name.
    places: code of a known mistake → the names of the definitions that contain it.
    """
    changed, _, _ = function.partition(".")
    found = []
    for verdict in verdicts:
        for remark in verdict.remarks:
            if remark.mistake:
                made_in = places.get(remark.mistake, frozenset())
                if changed not in made_in:
                    found.append(remark)
            if remark.finding and _names_another(remark.finding, changed):
                found.append(remark)
    return found


def _names_another(finding: Finding, definition: str) -> bool:
    """Return whether feedback names a small change in other definitions than this one."""
    functions: tuple[str, ...] = ()
    if finding.change:
        functions = finding.change.functions
    if finding.mending:
        functions = (finding.mending.function,)
    tops = {function.partition(".")[0] for function in functions}
    return bool(tops) and definition not in tops
