"""Finds and reads submissions: folders, zips, students' names, files, times."""

import os
import re
import stat
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from autograder.course import Course
from autograder.errors import UserError
from autograder.grading.hand_in import HandIn
from autograder.grading.results import Result, digest

MAX_FILE = 5 << 20  # bytes of a submission
MAX_FILES = 100_000  # in one zip
MAX_TOTAL = 2 << 30  # bytes of all files of a zip
MAX_NAME = 120  # bytes of a student's name


class NothingToGrade(UserError):
    """The folder is missing, empty or not laid out as submissions; the text says what was looked for."""


@dataclass(frozen=True)
class Submitted:
    """One student's file for one unit: where it lies, or why it cannot be read.

    record: what `collect` noted of it. earlier: a later one is there.
    """

    student: str
    unit: str
    path: Path | None
    note: str = ""
    record: HandIn | None = None
    earlier: bool = False


def find_submissions(course: Course, folder: Path, unit: str | None = None) -> list[Submitted]:
    """Find what lies below a folder as `<student>/<unit>/<unit>.py` (or `.ipynb`).

    unit: take this unit alone; then flat files `<student>.py` are found too.
    Links are not followed. Raises `NothingToGrade`.
    """
    if not folder.is_dir():
        raise NothingToGrade(f"There is no folder {folder}. Name the folder that holds one folder for each student.")
    units = [unit] if unit else course.units
    found: dict[tuple[str, str], Submitted] = {}
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False):
            for name in units:
                if submitted := _in_folder(entry.name, name, Path(entry.path)):
                    found.setdefault((entry.name, name), submitted)
        elif unit and entry.name.endswith((".py", ".ipynb")):
            student = entry.name.rsplit(".", 1)[0]
            found.setdefault((student, unit), Submitted(student, unit, Path(entry.path)))
    if not found:
        looked = f"{folder}/<student>/{unit or '<unit>'}/{unit or '<unit>'}.py or .ipynb"
        flat = "" if unit else " For a flat folder of <student>.py say which unit with --unit."
        raise NothingToGrade(f"No submission found. Looked for {looked}.{flat}")
    names = plain_names({student for student, _ in found})
    plain = [replace(entry, student=names[entry.student]) for entry in found.values()]
    return sorted(plain, key=lambda submitted: (submitted.unit, submitted.student))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """List what lies in a folder: folders, then scripts, then all else. Raises `NothingToGrade`."""
    try:
        found = list(os.scandir(folder))
    except OSError as error:
        raise NothingToGrade(f"The folder {folder} cannot be read: {error.strerror}.") from None
    return sorted(found, key=lambda e: (not e.is_dir(), not e.name.endswith(".py"), e.name))


def plain_names(names: Iterable[str]) -> dict[str, str]:
    """Students' names as files can be called and pages show them. One that was changed ends in a checksum, and so does
    one that looks changed, or that some file systems take for another's: they fold case and Unicode's forms.
    """
    folded = Counter(unicodedata.normalize("NFKC", name).casefold() for name in set(names))
    return {name: _plain_name(name, folded[unicodedata.normalize("NFKC", name).casefold()] == 1) for name in set(names)}


def _plain_name(name: str, alone: bool) -> str:
    clean = "".join(c if c.isprintable() and c not in "/\\" else "_" for c in unicodedata.normalize("NFC", name))
    if alone and clean == name and len(name.encode()) <= MAX_NAME and not re.search("~[0-9a-f]{16}$", name):
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
    return Submitted(student, unit, None, f"no {unit}.py or {unit}.ipynb in the folder {student}/{unit}.")


def read_file(path: Path) -> bytes:
    """The bytes of a submission's file. Raises `ValueError`, in words, for a link, a pipe, or one that is too large."""
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


def time_of(path: Path) -> str:
    """When a submission was handed in, ISO 8601 in UTC: nbgrader's `timestamp.txt` beside it, else its file's time."""
    try:
        text = read_file(path.with_name("timestamp.txt")).decode().strip()
        return datetime.fromisoformat(text.replace(" UTC", "+00:00")).astimezone(UTC).isoformat(timespec="seconds")
    except (OSError, ValueError, OverflowError):
        return datetime.fromtimestamp(path.lstat().st_mtime, UTC).isoformat(timespec="seconds")


def graded_files(course: Course, folder: Path) -> Callable[[Result], bytes | None]:
    """Find the file below `folder` that a result is of: its bytes, or None where they are not those graded."""

    @cache
    def paths(unit: str) -> dict[str, Path | None]:
        return {entry.student: entry.path for entry in find_submissions(course, folder, unit)}

    def file_of(result: Result) -> bytes | None:
        try:
            path = paths(result.unit).get(result.student)
            content = read_file(path) if path else b""
        except (OSError, ValueError, NothingToGrade):
            return None
        return content if digest(content) == result.sha256 else None

    return file_of


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a zip of submissions into an empty folder: plain files below it alone, within limits.

    Raises `NothingToGrade` for a path out of the folder, a link, more than the limits, or what
    cannot be written.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            entries = packed.infolist()
            if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_TOTAL:
                raise NothingToGrade(f"{archive} holds more than {MAX_FILES} files or {MAX_TOTAL >> 30} GB.")
            for entry in entries:
                target = (folder / entry.filename).resolve()
                odd = "\0" in entry.filename or not target.is_relative_to(folder.resolve())
                odd |= entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others unpack at once
                if odd or (entry.external_attr >> 16) & 0o170000 == 0o120000 or entry.file_size > MAX_FILE:
                    raise NothingToGrade(
                        f"{archive} holds {entry.filename!r}: a link, too large, or out of the folder."
                    )
                packed.extract(entry, folder)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise NothingToGrade(f"{archive} is no zip file that can be read: {error}.") from None
    except OSError as error:  # it is not there, the disk is full, or no file can have such a name
        raise NothingToGrade(f"{archive} cannot be unpacked: {error.strerror}.") from None
    return folder
