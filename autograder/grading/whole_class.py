"""The results of a class with the additions of its roster and manual points.

A roster knows a student's name and numbers if the submission itself does not. Manual points may be
for a student whose submission could not be graded, such as a document: they count, and so that
student has a result, too, which is in no file.
"""

from collections.abc import Sequence
from dataclasses import replace
from operator import itemgetter

import msgspec

from autograder.check import Failure
from autograder.course import Course, load_unit
from autograder.grading.adjustments import EVERYONE
from autograder.grading.attempts import NUMBERED
from autograder.grading.hand_in import HandIn, names_of_hand_in
from autograder.grading.policy import Grade, Policy, with_partners
from autograder.grading.results import NO_FILE, Result
from autograder.grading.roster import Roster, Student
from autograder.grading.submissions import Submitted, plain_names
from autograder.judging import Verdict


def whole_class(
    course: Course, results: Sequence[Result], rules: Policy | None, roster: Roster | None
) -> list[Result]:
    """Return results with the roster's data on the students.

    After them come those who have manual points, from `rules`, and no result.
    """
    alone = _by_hand_alone(course, results, rules) if rules else []
    return with_students([*results, *alone], roster)


def with_partners_alone(
    results: Sequence[Result], rules: Policy | None, roster: Roster | None
) -> list[Result]:
    """Add to results the latest that counts for partners without own submissions.

    results: the latest of each student and unit.
    """
    own = {(result.unit, result.lms_name) for result in results}
    latest: dict[tuple[str, str], Result] = {}
    for result in with_partners(results, rules):
        place = (result.unit, result.lms_name)
        before = latest.get(place, result)
        if place not in own and before.submitted <= result.submitted:
            latest[place] = result
    return with_students([*results, *latest.values()], roster)


def grades_with_students(grades: Sequence[Grade], roster: Roster | None) -> list[Grade]:
    """Return grades with the roster's data on the students, and on partners without a result."""
    results = with_students([grade.result for grade in grades], roster)
    return [replace(grade, result=result) for grade, result in zip(grades, results, strict=True)]


def with_students(
    results: Sequence[Result], roster: Roster | None, stored: Sequence[Result] = ()
) -> list[Result]:
    """Return results with the roster's data on the students in their records.

    A student with several names in submissions has that of the latest in all units. stored: further
    results, of other units.
    """
    named: list[tuple[str, str, str]] = []  # time, student, name
    for result in (*stored, *results):
        if result.hand_in and result.hand_in.name:
            named.append((result.submitted, result.lms_name, result.hand_in.name))
    names = {student: name for _, student, name in sorted(named, key=itemgetter(0))}
    found = []
    for result in results:
        known = _with_student(result, roster)
        name = names.get(known.lms_name)
        if known.hand_in and name:
            known = replace(known, hand_in=msgspec.structs.replace(known.hand_in, name=name))
        found.append(known)
    return found


def with_names(found: Sequence[Submitted], roster: Roster | None) -> list[Submitted]:
    """Return submissions with their students' names from a roster."""
    named = []
    for entry in found:
        student = roster.students.get(entry.known_as or entry.student) if roster else None
        if student:
            record = _filled(None, student, entry.unit)
            entry = replace(entry, names=tuple(names_of_hand_in(student.student, "", record)))
        named.append(entry)
    return named


def _with_student(result: Result, roster: Roster | None) -> Result:
    """Return a result with the roster's data on the student in its record."""
    student = roster.students.get(result.lms_name) if roster else None
    if student is None:
        return result
    return replace(result, hand_in=_filled(result.hand_in, student, result.unit))


def _filled(hand_in: HandIn | None, student: Student, unit: str) -> HandIn:
    """Return a submission's record whose empty fields are filled from a roster.

    The roster's address replaces that of the record, which may be older.
    """
    number = student.number_in(unit)
    if hand_in is None:
        hand_in = HandIn(source=student.source, student=student.student)
    source = hand_in.source
    of_lms = source in NUMBERED
    if number and not hand_in.id:
        source = student.source
    elif number and hand_in.id == number:
        # a person's own roster does not say whose number it is; a platform gave it, or it did
        source = student.source or (source if source in NUMBERED else "")
    return msgspec.structs.replace(
        hand_in,
        source=source,
        name=hand_in.name or student.name,
        email=student.email or hand_in.email,
        id=hand_in.id or number,
        # one of a clone or a folder is not the LMS's
        login=(of_lms and hand_in.login) or student.login or hand_in.login,
        sis=hand_in.sis or student.sis,
    )


def _by_hand_alone(course: Course, results: Sequence[Result], rules: Policy) -> list[Result]:
    """Return a result for each student and unit that only manual points refer to."""
    there = {(result.unit, result.lms_name) for result in with_partners(results, rules)}
    by_hand = rules.adjustments
    wanted = {(one.unit, one.student) for one in by_hand if one.gives and one.student != EVERYONE}
    alone = sorted(wanted - there)
    files = {result.lms_name: result.student for result in results}
    new = {student for _, student in alone} - files.keys()
    files |= plain_names(new, files.values())
    found = []
    for unit, student in alone:
        name = files[student]
        of_unit = [result for result in results if result.unit == unit]
        result = Result(
            student=name,
            unit=unit,
            sha256="",
            provenance=(of_unit or results)[0].provenance,
            verdicts=_ungraded(course, unit, of_unit),
            seconds=0.0,
            note=NO_FILE,
            known_as="" if name == student else student,
        )
        found.append(result)
    return found


def _ungraded(course: Course, unit: str, of_unit: Sequence[Result]) -> tuple[Verdict, ...]:
    """Return a verdict of no points for each check of a unit, as graded for the class."""
    if not of_unit:
        checks = load_unit(course, unit).checks
        return tuple(
            Verdict(check.name, check.title, check.points, 0.0, "not_reached") for check in checks
        )
    most_asked = max(of_unit, key=lambda result: len(result.verdicts))
    ungraded = []
    for verdict in most_asked.verdicts:
        ungraded.append(
            replace(
                verdict,
                earned=0.0,
                status="not_reached",
                remarks=(),
                seconds=0.0,
                loss=(),
                failure=Failure.NONE,
                two_answers=False,
                carried=0.0,
                given="",
                whose="",
                agrees=False,
            )
        )
    return tuple(ungraded)
