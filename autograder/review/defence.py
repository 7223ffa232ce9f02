"""Questions for a class about its own code: one server for each unit, two pages per student."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import groupby
from pathlib import Path

from autograder.course import Course, Unit, load_unit
from autograder.errors import UserError
from autograder.grading.results import Result, digest
from autograder.grading.roster import Roster
from autograder.report.names import names_of_results
from autograder.review.defence_pages import write_index, write_sheets
from autograder.review.questions import VivaQuestion, questions
from autograder.sandbox.client import Server, ServerGone

log = logging.getLogger("autograder")


class UnknownStudent(UserError):
    """A student without a submission was named; the text says the nearest name."""


def without_result(
    named: Sequence[str], results: Sequence[Result], roster: Roster | None
) -> list[str]:
    """Say for each name without a result why, and what to do.

    Raises `UnknownStudent` if no name has one.
    """
    known = {result.student for result in results}
    lines = []
    for name in named:
        if name in known:
            continue
        near = get_close_matches(name, known, n=1, cutoff=0.4)
        hint = f" Did you mean {near[0]}?" if near else ""
        if roster and name in roster.students:
            hint = (
                " They are in the roster and handed in nothing. If a partner handed in for both, "
                "add --policy FILE, with its `partners`."
            )
        lines.append(f"There is no result of {name}.{hint}")
    if named and len(lines) == len(named):
        raise UnknownStudent("\n".join(lines))
    return lines


@dataclass(frozen=True)
class Draw:
    """The parameters of the choice of questions.

    number: of questions for each submission. seed: of the choice and of the experiments.
    training: whether the questions are for practice: then answers are folded on students' own
    pages.
    """

    number: int
    seed: int
    training: bool = False


def seed_of_defence(seed: str, training: bool = False) -> int:
    """Return the seed of a choice that pages show: it is derived from that of the grades.

    It cannot be inverted: the pages reveal no answers for the grades' own seed, and practice does
    not use the questions of the exam.
    """
    purpose = "training" if training else "defence"
    return int(digest(f"{purpose} {seed}".encode())[:7], 16)


class Defence:
    """Makes questions for the submissions of a class and writes their pages."""

    def __init__(
        self, course: Course, out: Path, source: Callable[[Result], bytes | None], draw: Draw
    ) -> None:
        """Make nothing yet.

        out: the folder for the pages. source: returns the file of a result, if it exists unchanged.
        """
        self._course = course
        self._out = out
        self._source = source
        self._draw = draw
        self._asked: dict[str, dict[str, int]] = {}  # unit → student → number of questions
        self._unread: list[str] = []
        self._without_file: list[str] = []
        self._names: dict[str, str] = {}  # the students' names on pages

    def ask_all(self, results: Iterable[Result], jobs: int) -> Iterator[Result]:
        """Make the questions of submissions and write their pages; yield each finished one.

        jobs: at a time. Pages do not depend on it.
        """
        in_order = sorted(results, key=_place)
        for name, of_unit in groupby(in_order, key=lambda result: result.unit):
            unit = load_unit(self._course, name)
            submissions = list(of_unit)
            ended: list[Result] = []
            yield from self._ask_together(unit, submissions, jobs, ended)
            ended.sort(key=_place)
            yield from self._ask_one_by_one(unit, ended)

    def _ask_together(
        self, unit: Unit, results: Sequence[Result], jobs: int, ended: list[Result]
    ) -> Iterator[Result]:
        """Make questions for submissions on one server.

        ended: receives those whose server ended: one of them may have ended it, and the others ran
        beside it.
        """
        with Server(unit) as server, ThreadPoolExecutor(jobs, "defence") as pool:
            try:
                under_way = {pool.submit(self._ask, server, result): result for result in results}
                for done in as_completed(under_way):
                    result = under_way[done]
                    try:
                        self._note(result, done.result())
                    except ServerGone:
                        ended.append(result)
                    else:
                        yield result
            finally:
                pool.shutdown(cancel_futures=True)

    def _ask_one_by_one(self, unit: Unit, results: Sequence[Result]) -> Iterator[Result]:
        """Make questions for each submission alone; one that ends its server has none."""
        for result in results:
            with Server(unit) as server:
                try:
                    self._note(result, self._ask(server, result))
                except ServerGone:
                    self._note(result, 0)
            yield result

    def _ask(self, server: Server, result: Result) -> int | None:
        """Make the questions of one submission and write its pages.

        Return their number, or None if the file is missing. Raises `ServerGone`.
        """
        source = self._source(result)
        if not source:
            return None
        made = self._questions(server, result.unit, source, self._seed_for(result))
        if made:
            write_sheets(self._out, result, made, self._draw.training)
        return len(made)

    def _seed_for(self, result: Result) -> int:
        """Return the seed of a student's questions: partners have others on the same file."""
        seed = self._draw.seed
        if not result.handed_in_by:
            return seed
        return seed_of_defence(f"{seed} {result.student}", self._draw.training)

    def _questions(self, server: Server, unit: str, source: bytes, seed: int) -> list[VivaQuestion]:
        """Return the questions about a file; none if it cannot be read."""
        is_notebook = source.lstrip().startswith(b"{")
        name = f"{unit}.ipynb" if is_notebook else f"{unit}.py"
        try:
            return questions(server, source, name, self._draw.number, seed)
        except ServerGone:
            raise
        except Exception:  # it loses its own questions, and no other student is affected
            log.exception("no questions about a file of %s", unit)
            return []

    def _note(self, result: Result, count: int | None) -> None:
        """Store the number of questions about a submission; None if it is missing."""
        if count is None:
            unit = self._course.short(result.unit)
            was_read = bool(result.checksum)
            not_asked = self._unread if was_read else self._without_file
            not_asked.append(f"{result.student}, {unit}")
            return
        of_unit = self._asked.setdefault(result.unit, {})
        of_unit[result.student] = count
        self._names |= names_of_results([result])

    def index(self) -> Path:
        """Write the page that links to all others; return its path."""
        in_order = {}
        for unit, counts in self._asked.items():
            by_name = sorted(counts.items())
            in_order[unit] = dict(by_name)
        draw = self._draw
        return write_index(self._out, draw.seed, in_order, self._names, draw.training)

    def summary(self) -> str:
        """Say how many students got how many questions, and whose code is missing."""
        counts: list[int] = []
        for students in self._asked.values():
            counts.extend(students.values())
        asked = sum(1 for count in counts if count)
        questions = _counted(sum(counts), "question")
        submissions = _counted(asked, "submission")
        lines = [f"{questions} about {submissions}, seed {self._draw.seed}"]
        silent = len(counts) - asked
        if silent:
            lines.append(
                f"{_counted(silent, 'submission')} with no function that runs and is long enough "
                "to ask about"
            )
        if self._without_file:
            without = "; ".join(sorted(self._without_file))
            lines.append(f"an empty file, or none that can be graded, so skipped: {without}")
        if self._unread:
            unread = "; ".join(sorted(self._unread))
            lines.append(f"changed or removed since grading, so skipped: {unread}")
        return "\n".join(lines)


def _counted(count: int, noun: str) -> str:
    """Return a count with its noun, in the singular for one."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _place(result: Result) -> tuple[str, str]:
    """Sort results by unit and student."""
    return result.unit, result.student
