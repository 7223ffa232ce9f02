"""The proofs of this course, by the command that people use. A new unit needs no new test."""

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
    """Stubs and keys are what `autograder build` makes of solutions/ and checks/."""
    done = autograder("build", "--check")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("unit", UNITS)
def test_the_material_is_proven(unit):
    """Known mistakes are told apart, other styles lose nothing, wrong variants lose points."""
    done = autograder("validate", unit, "--quick", "--seeds", 2)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def grades(tmp_path_factory):
    """A class of two, graded confined as a real one is: one hands in the solutions, the other what was given."""
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
    """On a seed that nobody has seen, training and all."""
    full, none = (
        json.loads((grades / unit / f"{who}.json").read_text())
        for who in ("knows_all", "wrote_nothing")
    )
    assert full["score"] == full["max_score"] > 0
    assert none["score"] == 0
