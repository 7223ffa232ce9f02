"""Fixtures of the engine's tests: the fixture course's unit, its solution, servers, a key."""

from dataclasses import replace

import pytest
import small
import small_class as small_class_module

from autograder.grading.keys import build_key, solution_of
from autograder.grading.one import grade_one
from autograder.sandbox import client
from autograder.sandbox.client import Server
from autograder.sandbox.inside import landlock


@pytest.fixture(scope="session")
def solution():
    return solution_of(small.unit())


@pytest.fixture(scope="session")
def server():
    with Server(small.unit()) as running:
        yield running


BEHIND = ["bubblewrap and walls", "walls", "walls, oldest kernel"]


@pytest.fixture(scope="module", params=BEHIND)
def boxed(request, tmp_path_factory):
    """Yield a server in each kind of confinement.

    One runs inside bubblewrap and Landlock, one has only the worker's own confinement, and one runs
    on a kernel with the first version of Landlock. Their workers may read one more file,
    `boxed.file`.
    """
    file = tmp_path_factory.mktemp("readable") / "file"
    file.write_text("FOR READING")
    places = client.places(small.unit())
    with pytest.MonkeyPatch.context() as patch:  # the server's permissions are fixed when it starts
        patch.setattr(
            client, "places", lambda _: replace(places, readable=[*places.readable, str(file)])
        )
        if request.param != BEHIND[0]:
            patch.setattr(client, "bubblewrap", lambda: None)
        if request.param == BEHIND[2]:
            patch.setattr(landlock, "newest_abi", lambda: 1)
        running = Server(small.unit())
    with running:
        assert ("bubblewrap" in running.walls) == (request.param == BEHIND[0])
        running.file = file
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
    """Grade the small class by the real command in the real sandbox; return the results' folder."""
    out = tmp_path_factory.mktemp("grades")
    done = small.run_command("grade", small_class, "--out", out, "-j", "2", "--seed", small.SEED)
    assert done.returncode == 0, done.stderr
    return out
