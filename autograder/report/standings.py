"""Standings: the held-out losses of a class under random names, to be shown to all of it."""

from collections.abc import Iterator, Sequence

from autograder.grading.attempts import kind_in_words
from autograder.grading.policy import Grade
from autograder.judging import Verdict
from autograder.report.pseudonyms import Pseudonyms
from autograder.report.terminal import number


def standings(grades: Sequence[Grade]) -> str:
    """Return a Markdown table for each check that trains, lowest loss first.

    A student has one random name in all of them, and another one at each call.
    """
    names = Pseudonyms()
    names.assign(grade.result.student for grade in grades)
    lines = ["# Held-out losses", ""]
    kinds = {kind_in_words(grade.result) for grade in grades} - {""}
    for kind in sorted(kinds):
        lines += [f"These results are {kind}.", ""]
    for unit, check in _checks_that_train(grades):
        lines += [f"## {unit}: {check}", "", "| | student | loss | points |", "|---|---|---|---|"]
        lines += _rows(grades, names, unit, check)
        lines.append("")
    return "\n".join(lines)


def _checks_that_train(grades: Sequence[Grade]) -> list[tuple[str, str]]:
    """Return the unit and the name of each check for which a submission has a loss."""
    found = {}
    for grade in grades:
        for verdict in grade.result.verdicts:
            if verdict.loss:
                found[(grade.result.unit, verdict.name)] = True
    return sorted(found)


def _rows(grades: Sequence[Grade], names: Pseudonyms, unit: str, check: str) -> Iterator[str]:
    """Yield the rows of one check, without students who have no loss."""
    measured = []
    for grade in grades:
        for verdict in grade.result.verdicts:
            if grade.result.unit == unit and verdict.name == check and verdict.loss:
                measured.append((verdict.loss[0], names[grade.result.student], verdict))
    measured.sort(key=lambda row: row[:2])
    for place, (loss, name, verdict) in enumerate(measured, 1):
        yield f"| {place} | {name} | {loss:.4f} | {_points(verdict)} |"
    ours = {verdict.loss[1] for _, _, verdict in measured}
    for loss in sorted(ours):
        yield f"| | our solution | {loss:.4f} | |"


def _points(verdict: Verdict) -> str:
    return f"{number(verdict.earned)} of {number(verdict.points)}"
