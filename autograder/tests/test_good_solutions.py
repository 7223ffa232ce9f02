"""A good solution beside a student's own: for passed exercises, if the policy allows it."""

import pytest
import small
from small import COURSE, UNIT

from autograder.judging import Verdict
from autograder.report.good_solutions import good_solutions

OURS = "np.cumsum(x, axis=0)"
HALF_SOLVED = """
import numpy as np

def double(x):
    return x + x

def running_sum(x):
    return np.add.accumulate(x), x.mean(0)
"""
ALL_SOLVED = HALF_SOLVED.replace("x.mean(0)", "x.sum(0)")


def run(*arguments):
    """Run a command that must succeed."""
    done = small.run_command(*arguments)
    assert done.returncode == 0, done.stderr + done.stdout


@pytest.fixture(scope="module")
def grades(tmp_path_factory):
    """Grade two students: ada solved both exercises, bea one and a half."""
    folder = tmp_path_factory.mktemp("class")
    for student, text in (("ada", ALL_SOLVED), ("bea", HALF_SOLVED)):
        place = folder / "submitted" / student / UNIT
        place.mkdir(parents=True)
        (place / f"{UNIT}.py").write_text(text)
    out = folder / "grades"
    run("grade", folder / "submitted", "--out", out, "--seed", small.SEED, "--quick")
    return out


def pages(grades, folder, policy):
    """Write feedback under a policy; return the page of each student."""
    (folder / "policy.toml").write_text(policy)
    run("feedback", grades, "--out", folder / "pages", "--policy", folder / "policy.toml")
    return [(folder / "pages" / f"{name} {UNIT}.html").read_text() for name in ("ada", "bea")]


def test_who_passed_sees_ours_and_who_did_not_does_not(grades, tmp_path):
    ada, bea = pages(grades, tmp_path, "show_solutions = true\n")
    assert ada.count("A good solution, to compare with yours") == 2
    assert bea.count("A good solution, to compare with yours") == 1
    plain = "np.cumsum(x, axis=<span"
    assert plain in ada
    assert plain not in bea
    assert "BEGIN SOLUTION" not in ada
    assert "mistake:" not in ada


def test_without_a_word_in_the_policy_nobody_sees_it(grades, tmp_path):
    for page in pages(grades, tmp_path, 'keep = "last"\n'):
        assert "A good solution" not in page
        assert "np.cumsum" not in page


def test_pages_of_the_class_never_hold_it(grades):
    for page in (grades / "pages").rglob("*.html"):
        assert "np.cumsum" not in page.read_text()


def verdict(name, status):
    """Return a verdict with this status; its other fields do not matter."""
    return Verdict(name=name, title=name, status=status, earned=0.0, points=1.0, seconds=0.0)


def test_an_exercise_with_several_checks_is_solved_when_all_of_them_passed():
    """An exercise is solved once all of its checks pass: `fit` has two, and the second trains."""
    exact = [verdict(name, "passed") for name in ("doubling", "summing", "three_steps")]
    whole = good_solutions(COURSE, UNIT, [*exact, verdict("fitting", "passed")])
    assert list(whole) == ["doubling", "summing", "three_steps"]
    names = set()
    for definition in whole["three_steps"]:
        names.update(definition.names)
    assert names == {"fit"}
    but_training = good_solutions(COURSE, UNIT, [*exact, verdict("fitting", "failed")])
    assert list(but_training) == ["doubling", "summing"]
