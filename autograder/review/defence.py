"""A class is asked about its own code: one server for each unit, two pages for each student."""

import logging
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from autograder.course import Course, load_unit
from autograder.errors import UserError
from autograder.grading.results import Result
from autograder.grading.submissions import graded_files
from autograder.review.defence_pages import write_index, write_sheets
from autograder.review.questions import Question, questions
from autograder.sandbox.client import Server, ServerGone

log = logging.getLogger("autograder")


class UnknownStudent(UserError):
    """A student who has handed in nothing was named; the text says the nearest name."""


def refuse_unknown_students(named: Sequence[str], results: Sequence[Result]) -> None:
    """Refuse names of which there is no result. Raises `UnknownStudent`."""
    known = {result.student for result in results}
    for name in named:
        if name not in known:
            near = get_close_matches(name, known, 1, 0.4)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise UnknownStudent(f"There is no result of {name}.{hint}")


class Defence:
    """Makes questions for the submissions of a class and writes their pages: `with Defence(…) as
    made: made.ask(r)`.
    """

    def __init__(
        self,
        course: Course,
        out: Path,
        submitted: Path,
        number: int,
        seed: int,
        students: Iterable[str],
    ) -> None:
        """Make nothing yet.

        number: of questions for each student. students: all who have results, by the names that
        these bear.
        """
        self._course, self._out = course, out
        self._number, self._seed = number, seed
        self._source = graded_files(course, submitted, frozenset(students))
        self._server: Server | None = None
        self._asked: dict[str, dict[str, int]] = {}
        self._unread: list[str] = []

    def ask(self, result: Result) -> int:
        """Make the questions of one submission, and write its pages; how many there are."""
        source = self._source(result)
        if not source:
            self._unread.append(f"{result.student}, {self._course.short(result.unit)}")
            return 0
        asked = self._questions(result.unit, source)
        if asked:
            write_sheets(self._out, result.unit, result.student, asked)
        self._asked.setdefault(result.unit, {})[result.student] = len(asked)
        return len(asked)

    def _questions(self, unit: str, source: bytes) -> list[Question]:
        """The questions about a file; none where our reading of it fails, or it ends the server."""
        name = f"{unit}{'.ipynb' if source.lstrip().startswith(b'{') else '.py'}"
        try:
            return questions(self._server_of(unit), source, name, self._number, self._seed)
        except ServerGone:
            self.close()
            self._server = None
        except Exception:  # it costs its own questions, and no other student's
            log.exception("no questions about a file of %s", unit)
        return []

    def _server_of(self, unit: str) -> Server:
        if self._server is None or self._server.unit.name != unit:
            self.close()
            self._server = Server(load_unit(self._course, unit))
        return self._server

    def index(self) -> Path:
        """Write the page that leads to all others; its path."""
        return write_index(self._out, self._seed, self._asked)

    def summary(self) -> str:
        """Say how many were asked how much, and of whom the code is not at hand."""
        counts = [count for students in self._asked.values() for count in students.values()]
        lines = [
            f"{sum(counts)} questions about {sum(map(bool, counts))} submissions, seed {self._seed}"
        ]
        if silent := counts.count(0):
            lines.append(
                f"{silent} submissions with no function that runs and is long enough to ask about"
            )
        if self._unread:
            lines.append(
                "not as it was graded, or not there any more, so not asked: "
                f"{'; '.join(self._unread)}"
            )
        return "\n".join(lines)

    def close(self) -> None:
        """End the server."""
        if self._server:
            self._server.close()

    def __enter__(self) -> "Defence":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
