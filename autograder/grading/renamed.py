"""Moves results to the name under which a student submits now.

A student who was not on the roster has a name with the platform's number. If a later roster knows
the student, `collect` moves the submissions to another name. Their results follow here, with the
points by hand.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from autograder.course import Course
from autograder.grading.adjustments import rename_in_adjustments
from autograder.grading.attempts import NUMBERED, earlier_path
from autograder.grading.hand_in import HandIn
from autograder.grading.results import (
    Result,
    only_writer,
    read_result,
    result_path,
    stored_results,
    write_result_to,
)
from autograder.grading.submissions import Submitted


@dataclass(frozen=True)
class Renamed:
    """A student's unit whose results have an old name.

    before, before_on_lms: the old name in files, and on the platform. now: the submission.
    """

    unit: str
    before: str
    before_on_lms: str
    now: Submitted

    @property
    def name(self) -> str:
        """Return the new name on the platform."""
        return self.now.known_as or self.now.student


def renamed(
    results: Iterable[Result], found: Sequence[Submitted], students: Container[str]
) -> list[Renamed]:
    """List results whose student, known by the platform's number, now submits under another name.

    Left out are results whose own name has submissions, too, or is on the roster, and numbers of
    two students.
    results: the latest ones. students: those on the roster.
    """
    places = {(entry.unit, entry.known_as or entry.student) for entry in found}
    owners: dict[tuple[str, str, str], dict[str, Submitted]] = {}
    for entry in found:
        number = _number(entry.unit, entry.record)
        if number:
            owners.setdefault(number, {})[entry.student] = entry
    moved = []
    for result in results:
        number = _number(result.unit, result.hand_in)
        new = list(owners.get(number, {}).values()) if number else []
        is_present = (result.unit, result.lms_name) in places or result.lms_name in students
        if len(new) == 1 and not is_present:
            moved.append(Renamed(result.unit, result.student, result.lms_name, new[0]))
    return moved


def _number(unit: str, record: HandIn | None) -> tuple[str, str, str] | None:
    if record is None or record.source not in NUMBERED or not record.id:
        return None
    return unit, record.source, record.id


def move_results(course: Course, out: Path, moved: Sequence[Renamed]) -> list[str]:
    """Move results, with those of earlier attempts and the points by hand; say so, a line each.

    Points by hand for a unit without a result move with the last result of the old name. A stopped
    run loses nothing: the next one goes on. Raises `Busy`, `BadFile`, `CannotWrite`.
    """
    if not moved:
        return []
    lines = ["These students now submit under another name. Their results were moved:"]
    with only_writer(out):
        left = [(result.unit, result.lms_name) for result in stored_results(out)]
        for one in moved:
            if (one.unit, one.before_on_lms) not in left:
                continue  # another run has moved it meanwhile
            left.remove((one.unit, one.before_on_lms))
            has_others = any(name == one.before_on_lms for _, name in left)
            unit = one.unit if has_others else ""
            rename_in_adjustments(course, out, unit, one.before_on_lms, one.name)
            _move(out, one)
            lines.append(f"  {one.unit}: {one.before_on_lms} is {one.name}")
    return lines


def _move(out: Path, one: Renamed) -> None:
    """Move all results of a student's unit, the latest last, by which the next run knows the rest.

    Where the new name has a result, the old one becomes an earlier attempt's. One without a
    checksum would be graded again, and is removed.
    """
    old_latest = result_path(out, one.unit, one.before)
    old_earlier = earlier_path(out, one.unit, one.before, "").parent
    for old in (*sorted(old_earlier.glob("*.json")), old_latest):
        result = read_result(old)
        if result is None:
            continue
        new = result_path(out, one.unit, one.now.student)
        latest = read_result(new)
        if old != old_latest or latest:
            new = earlier_path(out, one.unit, one.now.student, result.sha256)
        is_there = new.exists() or (latest and latest.sha256 == result.sha256)
        if result.checksum and not is_there:
            write_result_to(new, _under_new_name(result, one))
        old.unlink()
    if old_earlier.is_dir() and not any(old_earlier.iterdir()):
        old_earlier.rmdir()


def _under_new_name(result: Result, one: Renamed) -> Result:
    record = result.hand_in
    if record:
        record = msgspec.structs.replace(record, student=one.name)
    return replace(result, student=one.now.student, known_as=one.now.known_as, hand_in=record)
