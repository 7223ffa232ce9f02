"""Names of students on pages and in tables: by name, with the folder's beside it."""

from collections.abc import Iterable, Mapping

from autograder.grading.results import Result
from autograder.grading.roster import Student, called

Names = Mapping[str, str]  # student, as pages link to them → displayed text


def names_of_results(results: Iterable[Result]) -> dict[str, str]:
    """Return the displayed name of each student whose name is known by records or the roster.

    A partner's record knows this student's name only if a roster filled it in.
    """
    names = {}
    for result in results:
        hand_in = result.hand_in
        if hand_in and (hand_in.name or not result.handed_in_by):
            names[result.student] = called(result.student, hand_in.name)
    return names


def names_of_students(students: Iterable[Student]) -> dict[str, str]:
    """Return the displayed name of each student of a roster."""
    return {student.student: called(student.student, student.name) for student in students}
