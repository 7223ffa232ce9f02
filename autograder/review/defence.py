"""A class is asked about its own code: one server for each unit, two pages for each student."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from autograder.course import Course, load_unit
from autograder.errors import UserError
from autograder.grading.results import Result
from autograder.grading.submissions import find_submissions, graded_files
from autograder.review.defence_pages import write_index, write_sheets
from autograder.review.questions import questions
from autograder.sandbox.client import Server


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
    """Makes questions for the submissions of a class and writes their pages: `with Defence(…) as made: made.ask(r)`."""

    def __init__(
        self, course: Course, out: Path, submitted: Path, number: int, seed: int, students: Iterable[str]
    ) -> None:
        """Make nothing yet.

        number: of questions for each student. students: all who have results, by the names that these bear.
        """
        self._course, self._out, self._submitted = course, out, submitted
        self._number, self._seed = number, seed
        self._students = frozenset(students)
        self._source = graded_files(course, submitted, self._students)
        self._server: Server | None = None
        self._asked: dict[str, dict[str, int]] = {}
        self._unread: list[str] = []

    def ask(self, result: Result) -> int:
        """Make the questions of one submission, and write its pages; how many there are."""
        source = self._source(result)
        if not source:
            self._unread.append(f"{result.student}, {self._course.short(result.unit)}")
            return 0
        asked = questions(self._server_of(result.unit), source, self._name(result), self._number, self._seed)
        if asked:
            write_sheets(self._out, result.unit, result.student, asked)
        self._asked.setdefault(result.unit, {})[result.student] = len(asked)
        return len(asked)

    def _name(self, result: Result) -> str:
        found = find_submissions(self._course, self._submitted, result.unit, self._students)
        return next((entry.path.name for entry in found if entry.student == result.student and entry.path), "")

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
        lines = [f"{sum(counts)} questions about {sum(map(bool, counts))} submissions, seed {self._seed}"]
        if silent := counts.count(0):
            lines.append(f"{silent} submissions with no function that runs and is long enough to ask about")
        if self._unread:
            lines.append(f"not as it was graded, or not there any more, so not asked: {'; '.join(self._unread)}")
        return "\n".join(lines)

    def close(self) -> None:
        """End the server."""
        if self._server:
            self._server.close()

    def __enter__(self) -> "Defence":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
