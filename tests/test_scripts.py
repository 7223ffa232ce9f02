"""A unit's script runs from top to bottom: the solution passes every check, the stub none."""

import os
import subprocess
import sys

import pytest
import this_course
from this_course import EACH_UNIT, ROOT, UNIT
from whole_script import with_small_examples


def python(*arguments, cwd=ROOT):
    environment = {**os.environ, "MPLBACKEND": "agg", "COLUMNS": "200", "NO_COLOR": "1"}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300
    )


def script_in_full(unit):
    """Return the path of a unit's script."""
    return ROOT / "solutions" / f"{unit}.py"


def runs_well(unit, script):
    """Run a unit's script from top to bottom; return its output.

    Every check passes, each prediction is recorded, every example is shown, and nothing warns.
    """
    done = python("-W", "error", script)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    checks = this_course.unit(unit).checks
    questions = [check for check in checks if check.question]
    assert done.stdout.count("✓") == len(checks) - len(questions)
    assert done.stdout.count("\n•") == len(questions)
    assert "Left out" not in done.stdout
    return done.stdout


def test_the_solution_runs_as_a_script_without_a_warning(tmp_path):
    """One unit's solution runs with small examples; `test_figures.py` runs all in full."""
    script = tmp_path / f"{UNIT}.py"
    script.write_text(with_small_examples(UNIT, script_in_full(UNIT).read_text()))
    runs_well(UNIT, script)


@pytest.mark.parametrize("unit", EACH_UNIT)
def test_the_stub_runs_as_a_script(unit):
    """The stub's script passes no check, leaves examples out and exits normally."""
    done = python(ROOT / "assignments" / f"{unit}.py")
    assert done.returncode == 0, done.stderr
    assert "✓" not in done.stdout
    assert "` is not written yet." in done.stdout
    assert "\nExample skipped because an exercise above is not written yet: " in done.stdout
