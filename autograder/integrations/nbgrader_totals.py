"""The totals that count under a policy, in nbgrader's gradebook.

nbgrader's total is the sum of the checks' scores minus the penalty for lateness. So that penalty
becomes the difference between the sum and the points that count, which is negative where a policy
gives more. A file in nbgrader's course notes which penalties are ours.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from autograder.grading.policy import Grade
from autograder.grading.results import write_whole
from autograder.integrations.nbgrader_bridge import ENTERED, NoGradebook, open_gradebook, whose
from autograder.report.terminal import earned_in_words

NOTED = "totals of autograder.json"  # in nbgrader's course
LEAST = 0.005  # points; a smaller difference is rounding


class _Penalty(msgspec.Struct, frozen=True):
    """A penalty of ours: of whom, from which folder of results, and by which policy."""

    unit: str
    student: str
    grades: str
    policy: str


def refuse_broken_note(folder: Path) -> None:
    """Refuse a note that cannot be read, in nbgrader's course. Raises `NoGradebook`."""
    _read(folder / NOTED)


def enter_totals(
    folder: Path, grades: Path, counted: Sequence[Grade], policy: Path | None
) -> list[str]:
    """Make totals in nbgrader's gradebook the points that count; say in lines what was entered.

    First our earlier penalties of these results are removed. Scores of checks that are not in our
    grades, such as those that train after `grade --quick`, stay in the total. Somebody whose points
    count without an own submission, such as a partner, gets one without a file.
    folder: nbgrader's course, into which `record` has written the results. grades: their folder;
    `export/nbgrader.txt` there gets a line for each changed total. counted: none without a policy.
    Raises `NoGradebook`, `CannotWrite`; `ImportError` without nbgrader.
    """
    from nbgrader.api import MissingEntry

    path = folder / NOTED
    here = str(grades.resolve())
    places = {(grade.result.unit, grade.result.lms_name) for grade in counted}
    before: list[_Penalty] = []
    others: list[_Penalty] = []
    for total in _read(path):
        is_ours = total.grades == here or (total.unit, total.student) in places
        (before if is_ours else others).append(total)
    if not policy and not before:
        return []
    by_policy = [_Penalty(*place, here, str(policy)) for place in sorted(places)]
    _write(path, [*others, *before, *by_policy])  # nbgrader commits below, student by student
    changed: dict[_Penalty, str] = {}
    lines: dict[str, str] = {}
    with open_gradebook(folder) as gradebook:
        for total in before:
            with suppress(MissingEntry):
                book = gradebook.find_submission_notebook(total.unit, total.unit, total.student)
                book.late_submission_penalty = None
        for grade in counted:
            unit, student = grade.result.unit, grade.result.lms_name
            try:
                gradebook.find_assignment(unit)
            except MissingEntry:
                lines[unit] = (
                    f"Warning: {unit} is not in nbgrader's gradebook, so its points are not entered"
                )
                continue
            gradebook.update_or_create_student(student)
            gradebook.update_or_create_submission(unit, student)
            book = gradebook.find_submission_notebook(unit, unit, student)
            names = {f"check-{verdict.name}" for verdict in grade.result.verdicts}
            cells = [cell for cell in book.grades if cell.name in names]
            difference = sum(float(cell.score) for cell in cells) - grade.points
            book.late_submission_penalty = None  # also one that nbgrader has computed
            if abs(difference) >= LEAST:
                book.late_submission_penalty = difference
                points = earned_in_words(grade.points, grade.max_points)
                said = f"{whose(grade.result)}: {points} count under the policy"
                changed[_Penalty(unit, student, here, str(policy))] = said
            maximum = sum(float(cell.max_score) for cell in cells)
            if abs(maximum - grade.max_points) >= LEAST:
                lines[unit] = (
                    f"Warning: {unit} has {maximum:g} points in nbgrader, and {grade.max_points:g} "
                    "under the policy, so nbgrader's percentages are not the policy's"
                )
        gradebook.db.commit()
    _write(path, [*others, *changed])
    if changed:
        entered = grades / ENTERED
        text = entered.read_text(encoding="utf-8").rstrip()
        write_whole(entered, "\n".join([text, *changed.values()]))
    if policy:
        count = "1 total" if len(changed) == 1 else f"{len(changed)} totals"
        return [*lines.values(), f"the policy changes {count} in nbgrader's gradebook"]
    earlier = before[0].policy
    return [
        f"Warning: totals in {folder} were made with {earlier}, and are the sums of the checks "
        f"again. To restore them, add --policy {earlier}."
    ]


def _read(path: Path) -> list[_Penalty]:
    """Read which penalties are ours. Raises `NoGradebook` if the file is damaged."""
    if not path.is_file():
        return []
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[_Penalty])
    except msgspec.DecodeError as error:
        raise NoGradebook(
            f"{path} notes which late penalties in the gradebook are ours, and cannot be read "
            f"({error}). Delete it, and run `autograder nbgrader` with --policy again."
        ) from None


def _write(path: Path, totals: Sequence[_Penalty]) -> None:
    write_whole(path, msgspec.json.encode(totals).decode())
