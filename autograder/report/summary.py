"""What a class's results of one unit say together: checks, known mistakes, and equal wrong answers
nobody has named.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

from autograder.grading.results import Result
from autograder.judging import Verdict

ENDED = ("killed", "timeout", "error")


@dataclass(frozen=True)
class CheckSummary:
    """How a check went: how many passed, were right in part, had nothing right, or never came to
    it; the mean share of its points; the median and the longest time in seconds.
    """

    name: str
    title: str
    passed: int
    partial: int
    failed: int
    not_reached: int
    share: float
    seconds: float
    longest: float


@dataclass(frozen=True)
class Bar:
    """How many submissions earned from `low` to under `high` points; the last bar holds all points
    too.
    """

    low: int
    high: int
    count: int


@dataclass(frozen=True)
class Group:
    """Students whom the same is told; for a group that nobody has named, whose wrong arrays are
    equal.
    """

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
            *_counts([v.status for v in verdicts]),
            sum(v.earned / v.points for v in verdicts) / len(verdicts),
            median(seconds),
            max(seconds),
        )
        for verdicts in by_check.values()
        for seconds in [[v.seconds for v in verdicts if v.status != "not_reached"] or [0.0]]
    ]


def _counts(statuses: Sequence[str]) -> tuple[int, int, int, int]:
    passed, partial, left = (
        statuses.count(status) for status in ("passed", "partial", "not_reached")
    )
    return passed, partial, len(statuses) - passed - partial - left, left


def distribution(results: Sequence[Result], most: int = 15) -> list[Bar]:
    """How points are distributed, in at most 15 bars of a whole number of points."""
    top = max(result.max_score for result in results)
    width = max(1, ceil(top / most))
    at = [int(min(result.score, top - 0.01) // width) for result in results]
    return [Bar(i * width, (i + 1) * width, at.count(i)) for i in range(ceil(top / width))]


def to_look_at(results: Sequence[Result], slower: float = 3.0) -> list[tuple[Result, str]]:
    """Submissions that could not be read, ended, hung or were stopped in a check, gave two answers
    to one question, or took far longer for a check than those who passed it; and why.
    """
    passed: dict[str, list[float]] = {}
    for verdict in (
        verdict for result in results for verdict in result.verdicts if verdict.status == "passed"
    ):
        passed.setdefault(verdict.name, []).append(verdict.seconds)
    usual = {name: max(median(seconds), 0.1) for name, seconds in passed.items()}
    found = []
    for result in results:
        why = [result.note] if result.note else []
        for status in () if result.note else ENDED:
            names = [verdict.name for verdict in result.verdicts if verdict.status == status]
            why += [f"{status} in {', '.join(names)}"] if names else []
        two = [verdict.name for verdict in result.verdicts if verdict.two_answers]
        why += [f"two answers to one question in {', '.join(two)}"] if two else []
        slow = [v for v in result.verdicts if v.seconds > slower * usual.get(v.name, v.seconds)]
        why += [f"{v.name} took {v.seconds:.1f} s, mostly {usual[v.name]:.1f} s" for v in slow]
        found += [(result, "; ".join(why))] if why else []
    return found


def mistakes(results: Sequence[Result]) -> list[Group]:
    """The known mistakes that were made, the commonest first."""
    made: dict[str, tuple[str, dict[str, None]]] = {}
    for result in results:
        for verdict in result.verdicts:
            for remark in verdict.remarks:
                if remark.mistake:
                    made.setdefault(remark.text, (verdict.name, {}))[1][result.student] = None
    return _largest_first(
        Group(check, text, tuple(students)) for text, (check, students) in made.items()
    )


def unnamed(results: Sequence[Result]) -> list[Group]:
    """Groups of two or more whose wrong arrays are equal and explained by no known mistake:
    candidates for one.
    """
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
