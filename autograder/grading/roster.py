"""Who is in the class: a table of students, as an LMS exports it or as a person writes it.

Its columns are recognized by their headings. Known tables:

- a person's: student, name, email, id, login, sis (only `student` is needed)
- Canvas, Grades → Export: Student, ID, SIS User ID, SIS Login ID, Section, …
- Moodle, an assignment's grading worksheet: Identifier ("Participant 17"), Full name, Email
address, …
- Gradescope, Roster → Download Roster: First Name, Last Name, SID, Email, …
- Classroom 50's students.csv: username, first_name, last_name, email, section, github_id
- nbgrader's: id, first_name, last_name, email
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from difflib import get_close_matches
from io import StringIO
from pathlib import Path

from autograder.errors import UserError
from autograder.grading.hand_in import HandIn
from autograder.grading.results import Result

FILE = "roster.csv"
MOST = 8 << 20  # bytes of a roster


class BadRoster(UserError):
    """A roster cannot be read; the text says what was expected."""


@dataclass(frozen=True)
class Student:
    """One person of the class.

    student: the name of the folder. The rest is for finding the person, and for going back to the
    system that the class came from.
    """

    student: str
    name: str = ""
    email: str = ""
    id: str = ""
    login: str = ""
    sis: str = ""


def as_student(student: str, hand_in: HandIn) -> Student:
    """Return the student that a hand-in is of, as far as its source knows them."""
    return Student(student, hand_in.name, hand_in.email, hand_in.id, hand_in.login, hand_in.sis)


FIELDS = tuple(field.name for field in fields(Student))


@dataclass(frozen=True)
class Columns:
    """The headings of a kind of table, in small letters.

    known_by: headings that no other kind has.
    student: those of which the first that is filled says who it is.
    name: those that together make the name.
    """

    known_by: tuple[str, ...]
    student: tuple[str, ...]
    name: tuple[str, ...] = ()
    email: str = ""
    id: str = ""
    login: str = ""
    sis: str = ""


CANVAS = Columns(
    known_by=("sis login id",),
    student=("sis login id", "id"),
    name=("student",),
    id="id",
    login="sis login id",
    sis="sis user id",
)
MOODLE = Columns(
    known_by=("identifier",),
    student=("username", "email address", "full name", "identifier"),
    name=("full name",),
    email="email address",
    id="identifier",
    login="username",
    sis="id number",
)
CLASSROOM_50 = Columns(
    known_by=("github_id",),
    student=("username",),
    name=("first_name", "last_name"),
    email="email",
    id="github_id",
    login="username",
)
GRADESCOPE = Columns(
    known_by=("sid",),
    student=("email", "sid"),
    name=("name", "first name", "last name"),
    email="email",
    sis="sid",
)
OURS = Columns(
    known_by=("student",),
    student=("student",),
    name=("name",),
    email="email",
    id="id",
    login="login",
    sis="sis",
)
NBGRADER = Columns(
    known_by=("first_name",),
    student=("id",),
    name=("first_name", "last_name"),
    email="email",
    login="id",
)
# in this order: some headings of a later kind stand in tables of an earlier one too
KINDS = (CANVAS, MOODLE, CLASSROOM_50, GRADESCOPE, OURS, NBGRADER)


def read_roster(path: Path) -> "Roster":
    """Read a roster. Raises `BadRoster`."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadRoster(f"{path} cannot be read: {error.strerror}.") from None
    if len(content) > MOST:
        raise BadRoster(f"{path} is over {MOST >> 20} MB, which no roster is.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadRoster(f"{path} is not in UTF-8. Save it as CSV in UTF-8.") from None
    rows = list(_rows(text, path))
    if not rows:
        raise BadRoster(f"{path} names no student.")
    return Roster(rows)


def _rows(text: str, path: Path) -> Iterator[Student]:
    """Yield the students of a table. Raises `BadRoster`."""
    table = _table(text, path)
    head = [cell.casefold() for cell in table[0]] if table else []
    columns = _columns(head, path)
    for row in table[1:]:
        cells = dict(zip(head, row, strict=False))
        student = _student(cells, columns)
        if student:
            yield student


def _table(text: str, path: Path) -> list[list[str]]:
    """Read the cells of a table, whose columns may be parted by commas, semicolons or tabs."""
    first_line = text.partition("\n")[0]
    delimiter = max(",;\t", key=first_line.count)
    table = []
    try:
        for row in csv.reader(StringIO(text), delimiter=delimiter):
            table.append([_plain(cell) for cell in row])
    except csv.Error as error:
        raise BadRoster(f"{path} is no table: {error}.") from None
    return table


def _columns(head: Sequence[str], path: Path) -> Columns:
    """Recognize the kind of a table by its headings. Raises `BadRoster`."""
    for kind in KINDS:
        if set(kind.known_by) <= set(head):
            return kind
    found = ", ".join(filter(None, head[:8])) or "nothing"
    raise BadRoster(
        f"{path}: no column says who a student is; found {found}. Name one column `student`."
    )


def _student(cells: Mapping[str, str], columns: Columns) -> Student | None:
    """Read the student of a row; None for an empty one, and for Canvas's row of points possible."""
    filled = [cells[name] for name in columns.student if cells.get(name)]
    if not filled:
        return None
    return Student(
        student=filled[0],
        name=" ".join(cells[name] for name in columns.name if cells.get(name)),
        email=cells.get(columns.email, ""),
        id=cells.get(columns.id, "").removeprefix("Participant "),
        login=cells.get(columns.login, ""),
        sis=cells.get(columns.sis, ""),
    )


def _plain(cell: str) -> str:
    """Return a cell's text as it can be shown.

    The mark that keeps a spreadsheet from computing it is taken off.
    """
    normal = unicodedata.normalize("NFC", cell)
    printable = [character if character.isprintable() else " " for character in normal]
    text = "".join(printable).strip()
    return text[1:] if re.match(r"'[=+\-@]", text) else text


def folded(text: str) -> str:
    """Return a name as it is compared: without case, forms of accents, spaces and punctuation."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text).casefold())


class Roster:
    """The students of a class, found by what a system says of them."""

    def __init__(self, students: Iterable[Student]) -> None:
        """Take students; of two who are called the same, the later one."""
        self.students: Mapping[str, Student] = {each.student: each for each in students}

    def find(
        self, *, name: str = "", email: str = "", id: str = "", login: str = "", sis: str = ""
    ) -> Student | None:
        """Find the one student who fits: by number, login, e-mail, or a name that only one has."""
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
        return self._by_name(name) if name else None

    def _only(self, key: str, value: str) -> Student | None:
        """Return the student who has a value; None if none has it, or several."""
        wanted = value.casefold()
        same = [one for one in self.students.values() if getattr(one, key).casefold() == wanted]
        return same[0] if len(same) == 1 else None

    def _by_name(self, name: str) -> Student | None:
        """Return the student who is called so, in either order; None if none is, or several."""
        wanted = folded(name)
        same = [one for one in self.students.values() if wanted in _folded_names(one)]
        return same[0] if len(same) == 1 else None

    def nearest(self, student: str) -> str:
        """Return the student whose name is nearest to one that does not exist; empty if none is."""
        near = get_close_matches(student, self.students, 1, 0.6)
        return near[0] if near else ""

    def without(self, students: Iterable[str]) -> list[Student]:
        """List those who are not among some, by their names."""
        there = set(students)
        return [one for name, one in sorted(self.students.items()) if name not in there]

    def as_csv(self) -> str:
        """Write the roster in our own columns."""
        text = StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(FIELDS)
        for _, student in sorted(self.students.items()):
            writer.writerow(astuple(student))
        return text.getvalue()


def _folded_names(student: Student) -> tuple[str, str, str]:
    """Return what a student may be called, as names are compared."""
    return folded(student.name), folded(_turned(student.name)), folded(student.student)


def _turned(name: str) -> str:
    """Turn a name around: "Ada Lovelace" → "Lovelace Ada", "Lovelace, Ada" → "Ada Lovelace"."""
    last, comma, first = name.partition(",")
    if comma:
        return f"{first} {last}"
    words = name.split()
    return " ".join([*words[-1:], *words[:-1]])


def roster_beside(folder: Path) -> Roster | None:
    """Read the roster that lies in a folder, if there is one."""
    path = folder / FILE
    return read_roster(path) if path.is_file() else None


def merged(*rosters: Roster | None) -> Roster | None:
    """Put rosters together, a later one's words before an earlier one's; None for no roster."""
    students: list[Student] = []
    for roster in rosters:
        if roster:
            students.extend(roster.students.values())
    return Roster(students) if students else None


def absent(roster: Roster | None, results: Iterable[Result]) -> dict[str, list[Student]]:
    """List by unit those of a roster who have no result: they handed in nothing."""
    if not roster:
        return {}
    there: dict[str, set[str]] = {}
    for result in results:
        there.setdefault(result.unit, set()).add(result.lms_name)
    return {unit: roster.without(students) for unit, students in sorted(there.items())}
