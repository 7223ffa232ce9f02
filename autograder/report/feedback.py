"""What each student gets back: a page without dependencies, its PDF, Moodle's zip of them.

No code here sends anything: it writes files, and starts a browser to print them.
"""

import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.course import Course
from autograder.errors import UserError
from autograder.grading.attempts import kind_in_words
from autograder.grading.hand_in import id_in
from autograder.grading.policy import Grade
from autograder.grading.results import CannotWrite, Result, write_whole
from autograder.report.pages import PageContext, SubmittedBytes, page_alone

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
)
CLOCK = (1980, 1, 1, 0, 0, 0)  # date of all entries, so that the same pages make the same zip


class CannotPrint(UserError):
    """No browser is available to make PDF files, or it failed."""


@dataclass(frozen=True)
class Feedback:
    """One student's page for one unit, and its PDF if one was requested."""

    grade: Grade
    page: Path
    pdf: Path | None = None

    @property
    def file(self) -> Path:
        """Return the student's file: the PDF, else the page."""
        return self.pdf or self.page


def write_feedback(
    course: Course,
    grades: Sequence[Grade],
    latest: Sequence[Result],
    folder: Path,
    source: SubmittedBytes | None,
    around: PageContext,
) -> list[Feedback]:
    """Write a page for each grade, named `<student> <unit>.html`. Raises `CannotWrite`."""
    written = []
    by_place = {result.place: result for result in latest}
    for grade in grades:
        result = by_place.get(grade.result.place, grade.result)
        path = folder / f"{result.student} {result.unit}.html"
        page = page_alone(course, result, grade, source, around)
        write_whole(path, page)
        written.append(Feedback(grade, path))
    return written


def print_pages(pages: Sequence[Feedback], say: Callable[[str], object]) -> list[Feedback]:
    """Print each page to a PDF beside it, by an installed browser. Raises `CannotPrint`."""
    browser = _browser()
    printed = []
    with tempfile.TemporaryDirectory() as profile:
        for number, feedback in enumerate(pages, 1):
            pdf = feedback.page.with_suffix(".pdf")
            _print(browser, profile, feedback.page, pdf)
            printed.append(replace(feedback, pdf=pdf))
            say(f"{number} of {len(pages)}: {pdf}")
    return printed


def _browser() -> str:
    """Return the first installed browser. Raises `CannotPrint`."""
    for name in BROWSERS:
        path = shutil.which(name)
        if path:
            return path
    names = ", ".join(BROWSERS[:3])
    raise CannotPrint(f"Making PDF files needs a browser. Install one of {names}.")


def _print(browser: str, profile: str, page: Path, pdf: Path) -> None:
    """Make a browser print a page. Raises `CannotPrint`.

    A student's page has no script, and its policy allows none to run and nothing to load.
    """
    command = [
        browser,
        "--headless",
        "--disable-gpu",
        "--no-first-run",
        "--no-pdf-header-footer",
        "--disable-extensions",
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={profile}",
        f"--print-to-pdf={pdf.resolve()}",
        page.resolve().as_uri(),
    ]
    try:
        pdf.unlink(missing_ok=True)  # one of an earlier time would have other points
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotPrint(f"{page} could not be printed by {browser}: {error}.") from None
    if not pdf.is_file() or not pdf.read_bytes().startswith(b"%PDF"):
        lines = done.stderr.strip().splitlines()
        last = lines[-1] if lines else "without a message"
        raise CannotPrint(f"{page} could not be printed by {browser}: {last}.")


def moodle_zips(pages: Sequence[Feedback], folder: Path) -> tuple[list[Path], list[str]]:
    """Write a zip of feedback for each unit, in Moodle's format.

    Return the zips, and the students in none, whose Moodle number is unknown. An entry has the name
    of the participant's folder in the download, `Ada Lovelace_17_assignsubmission_file/`: Moodle
    reads the number between the first two underscores (`importziplib.php`). Raises `CannotWrite`.
    """
    by_unit: dict[str, dict[str, Path]] = {}
    without = []
    for feedback in pages:
        result = feedback.grade.result
        folder_there = _participant(result)
        if not folder_there:
            without.append(f"{result.student}, {result.unit}")
            continue
        files = by_unit.setdefault(result.unit, {})
        files[f"{folder_there}/feedback{feedback.file.suffix}"] = feedback.file
    zips = []
    for unit, files in by_unit.items():
        path = folder / f"moodle feedback {unit}.zip"
        _write_zip(path, files)
        zips.append(path)
    return zips, without


def _participant(result: Result) -> str:
    """Return Moodle's name for a participant's folder; empty if there is none."""
    known = result.hand_in
    number = id_in(known, "moodle")
    if not known or not number:
        return ""
    name = known.name or result.student
    plain = re.sub(r"[_/\\]", " ", name)
    return f"{plain}_{number}_assignsubmission_file"


def _write_zip(path: Path, files: Mapping[str, Path]) -> None:
    """Write a zip of files, by their names in it, the same bytes each time.

    Raises `CannotWrite`.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, file in sorted(files.items()):
                entry = zipfile.ZipInfo(name, CLOCK)
                entry.compress_type = zipfile.ZIP_DEFLATED
                packed.writestr(entry, file.read_bytes())
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written: {error.strerror}.") from error


class NotWhole(UserError):
    """Results that are not whole would be sent as grades."""


def refuse_not_whole(grades: Sequence[Grade]) -> None:
    """Refuse to send results of --quick or --unsafe as grades. Raises `NotWhole`."""
    for grade in grades:
        result = grade.result
        words = kind_in_words(result)
        if words:
            raise NotWhole(
                f"{result.student}, {result.unit}: {words}. Grade the class whole first."
            )
