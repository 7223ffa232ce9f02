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
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from io import StringIO
from pathlib import Path

from autograder.errors import UserError
from autograder.grading.results import Result

FILE = "roster.csv"
MOST = 8 << 20  # bytes of a roster


class BadRoster(UserError):
    """A roster cannot be read; the text says what was expected."""


@dataclass(frozen=True)
class Student:
    """One person of the class. `student` names the folder; the rest is for matching and for going
    back.
    """

    student: str
    name: str = ""
    email: str = ""
    id: str = ""
    login: str = ""
    sis: str = ""


FIELDS = tuple(field.name for field in fields(Student))


@dataclass(frozen=True)
class Columns:
    """Which headings of a kind of table say what. `known_by`: headings that no other kind has."""

    known_by: tuple[str, ...]
    student: tuple[str, ...]  # the first that is filled
    name: tuple[str, ...] = ()  # put together
    email: str = ""
    id: str = ""
    login: str = ""
    sis: str = ""


KINDS = (
    Columns(
        ("sis login id",),
        ("sis login id", "id"),
        ("student",),
        "",
        "id",
        "sis login id",
        "sis user id",
    ),
    Columns(
        ("identifier",),
        ("username", "email address", "full name", "identifier"),
        ("full name",),
        "email address",
        "identifier",
        "username",
        "id number",
    ),
    Columns(
        ("github_id",),
        ("username",),
        ("first_name", "last_name"),
        "email",
        "github_id",
        "username",
    ),
    Columns(
        ("sid",), ("email", "sid"), ("name", "first name", "last name"), "email", "", "", "sid"
    ),
    Columns(("student",), ("student",), ("name",), "email", "id", "login", "sis"),
    Columns(("first_name",), ("id",), ("first_name", "last_name"), "email", "", "id"),
)


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
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        table = [
            [_plain(cell) for cell in row]
            for row in csv.reader(StringIO(text), delimiter=delimiter)
        ]
    except csv.Error as error:
        raise BadRoster(f"{path} is no table: {error}.") from None
    head = [cell.casefold() for cell in table[0]] if table else []
    columns = next((kind for kind in KINDS if set(kind.known_by) <= set(head)), None)
    if columns is None:
        found = ", ".join(filter(None, head[:8])) or "nothing"
        raise BadRoster(
            f"{path}: no column says who a student is; found {found}. Name one column `student`."
        )
    for row in table[1:]:
        cells = dict(zip(head, row, strict=False))
        if student := _student(cells, columns):
            yield student


def _student(cells: Mapping[str, str], columns: Columns) -> Student | None:
    """The student of a row; None for an empty one, and for Canvas's row of points possible."""
    who = next((cells[name] for name in columns.student if cells.get(name)), "")
    if not who:
        return None
    return Student(
        student=who,
        name=" ".join(cells[name] for name in columns.name if cells.get(name)),
        email=cells.get(columns.email, ""),
        id=cells.get(columns.id, "").removeprefix("Participant "),
        login=cells.get(columns.login, ""),
        sis=cells.get(columns.sis, ""),
    )


def _plain(cell: str) -> str:
    """A cell's text as it can be shown; the mark that keeps a spreadsheet from computing it is
    taken off.
    """
    text = "".join(
        c if c.isprintable() else " " for c in unicodedata.normalize("NFC", cell)
    ).strip()
    return text[1:] if re.match(r"'[=+\-@]", text) else text


def folded(text: str) -> str:
    """A name as it is compared: case, accents' forms, spaces and punctuation left out."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text).casefold())


class Roster:
    """The students of a class, found by what a system says of them."""

    def __init__(self, students: Iterable[Student]) -> None:
        """Take students, the later of two who are called the same."""
        self.students: Mapping[str, Student] = {each.student: each for each in students}

    def find(
        self, *, name: str = "", email: str = "", id: str = "", login: str = "", sis: str = ""
    ) -> Student | None:
        """Find the one student who fits: by number, login, e-mail, then by a name that only one
        has.
        """
        for key, value in (
            ("id", id),
            ("login", login),
            ("sis", sis),
            ("email", email),
            ("student", login),
        ):
            if value and (one := self._only(key, value)):
                return one
        return self._by_name(name) if name else None

    def _only(self, key: str, value: str) -> Student | None:
        same = [
            each
            for each in self.students.values()
            if getattr(each, key).casefold() == value.casefold()
        ]
        return same[0] if len(same) == 1 else None

    def _by_name(self, name: str) -> Student | None:
        wanted = folded(name)
        same = [
            each
            for each in self.students.values()
            if wanted in (folded(each.name), folded(_turned(each.name)), folded(each.student))
        ]
        return same[0] if len(same) == 1 else None

    def nearest(self, student: str) -> str:
        """The student whose name is nearest to one that does not exist; empty where none is
        near.
        """
        return next(iter(get_close_matches(student, self.students, 1, 0.6)), "")

    def without(self, students: Iterable[str]) -> list[Student]:
        """List those who are not among some."""
        there = set(students)
        return [each for name, each in sorted(self.students.items()) if name not in there]

    def as_csv(self) -> str:
        """The roster in our own columns."""
        text = StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(FIELDS)
        writer.writerows(asdict(each).values() for _, each in sorted(self.students.items()))
        return text.getvalue()


def _turned(name: str) -> str:
    """A name with its parts in the other order: "Ada Lovelace" → "Lovelace Ada", and back from
    "Lovelace, Ada".
    """
    last, comma, first = name.partition(",")
    if comma:
        return f"{first} {last}"
    *firsts, last = name.split() or [""]
    return " ".join([last, *firsts])


def roster_beside(folder: Path) -> Roster | None:
    """Read the roster that lies in a folder, if there is one."""
    path = folder / FILE
    return read_roster(path) if path.is_file() else None


def merged(*rosters: Roster | None) -> Roster | None:
    """All students of some rosters, the later ones' words first; None where there is none."""
    there: Sequence[Roster] = [each for each in rosters if each]
    return (
        Roster(student for each in there for student in each.students.values()) if there else None
    )


def absent(roster: Roster | None, results: Iterable[Result]) -> dict[str, list[Student]]:
    """Who of a roster has no result, by unit: they handed in nothing."""
    students: dict[str, set[str]] = {}
    for result in results:
        students.setdefault(result.unit, set()).add(result.lms_name)
    if not roster:
        return {}
    return {unit: roster.without(its) for unit, its in sorted(students.items())}
