"""A class's code in the forms that two other programs read, for a second opinion: Dolos and JPlag.

Dolos reads a zip with `info.csv` (columns filename, label, created_at, full_name); JPlag a folder
with one folder for each student, and one with the template (`--base-code`). What is written is each
student's definitions as plain Python, so that notebooks can be read too.
"""

import zipfile
from collections.abc import Iterable
from pathlib import Path

from autograder.grading.results import CannotWrite
from autograder.report.exports import as_csv
from autograder.review.answers import UnitAnswers


def write_zips(unit: UnitAnswers, stub: str, folder: Path) -> list[Path]:
    """Write both zips of a unit into a folder; their paths. Raises `CannotWrite`."""
    texts = {
        answer.student: "\n\n\n".join(piece.text for piece in answer.pieces) + "\n"
        for answer in unit.answers
    }
    return [
        _zipped(folder / f"dolos-{unit.unit}.zip", _for_dolos(unit, texts)),
        _zipped(folder / f"jplag-{unit.unit}.zip", _for_jplag(unit.unit, texts, stub)),
    ]


def _for_dolos(unit: UnitAnswers, texts: dict[str, str]) -> Iterable[tuple[str, str]]:
    times = {result.student: result.submitted for result in unit.results}
    years = {answer.student: answer.year for answer in unit.answers}
    rows: list[tuple[str, ...]] = [("filename", "label", "created_at", "full_name")]
    for student in texts:
        label = "earlier" if years[student] else "this year"
        rows.append((_dolos_name(student), label, times.get(student, ""), student))
    yield "info.csv", as_csv(rows)
    for student, text in texts.items():
        yield _dolos_name(student), text


def _dolos_name(student: str) -> str:
    return f"{_file_name(student)}.py"


def _for_jplag(unit: str, texts: dict[str, str], stub: str) -> Iterable[tuple[str, str]]:
    yield f"template/{unit}.py", stub
    for student, text in texts.items():
        yield f"submissions/{_file_name(student)}/{unit}.py", text


def _file_name(student: str) -> str:
    """A student's name, which has no slash, without what other systems refuse in a file's name."""
    return "".join("_" if letter in '<>:"|?*' else letter for letter in student)


def _zipped(path: Path, files: Iterable[tuple[str, str]]) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files:
                archive.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), text)
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written: {error.strerror}.") from error
    return path
