"""The script of a student's way on any system finds errors and keeps what it saw."""

import subprocess
import sys

import pytest
import small
from released import release_to, variables

pytestmark = pytest.mark.proof

SCRIPT = small.ROOT / "tools" / "students_way.py"
SOLUTIONS = small.COURSE.folder / "solutions"


def go(course, kept, *more):
    command = [sys.executable, SCRIPT, sys.executable, course, kept, "--units", "words", *more]
    return subprocess.run(command, env=variables(), capture_output=True, text=True)


def test_every_step_of_a_release_is_right_and_kept(tmp_path):
    """Every step of a release succeeds and is recorded, with the stub and with the solution."""
    course = release_to(tmp_path / "course")
    done = go(course, tmp_path / "kept", "--solved", SOLUTIONS)
    assert done.returncode == 0, done.stdout + done.stderr
    kept = {path.name for path in (tmp_path / "kept" / "solved").iterdir()}
    assert {"overview.txt", "doctor.txt", "words-check.txt", "words-json.txt"} <= kept
    assert "✓ 3/3" in (tmp_path / "kept" / "solved" / "words-check.txt").read_text()


def test_what_is_wrong_is_told(tmp_path):
    """A traceback or an unexpected exit code is reported."""
    course = release_to(tmp_path / "course")
    (course / "checks" / "words.py").write_text("raise ValueError('✗')\n")
    done = go(course, tmp_path / "kept")
    assert done.returncode == 1
    assert "overview: right" in done.stdout
    assert "words-check: ended with 2, not (1,)" in done.stdout
    assert "words-script: ended with 1, not (0,); printed a traceback" in done.stdout
