"""What pages and tables call a student: by name, with what the folder is called beside it."""

from collections.abc import Iterable, Mapping

from autograder.grading.results import Result
from autograder.grading.roster import Student, called

Names = Mapping[str, str]  # student, as pages link to them → what a reader is shown


def names_of_results(results: Iterable[Result]) -> dict[str, str]:
    """Return what each student is called whose name is known; results without hand-ins say none."""
    names = {}
    for result in results:
        if result.hand_in and not result.handed_in_by:
            names[result.student] = called(result.student, result.hand_in.name)
    return names


def names_of_students(students: Iterable[Student]) -> dict[str, str]:
    """Return what each student of a roster is called."""
    return {student.student: called(student.student, student.name) for student in students}
