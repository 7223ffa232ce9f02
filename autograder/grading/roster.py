"""The students of the class: a table as an LMS exports it or as a person writes it.

Its columns are recognized by their headings. Known tables:

- a person's: student, name, email, id, login, sis, section (only `student` is needed)
- Canvas, Grades → Export: Student, ID, SIS User ID, SIS Login ID, Section, …
- Moodle, an assignment's grading worksheet: Identifier ("Participant 17"), Full name, Email
  address, Last modified (submission), …
- Gradescope, Roster → Download Roster: First Name, Last Name, SID, Email, …
- GitHub Classroom's classroom_roster.csv: identifier, github_username, github_id, name
- Classroom 50's students.csv: username, first_name, last_name, email, section, github_id
- nbgrader's: id, first_name, last_name, email
"""

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, field, fields, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from io import StringIO
from pathlib import Path

from autograder.errors import UserError, first_of
from autograder.grading.hand_in import HandIn
from autograder.grading.results import Result

FILE = "roster.csv"
MOST = 8 << 20  # bytes of a roster
ZIP = b"PK\3\4"  # the first bytes of a zip, and so of .xlsx and .ods


class BadRoster(UserError):
    """A roster cannot be read; the text says what was expected."""


@dataclass(frozen=True)
class Student:
    """One person of the class.

    student: the name of the folder. The other fields identify the person, here and in the system
    that the class came from.
    source: the system that `id` is a number of; empty if a person wrote it.
    section: the part of the class; several are separated by `;`.
    numbers: `unit=number; …`, if a system gives a person another number in each assignment.
    """

    student: str
    name: str = ""
    email: str = ""
    id: str = ""
    login: str = ""
    sis: str = ""
    source: str = ""
    section: str = ""
    numbers: str = ""

    def number_in(self, unit: str) -> str:
        """Return the number that the system gives the person for a unit.

        It is empty if unknown: Moodle's number of another assignment does not count.
        """
        if self.source != MOODLE.source:
            return self.id
        return _by_unit(self.numbers).get(unit, "")


def _by_unit(numbers: str) -> dict[str, str]:
    """Read `unit=number; …`."""
    found = {}
    for part in numbers.split(";"):
        unit, _, number = part.partition("=")
        if number:
            found[unit.strip()] = number.strip()
    return found


def _numbers_in_words(by_unit: Mapping[str, str]) -> str:
    """Write `unit=number; …`."""
    return "; ".join(f"{unit}={number}" for unit, number in sorted(by_unit.items()))


def sections_in(cell: str) -> list[str]:
    """Return the sections that a cell of a roster names.

    A name may hold "and" or a comma, and Canvas writes several as "A, B, and C". So the whole cell
    also counts as one of them.
    """
    parts = re.split(r"[;,]|\band\b", cell)
    names = [cell, *cell.split(";"), *parts]
    stripped = [name.strip() for name in names]
    return [name for name in dict.fromkeys(stripped) if name]


def sections_among(cell: str, sections: Iterable[str]) -> list[str]:
    """Return those of some sections that a cell of a roster names; upper case does not count.

    The longest name that fits counts: of `Monday and Wednesday` and `Monday`, a cell with the first
    does not name the second.
    """
    left = cell
    found = []
    for section in sorted(sections, key=len, reverse=True):
        name = rf"(?:^|[;,]|\band\b)\s*{re.escape(section.strip())}\s*(?=$|[;,]|\band\b)"
        without = re.sub(name, "; ", left, flags=re.IGNORECASE)
        if without != left:
            found.append(section)
            left = without
    return found


def as_student(student: str, hand_in: HandIn) -> Student:
    """Return the student of a submission, as far as its source knows them."""
    return Student(
        student=student,
        name=hand_in.name,
        email=hand_in.email,
        id=hand_in.id,
        login=hand_in.login,
        sis=hand_in.sis,
        source=hand_in.source,
    )


FIELDS = tuple(column.name for column in fields(Student))


@dataclass(frozen=True)
class Columns:
    """The headings of a kind of table, in lower case.

    source: the system that writes it; empty for a person's own.
    known_by: headings that no other kind has.
    student: the first nonempty one of these identifies the student.
    name: those that together make the name.
    submitted: the time of the student's last submission. status: whether there is one.
    """

    source: str
    known_by: tuple[str, ...]
    student: tuple[str, ...]
    name: tuple[str, ...] = ()
    email: str = ""
    id: str = ""
    login: str = ""
    sis: str = ""
    submitted: str = ""
    status: str = ""


CANVAS = Columns(
    source="canvas",
    known_by=("sis login id",),
    student=("sis login id", "id"),
    name=("student", "lastname", "firstname"),
    id="id",
    login="sis login id",
    sis="sis user id",
)
MOODLE = Columns(
    source="moodle",
    known_by=("identifier",),
    student=("username", "email address", "full name", "identifier"),
    name=("full name",),
    email="email address",
    id="identifier",
    login="username",
    sis="id number",
    submitted="last modified (submission)",
    status="status",
)
TEST_STUDENT = "Student, Test"  # the name that Canvas gives to a teacher in student view
GITHUB_CLASSROOM = Columns(
    source="github",
    known_by=("github_username",),
    student=("github_username", "identifier"),
    name=("name",),
    email="identifier",  # an address, a number or a name, as the teacher chose
    id="github_id",
    login="github_username",
    sis="identifier",
)
CLASSROOM_50 = Columns(
    source="classroom50",
    known_by=("github_id",),
    student=("username",),
    name=("first_name", "last_name"),
    email="email",
    id="github_id",
    login="username",
)
GRADESCOPE = Columns(
    source="gradescope",
    known_by=("sid",),
    student=("email", "sid"),
    name=("name", "first name", "last name"),
    email="email",
    sis="sid",
)
OURS = Columns(
    source="",
    known_by=("student",),
    student=("student",),
    name=("name",),
    email="email",
    id="id",
    login="login",
    sis="sis",
)
NBGRADER = Columns(
    source="nbgrader",
    known_by=("first_name",),
    student=("id",),
    name=("first_name", "last_name"),
    email="email",
    login="id",
)
# in this order: some headings of a later kind occur in tables of an earlier one, too
KINDS = (CANVAS, GITHUB_CLASSROOM, MOODLE, CLASSROOM_50, GRADESCOPE, OURS, NBGRADER)


def read_roster(path: Path) -> "Roster":
    """Read a roster that a person gives. Raises `BadRoster`."""
    roster = _read_any_roster(path)
    _refuse_numbers_of_two(roster.students.values(), path)
    return roster


def _read_any_roster(path: Path) -> "Roster":
    """Read a roster, which may be one that `merged` made. Raises `BadRoster`."""
    text = _text_of(path)
    rows = list(_rows(text, path))
    if not rows:
        raise BadRoster(f"{path} names no student.")
    columns, _ = _read(text, path)
    return Roster(_told_apart(rows, path), _worksheet(text, path), columns.source)


def _text_of(path: Path) -> str:
    """Read the text of a table. Raises `BadRoster`."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadRoster(f"{path} cannot be read: {error.strerror}.") from None
    if content.startswith(ZIP):
        raise BadRoster(
            f"{path} is a zip or a spreadsheet such as .xlsx, and a roster is a CSV file. Export "
            "the class or gradebook from the platform as CSV, or save the spreadsheet as CSV."
        )
    if len(content) > MOST:
        raise BadRoster(f"{path} is over {MOST >> 20} MB, too large for a roster.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadRoster(f"{path} is not in UTF-8. Save it as CSV in UTF-8.") from None


def headings(path: Path) -> list[str]:
    """Read the headings of a table, as they are written. Raises `BadRoster`."""
    table = _table(_text_of(path), path)
    return table[0] if table else []


def points_possible(path: Path) -> dict[str, float]:
    """Return heading → points possible of a gradebook's assignment, as Canvas exports them.

    Raises `BadRoster`.
    """
    table = _table(_text_of(path), path)
    found: dict[str, float] = {}
    for row in table[1:]:
        if row and row[0].strip() == "Points Possible":
            for heading, cell in zip(table[0], row, strict=False):
                with suppress(ValueError):
                    found[heading] = float(cell)
    return found


def cells_of(path: Path, columns: Mapping[str, str]) -> dict[tuple[str, str], dict[str, str]]:
    """Return what stands in columns of Canvas's gradebook: (kind, number) → unit → cell.

    A row is found by each of its numbers: `id`, `sis` and `login`. columns: unit → heading.
    Raises `BadRoster`.
    """
    table = _table(_text_of(path), path)
    if not table:
        raise BadRoster(f"{path} is empty by now. If it is a pipe, give a file.")
    head, *rows = table
    found = {}
    for row in rows:
        cells = dict(zip(head, row, strict=False))
        who = {heading.casefold(): cell.casefold() for heading, cell in cells.items()}
        there = {unit: cells.get(heading, "") for unit, heading in columns.items()}
        for kind, heading in (("id", CANVAS.id), ("sis", CANVAS.sis), ("login", CANVAS.login)):
            if who.get(heading):
                found[kind, who[heading]] = there
    return found


@dataclass(frozen=True)
class Times:
    """When students handed in: who, as any roster knows them → time, ISO 8601 in UTC.

    zones: in which time zones of this machine those without a zone were read, as `UTC+01:00`.
    of: the name of Canvas's assignment, if Canvas was asked.
    """

    by_student: Mapping[str, str] = field(default_factory=dict)
    zones: frozenset[str] = frozenset()
    of: str = ""


def read_times(path: Path) -> Times:
    """Read when students handed in, from a table with the columns `student` and `submitted`.

    A time without a zone is one of this machine's clock; rows without a time say nothing. Raises
    `BadRoster`.
    """
    table = _table(_text_of(path), path)
    columns = [cell.casefold() for cell in table[0]] if table else []
    if not {"student", "submitted"} <= set(columns):
        raise BadRoster(
            f"{path}: a table of times has the columns `student`, with a name, login, address or "
            "the platform's number, and `submitted`, such as 2026-12-01 23:58."
        )
    _refuse_doubled_headings(columns, {"student", "submitted"}, path)
    times: dict[str, str] = {}
    zones = set()
    for row in table[1:]:
        cells = dict(zip(columns, row, strict=False))
        student, written = cells.get("student", ""), cells.get("submitted", "")
        if not (student and written):
            continue
        moment = _moment(written)
        if moment is None:
            raise BadRoster(
                f"{path}: `{written}`, of {student}, is no time. Write it as 2026-12-01 23:58, or "
                "with its zone as 2026-12-01T23:58:00+01:00."
            )
        if moment.tzinfo is None:
            zones.add(zone_of(moment))
        time = in_iso(moment)
        if times.setdefault(student, time) != time:
            raise BadRoster(f"{path}: {student} has two rows with different times. Keep one.")
    return Times(times, frozenset(zones))


def _moment(written: str) -> datetime | None:
    """Read a date and a time of day; None for other words, as for a date alone."""
    if ":" not in written:
        return None
    try:
        moment = datetime.fromisoformat(written)
        moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment


def in_iso(moment: datetime) -> str:
    """Return a time as ISO 8601 in UTC; without a zone it is one of this machine's clock."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def zone_of(moment: datetime) -> str:
    """Return the time zone that this machine has at a time, such as `UTC+01:00`."""
    offset = moment.astimezone().strftime("%z")
    return f"UTC{offset[:3]}:{offset[3:5]}"


def _refuse_doubled_headings(head: Sequence[str], used: Collection[str], path: Path) -> None:
    """Refuse two columns of one heading: only the last would count. Raises `BadRoster`."""
    for heading, count in Counter(head).items():
        if count > 1 and heading in used:
            raise BadRoster(f"{path} has {count} columns `{heading}`. Keep one of them.")


def times_by_student(times: Mapping[str, str], roster: "Roster | None") -> dict[str, str]:
    """Return times also by the names of the roster's students' folders.

    Raises `BadRoster` if a student has two different ones, under two names.
    """
    found = dict(times)
    keys: dict[str, str] = {}
    for key, time in times.items():
        known = roster.find(id=key, login=key, sis=key, email=key, name=key) if roster else None
        if known is None:
            continue
        before = keys.setdefault(known.student, key)
        if times[before] != time:
            raise BadRoster(
                f"The table of times has two rows of {called(known.student, known.name)}, "
                f"`{before}` and `{key}`, with different times. Keep one."
            )
        found[known.student] = time
    return found


def _told_apart(rows: Sequence[Student], path: Path) -> list[Student]:
    """Return the students of a table, each once, distinguishing equal names by their numbers.

    Raises `BadRoster` for two who cannot be distinguished: the later one would get the grades of
    both.
    """
    same: dict[str, list[Student]] = {}
    for student in _each_once(rows):
        called_so = same.setdefault(student.student, [])
        called_so.append(student)
    apart = []
    for name, students in same.items():
        if len(students) == 1:
            apart += students
            continue
        numbers = {student.id for student in students}
        is_a_persons_own = not students[0].source
        if is_a_persons_own or "" in numbers or len(numbers) < len(students):
            raise BadRoster(
                f"{path}: {len(students)} students are called `{name}`, and their grades would be "
                "mixed up. Give each a name of their own in a column `student`, such as the login "
                "or the e-mail address, and write the name in a column `name`. If they are one "
                "student, delete a row."
            )
        for student in students:
            apart.append(replace(student, student=f"{name}_{student.id}"))
    return apart


NUMBERS = ("id", "login", "sis")


def _refuse_numbers_of_two(students: Iterable[Student], path: Path) -> None:
    """Refuse a person's own table that gives two students one number or login.

    On the platform one of them would get the points of the other. `-` and `0` stand for none.
    Raises `BadRoster`.
    """
    for kind in NUMBERS:
        whose: dict[str, str] = {}
        for student in students:
            value: str = getattr(student, kind)
            if student.source or not value.strip("-0"):
                continue
            other = whose.setdefault(value.casefold(), student.student)
            if other != student.student:
                raise BadRoster(
                    f"{path}: {other} and {student.student} have the same `{kind}`, {value}. "
                    "Correct one of them, or leave the cell empty."
                )


def _each_once(rows: Sequence[Student]) -> list[Student]:
    """Return the students of a table, where Canvas lists a student once for each section.

    Equal rows that only name a student stay: they may be two of one name.
    """
    once: dict[Student, Student] = {}
    doubled = []
    for row in rows:
        person = replace(row, section="")
        before = once.get(person)
        if before == row and not _is_told_apart(row):
            doubled.append(row)
        first = before or person
        sections = dict.fromkeys(filter(None, (first.section, row.section)))
        once[person] = replace(row, section="; ".join(sections))
    return [*once.values(), *doubled]


def _is_told_apart(student: Student) -> bool:
    """Say whether something else than a name says who a student is."""
    return any((student.email, student.id, student.login, student.sis)) or "@" in student.student


def _rows(text: str, path: Path) -> Iterator[Student]:
    """Yield the students of a table. Raises `BadRoster`."""
    columns, rows = _read(text, path)
    for number, cells in enumerate(rows, 2):
        student = _student(cells, columns)
        if student:
            yield student
        elif columns is OURS and _filled(cells, ("name", "email", "id", "login", "sis")):
            who = _filled(cells, ("name", "email", "id", "login", "sis"))[0]
            raise BadRoster(
                f"{path}, row {number}: the cell `student` of {who} is empty. Write there what the "
                "student's folder is called, such as the login or the e-mail address."
            )


def _read(text: str, path: Path) -> tuple[Columns, list[dict[str, str]]]:
    """Read a table: its kind, and the cells of each row by heading. Raises `BadRoster`."""
    rows = _table(text, path)
    first_row = rows[0] if rows else []
    head = [cell.casefold() for cell in first_row]
    columns = _columns(head, path)
    _refuse_doubled_headings(head, _headings_used(columns), path)
    if columns is OURS:
        _refuse_misspelt_section(head, path)
    for number, row in enumerate(rows[1:], 2):
        beyond = [cell for cell in row[len(head) :] if cell]
        if beyond:
            raise BadRoster(
                f"{path}, row {number}: `{beyond[0]}` stands beyond the last column, `{head[-1]}`. "
                "Give that column a heading, or write the cell before it between quotes if it "
                'contains the sign between columns: "Mon, Tue".'
            )
    return columns, [dict(zip(head, row, strict=False)) for row in rows[1:]]


def _refuse_misspelt_section(head: Sequence[str], path: Path) -> None:
    """Refuse a column of a person's own table that is called nearly as `section`.

    Without it nobody has a section's dates. Raises `BadRoster`.
    """
    near = get_close_matches("section", head, 1, 0.85)
    if near and "section" not in head:
        raise BadRoster(
            f"{path}: if you mean `section` by the column `{near[0]}`, call it so; otherwise give "
            "it a name that is less like it."
        )


def _headings_used(columns: Columns) -> set[str]:
    """Return the headings that are read of a kind of table."""
    single = (columns.email, columns.id, columns.login, columns.sis, columns.submitted)
    return {*columns.student, *columns.name, *single, columns.status, "section"} - {""}


# `strftimedaydatetime` of moodle/moodle's `lang/en/langconfig.php`, by which `col_timesubmitted` of
# `mod/assign/gradingtable.php` writes the time; then the forms of other packs of English
TIMES = (
    *("%A, %d %B %Y, %I:%M %p", "%A, %d %B %Y, %H:%M"),
    *("%A, %B %d, %Y, %I:%M %p", "%A, %B %d, %Y, %H:%M"),
)


@dataclass(frozen=True)
class Worksheet:
    """What Moodle's grading worksheet contains about its one assignment.

    numbers: of all its participants, in this assignment. times: by number, when each last
    submitted, as ISO 8601 in UTC. drafts: the numbers of those whose files Moodle has as a draft
    only. late: the numbers of those who submitted after Moodle's due time for them. groups: the
    names of the groups in which students submit, as `folded` returns them.
    maximum: the assignment's maximum grade; 0 if the worksheet does not say it.
    """

    numbers: frozenset[str] = frozenset()
    times: Mapping[str, str] = field(default_factory=dict)
    drafts: frozenset[str] = frozenset()
    late: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    maximum: float = 0.0

    def without_file(self, came: Collection[str]) -> list[str]:
        """List the numbers of those who submitted, and of whom no file came."""
        return sorted(self.times.keys() - self.drafts - set(came))


DRAFT = "draft"  # "Draft (not submitted)"
# one of the parts that ` - ` joins, such as `1 day 2 hours late`: `submittedlateshort` in
# `col_status` of `mod/assign/gradingtable.php`
LATE = re.compile(r"\d.* late")
MAXIMUM = "maximum grade"
GROUP = "group"  # a column only where students submit in groups


def _worksheet(text: str, path: Path) -> Worksheet | None:
    """Read a table's data about its assignment; None if it has no assignment.

    Its times are local ones, and are taken to be this machine's. Raises `BadRoster` if one cannot
    be read.
    """
    columns, rows = _read(text, path)
    if columns is not MOODLE:
        return None
    times = {}
    drafts = set()
    late = set()
    for cells in rows:
        status = cells.get(columns.status, "").casefold()
        if status.startswith(DRAFT):
            drafts.add(_number(cells, columns))
        if any(map(LATE.fullmatch, status.split(" - "))):
            late.add(_number(cells, columns))
        written = cells.get(columns.submitted, "")
        if not written.strip("-"):
            continue
        time = _time(written)
        if time is None:
            raise BadRoster(
                f"{path}: `{written}`, in the column {columns.submitted}, is no time as Moodle "
                "writes it in English, such as Sunday, 29 November 2026, 7:30 PM. Switch Moodle to "
                "English and download the table again, or delete that column."
            )
        times[_number(cells, columns)] = time
    numbers = frozenset(_number(cells, columns) for cells in rows) - {""}
    groups = frozenset(folded(cells.get(GROUP, "")) for cells in rows) - {""}
    maxima = [_maximum(cells.get(MAXIMUM, "")) for cells in rows]
    return Worksheet(
        numbers=numbers,
        times=times,
        drafts=frozenset(drafts),
        late=frozenset(late),
        groups=groups,
        maximum=max(maxima, default=0.0),
    )


def _maximum(cell: str) -> float:
    """Return a maximum grade, with a dot or a comma; 0 for anything else, such as a scale's."""
    plain = cell.strip().replace(",", ".")
    return float(plain) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", plain) else 0.0


def _time(written: str) -> str | None:
    """Read a time of this machine's clock as ISO 8601 in UTC; None for other words."""
    for form in TIMES:
        try:
            return in_iso(datetime.strptime(written, form))
        except (ValueError, OverflowError, OSError):
            continue
    return None


def _number(cells: Mapping[str, str], columns: Columns) -> str:
    """Return the number that a platform gives a student."""
    return cells.get(columns.id, "").removeprefix("Participant ")


def _table(text: str, path: Path) -> list[list[str]]:
    """Read the cells of a table separated by commas, semicolons or tabs."""
    first_line = text.partition("\n")[0]
    delimiter = max(",;\t", key=first_line.count)
    table = []
    lines = csv.reader(StringIO(text), delimiter=delimiter, strict=True)
    try:
        for row in lines:
            table.append([_plain(cell) for cell in row])
    except csv.Error as error:
        raise BadRoster(
            f"{path} is no table: {error}, in line {lines.line_num} or in the row that ends there. "
            'A quote " opens a cell, one must close it, and nothing may follow in that cell.'
        ) from None
    return table


def _columns(head: Sequence[str], path: Path) -> Columns:
    """Recognize the kind of a table by its headings. Raises `BadRoster`."""
    for kind in KINDS:
        if set(kind.known_by) <= set(head):
            return kind
    found = ", ".join(filter(None, head[:8])) or "nothing"
    raise BadRoster(
        f"{path}: no column says who a student is; found {found}. Name one column `student`. If a "
        "platform wrote this table, switch the platform to English and download it again: in "
        "Moodle, the menu behind your picture → Language → English (en). In Canvas, take the "
        "gradebook and not the list of people: Grades → Export → Export Entire Gradebook."
    )


def _student(cells: Mapping[str, str], columns: Columns) -> Student | None:
    """Read the student of a row; None for an empty one.

    Returns None, too, for Canvas's row of points possible, and for its made-up student.
    """
    students = _filled(cells, columns.student)
    between = ", " if columns is CANVAS else " "  # of Canvas these are last name and first name
    name = between.join(_filled(cells, columns.name))
    if not students or (columns is CANVAS and name == TEST_STUDENT):
        return None
    email = cells.get(columns.email, "")
    return Student(
        student=students[0],
        name=name,
        email=email if "@" in email else "",
        id=_number(cells, columns),
        login=cells.get(columns.login, ""),
        sis=cells.get(columns.sis, ""),
        source=columns.source or cells.get("source", ""),
        section=cells.get("section", ""),
        numbers=cells.get("numbers", "") if columns is OURS else "",
    )


def _filled(cells: Mapping[str, str], names: Iterable[str]) -> list[str]:
    """Return the cells of some columns that are not empty."""
    return [cells[name] for name in names if cells.get(name)]


def _no_formula(cell: str) -> str:
    """Mark a cell that a spreadsheet would compute. `_plain` removes the mark."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell


def _plain(cell: str) -> str:
    """Return a cell's text for display.

    A leading mark that stops a spreadsheet from computing it is removed.
    """
    printable = []
    for character in unicodedata.normalize("NFC", cell):
        printable.append(character if character.isprintable() else " ")
    text = "".join(printable).strip()
    is_marked = re.match(r"'[=+\-@]", text)
    return text[1:] if is_marked else text


def folded(text: str) -> str:
    """Return a name for comparison: without case, accents, spaces and punctuation."""
    normal = unicodedata.normalize("NFKC", text)
    return re.sub(r"[\W_]", "", normal.casefold())


def called(student: str, name: str) -> str:
    """Return `Ada Lovelace (u2600)`; the folder's name alone if that begins with the name.

    An e-mail address always has the name before it.
    """
    begins_so = folded(student).startswith(folded(name)) and "@" not in student
    if not name or begins_so:
        return student
    return f"{name} ({student})"


class Roster:
    """The students of a class, found by the data of a system about them."""

    def __init__(
        self,
        students: Iterable[Student],
        worksheet: Worksheet | None = None,
        platform: str = "",
    ) -> None:
        """Take students; of two with the same name, the later one.

        worksheet: the table's data on one assignment, if it is Moodle's. platform: which wrote the
        table. Neither is stored, and `merged` leaves both out.
        """
        by_name = {}
        for student in students:
            by_name[student.student] = student
        self.students: Mapping[str, Student] = by_name
        self.worksheet = worksheet
        self.platform = platform

    def find(
        self, *, name: str = "", email: str = "", id: str = "", login: str = "", sis: str = ""
    ) -> Student | None:
        """Find the one matching student: by number, login, e-mail, or an unambiguous name."""
        for key, value in (
            ("id", id),
            ("login", login),
            ("sis", sis),
            ("email", email),
            ("student", login),
        ):
            found = self._only(key, value) if value else None
            if found:
                return found
        by_number = self._by_number_of_an_assignment(id) if id else None
        if by_number:
            return by_number
        return self._by_name(name) if name else None

    def _only(self, key: str, value: str) -> Student | None:
        """Return the student with a value; None if none has it, or several."""
        wanted = value.casefold()
        same = []
        for student in self.students.values():
            known: str = getattr(student, key)
            if known.casefold() == wanted:
                same.append(student)
        return _if_only(same)

    def _by_number_of_an_assignment(self, number: str) -> Student | None:
        """Return the student who has a number in some assignment: Moodle gives each one once."""
        same = []
        for student in self.students.values():
            if number in _by_unit(student.numbers).values():
                same.append(student)
        return _if_only(same)

    def _by_name(self, name: str) -> Student | None:
        """Return the student who is called so, in either order; None if none is, or several."""
        return _if_only(self.namesakes(name))

    def namesakes(self, name: str) -> list[Student]:
        """List the students who are called so, in either order; none for an empty name."""
        wanted = folded(name)
        same = []
        for student in self.students.values():
            if wanted and wanted in _folded_names(student):
                same.append(student)
        return same

    def students_called(self, words: str) -> list[str]:
        """List the students with a name, login, address or number."""
        found = self.find(name=words, email=words, id=words, login=words, sis=words)
        same = [found] if found else self.namesakes(words)
        return [student.student for student in same]

    def without(self, students: Iterable[str]) -> list[Student]:
        """List the students who are not among some, by their names."""
        there = set(students)
        missing = self.students.keys() - there
        return [self.students[name] for name in sorted(missing)]

    def as_csv(self) -> str:
        """Write the roster in our own columns."""
        text = StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(FIELDS)
        for _, student in sorted(self.students.items()):
            writer.writerow([_no_formula(cell) for cell in astuple(student)])
        return text.getvalue()


def _if_only(students: Sequence[Student]) -> Student | None:
    """Return the student if there is only one."""
    return students[0] if len(students) == 1 else None


def _folded_names(student: Student) -> set[str]:
    """Return the names that may refer to a student, in the form for comparison."""
    names = (student.name, turned(student.name), student.student)
    return {folded(name) for name in names}


def is_called(student: Student, name: str) -> bool:
    """Return whether a name may refer to a student, in either order and without blanks."""
    return folded(name) in _folded_names(student)


def with_others_numbers(
    people: Iterable[tuple[str, str]], roster: Roster
) -> list[tuple[str, str, str]]:
    """Return the numbers that belong to somebody else in a roster who is in it, too.

    people: number and name. Each found is number, name, and the name in the roster. Several mean
    that a column of a table was sorted without the others.
    """
    exchanged = []
    for number, name in people:
        known = roster.find(id=number) if number else None
        if not (known and known.name and name) or is_called(known, name):
            continue
        if any(is_called(each, name) for each in roster.students.values()):
            exchanged.append((number, name, known.name))
    return exchanged


def turned(name: str) -> str:
    """Turn a name around: "Ada Lovelace" → "Lovelace Ada", "Lovelace, Ada" → "Ada Lovelace"."""
    last, comma, first = name.partition(",")
    if comma:
        return f"{first.strip()} {last.strip()}"
    words = name.split()
    last_first = words[-1:] + words[:-1]
    return " ".join(last_first)


def roster_beside(folder: Path) -> Roster | None:
    """Read the roster in a folder, if there is one."""
    path = folder / FILE
    return _read_any_roster(path) if path.is_file() else None


def in_section(roster: Roster | None, section: str) -> Roster:
    """Return the students of a section. Raises `BadRoster` if there is none of that name."""
    if roster is None:
        raise BadRoster(
            "No roster says who is in which section. Give `collect` or `grade` a --roster with a "
            "column `section`."
        )
    inside = []
    names: set[str] = set()
    for student in roster.students.values():
        names.update(name for name in sections_in(student.section) if ";" not in name)
        theirs = [one.casefold() for one in sections_in(student.section)]
        if section.casefold() in theirs:
            inside.append(student)
    if not inside:
        known = ", ".join(sorted(names)) or "none"
        raise BadRoster(f"No student is in the section `{section}`. The roster's: {known}.")
    return Roster(inside)


def merged(*rosters: Roster | None) -> Roster | None:
    """Merge rosters, with a later one's entries before an earlier one's; None for no roster.

    Entries that the later one lacks stay. A student with another name in the later one but the same
    e-mail address, or with the same full name and number in one of Moodle's assignments, keeps the
    earlier name.
    """
    together: dict[str, Student] = {}
    for roster in rosters:
        students = roster.students if roster else {}
        same = _same_person(together, students)
        _give_numbers_up(together, {same.get(name, name): one for name, one in students.items()})
        for later_name, student in students.items():
            name = same.get(later_name, later_name)
            before = together.get(name, student)
            together[name] = _filled_up(replace(student, student=name), before)
    return Roster(together.values()) if together else None


def _give_numbers_up(together: dict[str, Student], later: Mapping[str, Student]) -> None:
    """Take the numbers from students that a person's later table gives to somebody else."""
    for kind in NUMBERS:
        owners: dict[str, str] = {}
        for name, student in later.items():
            if not student.source:
                owners[getattr(student, kind).casefold()] = name
        for name, student in together.items():
            value: str = getattr(student, kind).casefold()
            if value and not student.source and owners.get(value, name) != name:
                together[name] = replace(student, **{kind: ""})


def _same_person(earlier: Mapping[str, Student], later: Mapping[str, Student]) -> dict[str, str]:
    """Return the earlier names of students in a later roster, by numbers of Moodle's and addresses.

    Only students who are in one of the two, with a number or an address that nobody else there has,
    count. A number counts more, because addresses change, but only of students with one name: in
    another Moodle somebody else may have it.
    """
    found: dict[str, str] = {}
    for marks in (_numbers, _addresses):
        before = _by_mark(earlier.values(), marks)
        for mark, student in _by_mark(later.values(), marks).items():
            known = before.get(mark)
            is_new = student.student not in earlier and student.student not in found
            if not known or not is_new or known.student in {*later, *found.values()}:
                continue
            if marks is _addresses or _folded_names(known) & _folded_names(student):
                found[student.student] = known.student
    return found


def _numbers(student: Student) -> set[str]:
    """Return the numbers of Moodle's that a student has, each in one assignment."""
    if student.source != MOODLE.source:
        return set()
    return {student.id, *_by_unit(student.numbers).values()} - {""}


def _addresses(student: Student) -> set[str]:
    return {student.email.casefold()} - {""}


def _by_mark(
    students: Iterable[Student], marks: Callable[[Student], set[str]]
) -> dict[str, Student]:
    """Return students by those of their marks that nobody else has."""
    same: dict[str, list[Student]] = {}
    for student in students:
        for mark in sorted(marks(student)):
            same.setdefault(mark, []).append(student)
    return {mark: one[0] for mark, one in same.items() if len(one) == 1}


def refuse_doubled(before: Roster | None, named: Roster | None) -> None:
    """Refuse a roster that names most of a class differently from the roster before.

    It also refuses one who may be a student of before with another address. Each would be in the
    class twice. Students are matched by name, unless an address or a number shows that two are one.
    Raises `BadRoster`.
    """
    if not before or not named:
        return
    _refuse_exchanged(before, named)
    same = _same_person(before.students, named.students)
    new = [one for one in named.without(before.students) if one.student not in same]
    twice = []
    renamed = []  # the number in Canvas is the same
    taken = {*named.students, *same.values()}
    for one in new:
        same_account = _of_one_account(before, one)
        if same_account and same_account.student not in taken:
            renamed.append((one, same_account))
            continue
        known = before.find(name=one.name) if one.name else None
        if known and known.student not in taken:
            twice.append((one, known))
    is_most = 2 * len(twice + renamed) > max(2, len(named.students))
    if renamed and not is_most:
        raise BadRoster("\n".join(_one_account(one, known) for one, known in renamed))
    twice += renamed
    if not is_most:
        _refuse_namesakes(before, taken, new)
    if twice and not is_most:
        raise BadRoster("\n".join(_perhaps_one(one, known) for one, known in twice))
    if not twice:
        return
    one, known = twice[0]
    raise BadRoster(
        f"The new roster calls {len(twice)} students otherwise than the one before: "
        f"`{one.student}` there was `{known.student}`, and both are {one.name}. Each would be in "
        "the class twice. Make a CSV file of your own with the columns `student`, `name` and `id`, "
        "write the names of before into `student`, and give it to --roster."
    )


def _refuse_exchanged(before: Roster, named: Roster) -> None:
    """Refuse a table in which several students have the number or name that another had before.

    Its logins or addresses do not belong to the rest. One alone may have married, or have an
    account that Canvas merged with another. Raises `BadRoster`.
    """
    both = [
        (one, before.students[one.student])
        for one in named.students.values()
        if one.student in before.students
    ]
    numbers = []
    names = []
    for one, known in both:
        other = _of_one_account(before, one)
        is_of_canvas = known.id and known.source == CANVAS.source
        if other and is_of_canvas and other.student != one.student:
            numbers.append(f"{one.student} has {one.id} now and had {known.id} before")
        is_same = not (known.name and one.name) or is_called(known, one.name)
        if not is_same and before.namesakes(one.name):
            names.append(f"{one.student} is {one.name} now and was {known.name} before")
    for what, exchanged in (("number of Canvas's", numbers), ("name", names)):
        if len(exchanged) > 1:
            raise BadRoster(
                f"In the new roster, {len(exchanged)} students have a {what} that was another's: "
                f"{exchanged[0]}. Perhaps a column was sorted without the others. Download the "
                "table again, and give that to --roster. If the roster before was the wrong one, "
                "collect all again into a new folder."
            )


def _of_one_account(before: Roster, one: Student) -> Student | None:
    """Return the earlier student with the same number in Canvas, which lasts for good."""
    if not one.id or one.source != CANVAS.source:
        return None
    for known in before.students.values():
        if known.source == CANVAS.source and known.id == one.id:
            return known
    return None


def _one_account(one: Student, known: Student) -> str:
    """Say how to join two students with one number in Canvas."""
    return (
        f"The new roster has {one.student}, and the roster before {known.student}, both with the "
        f"number {one.id} of Canvas. Write {known.student} instead of {one.student} into the new "
        f"roster. If they are two persons, delete the number of {known.student} in {FILE} beside "
        "the submissions and the results."
    )


def _perhaps_one(one: Student, known: Student) -> str:
    """Ask whether two of one name, in the new roster and the one before, are one person."""
    row = f"the row of {known.student} in {FILE}, beside the submissions or else the results"
    join = f"write {known.student} instead of {one.student} into the new roster"
    if one.email:
        join = f"write {one.email} into the column `email` there"
    return (
        f"The new roster has {one.student}, and the roster before {known.student}, both called "
        f"{one.name}. Look at {row}: if they are one person, {join}; if they are two, write "
        "another name there. Then run this command again."
    )


def _refuse_namesakes(before: Roster, taken: Collection[str], new: Sequence[Student]) -> None:
    """Refuse new students of Moodle's who have only a name, if somebody had it before.

    Their numbers are new in each assignment, so nothing says who is who.
    taken: those of before who are in the new roster, too. Raises `BadRoster`.
    """
    unclear = []
    earlier: set[str] = set()
    for one in new:
        has_only_a_name = one.source == MOODLE.source and not one.email and not one.login
        same = before.namesakes(one.name) if has_only_a_name else []
        gone = {known.student for known in same}.difference(taken)
        if gone:
            unclear.append(one.student)
            earlier |= gone
    if not unclear:
        return
    before_that = sorted(earlier)
    raise BadRoster(
        f"The worksheet has {', '.join(unclear)}, and the roster before {', '.join(before_that)}, "
        "of the same name. Moodle gives students new numbers in each assignment, so nothing says "
        "who is who. Add a column `Username` to the worksheet, and write there, only for these "
        f"students, who they were before, such as {before_that[0]}. If Moodle shows you e-mail "
        "addresses, download the worksheets with them, and collect all again into a new folder."
    )


def _filled_up(student: Student, before: Student) -> Student:
    """Return a student whose empty fields are filled with what was known before."""
    number = student if student.id else before
    return Student(
        student=student.student,
        name=student.name or before.name,
        email=student.email or before.email,
        id=number.id,
        login=student.login or before.login,
        sis=student.sis or before.sis,
        source=number.source,
        section=student.section or before.section,
        numbers=_numbers_in_words(_by_unit(before.numbers) | _by_unit(student.numbers)),
    )


def with_units(roster: Roster | None, handed_in: Iterable[tuple[str, str]]) -> Roster | None:
    """Return a roster with the units that its numbers belong to, if it is Moodle's worksheet.

    handed_in: the unit of each submission, and its student's number in the system. The units are
    those that most of the worksheet's students have submitted under these numbers.
    """
    if roster is None:
        return None
    numbers = {one.id for one in roster.students.values() if one.source == MOODLE.source}
    known = {(unit, number) for unit, number in handed_in if number in numbers}
    students = {number for _, number in known}
    counts = Counter(unit for unit, _ in known)
    units = [unit for unit, count in counts.items() if 2 * count > len(students)]
    told = []
    for one in roster.students.values():
        own = dict.fromkeys(units, one.id) if one.id in numbers else {}
        by_unit = _by_unit(one.numbers) | own
        told.append(replace(one, numbers=_numbers_in_words(by_unit)))
    return Roster(told, roster.worksheet)


def kept_from(before: Roster | None, named: Roster | None) -> str:
    """Say how many students of an earlier roster stay that are not in the new one.

    Before that, warn of new students who may be some of them, misspelt.
    """
    if not before or not named:
        return ""
    same = _same_person(before.students, named.students)
    kept = before.without([*named.students, *same.values()])
    new = [one for one in named.without(before.students) if one.student not in same]
    lines = [*_perhaps_misspelt(new, kept), *_moved(before, named, same)]
    if _adds_sections(named):
        return "\n".join(lines)
    if len(kept) == 1:
        lines.append(
            f"{kept[0].student} of the old roster is not in the new one, and stays; to drop "
            f"{kept[0].student}, delete the row in {FILE} beside the submissions and the results."
        )
    elif kept:
        lines.append(
            f"{len(kept)} students of the old roster are not in the new one, such as "
            f"{kept[0].student}. They stay; to drop them, delete their rows in {FILE} beside "
            "the submissions and the results."
        )
    return "\n".join(lines)


def _moved(before: Roster, named: Roster, same: Mapping[str, str]) -> list[str]:
    """Name the students who are in another section now. same: later name → earlier name."""
    moved = []
    for name, student in named.students.items():
        known = before.students.get(same.get(name, name))
        if known and known.section and student.section not in ("", known.section):
            moved.append(f"{name} (`{known.section}`, now `{student.section}`)")
    if not moved:
        return []
    return [
        f"Another section than before ({len(moved)}): {first_of(moved)}. In a policy with dates by "
        "section, earlier units have the new section's dates, too. To keep the later date of each "
        "unit, write both sections, such as `monday; tuesday`."
    ]


def _adds_sections(roster: Roster) -> bool:
    """Return whether a table has sections and no more, so that it need not list everybody."""
    students = roster.students.values()
    has_more = any(one.name or one.email or one.id for one in students)
    return not has_more and any(one.section for one in students)


def _perhaps_misspelt(new: Iterable[Student], kept: Iterable[Student]) -> list[str]:
    """Warn of new students without a name who are called nearly like one of before.

    kept: who was there before, and has no row now.
    """
    before = [student.student for student in kept]
    told = []
    for one in new:
        near = [] if one.name else get_close_matches(one.student, before, 1, 0.8)
        if near:
            told.append(f"`{one.student}` (did you mean `{near[0]}`?)")
    if not told:
        return []
    return [
        f"Warning: new in the roster, and like somebody of before: {', '.join(told)}. If it is a "
        f"misspelling, correct it, delete the row in {FILE} beside the submissions and the "
        "results, and give the roster again."
    ]


def absent(roster: Roster | None, results: Iterable[Result]) -> dict[str, list[Student]]:
    """List by unit the students of a roster who have no result and so submitted nothing."""
    if not roster:
        return {}
    there: dict[str, set[str]] = {}
    for result in results:
        of_unit = there.setdefault(result.unit, set())
        of_unit.add(result.lms_name)
    missing = {}
    for unit in sorted(there):
        missing[unit] = roster.without(there[unit])
    return missing


def strangers(roster: Roster | None, results: Iterable[Result]) -> list[str]:
    """List who has a result and is not in the roster; nobody where there is none."""
    if not roster:
        return []
    return sorted({result.lms_name for result in results} - roster.students.keys())
