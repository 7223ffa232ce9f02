"""Shared by the tests: the unit at hand, a confined server, a key, a class graded once by the real command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

for _name in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_name}_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "agg")

from autograder import grading
from autograder.data import corpus
from autograder.sandbox import Server

UNIT = "unit4_manual_gradients"
ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "submissions"
SEED = 5


@pytest.fixture(scope="session")
def solution():
    return grading.solution_of(UNIT)


@pytest.fixture(scope="session")
def server():
    with Server(UNIT) as running:
        yield running


@pytest.fixture(scope="session")
def key(server):
    return grading.build_key(server, SEED, [corpus()], quick=True)


@pytest.fixture(scope="session")
def grade(server, key):
    """Grade a script's exact checks: text to verdicts by name."""

    def run(script: str, name: str = "submission.py"):
        source = script if isinstance(script, bytes) else script.encode()
        return {v.name: v for v in grading.grade_one(server, source, name, SEED, key, corpus(), quick=True)}

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
    return {**record, "seconds": 0, "checks": [{**check, "seconds": 0} for check in record["checks"]]}


@pytest.fixture(scope="session")
def graded_class(autograder, tmp_path_factory):
    """The golden class, graded by the real command with the real sandbox: the folder, and what the command said."""
    if "DEV" in os.environ: return Path("/tmp/pg/grades"), None
    out = tmp_path_factory.mktemp("grades")
    return out, autograder("grade", GOLDEN, "--out", out, "-j", "2", "--seed", SEED)
