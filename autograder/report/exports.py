"""Grades as files for other systems. Sources of the formats: docs/platforms.md."""

import csv
import html
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

from autograder.errors import visible
from autograder.grading.adjustments import BY_HAND
from autograder.grading.attempts import (
    Mixed,
    kind_in_words,
    refuse_mixed,
    refuse_two_platforms,
)
from autograder.grading.hand_in import HandIn, id_in
from autograder.grading.policy import Grade, Policy
from autograder.grading.results import write_whole
from autograder.grading.roster import (
    MOODLE,
    Roster,
    Student,
    as_student,
    called,
    with_others_numbers,
)
from autograder.judging import Verdict
from autograder.report import as_next_sentence, markdown
from autograder.report.standings import standings
from autograder.report.terminal import (
    NOTHING,
    earned_in_words,
    earned_of,
    in_one_line,
    number,
    own_remarks,
    said_of_all,
    status_on_pages,
    symbol,
)
from autograder.report.total import final_rows, final_table, units_without_maximum

Files = Mapping[str, str]  # name → content
Missing = Mapping[str, Sequence[Student]]  # unit → students
MOST_NAMED = 5  # students in a note


def export(
    grades: Sequence[Grade],
    to: str,
    folder: Path,
    missing: Missing = MappingProxyType({}),
    rules: Policy = Policy(),  # noqa: B008 (frozen)
    columns: Mapping[str, str] = MappingProxyType({}),
    present: Mapping[tuple[str, str], Mapping[str, str]] = MappingProxyType({}),
) -> list[Path]:
    """Write the files of a format below a folder; return their paths.

    missing: who is in the roster and handed in nothing. rules: what the total is made by.
    columns: unit → what Canvas's gradebook calls its column. present: what stands there; see
    `cells_of`. Raises `Mixed`.
    """
    results = [grade.result for grade in grades]
    refuse_mixed(results)
    refuse_two_platforms(results)
    if to in OF_ONE_MAXIMUM:
        refuse_two_maxima(grades)
    if to == "total":
        files = _total(grades, missing, rules)
    elif to == "canvas":
        files = _canvas(grades, missing, columns, present)
    else:
        files = FORMATS[to](grades, missing)
    written = []
    for name, content in files.items():
        path = folder / name
        write_whole(path, content.rstrip("\n"))
        written.append(path)
    return written


OF_ONE_MAXIMUM = ("canvas", "moodle")  # where a column stands for an assignment with its points


def refuse_two_maxima(grades: Sequence[Grade]) -> None:
    """Refuse grades of one unit with different points to be had, as after a check has changed.

    A gradebook would take full marks of one round for a part of the other's. Raises `Mixed`.
    """
    by_unit: dict[str, dict[float, list[str]]] = {}
    for grade in grades:
        maxima = by_unit.setdefault(grade.result.unit, {})
        maxima.setdefault(grade.max_points, []).append(_student(grade))
    for unit, maxima in sorted(by_unit.items()):
        if len(maxima) > 1:
            raise Mixed(_two_maxima_in_words(unit, maxima))


def _two_maxima_in_words(unit: str, maxima: Mapping[float, Sequence[str]]) -> str:
    """Say which students have which maximum, and what to do."""
    parts = []
    for most, students in sorted(maxima.items()):
        several = f"{len(students)} students, such as " if len(students) > 1 else ""
        parts.append(f"{number(most)} points for {several}{visible(students[0])}")
    return (
        f"{unit} has two maxima: {' and '.join(parts)}. One column cannot hold both. Grade the "
        "older results again with the course as it is now, with the command of before, or use "
        "--to total, which counts shares."
    )


# ---- cells and text


def spreadsheet_cell(value: str | float) -> str:
    """Return a cell that a spreadsheet shows as text or number and never as a formula."""
    if not isinstance(value, str):
        return number(value)
    letters = [letter if letter.isprintable() else " " for letter in value]
    text = "".join(letters)
    if value.startswith(STRIPPED) or _is_formula(text):
        return f"'{text}"
    return text


STRIPPED = ("\t", "\r", "\n")  # some programs remove these, and look at what comes then
FORMULA = ("=", "+", "-", "@", "−")


def _is_formula(text: str) -> bool:
    """Return whether a spreadsheet may read text as a formula.

    Some treat full-width signs, and a real minus, like the plain ones.
    """
    first = text.lstrip()[:1]
    plain = unicodedata.normalize("NFKC", first)
    return plain in FORMULA


def as_csv(rows: Iterable[Sequence[str | float]]) -> str:
    """Return rows as CSV without formulas in cells."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        cells = [spreadsheet_cell(value) for value in row]
        writer.writerow(cells)
    return text.getvalue()


def _remarks(verdict: Verdict) -> str:
    """Return a check's remarks in one line, each with a full stop if another follows."""
    line = ""
    for remark in verdict.remarks:
        if not line:
            line = in_one_line(remark)
            continue
        stop = "" if line.endswith(STOPS) else "."
        line += f"{stop} {in_one_line(as_next_sentence(remark))}"
    return line.strip()


STOPS = (".", "!", "?")


def _feedback(grade: Grade) -> str:
    """Return the effect of the policy and all remarks of a submission in one line."""
    result = grade.result
    said = said_of_all(result)
    parts = [words for words in (grade.words, said) if words]
    for verdict in result.verdicts:
        own = replace(verdict, remarks=tuple(own_remarks(verdict, said)))
        if not own.remarks:
            continue
        remarks = _remarks(own)
        if verdict.name == BY_HAND:
            parts.append(remarks)
        elif not verdict.points:
            parts.append(f"{verdict.name}: {remarks}")
        else:
            points = earned_of(verdict.earned, verdict.points)
            parts.append(f"{verdict.name} {points}: {remarks}")
    return " · ".join(parts)


# ---- students and units


def _by_student(grades: Sequence[Grade]) -> dict[str, dict[str, Grade]]:
    """Return student → unit → grade."""
    found: dict[str, dict[str, Grade]] = {}
    for grade in grades:
        student = _student(grade)
        units = found.setdefault(student, {})
        units[grade.result.unit] = grade
    return dict(sorted(found.items()))


def _student(grade: Grade) -> str:
    """Return the student by their name on the LMS."""
    return grade.result.lms_name


def _file_name(units: Mapping[str, Grade]) -> str:
    """Return the name of a student's files, which can differ from the name on the LMS."""
    first, *_ = units.values()
    return first.result.student


def _most(grades: Sequence[Grade]) -> dict[str, float]:
    """Return unit → maximum of points, in the order of the units."""
    most = {}
    for grade in grades:
        most[grade.result.unit] = grade.max_points
    return dict(sorted(most.items()))


def _columns(grades: Sequence[Grade]) -> dict[str, str]:
    """Return unit → the heading of its column.

    For results that are not whole it says so, and matches no assignment.
    """
    heads = {}
    for grade in grades:
        words = kind_in_words(grade.result)
        unit = grade.result.unit
        heads[unit] = f"{unit} ({words})" if words else unit
    return heads


@dataclass(frozen=True)
class _GradebookRow:
    """A student's row in a gradebook, and their grades by unit.

    source: the system that the number of `who` belongs to; empty if a person wrote it.
    """

    who: Student
    source: str = ""
    units: Mapping[str, Grade] = field(default_factory=dict)


def _rows(grades: Sequence[Grade], missing: Missing) -> list[_GradebookRow]:
    """Return a row for each student, with the data of `collect` or the roster."""
    by_student = _by_student(grades)
    rows = [_row(student, units) for student, units in by_student.items()]
    for student in _absent(missing):
        if student.student not in by_student:
            rows.append(_GradebookRow(student, student.source))
    return rows


def _absent(missing: Missing) -> list[Student]:
    """Return who has submitted nothing for some unit, by name, each once."""
    absent: dict[str, Student] = {}
    for students in missing.values():
        for student in students:
            absent[student.student] = student
    return [student for _, student in sorted(absent.items())]


def _row(student: str, units: Mapping[str, Grade]) -> _GradebookRow:
    """Return a student's row, with the data of their own submissions."""
    for known in _own_first(units.values()):
        return _GradebookRow(as_student(student, known), known.source, units)
    return _GradebookRow(Student(student), units=units)


def _own_first(grades: Iterable[Grade]) -> list[HandIn]:
    """Return the records of a student's submissions, their own before a partner's.

    A partner's has only a roster's data on this student.
    """
    own = []
    of_partners = []
    for grade in grades:
        known = grade.result.hand_in
        if known and grade.result.handed_in_by:
            of_partners.append(known)
        elif known:
            own.append(known)
    return own + of_partners


# ---- plain tables


PLAIN = (
    "student",
    "unit",
    "check",
    "title",
    "check_maximum",
    "check_points",
    "status",
    "remarks",
    "unit_points",
    "unit_maximum",
    "policy",
    "graded",
    "submitted",
    "attempt",
    "id",
    "name",
    "email",
    "sis",
)


def _plain(grades: Sequence[Grade], missing: Missing) -> Files:
    """Write a row for each check of each student."""
    rows: list[Sequence[str | float]] = [PLAIN]
    for grade in grades:
        rows.extend(_plain_rows(grade))
    most = _most(grades)
    for unit, students in missing.items():
        for student in students:
            row = _plain_row_of_missing(student, unit, most[unit])
            rows.append(row)
    return {"grades.csv": as_csv(rows)}


def _plain_row_of_missing(student: Student, unit: str, most: float) -> Sequence[str | float]:
    """Return the row of a student without a submission, in the order of `PLAIN`."""
    about_check = ("", "", "", 0.0, NOTHING, "")
    who = replace(student, id=student.number_in(unit))
    about_submission = (0.0, most, "", "", "", "", *_who(who))
    return (student.student, unit, *about_check, *about_submission)


def _plain_rows(grade: Grade) -> Iterator[Sequence[str | float]]:
    """Yield a row for each check of a submission, in the order of `PLAIN`."""
    result = grade.result
    known = result.hand_in
    about_submission = (
        grade.points,
        grade.max_points,
        grade.words,
        kind_in_words(result) or "whole",
        result.submitted,
        str(known.attempt) if known else "",
        *_who(as_student(_student(grade), known) if known else Student(_student(grade))),
    )
    for verdict in result.verdicts:
        about_check = (
            verdict.name,
            verdict.title,
            verdict.points,
            verdict.earned,
            verdict.status,
            _remarks(verdict),
        )
        yield (_student(grade), result.unit, *about_check, *about_submission)


def _who(student: Student) -> tuple[str, str, str, str]:
    """Return the last cells of a row: the student's data."""
    return student.id, student.name, student.email, student.sis


def _total(grades: Sequence[Grade], missing: Missing, rules: Policy) -> Files:
    """Write the final table of the course."""
    absent = [student.student for student in _absent(missing)]
    rows = final_rows(grades, rules, absent)
    heads = _columns(grades)
    head, *lines = final_table(rows, heads)
    whose = {}
    for gradebook_row in _rows(grades, missing):
        student = gradebook_row.who
        whose[student.student] = student
    table = [(*head, "id", "name", "email", "sis")]
    for row, line in zip(rows, lines, strict=True):
        student = whose.get(row.student) or Student(row.student)
        if student.source == MOODLE.source:  # its numbers each belong to one assignment
            student = replace(student, id="")
        table.append((*line, *_who(student)))
    return {"total.csv": as_csv(table)}


def _mail(grades: Sequence[Grade], missing: Missing) -> Files:
    """Write a row for each student and unit, for a mail merge.

    It has the text of a letter, and the page to attach.
    """
    rows: list[Sequence[str | float]] = [MAIL]
    heads = _columns(grades)
    most = _most(grades)
    without = _without(missing)
    for row in _rows(grades, missing):
        who = row.who
        for unit, points in most.items():
            address = (who.email, who.name or who.student, who.student, heads[unit])
            grade = row.units.get(unit)
            if grade:
                page = f"{grade.result.student} {unit}.html"
                rows.append((*address, grade.points, grade.max_points, _feedback(grade), page))
            elif (unit, who.student) in without:
                rows.append((*address, 0.0, points, NOTHING, ""))
    return {"mail.csv": as_csv(rows)}


MAIL = ("email", "name", "student", "unit", "points", "of", "words", "page")


def _without(missing: Missing) -> set[tuple[str, str]]:
    """Return each unit with each student who submitted nothing for it."""
    without = set()
    for unit, students in missing.items():
        for student in students:
            without.add((unit, student.student))
    return without


# ---- Canvas, Moodle, Gradescope


CANVAS_HEAD = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


def _canvas(
    grades: Sequence[Grade],
    missing: Missing,
    columns: Mapping[str, str] = MappingProxyType({}),
    present: Mapping[tuple[str, str], Mapping[str, str]] = MappingProxyType({}),
) -> Files:
    """Write the table that Canvas's gradebook imports.

    columns: unit → what Canvas calls its column; results that are not whole fit none. Rows are
    matched by Canvas's own number, where `collect` or a roster has it; else by the login. Canvas
    clears what stands where the table has an empty cell, so that is written again. present: see
    `cells_of`.
    """
    most = _most(grades)
    heads = _columns(grades)
    shown = [columns.get(unit, unit) if heads[unit] == unit else heads[unit] for unit in most]
    rows: list[Sequence[str | float]] = [
        (*CANVAS_HEAD, *shown),
        ("    Points Possible", "", "", "", "", *most.values()),
    ]
    of_class = _rows(grades, missing)
    _refuse_one_number_in_two_rows(of_class)
    names = Counter(row.who.name for row in of_class)
    for row in of_class:
        student = row.who
        canvas_id = student.id if row.source in ("canvas", "") else ""
        login = student.login
        name = student.name or student.student
        if not (login or canvas_id):
            login = student.student
            if not student.sis and names[name] > 1:
                name = student.student  # Canvas would take the first student of that name
        numbers = (("id", canvas_id), ("sis", student.sis), ("login", login))
        keys = [(kind, number.casefold()) for kind, number in numbers]
        there = next((present[key] for key in keys if key in present), {})
        points: list[str | float] = []
        for unit in most:
            grade = row.units.get(unit)
            is_whole = heads[unit] == unit
            points.append(grade.points if grade else _cell(there.get(unit, "") if is_whole else ""))
        rows.append((name, canvas_id, student.sis, login, "", *points))
    return {"canvas.csv": as_csv(rows)}


def _refuse_one_number_in_two_rows(rows: Sequence[_GradebookRow]) -> None:
    """Refuse two students with one number of Canvas's, who would share a row. Raises `Mixed`."""
    first: dict[str, Student] = {}
    for row in rows:
        if row.source != "canvas" or not row.who.id:
            continue
        other = first.setdefault(row.who.id, row.who)
        if other is not row.who:
            both = (
                f"{called(other.student, other.name)} and {called(row.who.student, row.who.name)}"
            )
            raise Mixed(
                f"{visible(both)} have the same number of Canvas's, {visible(row.who.id)}, so both "
                "would be one row there. If they are one student, run `collect` again with "
                "Canvas's gradebook as --roster, and `grade`. If they are two, a roster had a "
                "column that was sorted without the others: collect all again into a new folder."
            )


def numbers_of_others(grades: Sequence[Grade], missing: Missing, gradebook: Roster) -> list[str]:
    """List the numbers of students beside another's name or login in Canvas's gradebook."""
    of_canvas = [row.who for row in _rows(grades, missing) if row.source == "canvas"]
    people = [(who.id, who.name) for who in of_canvas]
    exchanged = with_others_numbers(people, gradebook)
    by_name = {number for number, _, _ in exchanged}
    for who in of_canvas:
        there = gradebook.find(id=who.id) if who.id else None
        other = gradebook.find(login=who.login) if who.login else None
        if there and other and there is not other and who.id not in by_name:
            exchanged.append((who.id, who.login, there.login or there.name))
    return [
        f"{number} is {known} here and {there} in the gradebook"
        for number, known, there in exchanged
    ]


def _cell(written: str) -> str | float:
    """Return a cell of Canvas's, as a number where it is one: a sign is no formula there."""
    return float(written) if re.fullmatch(r"-\d+(\.\d+)?", written) else written


def _moodle(grades: Sequence[Grade], missing: Missing) -> Files:
    """Write a table for Moodle's gradebook, and the grading worksheets of its assignments."""
    rows = _rows(grades, missing)
    heads = _columns(grades)
    files = {"moodle.csv": _moodle_table(rows, _most(grades), heads)}
    files |= _worksheets(rows, heads)
    return files


def _for_moodle(text: str) -> str:
    """Return text so that Moodle, which stores comments as HTML, shows it verbatim.

    A backslash is written as an entity. Before a quotation mark Moodle's CSV reader takes it for an
    escape, and rejects the whole file. So is a first letter that a spreadsheet would compute.
    """
    as_html = html.escape(text, quote=False).replace("\\", "&#92;")
    return f"&#{ord(as_html[0])};{as_html[1:]}" if _is_formula(as_html) else as_html


def _without_backslash(text: str) -> str:
    """Return a name or address for display, without Moodle's escape character."""
    return text.replace("\\", "/")


def _moodle_table(
    rows: Sequence[_GradebookRow], most: Mapping[str, float], heads: Mapping[str, str]
) -> str:
    """Return a table for Moodle's gradebook: points and text for each unit."""
    head = ["username", "email"]
    for unit, points in most.items():
        column = heads[unit]
        head.append(f"{column} (of {number(points)})")
        head.append(f"{column} feedback")
    table: list[Sequence[str | float]] = [head]
    for row in rows:
        login = row.who.login or row.who.student
        cells: list[str | float] = [_without_backslash(login), _without_backslash(row.who.email)]
        for unit in most:
            grade = row.units.get(unit)
            cells.append(grade.points if grade else "")
            cells.append(_for_moodle(_feedback(grade)) if grade else "")
        table.append(cells)
    return as_csv(table)


def _worksheets(rows: Sequence[_GradebookRow], heads: Mapping[str, str]) -> Files:
    """Return a grading worksheet for each unit that came from a Moodle assignment."""
    sheets: dict[str, list[Sequence[str | float]]] = {}
    maxima: dict[str, float] = {}
    for row in rows:
        for unit, grade in row.units.items():
            if not id_in(grade.result.hand_in, "moodle"):
                continue
            maxima[unit] = max(maxima.get(unit, 0.0), grade.points, grade.most, grade.max_points)
    for row in rows:
        for unit, grade in row.units.items():
            line = _worksheet_line(row.who, grade, maxima.get(unit, 0.0))
            if line:
                lines = sheets.setdefault(heads[unit], [_WORKSHEET])
                lines.append(line)
    files = {}
    for head, lines in sheets.items():
        files[f"moodle {head}.csv"] = as_csv(lines)
    return files


def _worksheet_line(who: Student, grade: Grade, most: float) -> Sequence[str | float] | None:
    """Return a line of a worksheet; None if no number of Moodle's is known.

    most: the maximum grade that the assignment needs.
    A participant has another number in each assignment, and a partner none.
    """
    participant = id_in(grade.result.hand_in, "moodle")
    if not participant:
        return None
    never_changed = ""  # the worksheet of an ungraded assignment says so, too
    return (
        f"Participant {participant}",
        _without_backslash(who.name),
        _without_backslash(who.email),
        grade.points,
        most,
        never_changed,
        _for_moodle(_feedback(grade)),
    )


_WORKSHEET = (
    "Identifier",
    "Full name",
    "Email address",
    "Grade",
    "Maximum Grade",
    "Last modified (grade)",  # without it Moodle rejects the file
    "Feedback comments",
)


def written_before(
    folder: Path, of_all: Iterable[Path], of_units: Mapping[str, Iterable[Path]]
) -> list[str]:
    """List the tables that `export` left in a folder before the newest file that they are made of.

    of_all: what every table is made of. of_units: unit → its results; a worksheet is of one unit.
    """
    by_unit = {unit: _newest(paths) for unit, paths in of_units.items()}
    always = _newest(of_all)
    old = []
    for table in sorted(folder.glob("*.csv")):
        of_table = [time for unit, time in by_unit.items() if unit in table.name]
        newest = max(always, *(of_table or by_unit.values()), 0)
        if table.stat().st_mtime_ns < newest:
            old.append(table.name)
    return old


def _newest(paths: Iterable[Path]) -> int:
    """Return when the newest of some files was written, in nanoseconds; 0 if there is none."""
    return max((path.stat().st_mtime_ns for path in paths), default=0)


def worksheets_left(folder: Path, grades: Sequence[Grade], written: Sequence[Path]) -> list[str]:
    """List the worksheets of these units that an earlier export left in a folder.

    A worksheet has another name if a unit was graded without training, for example.
    """
    left: set[Path] = set()
    for unit in _most(grades):
        left |= {*folder.glob(f"moodle {unit}.csv"), *folder.glob(f"moodle {unit} (*).csv")}
    return sorted(path.name for path in left.difference(written))


def empty_in_canvas(path: Path) -> str:
    """Say that the written table has empty cells, which clear what stands in Canvas; "" if none.

    path: of the table, made with Canvas's gradebook.
    """
    _, _, *rows = csv.reader(path.read_text(encoding="utf-8-sig").splitlines())
    empty = sum(cell == "" for row in rows for cell in row[len(CANVAS_HEAD) :])
    if not empty:
        return ""
    cells = "1 cell is" if empty == 1 else f"{empty} cells are"
    return (
        f"{cells} empty in {path.name}, as in the gradebook. Where Canvas has a grade by now, such "
        "as 0 or EX, the import would clear it: then export the gradebook again first."
    )


def notes(grades: Sequence[Grade], to: str) -> list[str]:
    """Say what a person must do when importing grades, a line each; empty for most formats."""
    if to == "mail":
        return _notes_on_addresses(grades)
    if to == "total":
        return [
            f"Warning: the total leaves out {unit}, which has no maximum under the policy: each of "
            "its checks is dropped or a bonus."
            for unit in units_without_maximum(grades)
        ]
    return _notes_for_moodle(grades) if to == "moodle" else []


def _notes_for_moodle(grades: Sequence[Grade]) -> list[str]:
    """Say which worksheets there are, and how to upload them."""
    by_unit: dict[str, list[Grade]] = {}
    without: dict[str, list[Grade]] = {}
    for grade in grades:
        has_number = id_in(grade.result.hand_in, "moodle")
        of_unit = (by_unit if has_number else without).setdefault(grade.result.unit, [])
        of_unit.append(grade)
    lines = []
    for unit, of_unit in sorted(by_unit.items()):
        lines += _notes_on_worksheet(unit, of_unit)
        lines += _notes_on_two_assignments(of_unit)
        lines += _notes_on_others(without.get(unit, []))
    if lines:
        return [*lines, *HOW_TO_UPLOAD]
    return [
        "No worksheet was written, because no student has a Moodle participant number. "
        "`moodle.csv` is for *Grades*, *Import* in Moodle. For worksheets, collect Moodle's "
        "download with the grading worksheet as --roster, and grade again."
    ]


def _notes_on_addresses(grades: Sequence[Grade]) -> list[str]:
    """Say who has no known e-mail address, which a mail merge needs, or another's."""
    rows = _rows(grades, {})
    whose: dict[str, dict[str, None]] = {}
    for row in rows:
        if row.who.email:
            whose.setdefault(row.who.email.casefold(), {})[row.who.student] = None
    shared = [
        f"Warning: {' and '.join(map(visible, students))} have the same e-mail address, "
        f"{visible(address)}, so one would get the other's points. Correct it in the roster."
        for address, students in whose.items()
        if len(students) > 1
    ]
    without = [row.who.student for row in rows if not row.who.email]
    if not without:
        return shared
    who = "no student has an e-mail address"
    if len(without) < len(rows):
        names = visible("; ".join(without[:MOST_NAMED]))
        more = f"; and {len(without) - MOST_NAMED} more" if len(without) > MOST_NAMED else ""
        has = "has" if len(without) == 1 else "have"
        who = f"{len(without)} of {len(rows)} students {has} no e-mail address: {names}{more}"
    return [
        f"Warning: {who}. Give `collect` or `grade` a --roster with a column `email`.",
        *shared,
    ]


HOW_TO_UPLOAD = (
    "Upload a worksheet with Moodle switched to English: Moodle knows the columns by their "
    "headings in its current language.",
    "Tick *Allow updating records that have been modified more recently*, the first time, too. "
    "Without it Moodle skips each student who has a grade or a feedback file, or whose submission "
    "somebody opened in Moodle, and does not say whom.",
)


def _notes_on_worksheet(unit: str, grades: Sequence[Grade]) -> list[str]:
    """Say which maximum the assignment needs, and which grades Moodle would leave out."""
    most = max(grade.max_points for grade in grades)
    count = "1 grade" if len(grades) == 1 else f"{len(grades)} grades"
    above = [grade for grade in grades if grade.points > most]
    needed = max(max(grade.points, grade.most) for grade in grades)
    lines = [f"{unit}: {count}; the maximum grade of Moodle's assignment must be {number(needed)}."]
    if needed > most:
        lines.append(
            f"  Moodle counts no points above the maximum grade, so that includes what counts on "
            f"top. The unit's own points are {number(most)} of it, and Moodle's percentages are "
            f"of {number(needed)}."
        )
    if above:
        lines.append(
            f"  {_grades(above)} above {number(most)}, the unit's points: {_named(above)}. With a "
            "lower maximum grade Moodle skips them."
        )
    zero = [grade for grade in grades if grade.points == 0]
    if zero:
        lines.append(
            f"  {_grades(zero)} 0, which the newest Moodle does not take from a worksheet. Enter "
            f"them in Moodle: {_named(zero)}."
        )
    return lines


def _notes_on_two_assignments(grades: Sequence[Grade]) -> list[str]:
    """Say whose submissions came from two assignments, where a student has two numbers."""
    several = []
    for grade in grades:
        records = [one.result.hand_in for one in grade.possible]
        numbers = {id_in(record, "moodle") for record in records} - {""}
        if len(numbers) > 1:
            several.append(grade)
    if not several:
        return []
    return [
        f"  From two assignments of Moodle: the submissions of {_named(several)}. A line is for "
        "the assignment of the submission that counts, and Moodle skips it in the other one. "
        "Upload the worksheet in both."
    ]


def _notes_on_others(grades: Sequence[Grade]) -> list[str]:
    """Say whose grades are in no worksheet, because their number in this assignment is unknown."""
    if not grades:
        return []
    names = []
    for grade in grades:
        known = grade.result.hand_in
        names.append(called(_student(grade), known.name if known else ""))
    return [
        f"  Not in the worksheet, because their number in this assignment is not known: "
        f"{visible('; '.join(names))}. Collect its download again with --roster and its grading "
        "worksheet."
    ]


def _named(some: Sequence[Grade]) -> str:
    """Return the students of some grades with their Moodle numbers."""
    names = []
    for grade in some:
        hand_in = grade.result.hand_in
        name = hand_in.name if hand_in else ""
        names.append(f"{called(_student(grade), name)}, {id_in(hand_in, 'moodle')}")
    return visible("; ".join(names))


def _grades(some: Sequence[Grade]) -> str:
    return "1 grade is" if len(some) == 1 else f"{len(some)} grades are"


def _gradescope(grades: Sequence[Grade], _: Missing) -> Files:
    """Write each submission's `results.json`."""
    files = {}
    for grade in grades:
        result = grade.result
        record = _gradescope_results(grade)
        files[f"{result.unit}/{result.student}.json"] = _json(record)
    return files


def _gradescope_results(grade: Grade) -> dict[str, Any]:
    result = grade.result
    words = [kind_in_words(result), grade.words, result.note]
    return {
        "score": grade.points,
        "execution_time": round(result.seconds),
        "output_format": "text",
        "output": " ".join(word for word in words if word),
        "tests": [_gradescope_test(verdict) for verdict in result.verdicts],
    }


def _gradescope_test(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": f"{verdict.title} [{verdict.name}]",
        "score": verdict.earned,
        "max_score": verdict.points,
        "output": _remarks(verdict),
        "status": "passed" if verdict.status == "passed" else "failed",
        "output_format": "text",
        "name_format": "text",
    }


# ---- GitHub and Classroom 50


def _github(grades: Sequence[Grade], _: Missing) -> Files:
    """Write the summary of a GitHub job, for each student."""
    files = {}
    for units in _by_student(grades).values():
        name = _file_name(units)
        summaries = [_summary(grade) for grade in units.values()]
        files[f"{name}.md"] = "\n".join(summaries)
    return files


def _summary(grade: Grade) -> str:
    """Return a job's summary: a heading, and a row for each check."""
    result = grade.result
    points = earned_in_words(grade.points, grade.max_points)
    lines = [f"## {markdown(result.unit)}: {points}", ""]
    kind = kind_in_words(result)
    if kind:
        lines += [kind, ""]
    if grade.words:
        lines += [markdown(grade.words), ""]
    lines += ["| | points | check | |", "|---|---|---|---|"]
    for verdict in result.verdicts:
        sign = symbol(status_on_pages(verdict)).sign
        points = earned_of(verdict.earned, verdict.points)
        remarks = markdown(_remarks(verdict))
        lines.append(f"| {sign} | {points} | {verdict.title} | {remarks} |")
    lines.append("")
    return "\n".join(lines)


def _classroom50(grades: Sequence[Grade], _: Missing) -> Files:
    """Write our part of each student's `result.json`.

    The runner adds the rest, as docs/platforms.md says.
    """
    files = {}
    for units in _by_student(grades).values():
        name = _file_name(units)
        record = _classroom50_result(units)
        files[f"{name}.json"] = _json(record)
    return files


def _classroom50_result(units: Mapping[str, Grade]) -> dict[str, Any]:
    """Return the tests and sums of `classroom50/result/v1`, in hundredths of a point.

    Its scores are integers. The sums are the points that count, which a policy may make less or
    more than the tests together.
    """
    tests = []
    for unit, grade in units.items():
        graded = kind_in_words(grade.result) or "whole"
        for verdict in grade.result.verdicts:
            test = {
                "test-name": f"{unit}: {verdict.name}",
                "passed": verdict.status == "passed",
                "score": _hundredths(verdict.earned),
                "max-score": _hundredths(verdict.points),
                "message": _remarks(verdict),
                "graded": graded,
            }
            tests.append(test)
    return {
        "schema": "classroom50/result/v1",
        "score": sum(_hundredths(grade.points) for grade in units.values()),
        "max-score": sum(_hundredths(grade.max_points) for grade in units.values()),
        "tests": tests,
    }


def _hundredths(points: float) -> int:
    return round(100 * points)


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, indent=1, ensure_ascii=False)


def _standings(grades: Sequence[Grade], _: Missing) -> Files:
    """Write the held-out losses of the class under random names."""
    return {"standings.md": standings(grades)}


FORMATS: Mapping[str, Callable[[Sequence[Grade], Missing], Files]] = {
    "csv": _plain,
    "canvas": _canvas,
    "moodle": _moodle,
    "mail": _mail,
    "gradescope": _gradescope,
    "classroom50": _classroom50,
    "github": _github,
    "standings": _standings,
}
