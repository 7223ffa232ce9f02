"""Finds and reads submissions: folders, zips, students' names, files, times."""

import os
import re
import stat
import struct
import unicodedata
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import BinaryIO

from autograder.course import Course
from autograder.errors import UserError, one_line
from autograder.grading.hand_in import HandIn
from autograder.grading.results import Result, digest

MAX_FILE = 5 << 20  # bytes of a submission
MAX_FILES = 100_000  # in one zip
MAX_TOTAL = 2 << 30  # bytes of all files of a zip
MAX_NAME = 120  # bytes of a student's name
# of what a date can say; ISO 8601 in UTC
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


class NothingToGrade(UserError):
    """The folder is missing, empty or not laid out as submissions; the text says what was looked
    for.
    """


@dataclass(frozen=True)
class Submitted:
    """One student's file for one unit: where it lies, or why it cannot be read.

    student: what files of results and pages call the student.
    known_as: what the folder, and so the LMS, calls the student, where no file can be called so.
    record: what `collect` noted of it. earlier: a later one is there.
    """

    student: str
    unit: str
    path: Path | None
    note: str = ""
    record: HandIn | None = None
    earlier: bool = False
    known_as: str = ""


def find_submissions(
    course: Course, folder: Path, unit: str | None = None, taken: Iterable[str] = ()
) -> list[Submitted]:
    """Find what lies below a folder as `<student>/<unit>/<unit>.py` (or `.ipynb`).

    unit: take this unit alone; then flat files `<student>.py` are found too.
    taken: students of the results that there are already. They keep their names.
    Links are not followed. Raises `NothingToGrade`.
    """
    if not folder.is_dir():
        raise NothingToGrade(
            f"There is no folder {folder}. Name the folder that holds one folder for each student."
        )
    units = [unit] if unit else course.units
    entries = [entry for entry in _entries(folder) if _is_folder(entry) or _is_flat(entry)]
    found: dict[tuple[str, str], Submitted] = {}
    for entry in entries:
        student = _student_of(entry)
        if _is_folder(entry):
            for name in units:
                if submitted := _in_folder(student, name, Path(entry.path)):
                    found.setdefault((student, name), submitted)
        elif unit:
            found.setdefault((student, unit), Submitted(student, unit, Path(entry.path)))
    if not found:
        looked = f"{folder}/<student>/{unit or '<unit>'}/{unit or '<unit>'}.py or .ipynb"
        flat = "" if unit else " For a flat folder of <student>.py say which unit with --unit."
        raise NothingToGrade(f"No submission found. Looked for {looked}.{flat}")
    # of all who lie here, so that a student is called the same whichever unit is asked for
    names = plain_names(map(_student_of, entries), taken)
    plain = [_renamed(submitted, names[submitted.student]) for submitted in found.values()]
    return sorted(plain, key=lambda submitted: (submitted.unit, submitted.student))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """List what lies in a folder: folders, then scripts, then all else. Raises `NothingToGrade`."""
    try:
        found = list(os.scandir(folder))
    except OSError as error:
        raise NothingToGrade(f"The folder {folder} cannot be read: {error.strerror}.") from None
    return sorted(found, key=lambda e: (not _is_folder(e), not e.name.endswith(".py"), e.name))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)  # to follow a link that leads to itself is an error


def _is_flat(entry: os.DirEntry[str]) -> bool:
    return entry.name.endswith((".py", ".ipynb"))


def _student_of(entry: os.DirEntry[str]) -> str:
    """The student by a folder's name, or by that of a flat file."""
    return entry.name if _is_folder(entry) else entry.name.rsplit(".", 1)[0]


def _renamed(submitted: Submitted, plain: str) -> Submitted:
    """The submission under the name that files can bear; the LMS's is kept beside it, where one can
    write it.
    """
    name = submitted.student
    may_be_kept = name != plain and name.isprintable() and not _CHANGED.search(name)
    return replace(
        submitted,
        student=plain,
        note=one_line(submitted.note),
        known_as=name if may_be_kept else "",
    )


_CHANGED = re.compile("~[0-9a-f]{16}$")  # what looks like a name that was changed


def plain_names(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Students' names as files can be called and pages show them.

    One that was changed ends in a checksum, and so does one that looks changed. So does one that
    some file systems take for another's, since they fold case and Unicode's forms: the first keeps
    it.
    taken: names that results bear already; they were first.
    """
    wanted, borne = set(names), set(taken)
    first: dict[str, str] = {}
    for name in [*sorted(borne), *sorted(wanted, key=_capitals_last)]:
        first.setdefault(_folded(name), name)
    return {
        name: _plain_name(name, name in borne or first[_folded(name)] == name) for name in wanted
    }


def _folded(name: str) -> str:
    """What names that some file system takes for the same have in common."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _capitals_last(name: str) -> tuple[bool, str]:
    return name != name.lower(), name


def _plain_name(name: str, is_first: bool) -> str:
    clean = "".join(
        c if c.isprintable() and c not in "/\\" else "_" for c in unicodedata.normalize("NFC", name)
    )
    fits = 0 < len(clean.encode()) <= MAX_NAME
    if is_first and fits and clean == name and not _CHANGED.search(name):
        return name
    short = clean.encode()[: MAX_NAME - 17].decode(errors="ignore")
    return f"{short}~{digest(os.fsencode(name))[:16]}"


def _in_folder(student: str, unit: str, folder: Path) -> Submitted | None:
    try:
        if not (folder / unit).is_dir() or (folder / unit).is_symlink():
            return None
        for suffix in (".py", ".ipynb"):
            if os.path.lexists(path := folder / unit / f"{unit}{suffix}"):
                return Submitted(student, unit, path)
    except OSError as error:
        return Submitted(student, unit, None, f"the folder cannot be read ({error.strerror}).")
    return Submitted(
        student, unit, None, f"no {unit}.py or {unit}.ipynb in the folder {student}/{unit}."
    )


def read_file(path: Path) -> bytes:
    """The bytes of a submission's file. Raises `ValueError`, in words, for a link, a pipe, or one
    that is too large.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ValueError(f"{path.name} is no plain file. Submit the file itself.")
    at = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(at, "rb") as file:
        if not stat.S_ISREG(os.fstat(at).st_mode):
            raise ValueError(f"{path.name} is no plain file. Submit the file itself.")
        content = file.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise ValueError(f"{path.name} is over {MAX_FILE >> 20} MB. Clear the outputs and save it.")
    return content


def time_of(path: Path, stamped: bool = False) -> str:
    """When a submission was handed in, ISO 8601 in UTC: its file's time; empty where the file is
    gone.

    stamped: read `timestamp.txt` beside the file first. Only what collects submissions may have
    written that. A time that no date can say is the earliest or the latest that one can.
    """
    if stamped and (written := _written_time(path.with_name("timestamp.txt"))):
        return written
    try:
        seconds = path.lstat().st_mtime
    except OSError:
        return ""
    within = min(max(seconds, EARLIEST.timestamp()), LATEST.timestamp())
    return datetime.fromtimestamp(within, UTC).isoformat(timespec="seconds")


def _written_time(path: Path) -> str:
    """The time that a file tells; empty where there is none, or none that can be read."""
    try:
        text = read_file(path).decode().strip().replace(" UTC", "+00:00")
        return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="seconds")
    except (OSError, ValueError, OverflowError):
        return ""


def graded_files(
    course: Course, folder: Path, students: Iterable[str]
) -> Callable[[Result], bytes | None]:
    """Find the file below `folder` that a result is of: its bytes, or None where they are not those
    graded.

    students: all who have results, by the names that these bear.
    """
    taken = frozenset(students)

    @cache
    def paths(unit: str) -> dict[str, Path | None]:
        return {
            entry.student: entry.path for entry in find_submissions(course, folder, unit, taken)
        }

    def file_of(result: Result) -> bytes | None:
        try:
            path = paths(result.unit).get(result.student)
            content = read_file(path) if path else b""
        except (OSError, ValueError, NothingToGrade):
            return None
        return content if digest(content) == result.sha256 else None

    return file_of


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a zip of submissions into an empty folder: plain files below it alone, within limits,
    with their times.

    Raises `NothingToGrade` for a path out of the folder, a link, more than the limits, what cannot
    be written, and whatever else is wrong with the zip.
    """
    try:
        if archive.stat().st_size > MAX_TOTAL:
            raise NothingToGrade(f"{archive} is over {MAX_TOTAL >> 30} GB. Grade it in parts.")
        if entries_in_zip(archive) > MAX_FILES:
            raise NothingToGrade(f"{archive} holds more than {MAX_FILES} files.")
        with zipfile.ZipFile(archive) as packed:
            entries = packed.infolist()
            if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_TOTAL:
                raise NothingToGrade(
                    f"{archive} holds more than {MAX_FILES} files or {MAX_TOTAL >> 30} GB."
                )
            for entry in entries:
                if not _can_be_unpacked(entry, folder):
                    raise NothingToGrade(
                        f"{archive} holds {entry.filename!a}: a link, too large, or out of the "
                        "folder."
                    )
            for entry in entries:
                _set_time(packed.extract(entry, folder), entry)
    except NothingToGrade:
        raise
    except OSError as error:  # it is not there, the disk is full, or no file can have such a name
        raise NothingToGrade(
            f"{archive} cannot be unpacked: {error.strerror or one_line(str(error))}."
        ) from None
    except Exception as error:  # the library tells damage by errors of many kinds
        words = one_line(str(error)) or type(error).__name__
        raise NothingToGrade(f"{archive} is no zip file that can be read: {words}.") from None
    return folder


HEADER, END, END_64 = b"PK\1\2", b"PK\5\6", b"PK\6\6"
END_SIZE, END_64_SIZE = 22, 76  # of the records behind a zip's table of contents
LONGEST_COMMENT = 1 << 16


def entries_in_zip(archive: Path) -> int:
    """Count the entries in a zip's table of contents; 0 where no table is found.

    The library makes an object of each before any can be counted. Only the table is looked at:
    a file in the zip may hold what looks like one.
    """
    size = archive.stat().st_size
    with archive.open("rb") as file:
        file.seek(max(0, size - END_SIZE - LONGEST_COMMENT))
        tail = file.read()
        at = tail.rfind(END, 0, len(tail) - END_SIZE + len(END))
        if at < 0:
            return 0
        end = size - len(tail) + at
        (length,) = struct.unpack_from("<L", tail, at + 12)
        if end >= END_64_SIZE:
            file.seek(end - END_64_SIZE)
            record = file.read(END_64_SIZE)
            if record.startswith(END_64):
                length = struct.unpack_from("<Q", record, 40)[0] + END_64_SIZE
        file.seek(max(0, end - length))
        return _count(file, HEADER, min(length, end))


def _count(file: BinaryIO, wanted: bytes, length: int) -> int:
    """Count some bytes among the next `length` ones of a file."""
    found, before = 0, b""
    while length > 0 and (piece := file.read(min(length, 1 << 20))):
        found += (before + piece).count(wanted)
        before = piece[-len(wanted) + 1 :]
        length -= len(piece)
    return found


def _can_be_unpacked(entry: zipfile.ZipInfo, folder: Path) -> bool:
    """Whether an entry is a plain file or a folder, of a size that a submission may have, that
    stays below `folder`.
    """
    if "\0" in entry.filename or entry.file_size > MAX_FILE:
        return False
    if entry.compress_type not in (
        zipfile.ZIP_STORED,
        zipfile.ZIP_DEFLATED,
    ):  # others unpack at once
        return False
    if stat.S_ISLNK(entry.external_attr >> 16):
        return False
    return (folder / entry.filename).resolve().is_relative_to(folder.resolve())


def _set_time(path: str, entry: zipfile.ZipInfo) -> None:
    """Give an unpacked file the time that its entry tells, of which the zip's format knows two
    kinds.
    """
    try:
        seconds = _utc_of(entry.extra)
        if (
            seconds is None
        ):  # on the packer's clock, in a time zone that is not told: this machine's
            seconds = datetime(*entry.date_time).timestamp()
        os.utime(path, (seconds, seconds))
    except (OSError, ValueError, OverflowError, struct.error):
        return  # then it is the time of unpacking: a broken one is no way to be early


UTC_TIMES = 0x5455  # of Info-ZIP: flags, then seconds since 1970 where the lowest flag is set


def _utc_of(extra: bytes) -> float | None:
    """The time of change in an entry's extra fields, seconds since 1970; None where none is told.

    Each field is a kind and a size of two bytes each, then its bytes. Raises `struct.error` for a
    cut one.
    """
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind == UTC_TIMES and size >= 5 and extra[at + 4] & 1:
            return float(struct.unpack_from("<l", extra, at + 5)[0])
        at += 4 + size
    return None
