"""Finds and reads submissions: folders, zips, students' names, files, times."""

import os
import re
import stat
import struct
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autograder.course import Course
from autograder.errors import UserError, one_line
from autograder.grading.hand_in import EARLIER, HandIn, is_collected
from autograder.grading.results import Result, digest

MAX_FILE = 5 << 20  # bytes of a submission
MAX_FILES = 100_000  # in one zip
MAX_TOTAL = 2 << 30  # bytes of all files of a zip
# methods of compression; with others the library unpacks a whole file at once, however large it is
UNPACKED_IN_PIECES = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
MAX_NAME = 120  # bytes of a student's name
CHECKSUM = 16  # length of the checksum in a changed name
# the range of dates; ISO 8601 in UTC
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


class NothingToGrade(UserError):
    """No submission was found; the text says what was looked for."""


@dataclass(frozen=True)
class Submitted:
    """One student's file for one unit: its path, or why it cannot be read.

    student: the student's name in result files and pages.
    known_as: the name of the folder, and so on the LMS, if no file can have it.
    record: of `collect`. earlier: whether there is a later one.
    names: further ones of the student, from a roster.
    """

    student: str
    unit: str
    path: Path | None
    note: str = ""
    record: HandIn | None = None
    earlier: bool = False
    known_as: str = ""
    names: tuple[str, ...] = ()


def find_submissions(
    course: Course, folder: Path, unit: str | None = None, taken: Iterable[str] = ()
) -> list[Submitted]:
    """Find the submissions below a folder: `<student>/<unit>/<unit>.py` (or `.ipynb`).

    unit: take only this unit; then flat files `<student>.py` are found, too.
    taken: students with existing results, who keep their names.
    Links are not followed.
    Raises `NothingToGrade`.
    """
    if not folder.is_dir():
        raise NothingToGrade(
            f"There is no folder {folder}. Name the folder that holds one folder for each student."
        )
    entries = _entries(folder)
    units = [unit] if unit else course.units
    found: dict[tuple[str, str], Submitted] = {}
    for entry in entries:
        for submitted in _of_entry(course, entry, units, take_flat=bool(unit)):
            found.setdefault((submitted.student, submitted.unit), submitted)
    if not found:
        raise _nothing_found(folder, unit)
    # names of everybody here, so that a student has the same name for every unit
    there = {_student_of(entry) for entry in entries}
    names = plain_names(there, taken)
    composed = Counter(unicodedata.normalize("NFC", name) for name in there)
    plain = []
    for submitted in found.values():
        name = names[submitted.student]
        of_lms = unicodedata.normalize("NFC", submitted.student)  # macOS takes letters apart
        if composed[of_lms] == 1:
            submitted = replace(submitted, student=of_lms)
        plain.append(renamed(submitted, name))
    return sorted(plain, key=lambda submitted: (submitted.unit, submitted.student))


def _nothing_found(folder: Path, unit: str | None) -> NothingToGrade:
    name = unit or "<unit>"
    text = f"No submission found. Looked for {folder}/<student>/{name}/{name}.py or .ipynb."
    if not unit:
        text += " For a flat folder of <student>.py say which unit with --unit."
    return NothingToGrade(text)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """List possible submissions in a folder: folders, then scripts, then notebooks.

    Raises `NothingToGrade`.
    """
    try:
        listed = list(os.scandir(folder))
    except OSError as error:
        raise NothingToGrade(f"The folder {folder} cannot be read: {error.strerror}.") from None
    entries = [entry for entry in listed if _is_folder(entry) or _is_flat(entry)]
    return sorted(entries, key=_order)


def _order(entry: os.DirEntry[str]) -> tuple[bool, bool, str]:
    is_no_folder = not _is_folder(entry)
    is_no_script = not entry.name.endswith(".py")
    return is_no_folder, is_no_script, entry.name


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)  # following a link that leads to itself is an error


def _is_flat(entry: os.DirEntry[str]) -> bool:
    return entry.name.endswith((".py", ".ipynb"))


def _student_of(entry: os.DirEntry[str]) -> str:
    """Return the student by a folder's name, or by that of a flat file."""
    if _is_folder(entry):
        return entry.name
    return entry.name.rsplit(".", 1)[0]


def _of_entry(
    course: Course, entry: os.DirEntry[str], units: Iterable[str], take_flat: bool
) -> Iterator[Submitted]:
    """Yield the submissions of a student's folder, or that of a flat file."""
    student = _student_of(entry)
    path = Path(entry.path)
    for unit in units:
        if _is_folder(entry):
            submitted = _in_folder(course, student, unit, path)
            if submitted:
                yield submitted
        elif take_flat:
            yield Submitted(student, unit, path)


def renamed(submitted: Submitted, plain: str) -> Submitted:
    """Give a submission a name that files can have.

    The LMS's name is kept beside it, if it can be written.
    """
    name = submitted.student
    may_be_kept = name != plain and name.isprintable() and not _CHANGED.search(name)
    may_be_kept = may_be_kept and "*" not in name
    return replace(
        submitted,
        student=plain,
        note=one_line(submitted.note),
        known_as=name if may_be_kept else "",
    )


_CHANGED = re.compile(f"~[0-9a-f]{{{CHECKSUM}}}$")  # text that looks like a changed name


def plain_names(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Map students' names to valid file names, which pages show.

    A changed name ends in a checksum, and so does one that looks changed. So does one that some
    file systems confuse with another, because they ignore case and Unicode's forms: the first one
    keeps its name.
    taken: names of existing results, which came first.
    """
    wanted = set(names)
    borne = set(taken)
    in_turn = [*sorted(borne), *sorted(wanted, key=_capitals_last)]
    first: dict[str, str] = {}
    for name in in_turn:
        first.setdefault(_folded(name), name)
    plain = {}
    for name in wanted:
        is_first = name in borne or first[_folded(name)] == name
        plain[name] = _plain_name(name, is_first)
    return plain


def _folded(name: str) -> str:
    """Return the common form of names that some file system treats as equal."""
    small = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", small)


def _capitals_last(name: str) -> tuple[bool, str]:
    has_capitals = name != name.lower()
    return has_capitals, name


def _plain_name(name: str, is_first: bool) -> str:
    """Return a name unchanged if files can have it; else a part of it with a checksum."""
    clean = _without_strange_characters(name)
    in_bytes = clean.encode()
    fits = 0 < len(in_bytes) <= MAX_NAME
    looks_changed = _CHANGED.search(name) is not None
    if is_first and fits and clean == name and not looks_changed:
        return name
    room = MAX_NAME - CHECKSUM - 1
    short = in_bytes[:room].decode(errors="ignore")
    checksum = digest(os.fsencode(name))
    return f"{short}~{checksum[:CHECKSUM]}"


def _without_strange_characters(name: str) -> str:
    """Replace invalid characters of a file name by `_`: slashes, and unprintable ones.

    A leading dot is replaced, too: it hides a file, and `..` leads out of the folder.
    """
    clean = []
    for character in unicodedata.normalize("NFC", name):
        is_plain = character.isprintable() and character not in "/\\*"  # `*` means everybody
        clean.append(character if is_plain else "_")
    text = "".join(clean)
    return f"_{text[1:]}" if text.startswith(".") else text


def _in_folder(course: Course, student: str, unit: str, folder: Path) -> Submitted | None:
    """Find a unit's file in a student's folder; None if there is no folder for the unit."""
    of_unit = folder / unit
    try:
        if not of_unit.is_dir() or of_unit.is_symlink():
            return None
        script, notebook = (of_unit / f"{unit}{suffix}" for suffix in (".py", ".ipynb"))
        if os.path.lexists(script) and not (
            os.path.lexists(notebook) and is_unchanged(course, unit, lambda: read_file(script))
        ):
            return Submitted(student, unit, script)
        if os.path.lexists(notebook):
            return Submitted(student, unit, notebook)
        copies = _copies_of(unit, of_unit)
        if len(copies) == 1:
            return Submitted(student, unit, copies[0])
        note = f"no {unit}.py or {unit}.ipynb in the folder {student}/{unit}."
    except OSError as error:
        note = f"the folder cannot be read ({error.strerror})."
    return Submitted(student, unit, None, note)


def is_unchanged(course: Course, unit: str, read: Callable[[], bytes]) -> bool:
    """Return whether a file is the unit's starter file, beside which a notebook may be finished.

    read: returns the file's bytes, or raises, which makes it another file.
    """
    starter = course.stub(unit)
    try:
        content, given = read(), starter.read_bytes()
    except (OSError, ValueError):
        return False
    return content.replace(b"\r\n", b"\n") == given.replace(b"\r\n", b"\n")


# suffixes of browsers, file managers and platforms: " (1)", "-1", " copy", " - Kopie"
COPIES = re.compile(
    r"([\s_.-]*(\(\d{1,3}\)|\bcopy\b|\bkopie\b|\bcopie\b|\bcopia\b)|-\d{1,3})+$", re.I
)
LONGEST_NAME = 255  # characters of a file's name; with more, finding a copy's mark takes longer


def without_copys_mark(name: str) -> str:
    """Return a name without a copy's mark, such as " (1)"; an impossible file name stays."""
    return name if len(name) > LONGEST_NAME else COPIES.sub("", name)


def perhaps_one_student(names: Iterable[str], known: Collection[str] = ()) -> list[str]:
    """List the students who may be another one's second file, such as `ada (1)` beside `ada`.

    known: those of a roster, who are students of their own.
    """
    shortest: dict[str, str] = {}
    for name in sorted(names, key=lambda name: (len(name), name)):
        shortest.setdefault(name.casefold(), name)
    told = []
    for name in sorted(names):
        other = shortest.get(without_copys_mark(name).casefold(), name)
        if other != name and not (name in known and other in known):
            told.append(f"`{name}` and `{other}`")
    return told


PERHAPS_ONE = "perhaps one student twice, because of a copy's mark or of capitals"


def _copies_of(unit: str, folder: Path) -> list[Path]:
    """List the scripts and notebooks with a unit's name, up to case or a copy's mark."""
    found = []
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        stem, _, suffix = entry.name.rpartition(".")
        is_script = suffix.casefold() in ("py", "ipynb")
        is_called_so = without_copys_mark(stem).casefold() == unit.casefold()
        if is_script and is_called_so and entry.is_file(follow_symlinks=False):
            found.append(folder / entry.name)
    return found


# flags for opening a file: do not follow links or wait for pipes, on systems with such flags;
# Windows has one for bytes
PLAIN = os.O_RDONLY
for option in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):
    PLAIN |= getattr(os, option, 0)


def read_file(path: Path) -> bytes:
    """Read the bytes of a submission's file.

    Raises `ValueError`, in words, for a link, a pipe, or a file that is too large.
    """
    not_plain = f"{path.name} is not a regular file. Submit the file itself."
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ValueError(not_plain)
    # it may be another file now
    descriptor = os.open(path, PLAIN)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError(not_plain)
        content = file.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise ValueError(f"{path.name} is over {MAX_FILE >> 20} MB. Clear the outputs and save it.")
    return content


def too_large(name: str, source: bytes, kilobytes: int) -> str:
    """Say that a file exceeds a unit's limit; "" if it does not.

    kilobytes: the maximum, of the unit's limits.
    """
    if len(source) <= kilobytes << 10:
        return ""
    return f"{name} is over {kilobytes:,} kB, the most for this unit. Hand in code without outputs."


def time_of(path: Path, stamped: bool = False) -> str:
    """Return the time of a submission by its file's time: ISO 8601 in UTC.

    Empty if the file is gone. A time beyond the range of dates becomes the earliest or latest date.
    stamped: read `timestamp.txt` beside the file first. The collector of submissions must have
    written it, not a student.
    """
    if stamped:
        written = stamped_time(path)
        if written:
            return written
    try:
        seconds = path.lstat().st_mtime
    except OSError:
        return ""
    within = min(max(seconds, EARLIEST.timestamp()), LATEST.timestamp())
    return datetime.fromtimestamp(within, UTC).isoformat(timespec="seconds")


def stamped_time(path: Path) -> str:
    """Read the time in `timestamp.txt` beside a submission; empty if that cannot be read."""
    try:
        return time_of_nbgrader(read_file(path.with_name("timestamp.txt")).decode())
    except (OSError, ValueError):
        return ""


def time_of_nbgrader(text: str) -> str:
    """Return a time as nbgrader writes it, ISO 8601 in UTC; empty if it cannot be read.

    That is `2026-12-01 21:14:05.113 UTC`, with the exchange's zone as a name or a number, or none,
    which means UTC. Source: `parse_utc` of nbgrader 0.9.6, nbgrader/utils.py.
    """
    day, _, rest = text.strip()[:64].partition(" ")
    clock, _, zone = rest.partition(" ")
    try:
        moment = datetime.fromisoformat(f"{day} {clock}{zone if zone[:1] in '+-' else ''}".strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC if zone in ("", "UTC") else ZoneInfo(zone))
        return moment.astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError, ZoneInfoNotFoundError):
        return ""


def graded_files(
    course: Course, folder: Path, students: Iterable[str]
) -> Callable[[Result], bytes | None]:
    """Return a function that reads the graded file of a result below `folder`.

    It returns the file's bytes, or None if the file has changed since. Of several attempts that
    `collect` laid out it reads the one that was graded.
    students: all with results, by their names there.
    """
    is_laid_out = is_collected(folder)
    taken = frozenset(students)

    @cache
    def paths(unit: str) -> dict[str, Path | None]:
        by_student = {}
        for entry in find_submissions(course, folder, unit, taken):
            by_student[entry.student] = entry.path
        return by_student

    def file_of(result: Result) -> bytes | None:
        student = result.handed_in_by or result.student
        try:
            path = paths(result.unit).get(student)
        except (OSError, NothingToGrade):
            return None
        if path is None:
            return b"" if digest(b"") == result.sha256 else None
        earlier = _earlier_files(path) if is_laid_out else []
        for attempt in (path, *earlier):
            with suppress(OSError, ValueError):
                content = read_file(attempt)
                if digest(content) == result.sha256:
                    return content
        return None

    return file_of


def _earlier_files(latest: Path) -> list[Path]:
    """List the files of a student's attempts at a unit before the latest, as `collect` lays them.

    latest: `<student>/<unit>/<unit>.py`.
    """
    unit = latest.parent.name
    attempts = latest.parent.parent / EARLIER / unit
    return sorted(attempts.glob(f"*/{unit}.*"))


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a zip of submissions into an empty folder, with the times of its files.

    Raises `NothingToGrade` for a path out of the folder, a link, an exceeded limit, an unwritable
    name, and any other error of the zip.
    """
    try:
        _refuse_large(archive)
        with zipfile.ZipFile(archive) as packed:
            entries = packed.infolist()
            _refuse_entries(archive, entries, folder)
            for entry in entries:
                path = packed.extract(entry, folder)
                _set_time(path, entry)
    except NothingToGrade:
        raise
    except OSError as error:  # it is missing, the disk is full, or no file can have such a name
        raise NothingToGrade(
            f"{archive} cannot be unpacked: {error.strerror or one_line(str(error))}."
        ) from None
    except Exception as error:  # the library reports damage by errors of many kinds
        words = one_line(str(error)) or type(error).__name__
        raise NothingToGrade(f"{archive} is no zip file that can be read: {words}.") from None
    return folder


def _refuse_large(archive: Path) -> None:
    """Refuse a zip that is too large to be opened. Raises `NothingToGrade`."""
    size = archive.stat().st_size
    if size > MAX_TOTAL:
        raise NothingToGrade(f"{archive} is over {MAX_TOTAL >> 30} GB. Grade it in parts.")
    if entries_in_zip(archive) > MAX_FILES:
        raise NothingToGrade(f"{archive} holds more than {MAX_FILES} files.")


def _refuse_entries(archive: Path, entries: Sequence[zipfile.ZipInfo], folder: Path) -> None:
    """Refuse a zip if any of its entries may not be unpacked. Raises `NothingToGrade`."""
    total = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_FILES or total > MAX_TOTAL:
        raise NothingToGrade(
            f"{archive} holds more than {MAX_FILES} files or {MAX_TOTAL >> 30} GB."
        )
    for entry in entries:
        if not _can_be_unpacked(entry, folder):
            raise NothingToGrade(
                f"{archive} holds {entry.filename!a}, which is a link, too large, of an unknown "
                "compression, or outside the folder. Pack the folder as a zip without it."
            )


HEADER = b"PK\1\2"  # of an entry in a zip's table of contents
# the records after the table: the plain one, and before it that of a large zip with its locator
END, END_SIZE = b"PK\5\6", 22
END_64, END_64_SIZE = b"PK\6\6", 76
LONGEST_COMMENT = 1 << 16  # bytes after the records


def entries_in_zip(archive: Path) -> int:
    """Count the entries in a zip's table of contents; 0 if no table is found.

    The library makes an object of each before any can be counted. Only the table is examined,
    because a file in the zip may contain bytes like it.
    """
    size = archive.stat().st_size
    with archive.open("rb") as file:
        file.seek(max(0, size - END_SIZE - LONGEST_COMMENT))
        tail = file.read()
        place = tail.rfind(END, 0, len(tail) - END_SIZE + len(END))
        if place < 0:
            return 0
        end = size - len(tail) + place
        (length,) = struct.unpack_from("<L", tail, place + 12)
        if end >= END_64_SIZE:
            file.seek(end - END_64_SIZE)
            record = file.read(END_64_SIZE)
            if record.startswith(END_64):
                (length,) = struct.unpack_from("<Q", record, 40)
                length += END_64_SIZE
        file.seek(max(0, end - length))
        return _count(file, HEADER, min(length, end))


def _count(file: BinaryIO, wanted: bytes, length: int) -> int:
    """Count occurrences of some bytes in the next `length` bytes of a file."""
    found = 0
    before = b""  # the end of the last chunk, where the bytes may have begun
    while length > 0:
        piece = file.read(min(length, 1 << 20))
        if not piece:
            break
        found += (before + piece).count(wanted)
        before = piece[-len(wanted) + 1 :]
        length -= len(piece)
    return found


def _can_be_unpacked(entry: zipfile.ZipInfo, folder: Path) -> bool:
    """Return whether an entry is a plain file or a folder, not too large, and stays in `folder`."""
    if "\0" in entry.filename:
        return False
    if entry.file_size > MAX_FILE:
        return False
    if entry.compress_type not in UNPACKED_IN_PIECES:
        return False
    if stat.S_ISLNK(entry.external_attr >> 16):
        return False
    path = folder / entry.filename
    return path.resolve().is_relative_to(folder.resolve())


def _set_time(path: str, entry: zipfile.ZipInfo) -> None:
    """Give an unpacked file its entry's time.

    For a broken one, that of unpacking applies: it must not make a file early.
    """
    seconds = seconds_of(entry)
    if seconds is not None:
        with suppress(OSError, OverflowError, ValueError):
            os.utime(path, (seconds, seconds))


def seconds_of(entry: zipfile.ZipInfo) -> float | None:
    """Return the time of a zip's entry, in seconds since 1970; None if it is broken.

    The format has two forms. The older one is the packer's local time without its zone: taken as
    this machine's.
    """
    try:
        seconds = _utc_of(entry.extra)
        return datetime(*entry.date_time).timestamp() if seconds is None else seconds
    except (OSError, ValueError, OverflowError, struct.error):
        return None


UTC_TIMES = 0x5455  # Info-ZIP's field: flags, then seconds since 1970 if the lowest flag is set


def _utc_of(extra: bytes) -> float | None:
    """Read the modification time in an entry's extra fields: seconds since 1970; None without one.

    Each field is a kind and a size of two bytes each, then its bytes. Raises `struct.error` for a
    truncated field.
    """
    start = 0
    while start + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, start)
        content = start + 4
        if kind == UTC_TIMES and size >= 5 and extra[content] & 1:
            (seconds,) = struct.unpack_from("<l", extra, content + 1)
            return float(seconds)
        start = content + size
    return None
