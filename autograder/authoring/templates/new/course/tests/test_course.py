"""Tests of this course, by the command that people use. They include new units automatically."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

COURSE = Path(__file__).resolve().parents[1]
UNITS = tomllib.loads((COURSE / "course.toml").read_text(encoding="utf-8"))["units"]


def autograder(*arguments):
    """Run the real command on this course, in a process of its own."""
    command = [sys.executable, "-m", "autograder", *map(str, arguments), "--course", COURSE]
    return subprocess.run(command, capture_output=True, text=True)


def test_what_is_generated_is_up_to_date():
    """Starter code and keys are what `autograder build` makes of solutions/ and checks/."""
    done = autograder("build", "--check")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("unit", UNITS)
def test_the_material_is_proven(unit):
    """Known mistakes are diagnosed, alternative solutions earn all points, wrong variants lose some."""
    done = autograder("validate", unit, "--quick", "--seeds", 2)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def grades(tmp_path_factory):
    """Grade two submissions in the sandbox: the solutions and the starter code."""
    submitted, out = tmp_path_factory.mktemp("submitted"), tmp_path_factory.mktemp("grades")
    for student, folder in (("knows_all", "solutions"), ("wrote_nothing", "assignments")):
        for unit in UNITS:
            (submitted / student / unit).mkdir(parents=True)
            script = (COURSE / folder / f"{unit}.py").read_text(encoding="utf-8")
            (submitted / student / unit / f"{unit}.py").write_text(script, encoding="utf-8")
    done = autograder("grade", submitted, "--out", out)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.mark.parametrize("unit", UNITS)
def test_a_solution_earns_all_and_a_stub_nothing(grades, unit):
    """On a secret seed, with training."""
    full, none = (
        json.loads((grades / unit / f"{who}.json").read_text())
        for who in ("knows_all", "wrote_nothing")
    )
    assert full["score"] == full["max_score"] > 0
    assert none["score"] == 0
