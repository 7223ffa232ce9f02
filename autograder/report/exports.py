"""Grades as files that others import. Sources of the formats: docs/gradebooks.md."""

import csv
import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

from autograder.grading.attempts import kind_in_words, refuse_mixed
from autograder.grading.hand_in import HandIn
from autograder.grading.policy import Grade, Policy
from autograder.grading.results import write_whole
from autograder.grading.roster import Student
from autograder.judging import Verdict
from autograder.report import markdown
from autograder.report.terminal import NOTHING, SIGNS, number
from autograder.report.total import final_rows, final_table

Files = Mapping[str, str]  # name → content
Missing = Mapping[str, Sequence[Student]]  # unit → students


def export(
    grades: Sequence[Grade],
    to: str,
    folder: Path,
    missing: Missing = MappingProxyType({}),
    rules: Policy = Policy(),  # noqa: B008 (frozen)
) -> list[Path]:
    """Write the files of a format below `folder`; their paths.

    missing: who is in the roster and handed in nothing, by unit. rules: what the total is made by.
    Raises `Mixed`.
    """
    refuse_mixed([grade.result for grade in grades])
    files = _total(grades, missing, rules) if to == "total" else FORMATS[to](grades, missing)
    for name, content in files.items():
        write_whole(folder / name, content.rstrip("\n"))
    return [folder / name for name in files]


def _cell(value: str | float) -> str:
    """A cell that a spreadsheet shows as text or number and never takes for a formula."""
    if not isinstance(value, str):
        return number(value)
    text = "".join(c if c.isprintable() else " " for c in value)
    begins_oddly = value[:1] in STRIPPED or _is_formula(text)
    return f"'{text}" if begins_oddly else text


STRIPPED = tuple("\t\r\n")  # some programs take these off, and look at what comes then


def _is_formula(text: str) -> bool:
    """Whether a spreadsheet may read text as a formula. Some take full-width signs, and a real
    minus, for the plain.
    """
    first = unicodedata.normalize("NFKC", text.lstrip()[:1])
    return first in tuple("=+-@−")


def as_csv(rows: Iterable[Sequence[str | float]]) -> str:
    """Rows as CSV, in which no cell is a formula."""
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _remarks(verdict: Verdict) -> str:
    """Return a check's remarks in one line, each with a stop where another follows."""
    line = ""
    for remark in verdict.remarks:
        arrays = f"{', '.join(remark.arrays)}: " if remark.arrays else ""
        if line and not line.endswith(STOPS):
            line += "."
        line += f" {arrays}{remark.text}"
    return line.strip()


STOPS = (".", "!", "?")


def _feedback(grade: Grade) -> str:
    """All remarks of a submission in one line."""
    said = [
        f"{v.name} {number(v.earned)}/{number(v.points)}: {_remarks(v)}"
        for v in grade.result.verdicts
        if v.remarks
    ]
    return " · ".join([*([grade.words] if grade.words else []), *said])


def _by_student(grades: Sequence[Grade]) -> dict[str, dict[str, Grade]]:
    """Student → unit → grade."""
    found: dict[str, dict[str, Grade]] = {
        _student(grade): {} for grade in sorted(grades, key=_student)
    }
    for grade in grades:
        found[_student(grade)][grade.result.unit] = grade
    return found


def _student(grade: Grade) -> str:
    """The student by the name that the LMS knows."""
    return grade.result.lms_name


def _file_name(units: Mapping[str, Grade]) -> str:
    """What a student's file can be called; the LMS's name may be none that a file can bear."""
    return next(iter(units.values())).result.student


def _most(grades: Sequence[Grade]) -> dict[str, float]:
    """Unit → points to be had."""
    return {
        grade.result.unit: grade.max_points
        for grade in sorted(grades, key=lambda grade: grade.result.unit)
    }


def _columns(grades: Sequence[Grade]) -> dict[str, str]:
    """Unit → the heading of its column: one of results that are not whole says so, and fits no
    assignment.
    """
    heads = {}
    for grade in grades:
        words = kind_in_words(grade.result)
        heads[grade.result.unit] = f"{grade.result.unit} ({words})" if words else grade.result.unit
    return heads


PLAIN = (
    "student",
    "unit",
    "check",
    "title",
    "points",
    "earned",
    "status",
    "remarks",
    "submission",
    "of",
    "policy",
)


def _plain(grades: Sequence[Grade], missing: Missing) -> Files:
    about_file = ("graded", "submitted", "attempt", "id")
    rows: list[Sequence[str | float]] = [(*PLAIN, *about_file)]
    for grade in grades:
        its, known = grade.result, grade.result.hand_in
        about = (kind_in_words(its) or "whole", its.submitted, *_attempt_and_id(known))
        for v in its.verdicts:
            row = (
                _student(grade),
                its.unit,
                v.name,
                v.title,
                v.points,
                v.earned,
                v.status,
                _remarks(v),
            )
            rows.append((*row, grade.points, grade.max_points, grade.words, *about))
    most = _most(grades)
    for unit, students in missing.items():
        for each in students:
            rows.append(
                (
                    each.student,
                    unit,
                    "",
                    "",
                    "",
                    0.0,
                    NOTHING,
                    "",
                    0.0,
                    most[unit],
                    "",
                    "",
                    "",
                    "",
                    each.id,
                )
            )
    return {"grades.csv": as_csv(rows)}


def _total(grades: Sequence[Grade], missing: Missing, rules: Policy) -> Files:
    absent = sorted({each.student for students in missing.values() for each in students})
    return {"total.csv": as_csv(final_table(final_rows(grades, rules, absent)))}


def _attempt_and_id(known: HandIn | None) -> tuple[str, str]:
    return (str(known.attempt), known.id) if known else ("", "")


@dataclass(frozen=True)
class _Row:
    """A student as a gradebook has a row for them, and their grades by unit."""

    student: str
    name: str = ""
    email: str = ""
    id: str = ""
    login: str = ""
    sis: str = ""
    source: str = ""
    units: Mapping[str, Grade] = field(default_factory=dict)


def _rows(grades: Sequence[Grade], missing: Missing) -> list[_Row]:
    """A row for each student, with what `collect` or the roster knows of them."""
    found = []
    for student, units in _by_student(grades).items():
        known = next(
            (grade.result.hand_in for grade in units.values() if grade.result.hand_in), None
        )
        about = {
            name: getattr(known, name)
            for name in ("name", "email", "id", "login", "sis", "source")
            if known
        }
        found.append(_Row(student, **about, units=units))
    there = {row.student for row in found}
    absent = {each.student: each for students in missing.values() for each in students}
    for student, each in sorted(absent.items()):
        if student not in there:
            found.append(_Row(student, each.name, each.email, each.id, each.login, each.sis))
    return found


def _canvas(grades: Sequence[Grade], missing: Missing) -> Files:
    """Rows are matched by Canvas's own number, where `collect` or a roster has it; else by the
    login.
    """
    most, heads = _most(grades), _columns(grades)
    rows: list[Sequence[str | float]] = [
        ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", *(heads[unit] for unit in most))
    ]
    rows.append(("    Points Possible", "", "", "", "", *most.values()))
    for row in _rows(grades, missing):
        points = (row.units[unit].points if unit in row.units else "" for unit in most)
        number_ = row.id if row.source in ("canvas", "") else ""
        login = row.login or ("" if number_ else row.student)
        rows.append((row.name or row.student, number_, row.sis, login, "", *points))
    return {"canvas.csv": as_csv(rows)}


def _moodle(grades: Sequence[Grade], missing: Missing) -> Files:
    """One table for the gradebook, and of what came from an assignment of Moodle's, its grading
    worksheet.
    """
    most, heads = _most(grades), _columns(grades)
    head = [
        text
        for unit in most
        for text in (f"{heads[unit]} (of {number(most[unit])})", f"{heads[unit]} feedback")
    ]
    rows: list[Sequence[str | float]] = [("username", "email", *head)]
    worksheets: dict[str, list[Sequence[str | float]]] = {}
    for row in _rows(grades, missing):
        pairs = [
            (row.units[u].points, _feedback(row.units[u])) if u in row.units else ("", "")
            for u in most
        ]
        rows.append(
            (row.login or row.student, row.email, *(value for pair in pairs for value in pair))
        )
        for unit, grade in row.units.items():
            if row.source == "moodle" and row.id:
                who = (f"Participant {row.id}", row.name, row.email)
                line = (*who, grade.points, grade.max_points, _feedback(grade))
                worksheets.setdefault(heads[unit], [_WORKSHEET]).append(line)
    sheets = {f"moodle {unit}.csv": as_csv(lines) for unit, lines in worksheets.items()}
    return {"moodle.csv": as_csv(rows)} | sheets


_WORKSHEET = (
    "Identifier",
    "Full name",
    "Email address",
    "Grade",
    "Maximum Grade",
    "Feedback comments",
)


def _mail(grades: Sequence[Grade], missing: Missing) -> Files:
    """A row for each student and unit, as a mail merge takes it: the words for a letter, and the
    page to attach.
    """
    rows: list[Sequence[str | float]] = [
        ("email", "name", "student", "unit", "points", "of", "words", "page")
    ]
    most, heads = _most(grades), _columns(grades)
    for row in _rows(grades, missing):
        for unit, of in most.items():
            who = (row.email, row.name or row.student, row.student, heads[unit])
            if grade := row.units.get(unit):
                page = f"{grade.result.student} {unit}.html"
                rows.append((*who, grade.points, of, _feedback(grade), page))
            elif row.student in {each.student for each in missing.get(unit, ())}:
                rows.append((*who, 0.0, of, NOTHING, ""))
    return {"mail.csv": as_csv(rows)}


def _gradescope(grades: Sequence[Grade], _: Missing) -> Files:
    return {
        f"{g.result.unit}/{g.result.student}.json": _json(_gradescope_results(g)) for g in grades
    }


def _gradescope_results(grade: Grade) -> dict[str, Any]:
    tests = [
        {
            "name": f"{v.title} [{v.name}]",
            "score": v.earned,
            "max_score": v.points,
            "output": _remarks(v),
        }
        | {
            "status": "passed" if v.status == "passed" else "failed",
            "output_format": "text",
            "name_format": "text",
        }
        for v in grade.result.verdicts
    ]
    facts = {
        "score": grade.points,
        "execution_time": round(grade.result.seconds),
        "output_format": "text",
    }
    words = (kind_in_words(grade.result), grade.words, grade.result.note)
    return facts | {"output": " ".join(filter(None, words)), "tests": tests}


def _github(grades: Sequence[Grade], _: Missing) -> Files:
    """Of each student, what a job of GitHub shows as its summary."""
    files = {}
    for units in _by_student(grades).values():
        student = _file_name(units)
        files[f"{student}.md"] = "\n".join(_summary(grade) for grade in units.values())
    return files


def _classroom50(grades: Sequence[Grade], _: Missing) -> Files:
    """Of each student, `result.json` as far as it is ours: the runner knows the rest, as
    docs/platforms.md says.
    """
    return {
        f"{_file_name(units)}.json": _json(_classroom50_tests(units))
        for units in _by_student(grades).values()
    }


def _classroom50_tests(units: Mapping[str, Grade]) -> dict[str, Any]:
    """Return the tests and sums of `classroom50/result/v1`, in hundredths of a point.

    Its scores are whole numbers. The sums are what counts, which a policy may make less or more
    than the tests together.
    """
    tests: list[dict[str, Any]] = [
        {
            "test-name": f"{unit}: {v.name}",
            "passed": v.status == "passed",
            "score": round(100 * v.earned),
        }
        | {"max-score": round(100 * v.points), "message": _remarks(v)}
        | {"graded": kind_in_words(grade.result) or "whole"}
        for unit, grade in units.items()
        for v in grade.result.verdicts
    ]
    return {
        "schema": "classroom50/result/v1",
        "score": sum(round(100 * grade.points) for grade in units.values()),
        "max-score": sum(round(100 * grade.max_points) for grade in units.values()),
        "tests": tests,
    }


def _summary(grade: Grade) -> str:
    """A job's summary: a heading, and a row for each check."""
    head = (
        f"## {markdown(grade.result.unit)}: {number(grade.points)} of {number(grade.max_points)} "
        "points\n"
    )
    if words := kind_in_words(grade.result):
        head += f"\n{words}\n"
    rows = ["| | points | check | |", "|---|---|---|---|"]
    for v in grade.result.verdicts:
        sign, points = SIGNS.get(v.status, ("✗", ""))[0], f"{number(v.earned)}/{number(v.points)}"
        rows.append(f"| {sign} | {points} | {v.title} | {markdown(_remarks(v))} |")
    return "\n".join([head, *([markdown(grade.words), ""] if grade.words else []), *rows, ""])


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, indent=1, ensure_ascii=False)


FORMATS: Mapping[str, Callable[[Sequence[Grade], Missing], Files]] = {
    "csv": _plain,
    "canvas": _canvas,
    "moodle": _moodle,
    "mail": _mail,
    "gradescope": _gradescope,
    "classroom50": _classroom50,
    "github": _github,
}
