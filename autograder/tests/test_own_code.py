"""An author's own code runs without a sandbox if there is none; a submission never does."""

import os
import shutil
import time

import pytest
import small
from small import COURSE, UNIT

from autograder.authoring.build import build
from autograder.authoring.validate import validate
from autograder.authoring.validation_report import ValidationReport
from autograder.check import Failure
from autograder.course import load_unit, read_course
from autograder.grading.key_file import load_key, same_key
from autograder.sandbox.client import CannotConfine, Server
from autograder.sandbox.inside import confinement
from autograder.sandbox.own_code import OwnServer, author_server
from autograder.sandbox.worker import MAX_READ

pytestmark = pytest.mark.proof


@pytest.fixture
def no_walls(monkeypatch):
    """Simulate a system that can confine nothing."""
    monkeypatch.setattr(confinement, "missing", lambda: ["this is Darwin."])


def test_keys_are_those_that_are_made_behind_walls(tmp_path, monkeypatch):
    """A course built without a sandbox has the same keys by value."""
    keys = []
    for name in ("with walls", "without"):
        folder = shutil.copytree(COURSE.folder, tmp_path / name)
        shutil.rmtree(folder / "assignments" / "keys")
        if name == "without":
            monkeypatch.setattr(confinement, "missing", lambda: ["this is Darwin."])
        course = read_course(folder)
        build(course)
        keys.append([load_key(course.key(unit)) for unit in course.units])
    for unit, one, other in zip(COURSE.units, *keys, strict=True):
        assert same_key(small.unit(unit), one, other)


def test_material_is_proven_without_walls(no_walls):
    """The quick half of `validate` passes without a sandbox."""
    report = ValidationReport("words", seeds=1, quick=True)
    found = list(validate(load_unit(COURSE, "words"), report))
    assert [finding.text for finding in found if finding.fault] == []
    assert report.points == 3


def test_what_ends_a_worker_costs_that_check(no_walls):
    """An endless loop and `os._exit` are reported; the next check gets a new process."""
    unit = small.unit()
    doubling = small.check("doubling", seconds=0.5)
    summing = small.check("summing")
    with author_server(unit) as server:
        assert isinstance(server, OwnServer)
        for body, failure in (("while True: pass", Failure.TIMEOUT), ("exit", Failure.KILLED)):
            if body == "exit":
                body = "import os; os._exit(3)"
            script = small.solved() + f"\ndef double(x):\n    {body}\n"
            with server.worker(script.encode(), f"{UNIT}.py") as worker:
                assert worker.ask(doubling, 1).failure == failure
                assert not worker.ask(summing, 1).failure


def test_a_submission_is_refused_without_walls(no_walls):
    """Without a sandbox a submission is refused: only an author's own code runs."""
    with pytest.raises(CannotConfine, match="this is Darwin"):
        Server(small.unit())


@pytest.mark.timeout(60)
def test_what_read_of_one_process_takes_no_byte_of_the_next(monkeypatch):
    """A thread that reads late reads nothing from a pipe that got the same number since."""
    read = os.read

    def late(descriptor, count):
        if count == MAX_READ:
            time.sleep(0.3)  # between asking for the pipe's number and reading
        return read(descriptor, count)

    monkeypatch.setattr(os, "read", late)
    with OwnServer(small.unit()) as server:
        for _ in range(4):
            with server.worker(small.solved().encode(), "ada.py") as worker:
                assert not worker.ask(small.check(), small.SEED).failure
