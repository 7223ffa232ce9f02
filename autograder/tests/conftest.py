"""Fixtures of the engine's tests: the fixture course's unit, its solution, a confined server, a key."""

import pytest
import small
import small_class as small_class_module

from autograder.grading.keys import build_key, solution_of
from autograder.grading.one import grade_one
from autograder.sandbox.client import Server


@pytest.fixture(scope="session")
def solution():
    return solution_of(small.unit())


@pytest.fixture(scope="session")
def server():
    with Server(small.unit()) as running:
        yield running


@pytest.fixture(scope="session")
def key(server):
    """The exact checks' key on `small.SEED`."""
    return build_key(server, small.SEED, data={})


@pytest.fixture(scope="session")
def grade(server, key):
    """Grade a script's exact checks: text to verdicts by name."""

    def run(script, name="submission.py"):
        source = script if isinstance(script, bytes) else script.encode()
        return {v.name: v for v in grade_one(server, source, name, small.SEED, key, data={})}

    return run


@pytest.fixture(scope="session")
def small_class(tmp_path_factory):
    """The folder of the small class's submissions."""
    return small_class_module.hand_in_class(tmp_path_factory.mktemp("class"))


@pytest.fixture(scope="session")
def graded_class(small_class, tmp_path_factory):
    """The small class, graded by the real command in the real sandbox: the folder of results."""
    out = tmp_path_factory.mktemp("grades")
    done = small.run_command("grade", small_class, "--out", out, "-j", "2", "--seed", small.SEED)
    assert done.returncode == 0, done.stderr
    return out
