"""A good solution beside a student's own: for passed exercises, if the policy allows it."""

from collections.abc import Mapping, Sequence

from autograder.course import Course
from autograder.judging import Verdict
from autograder.report import code
from autograder.sandbox.definitions import Definition, read_definitions
from autograder.source.solution import read_solution_file, without_marks


def good_solutions(
    course: Course, unit: str, verdicts: Sequence[Verdict]
) -> dict[str, list[Definition]]:
    """Return, for each check, the course's own solution of its exercise, if the student solved it.

    An exercise may have several consecutive checks. It is solved if all of them passed, and is
    shown at the first. Returns nothing without the solutions.
    """
    path = course.solution(unit)
    if not path.is_file():
        return {}
    solution = read_solution_file(path)
    script = without_marks(solution.plain())
    found = read_definitions(script.encode())
    asked, given = code.exercises(solution.stub)
    passed = {verdict.name for verdict in verdicts if verdict.status == "passed"}
    shown = {}
    for first, checks in _exercises(asked).items():
        if passed.issuperset(checks):
            shown[first] = code.parts(found, asked[first], given)
    return shown


def _exercises(asked: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """Return the checks of each exercise by the first, which asks for names.

    A check before all exercises belongs to none.
    """
    found: dict[str, list[str]] = {}
    last = ""
    for check, names in asked.items():
        if names:
            last = check
            found[last] = []
        if last:
            found[last].append(check)
    return found
