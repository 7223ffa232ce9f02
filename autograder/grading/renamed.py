"""Moves results to the name that a student has now.

A student who was not on the roster has a name with the platform's number. If a later roster knows
the student, `collect` moves the submissions to another name. Their results follow here, with the
points by hand.
"""

from collections.abc import Iterable, Sequence
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
    write_result_to,
)
from autograder.grading.submissions import Submitted


@dataclass(frozen=True)
class Renamed:
    """A student of a unit whose results have an old name.

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


def renamed(results: Iterable[Result], found: Sequence[Submitted]) -> list[Renamed]:
    """List the results of a number whose submissions have another name now.

    A result whose own name has submissions as well is left out, and so is a number of two students.
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
        if len(new) == 1 and (result.unit, result.lms_name) not in places:
            moved.append(Renamed(result.unit, result.student, result.lms_name, new[0]))
    return moved


def _number(unit: str, record: HandIn | None) -> tuple[str, str, str] | None:
    if record is None or record.source not in NUMBERED or not record.id:
        return None
    return unit, record.source, record.id


def move_results(course: Course, out: Path, moved: Sequence[Renamed]) -> list[str]:
    """Move results, with those of earlier attempts and the points by hand; say so, a line each.

    A stopped run loses nothing: a result is removed when it is in its new place. Raises `Busy`,
    `BadFile`, `CannotWrite`.
    """
    if not moved:
        return []
    lines = ["The submissions of these students have another name now, so their results move:"]
    with only_writer(out):
        for one in moved:
            rename_in_adjustments(course, out, one.unit, one.before_on_lms, one.name)
            _move(out, one)
            lines.append(f"  {one.unit}: {one.before_on_lms} is {one.name}")
    return lines


def _move(out: Path, one: Renamed) -> None:
    """Move all results of a student's unit; where a latest one is there, as an earlier attempt."""
    new_latest = result_path(out, one.unit, one.now.student)
    old_latest = result_path(out, one.unit, one.before)
    old_earlier = earlier_path(out, one.unit, one.before, "").parent
    for old in (old_latest, *sorted(old_earlier.glob("*.json"))):
        result = read_result(old)
        if result is None:
            continue
        record = result.hand_in
        if record:
            record = msgspec.structs.replace(record, student=one.name)
        own = replace(result, student=one.now.student, known_as=one.now.known_as, hand_in=record)
        new = new_latest
        if old != old_latest or new_latest.exists():
            new = earlier_path(out, one.unit, one.now.student, result.sha256)
        write_result_to(new, own)
        old.unlink()
    if old_earlier.is_dir() and not any(old_earlier.iterdir()):
        old_earlier.rmdir()
