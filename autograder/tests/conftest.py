"""Shared by the tests: the unit at hand, a confined server, a key, a class graded once by the real command."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

for _name in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_name}_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "agg")
for _name in ("COLUMNS", "LINES"):  # a worker of pytest-xdist has them, and a terminal's own width would not count
    os.environ.pop(_name, None)

from autograder.data import corpus
from autograder.grading import keys, one
from autograder.sandbox.client import Server

settings.register_profile("patient", deadline=None)  # how long an example takes depends on what else runs here
settings.load_profile("patient")

UNIT = "unit4_manual_gradients"
ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "submissions"
SEED = 5


# For `pytest -n 2`: tests that share a dear fixture, or that start kernels (which choose their ports before they take
# them), go to one worker; the longest come first, so that both end at about the same time
TOGETHER = dict.fromkeys(("test_hostile", "test_golden", "test_exports", "test_pages"), "class")
TOGETHER |= dict.fromkeys(("test_nbgrader", "test_callers", "test_watch"), "kernels")
FIRST = ["class", "kernels", "unit5", "unit2", "unit3", "unit1", "unit0", "unit4", "test_engine", "test_sandbox"]


def group_of(nodeid):
    """Which tests a test goes together with: those of its file, or of its unit where the material is proven."""
    file = Path(nodeid.split("::")[0]).stem
    if file in ("test_material", "test_styles"):
        return re.findall(r"\[(unit\d)|$", nodeid)[0] or "unit4"
    return TOGETHER.get(file, file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """The scheduler of pytest-xdist that keeps groups together and in order."""
    from xdist.scheduler import LoadScopeScheduling

    config.option.loadscopereorder = False
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = group_of
    return scheduler


def pytest_collection_modifyitems(config, items):
    """The longest first, where several workers share the tests."""
    if hasattr(config, "workerinput"):
        order = {group: place for place, group in enumerate(FIRST)}
        items.sort(key=lambda item: order.get(group_of(item.nodeid), len(FIRST)))


def pytest_terminal_summary(terminalreporter):
    """What tests have counted and told by `record_property("told", …)`."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "told":
                terminalreporter.write_line(value)


@pytest.fixture(scope="session")
def solution():
    return keys.solution_of(UNIT)


@pytest.fixture(scope="session")
def server():
    with Server(UNIT) as running:
        yield running


@pytest.fixture(scope="session")
def key(server):
    return keys.build_key(server, SEED, [corpus()], quick=True)


@pytest.fixture(scope="session")
def grade(server, key):
    """Grade a script's exact checks: text to verdicts by name."""

    def run(script: str, name: str = "submission.py"):
        source = script if isinstance(script, bytes) else script.encode()
        return {v.name: v for v in one.grade_one(server, source, name, SEED, key, corpus(), quick=True)}

    return run


@pytest.fixture(scope="session")
def autograder():
    """Run the real command in a process of its own."""

    def run(*arguments, cwd=ROOT, **environment):
        command = [sys.executable, "-m", "autograder", *map(str, arguments)]
        merged = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **environment}
        return subprocess.run(command, cwd=cwd, env=merged, capture_output=True, text=True, timeout=900)

    return run


def timeless(path):
    """A stored result without the times it took."""
    record = json.loads(path.read_text())
    return {**record, "seconds": 0, "submitted": "", "checks": [{**check, "seconds": 0} for check in record["checks"]]}


@pytest.fixture(scope="session")
def graded_class(autograder, tmp_path_factory):
    """The golden class, graded by the real command with the real sandbox: the folder, and what the command said."""
    out = tmp_path_factory.mktemp("grades")
    return out, autograder("grade", GOLDEN, "--out", out, "-j", "2", "--seed", SEED)
