"""Merges a student's folders once a roster says that a number is theirs.

A student missing from the roster has a folder named by the platform's name and number, and Moodle
gives another number in each assignment. If a later roster knows the student, the content of such a
folder is moved into the student's own, attempt by attempt. Only a number, login or address
identifies the owner of a folder; two people may share a name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from autograder.grading.hand_in import EARLIER, HandIn, read_record, record_path
from autograder.grading.roster import CANVAS, Roster, Student
from autograder.intake.laid_out import (
    Attempt,
    attempt_folders,
    attempts_in,
    file_in,
    lay_out,
    lay_out_ungraded,
    with_those_before,
)


@dataclass(frozen=True)
class Adoption:
    """A student's files for a unit in a folder of another name.

    before: that folder's name. foreign: files in it that `collect` did not write; with any, nothing
    is moved, because nobody knows what they are.
    """

    whose: Student
    unit: str
    before: str
    foreign: Sequence[str] = ()

    def attempts(self, into: Path) -> list[Attempt]:
        """Return the attempts there as the student's, the latest last; none that must stay."""
        if self.foreign:
            return []
        attempts = attempts_in(into, self.before, self.unit)
        return [replace(one, record=_as_own(one.record, self.whose)) for one in attempts]


def adoptions(into: Path, roster: Roster | None) -> list[Adoption]:
    """List what lies of a roster's students in folders of other names that no student has."""
    if roster is None:
        return []
    found = []
    for path in sorted(into.glob("*/*.json")):
        folder = path.parent
        record = read_record(path)
        is_link = path.is_symlink() or folder.is_symlink()
        if record is None or is_link or folder.name in roster.students:
            continue
        whose = _owner(roster, record, path.stem)
        if whose and not _is_same_folder(folder, into / whose.student):
            foreign = [name.relative_to(into).as_posix() for name in _foreign(folder, path.stem)]
            found.append(Adoption(whose, path.stem, folder.name, foreign))
    return found


def _owner(roster: Roster, record: HandIn, unit: str) -> Student | None:
    """Return the owner of a submission by its number in a unit, by login or by address."""
    same = []
    for student in roster.students.values():
        is_same_platform = student.source == record.source or _is_of_canvas(student, record)
        if record.id and is_same_platform and student.number_in(unit) == record.id:
            same.append(student)
    if same:
        return same[0] if len(same) == 1 else None
    return roster.find(login=record.login, sis=record.sis, email=record.email)


def _is_of_canvas(student: Student, record: HandIn) -> bool:
    """Say whether a number that a person wrote into a roster can be Canvas's of a hand-in.

    Canvas has one number for a person, Moodle another in each assignment.
    """
    return not student.source and record.source == CANVAS.source


def _is_same_folder(one: Path, other: Path) -> bool:
    """Return whether two names are one folder, as on a file system that ignores case."""
    return other.exists() and one.samefile(other)


def _as_own(record: HandIn, whose: Student) -> HandIn:
    """Return the record of a submission as one of a roster's student."""
    return msgspec.structs.replace(
        record,
        student=whose.student,
        name=whose.name or record.name,
        email=record.email or whose.email,
        login=record.login or whose.login,
        sis=record.sis or whose.sis,
    )


def adopt(adoption: Adoption, into: Path) -> None:
    """Move the files under the other name into the student's folder, whose files stay.

    A stopped run loses nothing: files are removed when all are in their new place.
    """
    if adoption.foreign:
        return
    student = adoption.whose.student
    folder = into / adoption.before
    theirs = adoption.attempts(into)
    if theirs:
        lay_out(with_those_before(into, student, adoption.unit, [], theirs), into)
    else:
        _adopt_ungraded(adoption, into)
    for path in sorted(_written(folder, adoption.unit)):
        path.unlink()
    earlier = folder / EARLIER
    emptied = sorted((earlier / adoption.unit).glob("*"))
    for path in (*emptied, earlier / adoption.unit, earlier, folder / adoption.unit, folder):
        _remove_if_empty(path)


def _adopt_ungraded(adoption: Adoption, into: Path) -> None:
    """Move the note on a submission that cannot be graded, unless the student's folder has one."""
    student = adoption.whose.student
    unit = adoption.unit
    record = read_record(record_path(into / adoption.before / unit))
    if record is None:
        return
    has_own = record_path(into / student / unit).exists()
    if not has_own:
        own = _as_own(record, adoption.whose)
        lay_out_ungraded(student, unit, own, into)


def _written(folder: Path, unit: str) -> set[Path]:
    """Return the files of a unit that `collect` wrote into a student's folder."""
    written = {record_path(folder / unit)}
    for attempt in attempt_folders(folder.parent, folder.name, unit):
        file = file_in(attempt, unit)
        if file:
            written |= {file, record_path(attempt)}
    return {path for path in written if path.is_file() and not path.is_symlink()}


def _foreign(folder: Path, unit: str) -> Iterator[Path]:
    """Yield the files of a unit that `collect` did not write into a student's folder."""
    written = _written(folder, unit)
    for within in (folder / unit, folder / EARLIER / unit):
        if within.is_symlink():
            yield within
            continue
        for path in sorted(within.rglob("*")):
            is_folder = path.is_dir() and not path.is_symlink()
            if not is_folder and path not in written:
                yield path


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def in_words(adopted: Sequence[Adoption]) -> list[str]:
    """Say which submissions are moved, and which must be moved by hand, a line each."""
    moved = [one for one in adopted if not one.foreign]
    kept = [one for one in adopted if one.foreign]
    lines = []
    if moved:
        lines.append(f"moved, because the roster now says whose they are ({len(moved)}):")
        lines += [f"  {one.unit}: {one.before} is {one.whose.student}" for one in moved]
        lines.append("  The next `grade` moves their results and points by hand, too.")
    for one in kept:
        lines.append(
            f"{one.unit}: {one.before} is {one.whose.student}, and was not moved, because collect "
            f"did not write {one.foreign[0]}. Move that file elsewhere, and run collect again."
        )
    return lines
