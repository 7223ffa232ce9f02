"""What is compared: the exercises of a unit, and each student's answer to them, read and never
run.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Course, Unit
from autograder.errors import UserError
from autograder.grading.keys import solution_of
from autograder.grading.results import Result, run_facts, stored_results
from autograder.grading.submissions import find_submissions, graded_files, read_file
from autograder.report.code import exercises, parts
from autograder.report.definitions import Piece, pieces
from autograder.review.fingerprints import numbers
from autograder.source.solution import BEGIN, END


class NothingToCompare(UserError):
    """There is no code to read; the text says where it was looked for."""


@dataclass(frozen=True)
class Exercise:
    """Some of what a student writes in a unit: the names that a check asks for, or all of the
    unit's.

    check: the check's name; empty for the whole unit.
    lines: how many lines our solution takes for it.
    """

    unit: str
    check: str
    title: str
    names: frozenset[str]
    lines: int


@dataclass(frozen=True)
class Answer:
    """A student's file for a unit, as its definitions, each with the numbers of its fingerprints.

    earlier: of another year, which is only compared with.
    """

    student: str
    pieces: tuple[Piece, ...]
    numbers: tuple[frozenset[int], ...]
    earlier: bool = False


def answer(student: str, source: bytes, earlier: bool = False) -> Answer:
    """Read a student's file; one that our reading fails on has no pieces, and costs no other.

    Definitions that stand on the same lines have one text, which is read once.
    """
    try:
        found = tuple(pieces(source))
    except Exception:
        found = ()
    texts = list(dict.fromkeys(piece.text for piece in found))
    by_text = dict(zip(texts, numbers(texts), strict=True))
    return Answer(student, found, tuple(by_text[piece.text] for piece in found), earlier)


@dataclass(frozen=True)
class UnitAnswers:
    """Everything of one unit that is compared: its exercises, the answers, and the results, where
    it was graded.

    given: the names of the functions that the stub gives. public: fingerprints of the stub and of
    our solution.
    """

    unit: str
    exercises: tuple[Exercise, ...]
    short: tuple[Exercise, ...]
    answers: tuple[Answer, ...]
    given: frozenset[str]
    public: frozenset[int]
    results: tuple[Result, ...] = ()

    def of(self, exercise: Exercise, answer: Answer) -> list[Piece]:
        """The pieces of an answer that belong to an exercise, with the student's own helpers."""
        return parts(answer.pieces, exercise.names, self.given)

    def numbers(self, exercise: Exercise, answer: Answer) -> frozenset[int]:
        """The fingerprints of these pieces."""
        shown = {id(piece) for piece in self.of(exercise, answer)}
        found = zip(answer.pieces, answer.numbers, strict=True)
        return frozenset(number for piece, its in found if id(piece) in shown for number in its)


def read_class(
    course: Course,
    units: Iterable[Unit],
    folder: Path,
    submitted: Path | None,
    also: Sequence[Path],
    lines: int,
) -> list[UnitAnswers]:
    """Read a class: of each unit that anything was handed in for, its exercises and answers.

    folder: what `grade` wrote, or a folder of submissions. submitted: where the submissions of a
    graded class lie, if not where `grade` found them. also: folders of earlier years. lines:
    exercises shorter than this are left out. Raises `NothingToCompare`.
    """
    results = stored_results(folder) if run_facts(folder) else []
    lies = submitted or (_noted(folder) if results else folder)
    found: list[UnitAnswers] = []
    for unit in units:
        of_unit = tuple(result for result in results if result.unit == unit.name)
        own = (
            _graded(course, of_unit, lies, results)
            if results
            else _handed_in(course, unit.name, lies)
        )
        if not any(one.pieces for one in own):
            continue
        earlier = [
            one for place in also for one in _handed_in(course, unit.name, place, earlier=True)
        ]
        found.append(_unit_answers(unit, (*own, *earlier), of_unit, lines))
    if not found:
        raise NothingToCompare(
            f"Of no submission the code is at hand: looked in {lies}. Name a folder of "
            "submissions, "
            "or for graded ones where they lie now: --submitted FOLDER."
        )
    return found


def _noted(grades: Path) -> Path:
    return Path(run_facts(grades).get("submitted", grades))


def _graded(
    course: Course, results: Sequence[Result], folder: Path, every: Sequence[Result]
) -> list[Answer]:
    """The answers that results of one unit are of; `every`: the results of all units, whose names
    hang together.
    """
    source = graded_files(course, folder, {result.student for result in every})
    sources = [(result.student, source(result)) for result in results]
    return [answer(student, content) for student, content in sources if content]


def _handed_in(course: Course, unit: str, folder: Path, earlier: bool = False) -> list[Answer]:
    found: list[Answer] = []
    try:
        submitted = find_submissions(course, folder, unit)
    except UserError:  # nobody has handed in this unit
        return found
    for entry in submitted:
        try:
            source = read_file(entry.path) if entry.path else b""
        except (OSError, ValueError):
            continue
        student = f"{folder.name}: {entry.student}" if earlier else entry.student
        found.append(answer(student, source, earlier))
    return found


def _unit_answers(
    unit: Unit, answers: tuple[Answer, ...], results: tuple[Result, ...], lines: int
) -> UnitAnswers:
    solution = solution_of(unit)
    ours, stub = answer("", solution.plain().encode()), answer("", solution.stub.encode())
    asked, given = exercises(solution.stub)
    titles = {check.name: check.title for check in unit.checks}
    all_of_them = [
        Exercise(
            unit.name,
            check,
            titles.get(check, check),
            frozenset(names),
            _lines(parts(ours.pieces, names, given)),
        )
        for check, names in asked.items()
        if names
    ]
    everything = frozenset(name for exercise in all_of_them for name in exercise.names)
    whole = Exercise(
        unit.name, "", "all exercises of the unit", everything, sum(e.lines for e in all_of_them)
    )
    return UnitAnswers(
        unit=unit.name,
        exercises=tuple(each for each in (whole, *all_of_them) if each.lines >= lines),
        short=tuple(each for each in all_of_them if each.lines < lines),
        answers=answers,
        given=frozenset(given),
        public=frozenset().union(*ours.numbers, *stub.numbers),
        results=results,
    )


def _lines(found: Collection[Piece]) -> int:
    """How many lines of code stand between the marks of a solution in these pieces."""
    count = 0
    for piece in found:
        _, begun, rest = piece.text.partition(BEGIN)
        written = rest.partition(END)[0] if begun else ""
        count += sum(
            bool(line.strip()) and not line.strip().startswith("#") for line in written.split("\n")
        )
    return count
