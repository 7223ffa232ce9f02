"""A made-up class goes the whole way, and no step loses a student."""

import subprocess
import sys

import pytest
from this_course import ROOT


@pytest.mark.parametrize("platform", ["moodle", "canvas"])
@pytest.mark.parametrize(
    "students",
    [pytest.param(60, marks=pytest.mark.proof), pytest.param(300, marks=pytest.mark.figures)],
)
def test_nobody_is_lost_between_a_download_and_the_tables(platform, students):
    """After collecting, grading and manual points each student appears once, with equal points."""
    script = ROOT / "tools" / "class_of_300.py"
    done = subprocess.run(
        [sys.executable, script, "--from", platform, "--students", str(students)],
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tables = ", ".join(
        f"{name} {students}" for name in ("csv", "canvas", "moodle", "mail", "total")
    )
    assert f"export: {tables}" in done.stdout
