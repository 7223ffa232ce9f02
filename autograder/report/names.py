"""What pages and tables call a student: by name, with what the folder is called beside it."""

from collections.abc import Iterable, Mapping

from autograder.grading.results import Result
from autograder.grading.roster import Student, called

Names = Mapping[str, str]  # student, as pages link to them → what a reader is shown


def names_of_results(results: Iterable[Result]) -> dict[str, str]:
    """Return what each student is called whose name is known; results without hand-ins say none.

    A partner's hand-in knows this student's name only where a roster filled it in.
    """
    names = {}
    for result in results:
        hand_in = result.hand_in
        if hand_in and (hand_in.name or not result.handed_in_by):
            names[result.student] = called(result.student, hand_in.name)
    return names


def names_of_students(students: Iterable[Student]) -> dict[str, str]:
    """Return what each student of a roster is called."""
    return {student.student: called(student.student, student.name) for student in students}
