"""Verdicts in a terminal. Text of a submission is never interpreted as markup."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TextIO

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.check import Failure
from autograder.course import Course
from autograder.errors import visible
from autograder.grading.arithmetic import exact, rounded
from autograder.grading.other_unit import is_noted
from autograder.grading.policy import Grade
from autograder.grading.results import Result
from autograder.grading.roster import Student, called
from autograder.judging import Remark, Verdict
from autograder.report import arrays_named, summary
from autograder.streams import BLOCKS

FEW_NAMES = 5  # students that a line names


@dataclass(frozen=True)
class Symbol:
    """The sign of a status, and its style in a terminal."""

    sign: str
    style: str


SYMBOLS = {
    "passed": Symbol("✓", "green"),
    "followed": Symbol("◕", "green"),  # on pages
    "partial": Symbol("◐", "yellow"),
    "not_reached": Symbol("·", "dim"),
    "not_written": Symbol("·", "dim"),  # in practice
    "recorded": Symbol("•", "cyan"),  # in practice
}
FAILED = Symbol("✗", "red")


def symbol(status: str) -> Symbol:
    """Return the symbol of a verdict's status."""
    return SYMBOLS.get(status, FAILED)


def status_on_pages(verdict: Verdict) -> str:
    """Return a check's status; `followed` if follow-through credit gives all of its points."""
    if verdict.status == "partial" and verdict.earned == verdict.points:
        return "followed"
    return verdict.status


def number(points: float) -> str:
    """Return points without needless zeros."""
    text = f"{rounded(exact(points)):.2f}"
    return text.rstrip("0").rstrip(".")


def earned_of(earned: float, points: float) -> str:
    """Return points earned of the maximum, as `1.5/2`."""
    return f"{_earned(earned, points)}/{number(points)}"


def earned_in_words(earned: float, points: float) -> str:
    """Return points earned of the maximum, as `1.5 of 2 points`."""
    return f"{_earned(earned, points)} of {number(points)} points"


def _earned(earned: float, points: float) -> str:
    """Return points earned in hundredths; less than the maximum is never shown as the maximum."""
    is_all = earned > points - 1e-6  # sums of shares: 0.1 + 0.2 is 0.3
    if is_all or number(earned) != number(points):
        return number(earned)
    return number(math.floor(100 * earned) / 100)


def earned_in_practice(verdict: Verdict) -> str:
    """Return a check's points earned of the maximum, as `1.5/2`."""
    return earned_of(verdict.earned, verdict.points)


def status_in_practice(verdict: Verdict) -> str:
    """Return a check's status.

    It is `passed`, too, if it earns all points with a mistake carried forward, and `not_written` if
    nothing has been begun.
    """
    if verdict.points > 0 and verdict.earned == verdict.points:
        return "passed"
    if verdict.failure == Failure.STUB and not verdict.earned:
        return "not_written"
    return verdict.status


def verdict_lines(verdict: Verdict) -> Text:
    """Return `◐ 1/2  title` of a check in practice, and below it each remark."""
    of_status = symbol(status_in_practice(verdict))
    points = earned_in_practice(verdict)
    text = Text(f"{of_status.sign} {points}  ", of_status.style)
    text.append(verdict.title, "dim" if of_status.style == "dim" else "default")
    text.append(f"  [{verdict.name}]", "dim")
    for remark in verdict.remarks:
        text.append(f"{INDENT}{visible(remark.text)}")
        named = arrays_named(remark)  # "" if the sentence names them
        if named:
            text.append(f" {visible(named)}", "dim")
        if remark.example:
            text.append(f"{INDENT}{visible(remark.example)}")
    return text


INDENT = "\n    "


def in_one_line(remark: Remark) -> str:
    """Return a remark, followed by its arrays."""
    line = f"{remark.text} {arrays_named(remark)}"
    return line.rstrip()


def total_in_practice(verdicts: Sequence[Verdict]) -> str:
    """Return points earned of the maximum, as `1.5 of 2 points`, and those to be judged."""
    earned = sum(verdict.earned for verdict in verdicts)
    points = sum(verdict.points for verdict in verdicts)
    recorded = sum(verdict.points for verdict in verdicts if verdict.status == "recorded")
    judged = points - recorded
    told = earned_in_words(earned, judged)
    if not recorded:
        return told
    return f"{told}, and {number(recorded)} to be judged,"


class UnderWay:
    """One line on the running check, overwritten each second."""

    def __init__(self, stream: TextIO, shown: bool, after: float = 0.0) -> None:
        """Show nothing yet.

        shown: whether the stream can overwrite a line, as a terminal and a notebook can. after:
        seconds of silence.
        """
        self._stream = stream
        self._shown = shown
        self._after = after
        self._text = ""  # the present text

    def tell(self, what: str, seconds: float) -> None:
        """Show the running check and its seconds."""
        if not self._shown or seconds < self._after:
            return
        since = f"{seconds:.0f} s" if seconds >= 1 else ""
        text = f"under way: {what} … {since}"
        if text == self._text:
            return
        length_before = len(self._text)
        self._write(text.ljust(length_before))
        self._text = text

    def clear(self) -> None:
        """Remove the line."""
        if not self._text:
            return
        blanks = " " * len(self._text)
        self._write(blanks)
        self._text = ""

    def _write(self, text: str) -> None:
        self._stream.write(f"\r{text}\r")
        self._stream.flush()


def total(verdicts: Sequence[Verdict]) -> str:
    """Return points earned of the maximum."""
    earned = sum(verdict.earned for verdict in verdicts)
    points = sum(verdict.points for verdict in verdicts)
    return earned_in_words(earned, points)


def sparkline(values: Sequence[float], width: int) -> str:
    """Return a curve of losses in one line of blocks, and below it the first and last values.

    width: number of blocks; each is the mean of its part of the values. One that is not finite is
    shown as the largest that is.
    """
    shares = np.array_split(np.asarray(values, dtype=float), width)
    with np.errstate(all="ignore"):
        means = [share.mean() for share in shares if share.size]
    if not means:
        return ""
    finite = [mean for mean in means if np.isfinite(mean)] or [0.0]
    low, high = min(finite), max(finite)
    span = high - low or 1
    blocks = ""
    for mean in means:
        height = (mean - low) / span if np.isfinite(mean) else 1  # from 0 to 1
        step = int(height * (len(BLOCKS) - 0.01))
        blocks += BLOCKS[step]
    first = means[0]
    last = means[-1]
    return f"{blocks}\nloss {first:.3f} → {last:.3f}, {len(values)} in your list"


@dataclass(frozen=True)
class ClassFacts:
    """The data of a class's table beside the results.

    missing: who is in the roster and submitted nothing, by unit. counts: what results count under a
    policy.
    """

    missing: Mapping[str, Sequence[Student]] = field(default_factory=dict)
    counts: Mapping[tuple[str, str], Grade] = field(default_factory=dict)


def class_table(
    course: Course, results: Sequence[Result], facts: ClassFacts = ClassFacts(), expand: bool = True
) -> Table:
    """Return a table of one row per submission.

    It has points, passed checks, and the first remark of the first failed check. expand: as wide as
    the terminal; without one, nothing is truncated.
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
        for student in students:
            name = called(student.student, student.name)
            who = [Text(visible(name)), Text(course.short(unit))]
            dashes = ["–"] * (len(heads) - len(who))
            table.add_row(*who, *dashes, NOTHING)
    return table


NOTHING = "nothing handed in"


def _row(course: Course, result: Result, facts: ClassFacts) -> Sequence[str]:
    """Return the cells of a result, in the order of the table's heads."""
    cells = [_called(result), course.short(result.unit), _points(result)]
    if facts.counts:
        grade = facts.counts[result.place]
        cells.append(_counted(result, grade))
    statuses = [verdict.status for verdict in result.verdicts]
    passed = statuses.count("passed")
    cells.append(f"{passed}/{len(statuses)}")
    cells.append(_first_remark(result))
    return cells


def _points(result: Result) -> str:
    return earned_of(result.score, result.max_score)


def _counted(result: Result, grade: Grade) -> str:
    """Say what a result counts under a policy, and why."""
    points = earned_of(grade.points, grade.max_points)
    reasons = []
    if grade.result.sha256 != result.sha256 and not grade.result.handed_in_by:
        reasons.append("an earlier submission")
    if grade.all_words:
        reasons.append(grade.all_words)
    if not reasons:
        return points
    return f"{points} ({'; '.join(reasons)})"


def _first_remark(result: Result) -> str:
    """Return the note on the file, else the first remark of a failed check."""
    if is_noted(result.note):
        return result.note
    said = said_of_all(result)
    for verdict in result.verdicts:
        own = own_remarks(verdict, said)
        if verdict.status != "passed" and own:
            return f"{verdict.name}: {own[0].text}"
    return said


def said_of_all(result: Result) -> str:
    """Return the remark on the whole submission, such as why its file cannot be graded.

    It is the note, or else the common first remark of several checks; empty if there is none.
    """
    if result.note:
        return result.note
    of_unit = [verdict for verdict in result.verdicts if verdict.points]
    first = {verdict.remarks[0].text if verdict.remarks else "" for verdict in of_unit}
    return first.pop() if len(of_unit) > 1 and len(first) == 1 else ""


def own_remarks(verdict: Verdict, said: str) -> list[Remark]:
    """Return a check's own remarks. said: the remark on the whole submission, and on each check."""
    return [remark for remark in verdict.remarks if not said or remark.text != said]


def class_summary(results: Sequence[Result], most: int = 3) -> Text:
    """List what to look at in each unit.

    These are the slowest checks, the largest groups of equal wrong answers that match no known
    mistake, who gave two answers to one question, and whose file bears another name. most: of
    checks and of groups.
    """
    lines = []
    for unit, of_unit in summary.by_unit(results).items():
        slowest = _slowest(of_unit, most)
        lines.append(f"{unit}: slowest checks: {slowest}")
        for group in summary.unnamed(of_unit)[:most]:
            lines.append(f"  {_unnamed(group)}")
        for result in of_unit:
            two = summary.two_answers(result)
            if two:
                words = f"two different answers to the same question in {two}: look at this file"
                lines.append(f"  {_called(result)}: {words}")
        for result, words in summary.bearing_another_name(of_unit):
            lines.append(f"  {_called(result)}: {words}")
        unknown = summary.bearing_unknown_name(of_unit)
        if unknown:
            who = ", ".join(map(_called, unknown[:FEW_NAMES]))
            more = f" and {len(unknown) - FEW_NAMES} more" if len(unknown) > FEW_NAMES else ""
            hold = "holds" if len(unknown) == 1 else "hold"
            lines.append(
                f"  {len(unknown)} of {len(of_unit)} files {hold} a name that is not known to be "
                f"the student's, which costs points: {who}{more}. If it is theirs, add it to the "
                "table that you give to --roster, and grade again."
            )
    return _as_text(lines)


def _slowest(results: Sequence[Result], most: int) -> str:
    """Say which checks of a unit took the longest."""
    checks = summary.checks(results)
    checks.sort(key=lambda check: -check.seconds)
    slowest = []
    for check in checks[:most]:
        seconds = f"median {check.seconds:.3f} s, longest {check.longest:.3f} s"
        slowest.append(f"{check.name} ({seconds})")
    return ", ".join(slowest)


def _unnamed(group: summary.Group) -> str:
    """Say how many students share an unlisted mistake."""
    students = f"{len(group.students)} students"
    text = visible(group.text)
    return f"{students}, {group.check}: {text}, no known mistake"


def _as_text(lines: Sequence[str]) -> Text:
    """Return lines as text, each with its end."""
    text = Text()
    for line in lines:
        text.append(f"{line}\n")
    return text


def regraded(course: Course, before: Sequence[Result], after: Sequence[Result]) -> Text:
    """Say who gained or lost when the same submissions were graded again, a line each."""
    by_place = {result.place: result for result in before}
    lines = []
    for now in after:
        old = by_place.get(now.place)
        if old is None or old.sha256 != now.sha256:
            continue
        if (old.score, old.max_score) != (now.score, now.max_score):
            who = _whose(course, now)
            lines.append(f"{who}: {_points(old)} before, {_points(now)} now")
    return _as_text(lines)


def better_earlier(course: Course, pairs: Sequence[tuple[Result, Result]]) -> Text:
    """Say whose latest submission has fewer points than an earlier one, a line each."""
    lines = []
    for now, old in pairs:
        who = _whose(course, now)
        points = f"{_points(now)} now, {_points(old)} in an earlier submission"
        lines.append(f"{who}: {points}, which counts unless your policy says otherwise")
    return _as_text(lines)


def _whose(course: Course, result: Result) -> str:
    unit = course.short(result.unit)
    return f"{_called(result)}, {unit}"


def _called(result: Result) -> str:
    """Return the displayed name of a result's student."""
    name = result.hand_in.name if result.hand_in else ""
    return called(result.student, name)


def print_class(course: Course, results: Sequence[Result], facts: ClassFacts) -> None:
    """Print the table of a class; if the output is no terminal, nothing is truncated."""
    screen = console()
    table = class_table(course, results, facts, expand=screen.is_terminal)
    if screen.is_terminal:
        screen.print(table)
        return
    with screen.capture() as captured:
        screen.print(table)
    lines = [line.rstrip() for line in captured.get().splitlines()]  # of the longest remark's width
    screen.print(Text("\n".join(lines)))


WIDE = 10_000  # columns if the output is not a terminal


class _Console(Console):
    """Continues without a reader: `autograder check | head` still records what passed."""

    def on_broken_pipe(self) -> None:
        """Stop writing; other users of the file write to nothing."""
        self.quiet = True
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), self.file.fileno())


def console(stderr: bool = False) -> Console:
    """Return the console for output; `NO_COLOR` is honoured.

    Without a terminal there is no width, and nothing is truncated.
    """
    screen = _Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not screen.is_terminal:
        screen.width = WIDE
    return screen
