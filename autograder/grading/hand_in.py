"""The record of a submission beside its file: its student, its time, its attempt.

`autograder collect` writes such a record beside the folder of each file, never in it: the content
of that folder is the student's.

    SUBMITTED/collected.json               marks a folder written by `collect`
    SUBMITTED/not taken.txt                what it did not take, run by run
    SUBMITTED/receipts.csv                 each file that it took, with its checksum
    SUBMITTED/ada/sums/sums.py             the latest attempt
    SUBMITTED/ada/sums.json                its record
    SUBMITTED/ada/earlier/sums/1/sums.py   the first attempt
    SUBMITTED/ada/earlier/sums/1.json      its record
"""

from pathlib import Path

import msgspec

FORMAT = 1
MARK = "collected.json"
LIST = "not taken.txt"
RECEIPTS = "receipts.csv"
EARLIER = "earlier"


class HandIn(msgspec.Struct, frozen=True, kw_only=True):
    """One submission as its system knows it. Unknown fields are empty.

    source: canvas, moodle, gradescope, classroom50, github, nbgrader or folder.
    student: the folder's name. id: the person's number in the system.
    sis: the number given by the university. submission: the system's own name for the submission.
    file: its name in the source. submitted: when, ISO 8601 in UTC.
    attempt: 1 for the first, by time. why: why the file cannot be graded.
    begun: when a file came before it that could not be graded.
    """

    format: int = FORMAT
    source: str
    student: str
    name: str = ""
    email: str = ""
    id: str = ""
    login: str = ""
    sis: str = ""
    submission: str = ""
    file: str = ""
    submitted: str = ""
    late: bool = False
    attempt: int = 1
    sha256: str = ""
    why: str = ""
    begun: str = ""


def id_in(record: HandIn | None, source: str) -> str:
    """Return a system's number of the student; empty if the record is from another system."""
    if record is None or record.source != source:
        return ""
    return record.id


def names_of_hand_in(student: str, known_as: str, record: HandIn | None) -> list[str]:
    """Return the words for a submission's student; no numbers, for code is full of them."""
    names = [student, known_as]
    if record:
        names += [record.name, _turned(record.name), record.login, record.email]
    return [name for name in names if name]


def names_to_sign_with(student: str, known_as: str, record: HandIn | None) -> list[str]:
    """Return the words for a submission's student, those that the student knows first.

    If no roster has the student, the folder's name is a platform's number, which the student cannot
    know.
    """
    names = names_of_hand_in(student, known_as, record)
    number = record.id if record else ""
    if not number:
        return names
    return sorted(names, key=lambda name: name.endswith(f"_{number}"))


def _turned(name: str) -> str:
    """Return `Ada Lovelace` for a roster's `Lovelace, Ada`; empty for other names."""
    last, _, first = name.partition(", ")
    if not first or not last:
        return ""
    return f"{first} {last}"


def record_path(folder: Path) -> Path:
    """Return the path of the record of a folder's file: beside the folder."""
    return folder.with_name(f"{folder.name}.json")


def read_record(path: Path) -> HandIn | None:
    """Read a record; None if it is missing, or of an unknown format."""
    try:
        record = msgspec.json.decode(path.read_bytes(), type=HandIn)
    except (OSError, msgspec.MsgspecError, ValueError):
        return None
    return record if record.format == FORMAT else None


def is_collected(submitted: Path) -> bool:
    """Return whether `collect` wrote this folder: otherwise its records may be students' own."""
    mark = submitted / MARK
    if mark.is_symlink():
        return False
    return mark.is_file()


class _Mark(msgspec.Struct, frozen=True):
    """The note of `collect` on a folder. last: the latest kind of source. kinds: all."""

    last: str = ""
    kinds: list[str] = []


def kinds_collected(submitted: Path) -> list[str]:
    """Return the kinds of sources that `collect` has put into a folder; none for a new one."""
    if not is_collected(submitted):
        return []
    try:
        mark = msgspec.json.decode((submitted / MARK).read_bytes(), type=_Mark)
    except (OSError, msgspec.MsgspecError, ValueError):
        return []
    return mark.kinds or [kind for kind in (mark.last,) if kind]


def record_of(submitted: Path, folder: Path) -> HandIn | None:
    """Read the record of the file in a folder of a collected tree."""
    path = record_path(folder)
    if not is_collected(submitted) or path.is_symlink():
        return None
    return read_record(path)
