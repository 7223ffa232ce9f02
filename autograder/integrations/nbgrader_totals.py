"""The totals that count under a policy, in nbgrader's gradebook.

nbgrader's total is the sum of the checks' scores minus the penalty for lateness. So that penalty
becomes the difference between the sum and the points that count, which is negative where a policy
gives more, and a comment below the first exercise has the reason. A file in nbgrader's course notes
which penalties are ours.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from autograder.course import Course
from autograder.errors import first_of
from autograder.grading.policy import Grade
from autograder.grading.results import stored_results, write_whole
from autograder.integrations.nbgrader_bridge import (
    ENTERED,
    NoGradebook,
    configuration,
    first_exercise,
    open_gradebook,
    whose,
)
from autograder.report import markdown
from autograder.report.terminal import earned_in_words

NOTED = "totals of autograder.json"  # in nbgrader's course
DECIMALS = 6  # of a penalty: nbgrader exports all that a float has
LEAST = 0.006  # points; rounding to hundredths makes a smaller difference
DIFFERENCE = (
    "nbgrader shows the difference from the sum of the checks as *Late submission penalty*, "
    "whatever the reason."
)


class _Penalty(msgspec.Struct, frozen=True):
    """A penalty of ours: of whom, from which folder of results, and by which policy."""

    unit: str
    student: str
    grades: str
    policy: str


def refuse_broken_note(folder: Path) -> None:
    """Refuse a note that cannot be read, in nbgrader's course. Raises `NoGradebook`."""
    _read(folder / NOTED)


def refuse_points_beyond(folder: Path, grades: Path) -> None:
    """Refuse results without a check for which nbgrader has points: no policy reaches these.

    folder: nbgrader's course. grades: the folder of results, such as of `grade --quick`.
    Raises as `open_gradebook`.
    """
    from nbgrader.api import MissingEntry

    lacking: set[str] = set()
    students = []
    with open_gradebook(folder) as gradebook:
        for result in stored_results(grades):
            names = {f"check-{verdict.name}" for verdict in result.verdicts}
            with suppress(MissingEntry):
                where = (result.unit, result.unit, result.lms_name)
                book = gradebook.find_submission_notebook(*where)
                scored = {cell.name for cell in book.grades if cell.score} - names
                beyond = {name for name in scored if name.startswith("check-")}
                if beyond:
                    lacking |= beyond
                    students.append(whose(result))
    if not students:
        return
    raise NoGradebook(
        f"nbgrader has points for {first_of(sorted(lacking))}, and the results in {grades} lack "
        f"these checks ({len(students)}: {first_of(students)}). Lateness, a bonus and cut-offs "
        "would not apply to these points. Grade again without --quick and with the data of the "
        "checks that train, or leave out --policy."
    )


def enter_totals(
    course: Course,
    folder: Path,
    grades: Path,
    counted: Sequence[Grade],
    policy: Path | None,
    left_out: Collection[tuple[str, str]] = (),
) -> list[str]:
    """Make totals in nbgrader's gradebook the points that count; say in lines what was entered.

    First our earlier penalties of these results are removed. Somebody whose points count without an
    own submission, such as a partner, gets one without a file.
    folder: nbgrader's course, into which `record` has written the results and anew each comment.
    grades: their folder; `export/nbgrader.txt` there gets a line for each changed total. counted:
    none without a policy.
    left_out: the units and students whose scores were not entered, and whose totals stay.
    Raises `NoGradebook`, `CannotWrite`; `ImportError` without nbgrader.
    """
    path = folder / NOTED
    here = str(grades.resolve())
    places = {_place(grade) for grade in counted if not _is_left_out(grade, left_out)}
    of_ours = places | {(result.unit, result.lms_name) for result in stored_results(grades)}
    noted = _read(path)
    before = []
    for one in noted:
        place = (one.unit, one.student)
        if place not in left_out and (one.grades == here or place in of_ours):
            before.append(one)
    counted = [grade for grade in counted if not _is_left_out(grade, left_out)]
    others = [one for one in noted if one not in before]
    replaced = _entered_from_elsewhere(before, here)
    if not policy and not before:
        return []
    by_policy = [_Penalty(*place, here, str(policy)) for place in sorted(places)]
    _write(path, [*others, *before, *by_policy])  # nbgrader commits student by student
    changed: list[Grade] = []
    warnings: dict[str, str] = {}  # by unit
    first: dict[str, str] = {}  # the cell of each unit's first exercise
    latest = {(result.unit, result.lms_name): result.sha256 for result in stored_results(grades)}
    with open_gradebook(folder) as gradebook:
        _remove(gradebook, before)
        units = {assignment.name for assignment in gradebook.assignments}
        for grade in counted:
            unit = grade.result.unit
            if unit not in units:
                warnings[unit] = (
                    f"Warning: {unit} is not in nbgrader's gradebook, so its points are not entered"
                )
                continue
            of_checks = _enter(gradebook, grade)
            if of_checks.is_changed:
                changed.append(grade)
                if unit not in first:
                    first[unit] = first_exercise(course, unit)
                is_earlier = latest.get(_place(grade), grade.result.sha256) != grade.result.sha256
                _comment(gradebook, first[unit], grade, is_earlier)
            if abs(of_checks.maximum - grade.max_points) >= LEAST:
                warnings[unit] = (
                    f"Warning: {unit} has {of_checks.maximum:g} points in nbgrader, and "
                    f"{grade.max_points:g} under the policy, so nbgrader's percentages are not the "
                    "policy's"
                )
        gradebook.db.commit()
    now = [_Penalty(one.result.unit, one.result.lms_name, here, str(policy)) for one in changed]
    _write(path, [*others, *now])
    if not policy:
        earlier = before[0].policy
        return [
            *replaced,
            f"Warning: totals in {folder} were made with {earlier}, and are the sums of the checks "
            f"again. To restore them, add --policy {earlier}.",
        ]
    _list(changed, grades / ENTERED)
    count = "1 total" if len(changed) == 1 else f"{len(changed)} totals"
    return [*replaced, *warnings.values(), f"the policy changes {count} in nbgrader's gradebook"]


def _entered_from_elsewhere(before: Sequence[_Penalty], here: str) -> list[str]:
    """Warn of totals that came from another folder of results, whose points by hand are its own.

    before: the penalties that are replaced now. here: the folder of results.
    """
    whose_totals: dict[str, list[str]] = {}
    for one in before:
        if one.grades != here:
            whose_totals.setdefault(one.grades, []).append(f"{one.student}, {one.unit}")
    return [
        f"Warning: totals ({len(names)}) had been entered from {other}: {first_of(names)}. Now "
        f"they are those of {here}, with its points by hand only. To restore them, name "
        f"--grades {other}."
        for other, names in whose_totals.items()
    ]


def _place(grade: Grade) -> tuple[str, str]:
    return grade.result.unit, grade.result.lms_name


def _is_left_out(grade: Grade, left_out: Collection[tuple[str, str]]) -> bool:
    """Return whether a total comes from a result that was not entered, such as a partner's."""
    whose = (grade.result.lms_name, grade.result.handed_in_by)
    return any((grade.result.unit, name) in left_out for name in whose)


def compute_late_penalties(
    folder: Path, grades: Path, left_out: Collection[tuple[str, str]] = ()
) -> None:
    """Have nbgrader's plugin for late work compute its penalties from the scores that are there.

    folder: nbgrader's course, which may do without the plugin. grades: the folder of the results.
    left_out: the units and students whose penalties stay. Raises as `open_gradebook`.
    """
    from nbformat.v4 import new_notebook
    from nbgrader.api import MissingEntry
    from nbgrader.converters import Autograde
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.preprocessors import AssignLatePenalties

    config = configuration(folder)
    directory = CourseDirectory(config=config)
    plugin = AssignLatePenalties(config=config)
    in_use = Autograde(coursedir=directory, config=config).autograde_preprocessors
    if AssignLatePenalties not in in_use or not plugin.enabled:
        return
    for result in stored_results(grades):
        if (result.unit, result.lms_name) in left_out:
            continue
        place = {"notebook": result.unit, "assignment": result.unit, "student": result.lms_name}
        with suppress(MissingEntry):
            plugin.preprocess(new_notebook(), {"nbgrader": {**place, "db_url": directory.db_url}})


def _remove(gradebook: Any, penalties: Sequence[_Penalty]) -> None:
    """Remove penalties of ours and their comments, where their submissions are still there.

    `record` has written anew the comments of those who have a file.
    """
    from nbgrader.api import MissingEntry

    for one in penalties:
        with suppress(MissingEntry):
            book = gradebook.find_submission_notebook(one.unit, one.unit, one.student)
            book.late_submission_penalty = None
            for comment in book.comments:
                if DIFFERENCE in (comment.auto_comment or ""):
                    comment.auto_comment = None


class _Sum(NamedTuple):
    """The sum of the checks in nbgrader: whether the total differs from it, and its maximum."""

    is_changed: bool
    maximum: float


def _enter(gradebook: Any, grade: Grade) -> _Sum:
    """Make one total what counts. A late penalty that nbgrader has computed is replaced."""
    unit, student = grade.result.unit, grade.result.lms_name
    gradebook.update_or_create_student(student)
    gradebook.update_or_create_submission(unit, student)
    book = gradebook.find_submission_notebook(unit, unit, student)
    names = {f"check-{verdict.name}" for verdict in grade.result.verdicts}
    cells = [cell for cell in book.grades if cell.name in names]
    difference = sum(float(cell.score) for cell in cells) - grade.points
    is_changed = abs(difference) >= LEAST
    book.late_submission_penalty = round(difference, DECIMALS) if is_changed else None
    return _Sum(is_changed, sum(float(cell.max_score) for cell in cells))


def _comment(gradebook: Any, cell: str, grade: Grade, is_earlier: bool) -> None:
    """Say how a changed total comes about, before the remarks below the first exercise.

    nbgrader's page calls the difference a penalty for lateness, whatever it is for, and has no
    other place for words. cell: that of the first exercise. is_earlier: whether an earlier file of
    the student counts, while the page shows the latest.
    """
    from nbgrader.api import MissingEntry

    words = earned_in_words(grade.points, grade.max_points)
    why = []
    if is_earlier:
        why.append("a file that you handed in earlier counts, and its checks are not on this page")
    if grade.words:
        why.append(grade.words)
    if why:
        words += f": {'; '.join(why)}"
    unit, student = grade.result.unit, grade.result.lms_name
    with suppress(MissingEntry):  # in a gradebook of an earlier version of the unit
        comment = gradebook.find_comment(cell, unit, unit, student)
        remarks = comment.auto_comment or ""
        comment.auto_comment = f"**{markdown(words)}.** {DIFFERENCE}\n\n{remarks}"


def _list(changed: Sequence[Grade], path: Path) -> None:
    """Add a line for each changed total to the list of what was entered."""
    lines = [path.read_text(encoding="utf-8").rstrip()]
    for grade in changed:
        points = earned_in_words(grade.points, grade.max_points)
        lines.append(f"{whose(grade.result)}: {points} count under the policy")
    write_whole(path, "\n".join(lines))


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
