"""Files that solve nothing: emptied exercises, and detection of checks that reward them."""

import re

import pytest
import small
import test_carrying

from autograder.authoring.nothing import ALL, try_nothing
from autograder.authoring.validate import judge_nothing, judge_nothing_after_mistakes
from autograder.grading import made_key
from autograder.grading.emptied import KINDS, exercises
from autograder.grading.keys import build_key, solution_of
from autograder.sandbox.client import Server

EXPERIMENTS = '''
    import numpy as np

    from autograder.check import check, named


    @check(points=2{option})
    def copying(net, seed):
        """`Copier` gives a copy of a row, and of half a row"""
        row, copier = np.random.default_rng(seed).normal(size=5), net.Copier(2)
        return named("whole half", copier.copy(row), copier.half(row))


    @check(points=1)
    def helping(net, seed):
        """`helped` needs no `helper`"""
        return named("five", net.helped(net.helper(5), seed))
'''
SOLUTION = """
    class Copier:
        def __init__(self, parts):
            ### BEGIN SOLUTION
            self.parts = parts
            ### END SOLUTION

        def copy(self, row):
            ### BEGIN SOLUTION
            return row.copy()
            ### END SOLUTION

        def half(self, row):
            ### BEGIN SOLUTION
            return row[: len(row) // self.parts]
            ### END SOLUTION


    def helper(x):
        ### BEGIN SOLUTION
        return x
        ### END SOLUTION


    def helped(x, seed):
        ### BEGIN SOLUTION
        return 5.0 + seed
        ### END SOLUTION
"""


@pytest.fixture
def copier(tmp_path):
    """Yield a function that starts a server for a course whose first check rewards a stub.

    An option of that check can forbid it.
    """
    servers = []

    def start(option=""):
        experiments = EXPERIMENTS.replace("{option}", option)
        unit = small.write_course(tmp_path / str(len(servers)), "copies", experiments, SOLUTION)
        servers.append(Server(unit))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def given(server, exercise):
    """Return kind → check → points with that exercise emptied."""
    tried = list(try_nothing(server, small.SEED, build_key(server, small.SEED, data={})))
    return {
        kind: {t.check: t.earned for t in tried if (t.exercise, t.kind) == (exercise, kind)}
        for kind in KINDS
    }


def test_an_exercise_is_a_function_or_a_class_with_what_a_student_writes_in_it(copier):
    """An exercise is a function or class with a student's region, in the order of the file."""
    found = exercises(solution_of(copier().unit))
    methods = ["Copier.__init__", "Copier.copy", "Copier.half"]
    assert found == {"Copier": methods, "helper": ["helper"], "helped": ["helped"]}


def test_points_for_nothing_are_found(copier):
    """The proof finds a check that returning the input half satisfies.

    Marking that array as costing only removes the finding.
    """
    server = copier()
    assert given(server, ALL)["input"] == {"copying": 1, "helping": 0}
    found = [
        line.text
        for line in judge_nothing(server, small.SEED, build_key(server, small.SEED, {}))
        if line.fault
    ]
    assert (
        "✗ copies: check `copying` gives 1 of 2 points though `Copier` only returns its arguments: "
        "for `whole`"
    ) in found
    helping = "✗ copies: check `helping` gives 1 of 1 points though `helper` only returns zeros"
    assert any(line.startswith(helping) for line in found)
    assert (
        "✗ copies: a file that solves nothing, but returns something, earns 1 of 3 points" in found
    )
    assert given(copier(', costs=("whole",)'), ALL)["input"] == {"copying": 0, "helping": 0}


def test_the_fixture_course_gives_nothing_for_nothing(server, key):
    """In the fixture course zeros, ones, public answers and the input earn nothing.

    The parts of `running_sum` earn where they are right.
    """
    assert [line.text for line in judge_nothing(server, small.SEED, key) if line.fault] == []


def test_points_for_nothing_after_an_early_mistake_are_found(tmp_path, monkeypatch):
    """The proof finds points for an emptied exercise after an early mistake, and names it.

    It does so if a key forgets what an emptied exercise gives.
    """
    unit = small.write_course(tmp_path, "doubles", test_carrying.UNDONE, test_carrying.TRIVIAL)
    with Server(unit) as server:
        found = list(judge_nothing_after_mistakes(server, small.SEED))
        assert [line.text for line in found] == [
            "✓ doubles: an empty exercise after an early mistake earns nothing, in 8 files"
        ]
        monkeypatch.setattr(made_key, "right_without_work", lambda *_: frozenset())
        faults = [line.text for line in judge_nothing_after_mistakes(server, small.SEED)]
    words = (
        "check `doubling` gives 2 points after the mistake `return x` though `double` only "
        "returns its arguments, and 0 without that mistake"
    )
    assert f"✗ doubles: {words}" in faults
    assert re.search(r"after an early mistake earns points in [1-8] of 8 files", faults[-1])
