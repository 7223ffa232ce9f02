"""A class's code in the formats of two other programs, for a second opinion: Dolos and JPlag.

Dolos reads a zip with `info.csv` (columns filename, label, created_at, full_name); JPlag a folder
with one folder for each student, and one with the template (`--base-code`). Each student's latest
definitions are written as plain Python, so that notebooks can be read, too.
"""

import re
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from autograder.grading.results import CannotWrite
from autograder.report.exports import as_csv
from autograder.review.answers import UnitAnswers

SAME_TIME = (2000, 1, 1, 0, 0, 0)  # date of each file in a zip


def write_zips(unit: UnitAnswers, stub: str, folder: Path) -> list[Path]:
    """Write both zips of a unit into a folder; return their paths. Raises `CannotWrite`."""
    texts = {}
    latest = [answer for answer in unit.answers if not answer.attempt]
    for answer in latest:
        definitions = [definition.text for definition in answer.definitions]
        texts[answer.student] = "\n\n\n".join(definitions) + "\n"
    name = unit.unit
    dolos = folder / f"dolos-{name}.zip"
    jplag = folder / f"jplag-{name}.zip"
    _write_zip(dolos, _for_dolos(replace(unit, answers=tuple(latest)), texts))
    _write_zip(jplag, _for_jplag(name, texts, stub))
    return [dolos, jplag]


def _for_dolos(unit: UnitAnswers, texts: dict[str, str]) -> Iterable[tuple[str, str]]:
    """Yield the files of a zip for Dolos: its table, and each student's code."""
    times = {result.student: result.submitted for result in unit.results}
    rows: list[tuple[str, ...]] = [("filename", "label", "created_at", "full_name")]
    for answer in unit.answers:
        student = answer.student
        file = _dolos_name(student)
        label = "earlier" if answer.year else "this year"
        time = times.get(student, "")
        rows.append((file, label, time, student))
    yield "info.csv", as_csv(rows)
    for student, text in texts.items():
        yield _dolos_name(student), text


def _dolos_name(student: str) -> str:
    return f"{_file_name(student)}.py"


def _for_jplag(unit: str, texts: dict[str, str], stub: str) -> Iterable[tuple[str, str]]:
    """Yield the files of a zip for JPlag: the template, and a folder for each student."""
    yield f"template/{unit}.py", stub
    for student, text in texts.items():
        folder = _file_name(student)
        yield f"submissions/{folder}/{unit}.py", text


def _file_name(student: str) -> str:
    """Return a student's name as a file name for any system; it has no slash."""
    return re.sub(r'[<>:"|?*/\\]', "_", student)


def _write_zip(path: Path, files: Iterable[tuple[str, str]]) -> None:
    """Write a zip of some texts by name, the same bytes each time. Raises `CannotWrite`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files:
                entry = zipfile.ZipInfo(name, SAME_TIME)
                archive.writestr(entry, text)
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written: {error.strerror}.") from error
