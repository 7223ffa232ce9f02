"""The course that the engine's tests teach, and helpers to grade it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from autograder.course import load_unit, read_course

ROOT = Path(__file__).resolve().parents[2]
COURSE = read_course(Path(__file__).parent / "fixture_course")
UNIT = "numbers_and_sums"
WORDS = "words"
SEED = 5


def unit(name=UNIT):
    """A unit of the fixture course."""
    return load_unit(COURSE, name)


def run_command(*arguments, cwd=COURSE.folder, **environment):
    """Run the real command in a process of its own, in the fixture course."""
    command = [sys.executable, "-m", "autograder", *map(str, arguments)]
    merged = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **environment}
    return subprocess.run(command, cwd=cwd, env=merged, capture_output=True, text=True, timeout=900)


def submit(folder, student, script, name=UNIT):
    """Put a student's script where `grade` looks for it; its path."""
    path = folder / student / name / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script)
    return path


def timeless(path):
    """A stored result without the times it took."""
    record = json.loads(path.read_text())
    return {**record, "seconds": 0, "submitted": "", "checks": [{**check, "seconds": 0} for check in record["checks"]]}


def copy_course(folder):
    """A copy of the fixture course, to be changed; its folder."""
    shutil.copytree(COURSE.folder, folder, ignore=shutil.ignore_patterns("__pycache__", ".autograder.json"))
    return folder
