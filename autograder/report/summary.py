"""What a class's results of one unit say together: checks, known mistakes, and equal wrong answers nobody has named."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from autograder.checking import Verdict
from autograder.journal import Result


@dataclass(frozen=True)
class CheckSummary:
    """How a check went: how many passed, the mean share of its points, the median and the longest time in seconds."""

    name: str
    title: str
    passed: int
    share: float
    seconds: float
    longest: float


@dataclass(frozen=True)
class Group:
    """Students whom the same is told; for a group that nobody has named, whose wrong arrays are equal."""

    check: str
    text: str
    students: tuple[str, ...]


def checks(results: Sequence[Result]) -> list[CheckSummary]:
    """A summary of each check of a unit, in order."""
    by_check: dict[str, list[Verdict]] = {}
    for verdict in (verdict for result in results for verdict in result.verdicts):
        by_check.setdefault(verdict.name, []).append(verdict)
    return [
        CheckSummary(
            verdicts[0].name,
            verdicts[0].title,
            sum(v.status == "passed" for v in verdicts),
            sum(v.earned / v.points for v in verdicts) / len(verdicts),
            median(v.seconds for v in verdicts),
            max(v.seconds for v in verdicts),
        )
        for verdicts in by_check.values()
    ]


def mistakes(results: Sequence[Result]) -> list[Group]:
    """The known mistakes that were made, the commonest first."""
    made: dict[str, tuple[str, dict[str, None]]] = {}
    for result in results:
        for verdict in result.verdicts:
            for remark in verdict.remarks:
                if remark.mistake:
                    made.setdefault(remark.text, (verdict.name, {}))[1][result.student] = None
    return _largest_first(Group(check, text, tuple(students)) for text, (check, students) in made.items())


def unnamed(results: Sequence[Result]) -> list[Group]:
    """Groups of two or more whose wrong arrays are equal and explained by no known mistake: candidates for one."""
    equal: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for result in results:
        for verdict in result.verdicts:
            if alike := tuple(f"{r.arrays[0]} {r.group}" for r in verdict.remarks if r.group):
                arrays = ", ".join(r.arrays[0] for r in verdict.remarks if r.group)
                equal.setdefault((verdict.name, alike, arrays), []).append(result.student)
    return _largest_first(
        Group(check, f"equal wrong values in {arrays}", tuple(students))
        for (check, _, arrays), students in equal.items()
        if len(students) > 1
    )


def _largest_first(groups: Iterable[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: -len(group.students))
