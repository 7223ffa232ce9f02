"""The files of a source, a folder or a zip, without trust in a zip's own data.

A zip's files are unpacked under numbers, so that no entry's name becomes a path; the names are kept
as text. Nested zips are opened, too, one level deep.
"""

import os
import stat
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from autograder.errors import UserError, one_line
from autograder.grading.submissions import (
    MAX_FILE,
    MAX_FILES,
    MAX_TOTAL,
    entries_in_zip,
    read_file,
    seconds_of,
)
from autograder.intake.units import is_script, script_name

# limits of a student's own zip: its bytes, those of its files together, and the number of files
MAX_INNER = 64 << 20
MAX_INNER_FILES = 10_000
MAX_PART = 255  # characters of a name
MAX_PLACE = 4096  # characters of a name with its folders
# of an entry's flags, in the format of zips
ENCRYPTED = 0x1
NAMED_IN_UTF8 = 0x800
NOT_LOOKED_AT = {
    ".git",
    ".hg",
    ".svn",
    ".venv",
    "venv",
    "node_modules",
    "__pycache__",
    ".ipynb_checkpoints",
}
JUNK = {
    *("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"),
    "submission_secret.txt",  # in nbgrader's exchange: submit.py of 0.9.6
}
MADE_BY_TOOLS = NOT_LOOKED_AT | JUNK
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class CannotCollect(UserError):
    """A source cannot be read; the text says why, and what to do."""


@dataclass(frozen=True)
class Item:
    """One file of a source: its place there, its present path, and its own time.

    above: outer folders without information.
    """

    parts: tuple[str, ...]
    path: Path
    time: str = ""  # ISO 8601 in UTC
    above: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the file's name."""
        return self.parts[-1]

    @property
    def top(self) -> str:
        """Return the topmost name in the source: the file's outermost folder or the file itself."""
        return self.parts[0]

    @property
    def in_folder(self) -> bool:
        """Return whether the file lies in a folder of the source."""
        return len(self.parts) > 1

    @property
    def place(self) -> str:
        """Return the file's place in the source."""
        names = (*self.above, *self.parts)
        return "/".join(names)


@dataclass(frozen=True)
class Person:
    """A student, as far as the source says; any field may be empty."""

    name: str = ""
    email: str = ""
    id: str = ""
    login: str = ""
    sis: str = ""

    @property
    def called(self) -> str:
        """Return the name of a person's folder without a roster, unique in the source."""
        if self.login:
            return self.login
        if self.email:
            return self.email
        number = self.id or self.sis
        return "_".join(part for part in (self.name, number) if part)


@dataclass(frozen=True)
class Left:
    """A skipped file, and why.

    who: its student, if known. is_nobodys: no student submitted it.
    submitted, late, hint: as in `Found`.
    """

    place: str
    why: str
    who: Person | None = None
    is_nobodys: bool = False
    submitted: str = ""
    late: bool = False
    hint: str = ""


@dataclass
class Contents:
    """The content of a source: files, and what could not be read. `zipped`: it was one zip."""

    items: list[Item] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    name: str = ""
    zipped: bool = False


def shown(text: str) -> str:
    """Return text of a source for display.

    That is one line, without control characters or changes of direction.
    """
    letters = [letter if letter.isprintable() else REPLACEMENT for letter in text]
    return "".join(letters)


def look_into(source: Path, scratch: Path) -> Contents:
    """List the files of a folder or a zip. Raises `CannotCollect`.

    scratch: an empty folder, where zips are unpacked.
    """
    if source.is_dir():
        _refuse_one_zip(source)
        contents = Contents(name=source.resolve().name)
        _walk(source, (), contents)
    elif source.is_file():
        contents = Contents(name=source.stem, zipped=True)
    else:
        raise CannotCollect(
            f"There is no {source}. Name the zip that your platform gave you, or a folder."
        )
    unpacking = _Unpacking(scratch, contents)
    if contents.zipped:
        try:
            unpacking.unpack(source)
        except CannotCollect:
            raise
        except Exception as error:  # the library reports damage by errors of many kinds
            words = one_line(str(error)) or type(error).__name__
            raise CannotCollect(f"{source} is no zip that can be read: {words}.") from None
    unpacking.open_inner_zips()
    return contents


def _refuse_one_zip(folder: Path) -> None:
    """Refuse a folder that holds one zip, and else only tables: the zip is the source.

    Raises `CannotCollect`.
    """
    zips = []
    for path in folder.iterdir():
        suffix = path.suffix.casefold()
        if suffix == ".zip":
            zips.append(path)
        elif suffix != ".csv" and not path.name.startswith("."):
            return
    if len(zips) == 1:
        (source,) = zips
        raise CannotCollect(f"{folder} holds {source.name}. Give that zip itself: {source}")


def glance(source: Path, depth: int = 3) -> list[Item]:
    """Return the names in a folder, down to some level, or in a zip.

    Nothing is unpacked, and nothing is raised.
    """
    if source.is_dir():
        contents = Contents()
        _walk(source, (), contents, depth)
        return contents.items
    try:
        if entries_in_zip(source) > MAX_FILES:
            return []
        with zipfile.ZipFile(source) as packed:
            entries = packed.infolist()
    except Exception:  # the library reports damage by errors of many kinds
        return []
    items = []
    for entry in entries:
        parts = _parts(_entry_name(entry))
        if parts and not entry.is_dir() and not tools_own(parts):
            items.append(Item(parts, source))
    return items


def _walk(folder: Path, parts: tuple[str, ...], contents: Contents, depth: int = 64) -> None:
    """Add the files of a folder to the contents, with inner folders down to some level.

    parts: the folder's place in the source.
    Raises `CannotCollect` if there are too many.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        why = f"the folder cannot be read ({error.strerror})"
        contents.left.append(Left("/".join(parts), why))
        return
    is_empty_of_unit = not entries and len(parts) > 1
    if is_empty_of_unit:
        contents.left.append(Left("/".join((*parts, "")), "an empty folder"))
    for entry in entries:
        here = (*parts, _text(entry.name))
        why = _why_not(entry, here)
        if why:
            contents.left.append(Left("/".join(here), why, is_nobodys=why == OF_TOOLS))
        elif entry.is_dir():
            if depth > 1:
                _walk(Path(entry.path), here, contents, depth - 1)
        else:
            time = utc_of_seconds(entry.stat().st_mtime)
            contents.items.append(Item(here, Path(entry.path), time))
        if len(contents.items) > MAX_FILES:
            raise CannotCollect(f"{folder} holds more than {MAX_FILES} files.")


def _why_not(entry: os.DirEntry[str], here: tuple[str, ...]) -> str:
    """Say why an entry of a folder is skipped; empty if it is not."""
    if entry.is_symlink():
        return "a link: links are not followed"
    why = tools_own(here[-1:])
    if why:
        return why
    if entry.is_dir() or entry.is_file():
        return ""
    return "not a regular file"


def tools_own(parts: tuple[str, ...]) -> str:
    """Say that tools or systems, and no student, make files of that name; empty otherwise.

    parts: the names of the folders around a file, and its own.
    """
    is_resource_fork = parts[-1].startswith("._")  # of macOS
    if is_resource_fork or not MADE_BY_TOOLS.isdisjoint(parts):
        return OF_TOOLS
    return ""


OF_TOOLS = "made by a tool or a system, and no student's"


def _text(name: str) -> str:
    """Return a file system's name as encodable text, in one form of Unicode."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return unicodedata.normalize("NFC", text)


def utc_of_seconds(seconds: float) -> str:
    """Return a time since 1970 as ISO 8601 in UTC; empty for one beyond the calendar."""
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return ""
    return moment.isoformat(timespec="seconds")


def in_utc(moment: datetime) -> str:
    """Return a time as ISO 8601 in UTC; empty for one beyond the calendar.

    A time without a zone is taken to be in UTC.
    """
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        moment = moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return ""
    return moment.isoformat(timespec="seconds")


class _TooMuch(Exception):
    """A student's zip exceeds a limit; the text says which."""


@dataclass
class _Unpacking:
    """Unpacks zips with common limits on files and bytes.

    A student's own zip has further limits, so that it can only harm itself.
    """

    scratch: Path
    contents: Contents
    files: int = 0
    left_bytes: int = field(default_factory=lambda: MAX_TOTAL)

    def unpack(self, source: Path) -> None:
        """Unpack a platform's zip under numbers.

        Raises `CannotCollect` if it exceeds the limits, and the library's errors for one that it
        cannot read.
        """
        if entries_in_zip(source) > MAX_FILES:
            raise CannotCollect(_over_all_limits())
        with zipfile.ZipFile(source) as packed:
            for entry in packed.infolist():
                self._take(packed, entry, (), _entry_time(entry))

    def _take(
        self,
        packed: zipfile.ZipFile,
        entry: zipfile.ZipInfo,
        parts: tuple[str, ...],
        time: str,
    ) -> None:
        """Unpack an entry, or say why not. parts: its zip's place. time: of the submission."""
        if entry.is_dir():
            return
        name = _entry_name(entry)
        here = (*parts, *_parts(name))
        why = _refused(entry, here)
        if not why:
            why = self._extract(packed, entry, here, time)
        if why:
            self._leave((*parts, name), why)

    def _leave(self, parts: tuple[str, ...], why: str) -> None:
        """Record a skipped file, and why. parts: its folders and its name."""
        place = "/".join(parts)
        left = Left(place[:MAX_PLACE], why, is_nobodys=why == OF_TOOLS)
        self.contents.left.append(left)

    def _extract(
        self, packed: zipfile.ZipFile, entry: zipfile.ZipInfo, here: tuple[str, ...], time: str
    ) -> str:
        """Write one file's bytes, at most its header's number; say why it cannot be read.

        Raises `CannotCollect` if that exceeds the common limit.
        """
        self.files += 1
        self.left_bytes -= entry.file_size
        if self.files > MAX_FILES or self.left_bytes < 0:
            raise CannotCollect(_over_all_limits())
        try:
            with packed.open(entry) as stream:
                content = stream.read(entry.file_size + 1)
        except Exception as error:  # the library reports damage by errors of many kinds
            words = one_line(str(error)) or type(error).__name__
            return f"torn: {words}"
        path = self.scratch / str(self.files)
        path.write_bytes(content[: entry.file_size])
        self.contents.items.append(Item(here, path, time))
        return ""

    def open_inner_zips(self) -> None:
        """Replace each student's zip by the scripts in it; an error affects only that zip."""
        items = self.contents.items
        self.contents.items = []
        for item in items:
            if is_zip(item.name):
                self._open_inner(item)
            else:
                self.contents.items.append(item)

    def _open_inner(self, item: Item) -> None:
        """Unpack a student's zip: everything within the limits, or nothing but the reason."""
        before = len(self.contents.items)
        left_before = len(self.contents.left)
        try:
            self._unpack_inner(item)
            return
        except _TooMuch as error:
            why = f"{error}. Hand in the script itself"
        except CannotCollect:
            why = "the limits for all files together are used up. Unpack it by hand"
        except Exception:  # the library reports damage by errors of many kinds
            why = "a zip that cannot be read"
        del self.contents.items[before:]
        del self.contents.left[left_before:]
        self.contents.left.append(Left(item.place, why))

    def _unpack_inner(self, item: Item) -> None:
        """Unpack the scripts of a student's zip.

        Their time is the zip's: the times in it come from the student's machine. Raises `_TooMuch`,
        `CannotCollect`.
        """
        if entries_in_zip(item.path) > MAX_INNER_FILES:
            raise _TooMuch(f"it holds more than {MAX_INNER_FILES} files")
        unpacked = 0
        with zipfile.ZipFile(item.path) as packed:
            for entry in packed.infolist():
                name = _entry_name(entry)
                if is_script(script_name(name)):
                    unpacked += entry.file_size
                    if unpacked > MAX_INNER:
                        raise _TooMuch(f"its scripts are over {MAX_INNER >> 20} MB")
                    self._take(packed, entry, item.parts, item.time)
                elif not entry.is_dir():
                    parts = _parts(name) or ("",)
                    unread = "a zip within a zip is not opened" if is_zip(name) else NO_SCRIPT
                    why = tools_own(parts) or unread
                    self._leave((*item.parts, name), why)


NO_SCRIPT = "no .py or .ipynb"


def _over_all_limits() -> str:
    gigabytes = MAX_TOTAL >> 30
    return f"It holds more than {MAX_FILES} files or {gigabytes} GB."


def is_zip(name: str) -> bool:
    """Return whether a file has the name of a zip."""
    return name.casefold().endswith(".zip")


def _refused(entry: zipfile.ZipInfo, here: tuple[str, ...]) -> str:
    """Say why an entry of a zip is not unpacked; empty if it is."""
    why = _refused_for_its_name(entry, here)
    if why:
        return why
    return _refused_for_its_content(entry, here[-1])


def _refused_for_its_name(entry: zipfile.ZipInfo, here: tuple[str, ...]) -> str:
    """Say why an entry of that name, or a link, is not unpacked."""
    unix_mode = entry.external_attr >> 16
    if stat.S_ISLNK(unix_mode):
        return "a link: links are not followed"
    if not here or ".." in here:
        return "its name leads out of the zip"
    longest = max(len(part) for part in here)
    if longest > MAX_PART or len("/".join(here)) > MAX_PLACE:
        return "its name is longer than a file's can be"
    return tools_own(here)


def _refused_for_its_content(entry: zipfile.ZipInfo, name: str) -> str:
    """Say why the bytes of an entry are not unpacked; empty if they are."""
    if entry.flag_bits & ENCRYPTED:
        return "it is encrypted"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it uses a compression that we cannot read: zip it again"
    most = MAX_INNER if is_zip(name) else MAX_FILE
    if entry.file_size > most:
        return f"over {most >> 20} MB"
    return ""


def _entry_name(entry: zipfile.ZipInfo) -> str:
    """Return an entry's name, which is often UTF-8 even without the flag."""
    name = entry.filename
    if not entry.flag_bits & NAMED_IN_UTF8:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = entry.filename
    return unicodedata.normalize("NFC", name)


def _parts(name: str) -> tuple[str, ...]:
    parts = name.replace("\\", "/").split("/")
    return tuple(part for part in parts if part not in ("", "."))


def _entry_time(entry: zipfile.ZipInfo) -> str:
    """Return an entry's own time as ISO 8601 in UTC; empty for a broken one."""
    seconds = seconds_of(entry)
    return "" if seconds is None else utc_of_seconds(seconds)


def below(items: list[Item]) -> list[Item]:
    """Return the items without a common outer folder."""
    all_in_folders = all(item.in_folder for item in items)
    if len(tops(items)) != 1 or not all_in_folders:
        return items
    return [_without_top(item) for item in items]


def _without_top(item: Item) -> Item:
    """Return an item without its outermost folder."""
    above = (*item.above, item.top)
    return replace(item, parts=item.parts[1:], above=above)


def tops(items: Sequence[Item]) -> set[str]:
    """Return the outermost names, which a platform chooses and no student does."""
    return {item.top for item in items}


def mostly(answers: Iterable[bool]) -> bool:
    """Return whether more than half of some answers are yes: one student cannot change that."""
    given = list(answers)
    return 2 * sum(given) > len(given)


def content_of(item: Item) -> bytes:
    """Return the bytes of an item. Raises `ValueError`, in words, and `OSError`."""
    return read_file(item.path)


def listed(title: str, lines: Sequence[str]) -> list[str]:
    """Return a title with a count, and the lines below it; nothing if there are none."""
    if not lines:
        return []
    head = f"{title} ({len(lines)}):"
    return [head, *(f"  {line}" for line in lines)]
