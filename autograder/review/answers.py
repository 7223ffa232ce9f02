"""The material of a comparison: the exercises of a unit, and each student's answer, not run."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from autograder.course import Course, Unit, load_unit
from autograder.errors import UserError
from autograder.grading.attempts import (
    earlier_results,
    refuse_results_of_one_number,
    with_records,
)
from autograder.grading.hand_in import names_of_hand_in
from autograder.grading.keys import solution_of
from autograder.grading.results import Result, digest, run_facts, stored_results
from autograder.grading.submissions import find_submissions, graded_files, read_file
from autograder.report.code import exercises, parts
from autograder.report.pseudonyms import Pseudonyms, Renaming, names_of, spellings
from autograder.review.fingerprints import numbers
from autograder.sandbox.definitions import Definition, read_definitions
from autograder.source.markers import BEGIN, END

# unit → groups of students who submit together
Partners = Mapping[str, Sequence[frozenset[str]]]


class NothingToCompare(UserError):
    """There is no code to read; the text says where it was looked for."""


@dataclass(frozen=True)
class Exercise:
    """A part of what a student writes in a unit.

    names: what a check asks for, or everything in the unit.
    check: the check's name; empty for the whole unit.
    lines: the lines of our solution for it. points: of its checks, without questions.
    """

    unit: str
    check: str
    title: str
    names: frozenset[str]
    lines: int
    points: float


@dataclass(frozen=True)
class FingerprintedFile:
    """A student's file for a unit, as its definitions, each with its fingerprints.

    student: who wrote it, preceded by the year if that is an earlier one.
    names: all words known for the student.
    year: the folder of an earlier year, which is only compared with; empty for this year's.
    sha256: of the file's bytes. attempt: its number, if there is a later one; 0 for the latest.
    """

    student: str
    definitions: tuple[Definition, ...]
    numbers: tuple[frozenset[int], ...]
    names: tuple[str, ...] = ()
    year: str = ""
    sha256: str = ""
    attempt: int = 0

    @property
    def called(self) -> str:
        """Return the name of this answer: the student's, with the attempt if there is a later one.

        No two answers to a unit have the same.
        """
        return with_attempt(self.student, self.attempt)


def with_attempt(student: str, attempt: int) -> str:
    """Return the name of a student's answer. attempt: 0 for the latest."""
    return f"{student} (attempt {attempt})" if attempt else student


def read_answer(
    student: str, source: bytes, names: Sequence[str] = (), year: str = "", attempt: int = 0
) -> FingerprintedFile:
    """Read a student's file; one that cannot be read has no definitions, and affects no other.

    Definitions on the same lines have one text, which is read once.
    """
    try:
        found = tuple(read_definitions(source))
    except Exception:
        found = ()
    texts = [definition.text for definition in found]
    different = list(dict.fromkeys(texts))
    by_text = dict(zip(different, numbers(different), strict=True))
    return FingerprintedFile(
        student=_with_year(student, year),
        definitions=found,
        numbers=tuple(by_text[text] for text in texts),
        names=tuple(names),
        year=year,
        sha256=digest(source),
        attempt=attempt,
    )


def _with_year(student: str, year: str) -> str:
    """Return a student's displayed name, preceded by the year if that is an earlier one."""
    if not year:
        return student
    return f"{year}: {student}"


@dataclass(frozen=True)
class UnitAnswers:
    """All material of one unit's comparison.

    short: exercises too short to be compared by themselves. given: the names of the functions that
    the stub gives. starter: fingerprints of the stub. ours: our solution, read as an answer.
    answers: those of all attempts that are there. results: of a graded unit. equal: answers of
    different students, by their names, whose files are equal byte by byte, and no group of
    partners; the unchanged starter file is left out. maximum: points of all checks of the unit.
    """

    unit: str
    exercises: tuple[Exercise, ...]
    short: tuple[Exercise, ...]
    answers: tuple[FingerprintedFile, ...]
    given: frozenset[str]
    starter: frozenset[int]
    ours: FingerprintedFile
    maximum: float
    results: tuple[Result, ...] = ()
    equal: tuple[tuple[str, ...], ...] = ()

    @property
    def public(self) -> frozenset[int]:
        """Return the fingerprints of the stub and of our solution."""
        return self.starter.union(*self.ours.numbers)

    def have_equal_files(self, one: str, other: str) -> bool:
        """Return whether two students have files that are equal byte by byte."""
        return any(one in students and other in students for students in self._with_equal)

    @cached_property
    def _with_equal(self) -> tuple[frozenset[str], ...]:
        students = {answer.called: answer.student for answer in self.answers}
        return tuple(frozenset(students[name] for name in group) for group in self.equal)

    def of(self, exercise: Exercise, answer: FingerprintedFile) -> list[Definition]:
        """Return the definitions of an answer to an exercise, with the student's own helpers."""
        return parts(answer.definitions, exercise.names, self.given)

    def numbers(self, exercise: Exercise, answer: FingerprintedFile) -> frozenset[int]:
        """Return the fingerprints of these definitions."""
        definitions = self.of(exercise, answer)
        asked_for = {id(definition) for definition in definitions}
        found = set[int]()
        for definition, numbers_of_definition in zip(
            answer.definitions, answer.numbers, strict=True
        ):
            if id(definition) in asked_for:
                found |= numbers_of_definition
        return frozenset(found)

    def written(self, exercise: Exercise, answer: FingerprintedFile) -> frozenset[int]:
        """Return these fingerprints without those that the stub has, too."""
        return self.numbers(exercise, answer) - self.starter


def read_class(
    course: Course,
    units: Iterable[str],
    folder: Path,
    submitted: Path | None,
    also: Sequence[Path],
    lines: int,
    partners: Partners = MappingProxyType({}),
) -> list[UnitAnswers]:
    """Read a class: for each submitted unit, its exercises and answers.

    units: their names; a unit is loaded, with its packages, only if somebody submitted it.
    folder: of `grade`'s results, or of submissions. submitted: the submissions of a graded class,
    if they have been moved. also: folders of earlier years. lines: exercises shorter than this are
    left out. partners: unit → groups of students who submit together.
    Raises `NothingToCompare` and `OneNumberTwice`.
    """
    facts = run_facts(folder)
    results = stored_results(folder) if facts else []
    before = earlier_results(folder) if facts else []
    refuse_results_of_one_number(results)
    if submitted is None:
        submitted = Path(facts.get("submitted", folder)) if results else folder
    found: list[UnitAnswers] = []
    for name in units:
        of_unit = [result for result in results if result.unit == name]
        if results:
            of_unit_before = [result for result in before if result.unit == name]
            answers = _graded(course, of_unit, of_unit_before, submitted, results)
        else:
            answers = _handed_in(course, name, submitted)
        if not any(answer.definitions for answer in answers):
            continue
        for earlier, year in _years(also).items():
            answers += _handed_in(course, name, earlier, year)
        read = _unit_answers(load_unit(course, name), answers, of_unit, lines)
        with_code = [one for one in answers if not _is_handout(one, read.starter)]
        equal = _equal_files(with_code, _given(course, name), partners.get(name, ()))
        found.append(replace(read, equal=tuple(equal)))
    if not found:
        raise NothingToCompare(
            f"Found no submission's code in {submitted}. Name a folder of submissions, or say "
            "where the graded ones are now: --submitted FOLDER."
        )
    return found


def answers_by_year(also: Sequence[Path], read: Sequence[UnitAnswers]) -> dict[Path, int]:
    """Count the answers of each folder of an earlier year, in all units."""
    counts = {}
    for folder in also:
        year = _years(also)[folder.resolve()]
        of_year = [answer for unit in read for answer in unit.answers if answer.year == year]
        counts[folder] = sum(not answer.attempt for answer in of_year)
    return counts


def has_answers(course: Course, folder: Path) -> bool:
    """Return whether a folder of submissions has an answer to any unit."""
    return any(_handed_in(course, unit, folder) for unit in course.units)


def names_of_answers(names: Mapping[str, str], units: Sequence[UnitAnswers]) -> dict[str, str]:
    """Return the names of students on pages, and beside them those of their earlier attempts."""
    found = dict(names)
    for unit in units:
        for answer in unit.answers:
            if answer.attempt and answer.student in names:
                found[answer.called] = with_attempt(names[answer.student], answer.attempt)
    return found


def not_compared(
    course: Course, folder: Path, units: Collection[str], read: Sequence[UnitAnswers]
) -> list[str]:
    """List the results whose file is not there any more, or has changed since it was graded.

    folder: of `grade`'s results. units: those to be compared.
    """
    results = stored_results(folder) if run_facts(folder) else []
    there = {
        (unit.unit, answer.student)
        for unit in read
        for answer in unit.answers
        if not answer.attempt
    }
    without = []
    for result in results:
        is_read = result.unit not in units or (result.unit, result.student) in there
        if not is_read and result.checksum:
            without.append(f"{result.student}, {course.short(result.unit)}")
    return without


def _years(also: Iterable[Path]) -> dict[Path, str]:
    """Name each folder of an earlier year by the end of its path, which no two have in common."""
    folders = dict.fromkeys(folder.resolve() for folder in also)
    length = 1
    while True:
        names = {folder: "/".join(folder.parts[-length:]) for folder in folders}
        if len(set(names.values())) == len(folders):
            return names
        length += 1


def _is_handout(answer: FingerprintedFile, starter: frozenset[int]) -> bool:
    """Return whether a file has code, and nothing but the starter file's, as in a notebook."""
    return bool(answer.definitions) and frozenset().union(*answer.numbers) <= starter


def _given(course: Course, unit: str) -> str:
    """Return the checksum of a unit's starter file; "" if there is none."""
    stub = course.stub(unit)
    return digest(stub.read_bytes()) if stub.is_file() else ""


def _equal_files(
    answers: Iterable[FingerprintedFile], given: str, partners: Sequence[frozenset[str]]
) -> list[tuple[str, ...]]:
    """Return this year's students with equal files, with earlier ones; the largest group first.

    Each is the name of an answer, the latest of the student that is in the group.
    given: the checksum of the starter file. partners: groups who submit together.
    """
    by_checksum: dict[str, dict[str, FingerprintedFile]] = {}
    for answer in sorted(answers, key=latest_first):
        same = by_checksum.setdefault(answer.sha256, {})
        same.setdefault(answer.student, answer)
    found = []
    for checksum, same in by_checksum.items():
        is_of_this_year = any(not answer.year for answer in same.values())
        is_of_partners = any(group.issuperset(same) for group in partners)
        if checksum not in ("", given) and len(same) > 1 and is_of_this_year and not is_of_partners:
            found.append(tuple(sorted(answer.called for answer in same.values())))
    return sorted(found, key=lambda students: (-len(students), students))


def latest_first(answer: FingerprintedFile) -> tuple[bool, int]:
    """Return the sort key that puts a student's latest answer first, and the oldest last."""
    return answer.attempt > 0, -answer.attempt


def _graded(
    course: Course,
    results: Sequence[Result],
    before: Sequence[Result],
    folder: Path,
    every: Sequence[Result],
) -> list[FingerprintedFile]:
    """Read the answers that the results of one unit belong to.

    before: those of earlier attempts, in order. every: the results of all units, because students'
    names depend on all of them.
    """
    students = {result.student for result in every}
    source = graded_files(course, folder, students)
    answers = []
    for result in results:
        content = source(result)
        if content:
            answer = read_answer(result.student, content, names_of(result))
            answers.append(answer)
    latest = {(result.student, result.sha256) for result in results}
    counts = Counter[str]()
    for result in before:
        counts[result.student] += 1
        content = source(result)
        if content and (result.student, result.sha256) not in latest:
            number = result.hand_in.attempt if result.hand_in else counts[result.student]
            answers.append(read_answer(result.student, content, names_of(result), "", number))
    return answers


def _handed_in(course: Course, unit: str, folder: Path, year: str = "") -> list[FingerprintedFile]:
    """Read the answers in a folder of submissions; none if nobody has submitted the unit."""
    try:
        found = find_submissions(course, folder, unit)
    except UserError:
        return []
    submitted = with_records(course, folder, found)
    answers = []
    counts = Counter[str]()
    for entry in submitted:
        counts[entry.student] += 1
        try:
            source = read_file(entry.path) if entry.path else b""
        except (OSError, ValueError):
            continue
        names = names_of_hand_in(entry.student, entry.known_as, entry.record)
        number = entry.record.attempt if entry.record else counts[entry.student]
        attempt = number if entry.earlier else 0
        answers.append(read_answer(entry.student, source, names, year, attempt))
    return answers


def without_names(units: Sequence[UnitAnswers]) -> tuple[list[UnitAnswers], Renaming]:
    """Return a class with random students' names, and a renaming of texts.

    A student has one alias in all units. Code is unchanged, for comparison: pages rename it.
    """
    aliases = Pseudonyms()
    names: dict[str, str] = {}
    for unit in units:
        for answer in unit.answers:
            aliases.assign([answer.student])
            alias = aliases[answer.student]
            for name in answer.names:
                names |= dict.fromkeys(spellings(name), alias)
    renamed = [_under_aliases(unit, aliases) for unit in units]
    return renamed, Renaming(names)


def _under_aliases(unit: UnitAnswers, aliases: Pseudonyms) -> UnitAnswers:
    """Return the answers and results of a unit by students' aliases."""
    answers = []
    for answer in unit.answers:
        alias = _with_year(aliases[answer.student], answer.year)
        answers.append(replace(answer, student=alias, names=()))
    results = []
    for result in unit.results:
        if result.student in aliases:
            alias = aliases[result.student]
            results.append(replace(result, student=alias))
    called = {old.called: new.called for old, new in zip(unit.answers, answers, strict=True)}
    equal = tuple(tuple(sorted(called[one] for one in group)) for group in unit.equal)
    return replace(unit, answers=tuple(answers), results=tuple(results), equal=equal)


def _unit_answers(
    unit: Unit, answers: Sequence[FingerprintedFile], results: Sequence[Result], lines: int
) -> UnitAnswers:
    """Return the answers of a unit with its exercises. lines: shorter exercises are left out."""
    solution = solution_of(unit)
    stub = read_answer("", solution.stub.encode())
    ours = read_answer("", solution.plain().encode())
    _, given = exercises(solution.stub)
    single = _exercises(unit, solution.stub, ours)
    long_enough = [exercise for exercise in single if exercise.lines >= lines]
    short = [exercise for exercise in single if exercise.lines < lines]
    whole = _all_exercises(unit, single)
    if whole.lines >= lines:
        long_enough.insert(0, whole)
    return UnitAnswers(
        unit=unit.name,
        exercises=tuple(long_enough),
        short=tuple(short),
        answers=tuple(answers),
        given=frozenset(given),
        starter=frozenset().union(*stub.numbers),
        ours=ours,
        maximum=sum(check.points for check in unit.checks),
        results=tuple(results),
    )


def _exercises(unit: Unit, stub: str, ours: FingerprintedFile) -> list[Exercise]:
    """Return the exercises of a unit, with the number of our solution's lines for each."""
    asked, given = exercises(stub)
    titles = {check.name: check.title for check in unit.checks}
    points = _points(unit, asked)
    found = []
    for check, names in asked.items():
        if not names:
            continue
        written = parts(ours.definitions, names, given)
        exercise = Exercise(
            unit=unit.name,
            check=check,
            title=titles.get(check, check),
            names=frozenset(names),
            lines=_lines(written),
            points=points.get(check, 0.0),
        )
        found.append(exercise)
    return found


def _points(unit: Unit, asked: Mapping[str, Collection[str]]) -> dict[str, float]:
    """Return the points of each exercise: of its check, and of more checks of the same code.

    asked: as `exercises` returns it.
    """
    by_name = {check.name: check for check in unit.checks}
    points: dict[str, float] = {}
    first = ""
    for name, names in asked.items():
        check = by_name.get(name)
        if not check or check.question:
            continue
        first = name if names else first
        points[first] = points.get(first, 0) + check.points
    return points


def _all_exercises(unit: Unit, single: Sequence[Exercise]) -> Exercise:
    """Return the whole unit as one exercise."""
    names = set[str]()
    lines = 0
    points = 0.0
    for exercise in single:
        names |= exercise.names
        lines += exercise.lines
        points += exercise.points
    title = "all exercises of the unit"
    return Exercise(unit.name, "", title, frozenset(names), lines, points)


def _lines(found: Collection[Definition]) -> int:
    """Count the lines of code between the markers of a solution in these definitions."""
    count = 0
    for definition in found:
        _, _, after_begin = definition.text.partition(BEGIN)
        written, _, _ = after_begin.partition(END)
        for line in written.split("\n"):
            code = line.strip()
            if code and not code.startswith("#"):
                count += 1
    return count
