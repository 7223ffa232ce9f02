"""A small pytest plugin: `pytest assignments/sorting.py` runs a script, one test per check."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # nothing is imported into test runs of other projects, which have no course
    from autograder.check import Check
    from autograder.course import Course, Unit


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Collect no module for a script: importing it would run all of its examples."""
    if not _is_script(module_path):
        return None
    module: NoModule = NoModule.from_parent(parent, path=module_path)
    return module


class NoModule(pytest.Module):
    """A unit's script in place of a test module, which it is not."""

    def collect(self) -> list[pytest.Item]:
        """Return nothing."""
        return []


def _is_script(path: Path) -> bool:
    """Return whether a file is a unit's script, anywhere, and not the module of its checks."""
    if path.suffix != ".py" or path.parent.name == "checks":
        return False
    course = _course_for(path)
    return course is not None and path.stem in course.units


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect `<unit>.py`, wherever it lies, but not the module of its checks."""
    if not _is_script(file_path):
        return None
    script: UnitScript = UnitScript.from_parent(parent, path=file_path)
    return script


def _course_for(script: Path) -> "Course | None":
    """Return the course of the current folder, else the one around a script, else None."""
    from autograder.course import NoCourse, find_course
    from autograder.schema import BadFile

    for start in (None, script.parent):
        try:
            return find_course(start=start)
        except NoCourse:
            continue
        except BadFile as error:
            raise pytest.UsageError(str(error)) from None
    return None


class UnitScript(pytest.File):
    """A unit's script."""

    def collect(self) -> Iterator["CheckItem"]:
        """Yield one item per check."""
        from autograder.course import load_unit
        from autograder.sandbox.inside.cells import Broken
        from autograder.sandbox.inside.submission import Submission

        course = _course_for(self.path)
        assert course
        unit = load_unit(course, self.path.stem)
        try:
            submission = Submission(self.path.read_bytes(), self.path.name)
        except Broken as error:
            raise pytest.UsageError(f"{self.path}: {error}") from None
        for check in unit.checks:
            yield CheckItem.from_parent(
                self, name=check.name, unit=unit, check=check, submission=submission
            )


class CheckItem(pytest.Item):
    """One check of a unit, on the public seed."""

    def __init__(self, unit: "Unit", check: "Check", submission: Any, **options: Any) -> None:
        super().__init__(**options)
        self.unit = unit
        self.check = check
        self.submission = submission

    def runtest(self) -> None:
        """Fail with the verdict in words if the check did not pass."""
        from autograder.practice.practise import practise
        from autograder.report.terminal import verdict_lines

        (verdict,) = practise(self.unit, [self.check], self.submission)
        if not verdict.is_done:
            pytest.fail(verdict_lines(verdict).plain, pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the place and the title of the test."""
        return self.path, 0, self.check.title
