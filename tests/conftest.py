"""Fixtures of this course's tests: a solution, a confined server, a key, a class graded once."""

import fcntl
import json
import shutil
from subprocess import CompletedProcess

import pytest
import this_course
from this_course import GOLDEN, QUICK_OF_UNIT4, SEED, UNIT

from autograder.grading.keys import build_key, solution_of
from autograder.grading.one import grade_one
from autograder.sandbox.client import Server


@pytest.fixture(scope="session")
def solution():
    return solution_of(this_course.unit())


@pytest.fixture(scope="session")
def server():
    with Server(this_course.unit()) as running:
        yield running


@pytest.fixture(scope="session")
def server_of():
    """Return a function that gives a unit's server, started once for consecutive tests.

    Importing torch makes a start longer than most of what a test does.
    """
    running = {}

    def end():
        while running:
            running.popitem()[1].close()

    def start(name):
        if name not in running:
            end()
            running[name] = Server(this_course.unit(name))
        return running[name]

    yield start
    end()


@pytest.fixture(scope="session")
def key(server):
    """The exact checks' key on `SEED`."""
    return build_key(server, SEED, data={})


@pytest.fixture(scope="session")
def grade(server, key):
    """Grade a script's exact checks: text to verdicts by name."""

    def run(script, name="submission.py"):
        source = script if isinstance(script, bytes) else script.encode()
        return {v.name: v for v in grade_one(server, source, name, SEED, key, data={})}

    return run


def graded_to(out, folder=GOLDEN):
    """Grade a folder of golden submissions by the real command; return `out` and what it said."""
    command = ("grade", folder, "--out", out, "-j", "2", "--seed", SEED)
    return out, this_course.run_command(*command)


@pytest.fixture(scope="session")
def graded_unit4(tmp_path_factory):
    """Grade the golden submissions to unit 4 that take no long search."""
    folder = tmp_path_factory.mktemp("class")
    for case in QUICK_OF_UNIT4:
        shutil.copytree(GOLDEN / case / UNIT, folder / case / UNIT)
    return graded_to(tmp_path_factory.mktemp("grades"), folder)


@pytest.fixture(scope="session")
def graded_class(tmp_path_factory, worker_id):
    """Grade the whole golden class once, however many workers need it."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent  # for all workers of pytest-xdist
    out, said = shared / "golden-grades", shared / "golden-said.json"
    with (shared / "golden.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.is_file():
            _, done = graded_to(out)
            said.write_text(json.dumps([done.returncode, done.stdout, done.stderr]))
    return out, CompletedProcess("grade", *json.loads(said.read_text()))
