"""Grades as files that others import. Sources of the formats: docs/gradebooks.md."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from io import StringIO
from pathlib import Path
from typing import Any

from autograder.grading.policy import Grade
from autograder.grading.results import write_whole
from autograder.judging import Verdict
from autograder.report.terminal import SIGNS, number

Files = Mapping[str, str]  # name → content


def export(grades: Sequence[Grade], to: str, folder: Path) -> list[Path]:
    """Write the files of a format below `folder`; their paths."""
    files = FORMATS[to](grades)
    for name, content in files.items():
        write_whole(folder / name, content.rstrip("\n"))
    return [folder / name for name in files]


def _cell(value: str | float) -> str:
    """A cell that a spreadsheet shows as text or number and never takes for a formula."""
    if not isinstance(value, str):
        return number(value)
    text = "".join(c if c.isprintable() else " " for c in value)
    return f"'{text}" if text.lstrip()[:1] in tuple("=+-@") else text


def _table(rows: Iterable[Sequence[str | float]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _remarks(verdict: Verdict) -> str:
    return " ".join(f"{', '.join(r.arrays)}: {r.text}" if r.arrays else r.text for r in verdict.remarks)


def _feedback(grade: Grade) -> str:
    """All remarks of a submission in one line."""
    said = [
        f"{v.name} {number(v.earned)}/{number(v.points)}: {_remarks(v)}" for v in grade.result.verdicts if v.remarks
    ]
    return " · ".join([*([grade.words] if grade.words else []), *said])


def _by_student(grades: Sequence[Grade]) -> dict[str, dict[str, Grade]]:
    """Student → unit → grade."""
    found: dict[str, dict[str, Grade]] = {grade.result.student: {} for grade in sorted(grades, key=_student)}
    for grade in grades:
        found[grade.result.student][grade.result.unit] = grade
    return found


def _student(grade: Grade) -> str:
    return grade.result.student


def _most(grades: Sequence[Grade]) -> dict[str, float]:
    """Unit → points to be had."""
    return {grade.result.unit: grade.max_points for grade in sorted(grades, key=lambda grade: grade.result.unit)}


def _plain(grades: Sequence[Grade]) -> Files:
    rows: list[Sequence[str | float]] = [
        ("student", "unit", "check", "title", "points", "earned", "status", "remarks", "submission", "of", "policy")
    ]
    for grade in grades:
        for v in grade.result.verdicts:
            row = (grade.result.student, grade.result.unit, v.name, v.title, v.points, v.earned, v.status, _remarks(v))
            rows.append((*row, grade.points, grade.max_points, grade.words))
    return {"grades.csv": _table(rows)}


def _canvas(grades: Sequence[Grade]) -> Files:
    most = _most(grades)
    rows: list[Sequence[str | float]] = [("Student", "ID", "SIS User ID", "SIS Login ID", "Section", *most)]
    rows.append(("    Points Possible", "", "", "", "", *most.values()))
    for student, units in _by_student(grades).items():
        rows.append((student, "", "", student, "", *(units[unit].points if unit in units else "" for unit in most)))
    return {"canvas.csv": _table(rows)}


def _moodle(grades: Sequence[Grade]) -> Files:
    most = _most(grades)
    head = [text for unit in most for text in (f"{unit} (of {number(most[unit])})", f"{unit} feedback")]
    rows: list[Sequence[str | float]] = [("username", *head)]
    for student, units in _by_student(grades).items():
        pairs = [(units[u].points, _feedback(units[u])) if u in units else ("", "") for u in most]
        rows.append((student, *(value for pair in pairs for value in pair)))
    return {"moodle.csv": _table(rows)}


def _gradescope(grades: Sequence[Grade]) -> Files:
    return {f"{g.result.unit}/{g.result.student}.json": _json(_gradescope_results(g)) for g in grades}


def _gradescope_results(grade: Grade) -> dict[str, Any]:
    tests = [
        {"name": f"{v.title} [{v.name}]", "score": v.earned, "max_score": v.points, "output": _remarks(v)}
        | {"status": "passed" if v.status == "passed" else "failed", "output_format": "text", "name_format": "text"}
        for v in grade.result.verdicts
    ]
    facts = {"score": grade.points, "execution_time": round(grade.result.seconds), "output_format": "text"}
    return facts | {"output": " ".join(filter(None, (grade.words, grade.result.note))), "tests": tests}


def _github(grades: Sequence[Grade]) -> Files:
    files = {}
    for student, units in _by_student(grades).items():
        files[f"{student}.json"] = _json(_classroom(units))
        files[f"{student}.md"] = "\n".join(_summary(grade) for grade in units.values())
    return files


def _classroom(units: Mapping[str, Grade]) -> dict[str, Any]:
    """What GitHub Classroom's reporter reads, once it is in base64."""
    tests = [
        {"name": f"{unit}: {v.name}", "status": "pass" if v.status == "passed" else "fail", "score": v.earned}
        | {"max_score": v.points, "message": _remarks(v), "test_code": "", "filename": f"{unit}.py", "line_no": 0}
        for unit, grade in units.items()
        for v in grade.result.verdicts
    ]
    whole = all(test["status"] == "pass" for test in tests)
    most = sum(grade.max_points for grade in units.values())
    return {"version": 1, "status": "pass" if whole else "fail", "max_score": most, "tests": tests}


def _summary(grade: Grade) -> str:
    """A job's summary: a heading, and a row for each check."""
    head = f"## {_markdown(grade.result.unit)}: {number(grade.points)} of {number(grade.max_points)} points\n"
    rows = ["| | points | check | |", "|---|---|---|---|"]
    for v in grade.result.verdicts:
        sign, points = SIGNS.get(v.status, ("✗", ""))[0], f"{number(v.earned)}/{number(v.points)}"
        rows.append(f"| {sign} | {points} | {v.title} | {_markdown(_remarks(v))} |")
    return "\n".join([head, *([_markdown(grade.words), ""] if grade.words else []), *rows, ""])


def _markdown(text: str) -> str:
    """Text that Markdown shows as it is."""
    plain = escape("".join(c if c.isprintable() else " " for c in text))
    return re.sub(r"([\\`*_{}\[\]()#+!|~])", r"\\\1", plain)


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, indent=1, ensure_ascii=False)


FORMATS: Mapping[str, Callable[[Sequence[Grade]], Files]] = {
    "csv": _plain,
    "canvas": _canvas,
    "moodle": _moodle,
    "gradescope": _gradescope,
    "github": _github,
}
