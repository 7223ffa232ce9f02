"""This course, as its own tests see it, and helpers that grade it."""

import importlib.util
import json
from pathlib import Path

import pytest

from autograder.course import load_unit, read_course
from autograder.data import finder
from autograder.tests import commands

ROOT = Path(__file__).resolve().parents[1]
COURSE = read_course(ROOT)
UNIT = "unit4_manual_gradients"
# for tests of each unit: `make test` runs one, `make proofs` the others
EACH_UNIT = [
    name if name == UNIT else pytest.param(name, marks=pytest.mark.proof) for name in COURSE.units
]
GOLDEN = ROOT / "tests" / "submissions"
SEED = 5
# a loop without end, and a file for which the search for an explanation uses all its time
SLOW = ("endless_loop", "not_a_number")
QUICK_OF_UNIT4 = sorted(
    path.parent.name for path in GOLDEN.glob(f"*/{UNIT}") if path.parent.name not in SLOW
)


def unit(name=UNIT):
    """Load a unit of this course."""
    return load_unit(COURSE, name)


def trains_on(check):
    """Return the names of everything that a training check may have to train on."""
    if check.data:
        return [check.data(finder(COURSE)).name]
    roles = COURSE.about.corpora
    return roles[check.corpus] if check.corpus else next(iter(roles.values()))


def tool(name):
    """Import a script of tools/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_command(*arguments, cwd=ROOT, **environment):
    """Run the real command in a process of its own."""
    return commands.run_command(*arguments, cwd=cwd, **environment)


def timeless(path):
    """Return a stored result without its times."""
    record = json.loads(path.read_text())
    return {
        **record,
        "seconds": 0,
        "submitted": "",
        "checks": [{**check, "seconds": 0} for check in record["checks"]],
    }
