"""What a class's results of one unit say together: checks, known mistakes, equal wrong answers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

from autograder.grading.results import Result
from autograder.judging import Verdict

ENDED = ("killed", "timeout", "error")


@dataclass(frozen=True)
class CheckSummary:
    """How a check went.

    passed, partial, failed, not_reached: how many submissions. share: the mean share of its
    points. seconds, longest: the median and the longest time.
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
    """How many submissions earned from `low` to under `high` points; in the last bar, all too."""

    low: int
    high: int
    count: int


@dataclass(frozen=True)
class Group:
    """Students with the same remark, or with equal wrong arrays that no known mistake explains."""

    check: str
    text: str
    students: tuple[str, ...]


def checks(results: Sequence[Result]) -> list[CheckSummary]:
    """Return a summary of each check of a unit, in order."""
    by_check: dict[str, list[Verdict]] = {}
    for result in results:
        for verdict in result.verdicts:
            by_check.setdefault(verdict.name, []).append(verdict)
    return [_summary(verdicts) for verdicts in by_check.values()]


def _summary(verdicts: Sequence[Verdict]) -> CheckSummary:
    """Return the summary of one check's verdicts."""
    statuses = [verdict.status for verdict in verdicts]
    passed = statuses.count("passed")
    partial = statuses.count("partial")
    not_reached = statuses.count("not_reached")
    seconds = [verdict.seconds for verdict in verdicts if verdict.status != "not_reached"] or [0.0]
    return CheckSummary(
        name=verdicts[0].name,
        title=verdicts[0].title,
        passed=passed,
        partial=partial,
        failed=len(verdicts) - passed - partial - not_reached,
        not_reached=not_reached,
        share=sum(verdict.earned / verdict.points for verdict in verdicts) / len(verdicts),
        seconds=median(seconds),
        longest=max(seconds),
    )


def distribution(results: Sequence[Result], most: int = 15) -> list[Bar]:
    """Return how points are distributed, in at most so many bars of a whole number of points."""
    top = max(result.max_score for result in results)
    width = max(1, ceil(top / most))
    last = ceil(top / width) - 1
    counts = Counter[int]()
    for result in results:
        bar = int(result.score // width)
        counts[min(bar, last)] += 1
    bars = []
    for bar in range(last + 1):
        low = bar * width
        bars.append(Bar(low, low + width, counts[bar]))
    return bars


# ---- submissions that are worth a look

SLOWER = 3.0  # times as long as most who passed a check
LEAST_USUAL = 0.1  # seconds: what is faster is no measure


def to_look_at(results: Sequence[Result]) -> list[tuple[Result, str]]:
    """Return the submissions that a person should look at, and why.

    Those could not be read, ended, hung or were stopped in a check, gave two answers to one
    question, or took far longer for a check than those who passed it.
    """
    usual = _usual_seconds(results)
    found = []
    for result in results:
        reasons = _reasons(result, usual)
        if reasons:
            found.append((result, "; ".join(reasons)))
    return found


def _usual_seconds(results: Sequence[Result]) -> dict[str, float]:
    """Return check → the median of the seconds that those took who passed it."""
    of_passed: dict[str, list[float]] = {}
    for result in results:
        for verdict in result.verdicts:
            if verdict.status == "passed":
                of_passed.setdefault(verdict.name, []).append(verdict.seconds)
    return {name: max(median(seconds), LEAST_USUAL) for name, seconds in of_passed.items()}


def _reasons(result: Result, usual: Mapping[str, float]) -> list[str]:
    """Say why a submission should be looked at; nothing where it need not."""
    reasons = [result.note] if result.note else _endings(result.verdicts)
    two = [verdict.name for verdict in result.verdicts if verdict.two_answers]
    if two:
        reasons.append(f"two answers to one question in {', '.join(two)}")
    for verdict in result.verdicts:
        mostly = usual.get(verdict.name)
        if mostly is not None and verdict.seconds > SLOWER * mostly:
            reasons.append(f"{verdict.name} took {verdict.seconds:.1f} s, mostly {mostly:.1f} s")
    return reasons


def _endings(verdicts: Sequence[Verdict]) -> list[str]:
    """Say in which checks a submission was ended, hung or failed, by kind."""
    found = []
    for status in ENDED:
        names = [verdict.name for verdict in verdicts if verdict.status == status]
        if names:
            found.append(f"{status} in {', '.join(names)}")
    return found


# ---- groups of students


def mistakes(results: Sequence[Result]) -> list[Group]:
    """Return the known mistakes that were made, the commonest first."""
    check_of: dict[str, str] = {}
    students: dict[str, dict[str, None]] = {}  # what is said of a mistake → who made it, in order
    for result in results:
        for verdict in result.verdicts:
            for remark in verdict.remarks:
                if remark.mistake:
                    check_of.setdefault(remark.text, verdict.name)
                    students.setdefault(remark.text, {})[result.student] = None
    return _largest_first(
        Group(check_of[text], text, tuple(those)) for text, those in students.items()
    )


def unnamed(results: Sequence[Result]) -> list[Group]:
    """Return groups of two or more with equal wrong arrays that no known mistake explains.

    They are candidates for one.
    """
    # check, and each wrong array with the checksum of its values → students
    equal: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}
    for result in results:
        for verdict in result.verdicts:
            wrong = tuple((r.arrays[0], r.group) for r in verdict.remarks if r.group)
            if wrong:
                equal.setdefault((verdict.name, wrong), []).append(result.student)
    groups = []
    for (check, wrong), students in equal.items():
        if len(students) > 1:
            arrays = ", ".join(array for array, _ in wrong)
            groups.append(Group(check, f"equal wrong values in {arrays}", tuple(students)))
    return _largest_first(groups)


def _largest_first(groups: Iterable[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: -len(group.students))
