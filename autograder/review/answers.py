"""What is compared: the exercises of a unit, and each student's answer, read and never run."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.course import Course, Unit
from autograder.errors import UserError
from autograder.grading.attempts import with_records
from autograder.grading.keys import solution_of
from autograder.grading.results import Result, run_facts, stored_results
from autograder.grading.submissions import find_submissions, graded_files, read_file
from autograder.report.code import exercises, parts
from autograder.report.definitions import Definition, read_definitions
from autograder.report.pseudonyms import Pseudonyms, Renaming, names_of, names_of_hand_in
from autograder.review.fingerprints import numbers
from autograder.source.solution import BEGIN, END


class NothingToCompare(UserError):
    """There is no code to read; the text says where it was looked for."""


@dataclass(frozen=True)
class Exercise:
    """Some of what a student writes in a unit.

    names: what a check asks for, or all that the unit does.

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

    student: who wrote it, with the year before the name where that is an earlier one.
    names: all words that the student is known to be called by.
    year: the folder of an earlier year, which is only compared with; empty for this year's.
    """

    student: str
    definitions: tuple[Definition, ...]
    numbers: tuple[frozenset[int], ...]
    names: tuple[str, ...] = ()
    year: str = ""


def answer(student: str, source: bytes, names: Sequence[str] = (), year: str = "") -> Answer:
    """Read a student's file; one that our reading fails on has no definitions, and costs no other.

    Definitions that stand on the same lines have one text, which is read once.
    """
    try:
        found = tuple(read_definitions(source))
    except Exception:
        found = ()
    texts = list(dict.fromkeys(definition.text for definition in found))
    by_text = dict(zip(texts, numbers(texts), strict=True))
    return Answer(
        student=f"{year}: {student}" if year else student,
        definitions=found,
        numbers=tuple(by_text[definition.text] for definition in found),
        names=tuple(names),
        year=year,
    )


@dataclass(frozen=True)
class UnitAnswers:
    """Everything of one unit that is compared.

    short: exercises that are too short to be compared by themselves. given: the names of the
    functions that the stub gives. public: fingerprints of the stub and of our solution.
    results: of a unit that was graded.
    """

    unit: str
    exercises: tuple[Exercise, ...]
    short: tuple[Exercise, ...]
    answers: tuple[Answer, ...]
    given: frozenset[str]
    public: frozenset[int]
    results: tuple[Result, ...] = ()

    def of(self, exercise: Exercise, answer: Answer) -> list[Definition]:
        """Return the definitions of an answer to an exercise, with the student's own helpers."""
        return parts(answer.definitions, exercise.names, self.given)

    def numbers(self, exercise: Exercise, answer: Answer) -> frozenset[int]:
        """Return the fingerprints of these definitions."""
        shown = {id(definition) for definition in self.of(exercise, answer)}
        found = set[int]()
        for definition, numbers_of_definition in zip(
            answer.definitions, answer.numbers, strict=True
        ):
            if id(definition) in shown:
                found |= numbers_of_definition
        return frozenset(found)


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
    facts = run_facts(folder)
    results = stored_results(folder) if facts else []
    lies = submitted or (Path(facts.get("submitted", folder)) if results else folder)
    found: list[UnitAnswers] = []
    for unit in units:
        of_unit = tuple(result for result in results if result.unit == unit.name)
        if results:
            answers = _graded(course, of_unit, lies, results)
        else:
            answers = _handed_in(course, unit.name, lies)
        if not any(one.definitions for one in answers):
            continue
        for place in also:
            answers += _handed_in(course, unit.name, place, year=place.name)
        found.append(_unit_answers(unit, tuple(answers), of_unit, lines))
    if not found:
        raise NothingToCompare(
            f"Of no submission the code is at hand: looked in {lies}. Name a folder of "
            "submissions, or for graded ones where they lie now: --submitted FOLDER."
        )
    return found


def _graded(
    course: Course, results: Sequence[Result], folder: Path, every: Sequence[Result]
) -> list[Answer]:
    """Read the answers that the results of one unit are of.

    every: the results of all units, since their students' names hang together.
    """
    source = graded_files(course, folder, {result.student for result in every})
    found = []
    for result in results:
        content = source(result)
        if content:
            found.append(answer(result.student, content, names_of(result)))
    return found


def _handed_in(course: Course, unit: str, folder: Path, year: str = "") -> list[Answer]:
    """Read the answers in a folder of submissions; none where nobody has handed in the unit."""
    try:
        submitted = with_records(course, folder, find_submissions(course, folder, unit))
    except UserError:
        return []
    found = []
    for entry in submitted:
        if entry.earlier:  # the latest attempt is compared
            continue
        try:
            source = read_file(entry.path) if entry.path else b""
        except (OSError, ValueError):
            continue
        names = names_of_hand_in(entry.student, entry.known_as, entry.record)
        found.append(answer(entry.student, source, names, year))
    return found


def without_names(units: Sequence[UnitAnswers]) -> tuple[list[UnitAnswers], Renaming]:
    """Return a class whose students have drawn names, and what takes their own out of texts.

    A student has one alias in all units. Code is as it was, to be compared: what shows it renames.
    """
    aliases = Pseudonyms()
    names: dict[str, str] = {}
    for unit in units:
        for answer in unit.answers:
            aliases.assign([answer.student])
            alias = aliases[answer.student]
            names.update(dict.fromkeys(answer.names, alias))
    return [_under_aliases(unit, aliases) for unit in units], Renaming(names)


def _under_aliases(unit: UnitAnswers, aliases: Pseudonyms) -> UnitAnswers:
    answers = []
    for answer in unit.answers:
        alias = aliases[answer.student]
        called = f"{answer.year}: {alias}" if answer.year else alias
        answers.append(replace(answer, student=called, names=()))
    of_students = [result for result in unit.results if result.student in aliases]
    results = [replace(result, student=aliases[result.student]) for result in of_students]
    return replace(unit, answers=tuple(answers), results=tuple(results))


def _unit_answers(
    unit: Unit, answers: tuple[Answer, ...], results: tuple[Result, ...], lines: int
) -> UnitAnswers:
    solution = solution_of(unit)
    ours, stub = answer("", solution.plain().encode()), answer("", solution.stub.encode())
    asked, given = exercises(solution.stub)
    titles = {check.name: check.title for check in unit.checks}
    single = []
    for check, names in asked.items():
        if names:
            written = _lines(parts(ours.definitions, names, given))
            title = titles.get(check, check)
            single.append(Exercise(unit.name, check, title, frozenset(names), written))
    everything = frozenset[str]().union(*(exercise.names for exercise in single))
    total = sum(exercise.lines for exercise in single)
    whole = Exercise(unit.name, "", "all exercises of the unit", everything, total)
    return UnitAnswers(
        unit=unit.name,
        exercises=tuple(each for each in (whole, *single) if each.lines >= lines),
        short=tuple(each for each in single if each.lines < lines),
        answers=answers,
        given=frozenset(given),
        public=frozenset().union(*ours.numbers, *stub.numbers),
        results=results,
    )


def _lines(found: Collection[Definition]) -> int:
    """Count the lines of code between the marks of a solution in these definitions."""
    count = 0
    for definition in found:
        _, _, after_begin = definition.text.partition(BEGIN)
        written, _, _ = after_begin.partition(END)
        for line in written.split("\n"):
            code = line.strip()
            if code and not code.startswith("#"):
                count += 1
    return count
