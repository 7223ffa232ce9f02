"""Verdicts in a terminal. Nothing of a submission is taken for markup."""

import math
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
    """Return points without needless zeros."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def earned_in_practice(verdict: Verdict) -> str:
    """Return points earned of those to be had, `1/2`; what is no whole number is a `part`."""
    is_whole = float(verdict.earned).is_integer() or verdict.status == "passed"
    earned = number(verdict.earned) if is_whole else "part"
    return f"{earned}/{number(verdict.points)}"


def verdict_lines(verdict: Verdict) -> Text:
    """Return `◐ 1/2  title` of a check in practice, and below it each remark."""
    sign, style = STATUS_SYMBOLS.get(verdict.status, ("✗", "red"))
    points = earned_in_practice(verdict).replace("part/", "part of ")
    text = Text(f"{sign} {points}  ", style)
    text.append(verdict.title, "dim" if verdict.status == "not_reached" else "default")
    text.append(f"  [{verdict.name}]", "dim")
    for remark in verdict.remarks:
        arrays = f"{', '.join(remark.arrays)}: " if remark.arrays else ""
        text.append(f"{INDENT}{arrays}{visible(remark.text)}")
        if remark.example:
            text.append(f"{INDENT}{visible(remark.example)}")
    return text


INDENT = "\n    "


def total_in_practice(verdicts: Sequence[Verdict]) -> str:
    """Return points earned of those to be had, in whole points; all only where all were earned."""
    earned = sum(verdict.earned for verdict in verdicts)
    points = sum(verdict.points for verdict in verdicts)
    if float(earned).is_integer() or earned == points:
        return total(verdicts)
    fewer_than_all = math.ceil(points) - 1
    return f"about {min(round(earned), fewer_than_all)} of {number(points)} points"


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
        since = f"{seconds:.0f} s" if seconds >= 1 else ""
        text = f"under way: {what} … {since}"
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
    """Return points earned of those to be had."""
    earned = sum(verdict.earned for verdict in verdicts)
    points = sum(verdict.points for verdict in verdicts)
    return f"{number(earned)} of {number(points)} points"


def sparkline(values: Sequence[float], width: int) -> str:
    """Return a curve of losses in one line of blocks, and below it from where to where.

    width: how many blocks; each is the mean of its share of the values.
    """
    shares = np.array_split(np.nan_to_num(values), width)
    means = [share.mean() for share in shares if share.size]
    if not means:
        return ""
    low = min(means)
    span = max(means) - low or 1
    line = ""
    for mean in means:
        height = (mean - low) / span  # from 0 to 1
        line += BLOCKS[int(height * (len(BLOCKS) - 0.01))]
    return f"{line}\nloss {means[0]:.3f} → {means[-1]:.3f}, {len(values)} in your list"


BLOCKS = "▁▂▃▄▅▆▇█"


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
    """Return a table of one row a submission.

    It has points, what passed, and the first remark of the first check that did not. expand: as
    wide as the terminal; where there is none, nothing is cut.
    """
    heads = ["student", "unit", "points"]
    if facts.counts:
        heads.append("counts")
    heads.append("passed")
    table = Table(*heads, box=None, header_style="bold", expand=expand)
    ratio = 1 if expand else None
    table.add_column("first remark", no_wrap=True, overflow="ellipsis", ratio=ratio)
    for result in results:
        cells = [Text(visible(cell)) for cell in _row(course, result, facts)]
        table.add_row(*cells)
    for unit, students in facts.missing.items():
        for each in students:
            who = [Text(visible(each.student)), Text(course.short(unit))]
            dashes = ["–"] * (len(heads) - len(who))
            table.add_row(*who, *dashes, NOTHING)
    return table


NOTHING = "nothing handed in"


def _row(course: Course, result: Result, facts: ClassFacts) -> Sequence[str]:
    passed = sum(verdict.status == "passed" for verdict in result.verdicts)
    cells = [result.student, course.short(result.unit), _points(result)]
    if facts.counts:
        grade = facts.counts[(result.unit, result.student)]
        cells.append(_counted(result, grade))
    return [*cells, f"{passed}/{len(result.verdicts)}", _first_remark(result)]


def _points(result: Result) -> str:
    return f"{number(result.score)}/{number(result.max_score)}"


def _counted(result: Result, grade: Grade) -> str:
    """Say what a result counts under a policy, and why."""
    points = f"{number(grade.points)}/{number(grade.max_points)}"
    earlier = "an earlier hand-in" if grade.result.sha256 != result.sha256 else ""
    words = "; ".join(filter(None, (earlier, grade.all_words)))
    return f"{points} ({words})" if words else points


def _first_remark(result: Result) -> str:
    """Return the first remark of a check that did not pass; empty where there is none."""
    for verdict in result.verdicts:
        if verdict.status != "passed" and verdict.remarks:
            return f"{verdict.name}: {verdict.remarks[0].text}"
    return ""


def class_summary(results: Sequence[Result], most: int = 3) -> Text:
    """Say what of each unit is worth a look.

    These are the slowest checks, the largest groups of equal wrong answers that nobody has named,
    and who gave two answers to one question. most: of checks and of groups.
    """
    lines = []
    for unit in sorted({result.unit for result in results}):
        of_unit = [result for result in results if result.unit == unit]
        checks = sorted(summary.checks(of_unit), key=lambda check: -check.seconds)
        slow = [f"{one.name} {one.seconds:.3f} s (longest {one.longest:.3f})" for one in checks]
        lines.append(f"{unit}: slowest checks {', '.join(slow[:most])}")
        for group in summary.unnamed(of_unit)[:most]:
            words = f"{len(group.students)} students, {group.check}: {visible(group.text)}"
            lines.append(f"  {words}, a mistake nobody has named")
        for result in of_unit:
            two = [verdict.name for verdict in result.verdicts if verdict.two_answers]
            if two:
                words = f"two answers to one question in {', '.join(two)}: look at this file"
                lines.append(f"  {result.student}: {words}")
    return _as_text(lines)


def _as_text(lines: Sequence[str]) -> Text:
    return Text("".join(f"{line}\n" for line in lines))


def regraded(course: Course, before: Sequence[Result], after: Sequence[Result]) -> Text:
    """Say who gained or lost by grading the same submissions again, a line each."""
    by_place = {(result.unit, result.student): result for result in before}
    lines = []
    for now in after:
        old = by_place.get((now.unit, now.student))
        if old is None or old.sha256 != now.sha256:
            continue
        if (old.score, old.max_score) != (now.score, now.max_score):
            who = f"{now.student}, {course.short(now.unit)}"
            lines.append(f"{who}: {_points(old)} before, {_points(now)} now")
    return _as_text(lines)


def better_earlier(course: Course, pairs: Sequence[tuple[Result, Result]]) -> Text:
    """Say whose latest hand-in has fewer points than an earlier one, a line each."""
    lines = []
    for now, old in pairs:
        who = f"{now.student}, {course.short(now.unit)}"
        points = f"{_points(now)} now, {_points(old)} in an earlier hand-in"
        lines.append(f"{who}: {points}, which is kept")
    return _as_text(lines)


def print_class(course: Course, results: Sequence[Result], facts: ClassFacts) -> None:
    """Print the table of a class; where nobody looks at it in a terminal, nothing is cut."""
    screen = console()
    screen.print(class_table(course, results, facts, screen.is_terminal))


WIDE = 10_000  # columns where nobody looks


def console(stderr: bool = False) -> Console:
    """Return where to write; `NO_COLOR` is honoured.

    What is no terminal has no width, and nothing is cut there.
    """
    screen = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not screen.is_terminal:
        screen.width = WIDE
    return screen
