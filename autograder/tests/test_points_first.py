"""Points do not depend on explanations: without any, or with wrong ones, a class earns the same."""

from dataclasses import replace

import pytest
import small

from autograder.finding import Finding, FindingKind
from autograder.grading import judge
from autograder.grading.keys import solution_of
from autograder.grading.made_key import MadeKey
from autograder.grading.one import grade_one
from autograder.grading.store import AnswerStore
from autograder.sandbox.client import Server

EXPERIMENTS = """
    import numpy as np

    from autograder.check import check, choice, named, written


    def numbers(seed):
        return np.random.default_rng(seed).normal(size=5)


    @check(points=1, question=choice("up", "down", "nowhere"))
    def way(net, seed):
        "Which way does it go?"
        return net.way()


    @check(points=1, question=written())
    def why(net, seed):
        "Why does it?"
        return net.why()


    @check(points=2, needs=way)
    def scaling(net, seed):
        "`scale` is twice its argument"
        return named("scaled", net.scale(numbers(seed)))


    @check(points=4, needs=[why, scaling])
    def shifting(net, seed):
        "`shift` scales and adds 1"
        x = numbers(seed)
        return named("shifted squares", net.shift(x), net.shift(x**2))
"""
SOLUTION = """
    # %%
    def way():
        "The way."
        ### BEGIN SOLUTION
        return "up"
        # mistake (keeps 0.5): return "nowhere"
        #   it moves.
        ### END SOLUTION


    # %%
    def why():
        "The reason."
        ### BEGIN SOLUTION
        return "because it is so"
        ### END SOLUTION


    # %%
    def scale(x):
        "Twice `x`."
        ### BEGIN SOLUTION
        return 2 * x
        # mistake: return 3 * x
        #   this is three times.
        ### END SOLUTION


    # %%
    def shift(x):
        "Twice `x`, and 1 more."
        ### BEGIN SOLUTION
        return scale(x) + 1
        # mistake: return scale(x) - 1
        #   1 was taken away.
        ### END SOLUTION
"""
CLASS = {
    "right": "",
    "wrong answer": 'def way(): return "down"',
    "listed answer": 'def way(): return "nowhere"',
    "no answer": "def way(): return 3",
    "own words": 'def why(): return "I do not know"',
    "three times": "def scale(x): return 3 * x",
    "four times": "def scale(x): return 4 * x",
    "wrong answer, three times": 'def way(): return "down"\ndef scale(x): return 3 * x',
    "both mistakes": "def scale(x): return 3 * x\ndef shift(x): return scale(x) - 1",
    "unknown": "def scale(x): return x * x * x\ndef shift(x): return scale(x) + 2",
    "error": "def scale(x): return x[9]",
    "not written": "def scale(x): raise NotImplementedError()",
}


@pytest.fixture(scope="module")
def grade(tmp_path_factory):
    """Grade a class; return for each student and check what determines a grade."""
    folder = tmp_path_factory.mktemp("points_first") / "course"
    unit = small.write_course(folder, "chain", EXPERIMENTS, SOLUTION)
    with Server(unit) as server:
        listed = small.listed(unit, server)

        def run():
            key = MadeKey(unit, small.SEED, {}, AnswerStore(None), lambda: server, listed)
            plain = solution_of(unit).plain()
            found = {}
            for student, end in CLASS.items():
                script = f"{plain}\n{end}\n".encode()
                verdicts = grade_one(server, script, "ada.py", small.SEED, key, {})
                found[student] = [replace(one, remarks=(), seconds=0.0) for one in verdicts]
            return found

        yield run


NOTHING: list[Finding] = []
UNTRUE = [Finding(FindingKind.MISTAKE, ("scaled",), mistakes=("nobody made this.",))]


@pytest.mark.parametrize("findings", [NOTHING, UNTRUE], ids=["nothing", "untrue"])
def test_points_are_the_same_whatever_explaining_finds(grade, monkeypatch, findings):
    """Verdicts differ only in remarks, whatever the explanations.

    The same checks ran with the same answers.
    """
    explained = grade()
    for name in ("explained", "explained_following", "explained_better"):
        monkeypatch.setattr(judge, name, lambda *_: findings)
    assert grade() == explained


def test_the_class_meets_each_way_in_which_a_check_can_end(grade):
    """The class covers each way in which a check can end, so that the test above is meaningful."""
    verdicts = [one for found in grade().values() for one in found]
    assert {one.status for one in verdicts} == {
        *("passed", "partial", "failed", "error", "not_reached", "recorded"),
    }
    assert any(one.carried for one in verdicts)
    assert any(one.given and not one.agrees for one in verdicts if one.status == "failed")
