"""Places in a student's own file, in words for the student.

Frames of this engine, of the course's checks and of libraries are skipped.
"""

import os
import re
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from traceback import FrameSummary

from autograder.check import Check

ENGINE = str(Path(__file__).resolve().parents[2])
STANDARD_LIBRARY = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
SITE_PACKAGES = {"site-packages", "dist-packages"}  # by name: the server's Python knows no folder

# the file name of a statement's code: its place, the lines before it, and the submission's file
_STATEMENT = re.compile(r"<((?:cell \d+, )?line) (\d+)\|")


@dataclass(frozen=True)
class Location:
    """A line of a student's file, "line 3" or "cell 2, line 3", and its function.

    function: empty for a line outside any function.
    """

    line: str
    function: str

    def __str__(self) -> str:
        if not self.function:
            return f"{self.line}, outside any function"
        return f"{self.line}, in `{self.function}`"


def statement_filename(before_first_line: str, filename: str) -> str:
    """Return the file name for compiling a statement of a submission.

    before_first_line: the place of the line before its cell's first one: "cell 2, line 0".
    filename: of the submission.
    """
    return f"<{before_first_line}|{filename}>"


def is_statement(filename: str) -> bool:
    """Return whether code with this file name belongs to a submission."""
    return _STATEMENT.match(filename) is not None


def innermost(frames: Sequence[FrameSummary], check: Check) -> Location | None:
    """Return the location of the student's innermost frame. None if there is none."""
    for frame in reversed(frames):
        location = _in_statement(frame) or _in_kernel(frame) or _in_file(frame, check)
        if location:
            return location
    return None


def _in_statement(frame: FrameSummary) -> Location | None:
    """Return the location of a frame in a submission that `Submission` read."""
    found = _STATEMENT.match(frame.filename)
    if found is None:
        return None
    place = found[1]
    lines_before = int(found[2])
    line_in_cell = frame.lineno or 0
    line = lines_before + line_in_cell
    return Location(f"{place} {line}", _function(frame))


def _function(frame: FrameSummary) -> str:
    """Return the name of a frame's function; empty for code outside any function."""
    return "" if frame.name == "<module>" else frame.name


def _in_kernel(frame: FrameSummary) -> Location | None:
    """Return the location of a frame in a notebook cell."""
    if "ipykernel" in frame.filename or "<ipython" in frame.filename:
        return Location(f"line {frame.lineno} of the cell", _function(frame))
    return None


def _in_file(frame: FrameSummary, check: Check) -> Location | None:
    """Return the location of a frame in a Python file, if the file is the student's."""
    if not frame.filename.endswith(".py"):
        return None
    checks = os.path.dirname(check.experiment.__code__.co_filename)
    for folder in (ENGINE, *STANDARD_LIBRARY, checks):
        if frame.filename.startswith(f"{folder}{os.sep}"):
            return None
    parts = Path(frame.filename).parts
    if not SITE_PACKAGES.isdisjoint(parts):
        return None
    return Location(f"line {frame.lineno}", _function(frame))
