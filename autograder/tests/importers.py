"""What other systems accept, by the rules of their own importers, with a small importer for each.

Each rule names the file, its version and the line where we read it. The rules are paraphrased; no
code of theirs is copied. Our files are tested against these rules and never against our own
readers.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

OFFLINE = "moodle/moodle, public/mod/assign/feedback/offline"


@dataclass(frozen=True)
class Rule:
    """A rule by which an importer decides, and where we read it."""

    says: str
    read_in: str


MOODLE_WORKSHEET = {
    "headings": Rule(
        "The file is refused whole without the columns Identifier, Grade, Last modified (grade).",
        f"{OFFLINE}/importgradeslib.php @806e2d49, lines 109-111 and 154",
    ),
    "language": Rule(
        "Headings are compared with the texts of the language that Moodle is switched to.",
        f"{OFFLINE}/importgradeslib.php @806e2d49, lines 109-111",
    ),
    "identifier": Rule(
        "The number stands behind the text `Participant `; rows of unknown numbers are skipped.",
        f"{OFFLINE}/importgradeslib.php @806e2d49, lines 203-208",
    ),
    "first column": Rule(
        "A column of feedback is not read where it is the first one.",
        f"{OFFLINE}/importgradeslib.php @806e2d49, function next",
    ),
    "same width": Rule(
        "The file is refused whole where a row has more or fewer cells than the head.",
        "moodle/moodle, public/lib/csvlib.class.php @0963d225, function load_csv_content",
    ),
    "escape": Rule(
        "In a quoted cell, a quotation mark behind a backslash does not end the cell.",
        "moodle/moodle, public/lib/csvlib.class.php @0963d225, fgetcsv with the escape `\\`",
    ),
    "modified": Rule(
        "Grade and feedback of a row are skipped where Moodle's grade was changed more than 60 "
        "seconds after `Last modified (grade)`, unless a box of the form is ticked. A submission "
        "that somebody opened counts as changed: it then has a grade, an empty one.",
        f"{OFFLINE}/locallib.php @0bd8f1fd, lines 163 and 179; tried on Moodle 4.2.3",
    ),
    "range": Rule(
        "A grade below 0 or above the assignment's maximum is skipped.",
        f"{OFFLINE}/locallib.php @0bd8f1fd, lines 185-188",
    ),
    "zero": Rule(
        "A grade of 0 counts as none, and is not written. (@04975560 still wrote it.)",
        f"{OFFLINE}/locallib.php @0bd8f1fd, line 192",
    ),
    "markup": Rule(
        "What the column Feedback comments holds is stored as HTML.",
        "moodle/moodle, public/mod/assign/feedback/comments/locallib.php @15c43f10, function "
        "set_editor_text",
    ),
}
# the texts of Moodle's language packs: recordid, gradenoun, lastmodifiedgrade, hiddenuser
ENGLISH = ("Identifier", "Grade", "Last modified (grade)", "Participant ")
GERMAN = ("ID", "Bewertung", "Zuletzt geändert (Bewertung)", "Teilnehmer/in")
COMMENTS = "Feedback comments"


class Refused(Exception):
    """The importer rejects the whole file."""


@dataclass(frozen=True)
class Taken:
    """What an importer writes for a participant; None means that it leaves the old value."""

    grade: float | None
    comment: str | None


def moodle_takes(
    content: str,
    maximum: float,
    participants: Sequence[int],
    *,
    graded: Sequence[int] = (),
    box_ticked: bool = False,
    language: Sequence[str] = ENGLISH,
) -> Mapping[int, Taken]:
    """Return what Moodle takes from a grading worksheet by the rules above.

    graded: the participants who already have a grade or feedback, or whose submission was opened.
    Raises `Refused`.
    """
    head, *rows = php_table(content)
    if any(len(row) != len(head) for row in rows):
        raise Refused(MOODLE_WORKSHEET["same width"].says)
    identifier, grade, modified, prefix = language
    if not {identifier, grade, modified} <= set(head):
        raise Refused(MOODLE_WORKSHEET["headings"].says)
    taken = {}
    for row in rows:
        number = row[head.index(identifier)][len(prefix) :]
        if not number.isdecimal() or int(number) not in participants:
            continue
        is_stale = int(number) in graded and not row[head.index(modified)]
        if is_stale and not box_ticked:
            continue
        points = float(row[head.index(grade)] or 0)
        is_written = 0 < points <= maximum
        comment = None
        if COMMENTS in head[1:]:
            comment = row[head.index(COMMENTS)]
        taken[int(number)] = Taken(points if is_written else None, comment)
    return taken


def php_table(content: str) -> list[list[str]]:
    """Return the cells of a table as PHP's `fgetcsv` reads them with the escape `\\`."""
    rows: list[list[str]] = [[""]]
    is_quoted = False
    position = 0
    while position < len(content):
        character = content[position]
        following = content[position + 1 : position + 2]
        if is_quoted and character == "\\":
            rows[-1][-1] += character + following
            position += 1
        elif is_quoted and character == '"' and following == '"':
            rows[-1][-1] += '"'
            position += 1
        elif character == '"':
            is_quoted = not is_quoted
        elif not is_quoted and character == ",":
            rows[-1].append("")
        elif not is_quoted and character == "\n":
            rows.append([""])
        else:
            rows[-1][-1] += character
        position += 1
    return [row for row in rows if row != [""]]


# ---- Canvas

IMPORTER = "instructure/canvas-lms, lib/gradebook_importer.rb @00b222d7"
CANVAS_GRADEBOOK = {
    "headings": Rule(
        "The file is refused whole unless it begins with Student and ID, and Section is the last "
        "column about the student, behind SIS User ID and SIS Login ID where these are there.",
        f"{IMPORTER}, functions row_has_student_headers?, update_column_count and header?",
    ),
    "points possible": Rule(
        "A row whose first cell holds `Points Possible` is about the assignments.",
        f"{IMPORTER}, functions check_for_non_student_row and process_pp",
    ),
    "student": Rule(
        "A student is found by ID, else by SIS User ID, else by SIS Login ID, else the first of "
        "that name is taken; else a new one is asked for.",
        f"{IMPORTER}, function process_student",
    ),
    "assignment": Rule(
        "A column is of the assignment whose number stands behind its name in brackets, else of "
        "the one of that name, else of a new one. Columns called like Current Score are none.",
        f"{IMPORTER}, functions parse_assignments and strip_non_assignment_columns",
    ),
    "numbers": Rule(
        "A cell of digits, commas and dots is a number, its last comma or dot the decimal one.",
        f"{IMPORTER}, the converter decimal_comma_to_period",
    ),
}


@dataclass(frozen=True)
class CanvasStudent:
    """A student as Canvas knows them."""

    id: str
    name: str
    sis: str = ""
    login: str = ""


def canvas_takes(content: str, students: Sequence[CanvasStudent]) -> dict[str, dict[str, str]]:
    """Return what Canvas would enter: the student's number → column → points.

    A student whom Canvas does not know appears by name instead of number. Raises `Refused`.
    """
    head, *rows = csv.reader(StringIO(content))
    about_student = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    if head[: len(about_student)] != about_student:
        raise Refused(CANVAS_GRADEBOOK["headings"].says)
    units = head[len(about_student) :]
    taken: dict[str, dict[str, str]] = {}
    for row in rows:
        if "Points Possible" in row[0]:
            continue
        student = _canvas_student(row, students)
        points = [_canvas_number(cell) for cell in row[len(about_student) :]]
        taken[student] = dict(zip(units, points, strict=True))
    return taken


def _canvas_student(row: Sequence[str], students: Sequence[CanvasStudent]) -> str:
    name, number, sis, login, _ = row[:5]
    for key, value in (("id", number), ("sis", sis), ("login", login), ("name", name)):
        for student in students:
            if value and getattr(student, key) == value:
                return student.id
    return name


def _canvas_number(cell: str) -> str:
    if not re.fullmatch(r"-?[0-9.,]+%?", cell):
        return cell
    *whole, last = re.split("[,.]", cell)
    return f"{''.join(whole)}.{last}" if whole else last
