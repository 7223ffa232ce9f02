"""Verdicts in a terminal. Nothing of a submission is taken for markup."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TextIO

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.course import Course
from autograder.errors import visible
from autograder.grading.policy import Grade
from autograder.grading.results import Result
from autograder.grading.roster import Student
from autograder.judging import Verdict
from autograder.report import summary

STATUS_SYMBOLS = {"passed": ("✓", "green"), "partial": ("◐", "yellow"), "not_reached": ("·", "dim")}


def number(points: float) -> str:
    """Points without needless zeros."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def earned_in_practice(verdict: Verdict) -> str:
    """Points earned of those to be had, `1/2`; what is no whole number of points is a part of
    them.
    """
    whole = float(verdict.earned).is_integer() or verdict.status == "passed"
    return f"{number(verdict.earned) if whole else 'part'}/{number(verdict.points)}"


def verdict_lines(verdict: Verdict) -> Text:
    """`◐ 1/2  title` of a check in practice, and below it each remark."""
    sign, style = STATUS_SYMBOLS.get(verdict.status, ("✗", "red"))
    text = Text(f"{sign} {earned_in_practice(verdict).replace('part/', 'part of ')}  ", style)
    text.append(verdict.title, "default" if verdict.status != "not_reached" else "dim")
    text.append(f"  [{verdict.name}]", "dim")
    for remark in verdict.remarks:
        text.append(f"\n    {', '.join(remark.arrays)}: " if remark.arrays else "\n    ")
        text.append(visible(remark.text))
        if remark.example:
            text.append(f"\n    {visible(remark.example)}")
    return text


def total_in_practice(verdicts: Sequence[Verdict]) -> str:
    """Points earned of those to be had, in whole points."""
    earned, points = sum(v.earned for v in verdicts), sum(v.points for v in verdicts)
    if float(earned).is_integer() or earned == points:
        return total(verdicts)
    return f"about {round(earned)} of {number(points)} points"


class UnderWay:
    """One line on the check that is under way, written over itself each second."""

    def __init__(self, stream: TextIO, shown: bool, after: float = 0.0) -> None:
        """Show nothing yet.

        shown: whether the stream writes over a line, as a terminal and a notebook do. after:
        seconds of silence.
        """
        self._stream, self._shown, self._after = stream, shown, after
        self._text = ""  # what stands there

    def tell(self, what: str, seconds: float) -> None:
        """Say what is under way, and since when."""
        if not self._shown or seconds < self._after:
            return
        text = f"under way: {what} … {f'{seconds:.0f} s' if seconds >= 1 else ''}"
        if text != self._text:
            self._write(text.ljust(len(self._text)))
        self._text = text

    def clear(self) -> None:
        """Take the line away."""
        if self._text:
            self._write(" " * len(self._text))
        self._text = ""

    def _write(self, text: str) -> None:
        self._stream.write(f"\r{text}\r")
        self._stream.flush()


def total(verdicts: Sequence[Verdict]) -> str:
    """Points earned of those to be had."""
    return (
        f"{number(sum(v.earned for v in verdicts))} of {number(sum(v.points for v in verdicts))} "
        "points"
    )


def sparkline(values: Sequence[float], width: int) -> str:
    """A curve of numbers in one line of blocks, each the mean of its share, and below it from where
    to where.
    """
    parts = [part.mean() for part in np.array_split(np.nan_to_num(values), width) if part.size]
    if not parts:
        return ""
    low, high = min(parts), max(parts)
    line = "".join("▁▂▃▄▅▆▇█"[int(7.99 * (part - low) / (high - low or 1))] for part in parts)
    return f"{line}\nloss {parts[0]:.3f} → {parts[-1]:.3f}, {len(values)} in your list"


@dataclass(frozen=True)
class ClassFacts:
    """What stands in the table of a class beside the results.

    missing: who is in the roster and handed in nothing, by unit. counts: what results count under a
    policy.
    """

    missing: Mapping[str, Sequence[Student]] = field(default_factory=dict)
    counts: Mapping[tuple[str, str], Grade] = field(default_factory=dict)


def class_table(
    course: Course, results: Sequence[Result], facts: ClassFacts = ClassFacts(), expand: bool = True
) -> Table:
    """One row a submission: points, what passed, and the first remark of the first check that did
    not.

    expand: as wide as the terminal. Where there is none, nothing is cut.
    """
    counted = ["counts"] if facts.counts else []
    table = Table(
        "student",
        "unit",
        "points",
        *counted,
        "passed",
        box=None,
        header_style="bold",
        expand=expand,
    )
    table.add_column("first remark", no_wrap=True, overflow="ellipsis", ratio=1 if expand else None)
    for result in results:
        table.add_row(*(Text(visible(cell)) for cell in _row(course, result, facts)))
    for unit, students in facts.missing.items():
        for each in students:
            who = Text(visible(each.student))
            table.add_row(who, Text(course.short(unit)), "–", *("–" for _ in counted), "–", NOTHING)
    return table


NOTHING = "nothing handed in"


def _row(course: Course, result: Result, facts: ClassFacts) -> Sequence[str]:
    passed = sum(v.status == "passed" for v in result.verdicts)
    remarks = [
        f"{v.name}: {r.text}" for v in result.verdicts if v.status != "passed" for r in v.remarks
    ]
    counted = []
    if facts.counts:
        grade = facts.counts[(result.unit, result.student)]
        earlier = "an earlier hand-in" if grade.result.sha256 != result.sha256 else ""
        words = "; ".join(filter(None, (earlier, grade.all_words)))
        counted = [
            f"{number(grade.points)}/{number(grade.max_points)}{f' ({words})' if words else ''}"
        ]
    return (
        result.student,
        course.short(result.unit),
        f"{number(result.score)}/{number(result.max_score)}",
        *counted,
        f"{passed}/{len(result.verdicts)}",
        "".join(remarks[:1]),
    )


def class_summary(results: Sequence[Result], most: int = 3) -> Text:
    """The slowest checks and the largest groups of equal wrong answers that nobody has named, of
    each unit.
    """
    text = Text()
    for unit in sorted({result.unit for result in results}):
        of_unit = [result for result in results if result.unit == unit]
        slow = sorted(summary.checks(of_unit), key=lambda check: -check.seconds)[:most]
        words = ", ".join(
            f"{check.name} {check.seconds:.3f} s (longest {check.longest:.3f})" for check in slow
        )
        text.append(f"{unit}: slowest checks {words}\n")
        for group in summary.unnamed(of_unit)[:most]:
            words = f"{len(group.students)} students, {group.check}: {visible(group.text)}"
            text.append(f"  {words}, a mistake nobody has named\n")
        for result in of_unit:
            if two := [verdict.name for verdict in result.verdicts if verdict.two_answers]:
                text.append(
                    f"  {result.student}: two answers to one question in {', '.join(two)}: look "
                    "at this file\n"
                )
    return text


def regraded(course: Course, before: Sequence[Result], after: Sequence[Result]) -> Text:
    """Who gained or lost by grading the same submissions again, a line each; empty where nobody
    did.
    """
    was, text = {(r.unit, r.student): r for r in before}, Text()
    for now in after:
        old = was.get((now.unit, now.student))
        if (
            old
            and old.sha256 == now.sha256
            and (old.score, old.max_score) != (now.score, now.max_score)
        ):
            points = [f"{number(r.score)}/{number(r.max_score)}" for r in (old, now)]
            text.append(
                f"{now.student}, {course.short(now.unit)}: {points[0]} before, {points[1]} now\n"
            )
    return text


def better_earlier(course: Course, pairs: Sequence[tuple[Result, Result]]) -> Text:
    """Whose latest hand-in has fewer points than an earlier one, a line each."""
    text = Text()
    for now, was in pairs:
        points = (
            f"{number(now.score)}/{number(now.max_score)} now, "
            f"{number(was.score)}/{number(was.max_score)}"
        )
        text.append(
            f"{now.student}, {course.short(now.unit)}: {points} in an earlier hand-in, which is "
            "kept\n"
        )
    return text


def print_class(course: Course, results: Sequence[Result], facts: ClassFacts) -> None:
    """Print the table of a class; where nobody looks at it in a terminal, nothing is cut."""
    screen = console()
    screen.print(class_table(course, results, facts, screen.is_terminal))


WIDE = 10_000  # columns where nobody looks


def console(stderr: bool = False) -> Console:
    """Where to write; `NO_COLOR` is honoured. What is no terminal has no width, and nothing is cut
    there.
    """
    screen = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not screen.is_terminal:
        screen.width = WIDE
    return screen
