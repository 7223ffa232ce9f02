"""Bounds of training: measured by the real command, kept in bounds.toml, shown on the page."""

import math
import re
from dataclasses import replace

import pytest
import this_course
from this_course import COURSE, ROOT

from autograder.authoring import calibrate as calibrating
from autograder.authoring.bounds import Bound, read_bounds, save_bounds
from autograder.authoring.calibrate import SeedSchedule, calibrate
from autograder.authoring.grader_page import plot
from autograder.course import Course
from autograder.source.solution import Solution

pytestmark = pytest.mark.proof

TRAINING = [
    (unit, check)
    for unit in COURSE.units
    for check in this_course.unit(unit).checks
    if check.measure
]
BOUND = Bound(
    "unit9",
    "training",
    "austen",
    0.02,
    "NumPy 2",
    [2.0, 2.1],
    {"loops": [0.001, -0.002]},
    {"m1 x": [0.5]},
    [],
)


def test_every_training_check_has_a_bound_on_every_corpus_that_was_measured():
    """bounds.toml has every training check on every measured corpus, with its bounds.

    Otherwise run `autograder calibrate` again.
    """
    measured = {(b.unit, b.check, b.data): b.within for b in read_bounds(COURSE)}
    wanted = {(u, c.name, d): c.within for u, c in TRAINING for d in this_course.trains_on(c)}
    assert measured == wanted


def test_right_answers_pass_and_known_mistakes_do_not():
    """Under one right answer in 10,000 exceeds a bound, and no known mistake passes."""
    bounds = read_bounds(COURSE)
    for bound in bounds:
        where = (bound.unit, bound.check, bound.data)
        chance, _ = bound.right_fails
        assert chance < 1e-4, where
        assert list(bound.passing) == [], where
        assert bound.differing, where
    with_mistakes = {(bound.unit, bound.check) for bound in bounds if bound.wrong}
    assert with_mistakes == {(unit, check.name) for unit, check in TRAINING}


def test_the_chance_is_students_t():
    """The probability follows Student's t: with 12 seeds, 4.318 deviations give 1 in 1,000.

    The value is from tables. A failed training has probability 1.
    """
    twelve = replace(BOUND, within=4.318, right={"loops": [1.0, -1.0] * 6})
    chance, style = twelve.right_fails
    assert chance == pytest.approx(1e-3, rel=0.01)
    assert style == "loops"
    assert not twelve.ok
    assert replace(twelve, within=40.0, wrong={"m1 x": [50.0]}).ok
    failed = replace(BOUND, right={"loops": [math.nan]})
    assert failed.right_fails[0] == 1
    exact = replace(BOUND, right={"loops": [0.0]})
    assert exact.right_fails[0] == 0


def test_a_mistake_passes_that_trains_otherwise_within_the_bound_and_is_caught_by_no_check():
    """A mistake passes if it changes training within the bound and no needed check catches it.

    One that changes nothing that is trained does not count.
    """
    wrong = {"near": [0.5, 0.01], "caught": [0.01], "nothing": [0.0], "far": [0.5]}
    bound = replace(BOUND, wrong=wrong, reached=["near", "nothing", "far"])
    assert bound.passing == ["near"]
    assert bound.beyond == [0.5]
    assert bound.summary().startswith("✗")
    assert bound.summary().endswith("passes: near")


def test_a_mistake_near_the_bound_is_trained_on_more_seeds():
    """A mistake between 0.1 and 2 bounds is trained on four seeds, any other on one."""
    schedule = SeedSchedule(within=0.5)
    assert not schedule.is_enough_for_mistake([0.1])
    assert not schedule.is_enough_for_mistake([-0.9, 7.0, 0.0])
    assert schedule.is_enough_for_mistake([-0.9, 7.0, 0.0, 0.0])
    assert schedule.is_enough_for_mistake([0.04])
    assert schedule.is_enough_for_mistake([1.1])
    assert schedule.is_enough_for_mistake([math.nan])


def test_a_style_that_differs_by_rounding_is_trained_on_fewer_seeds():
    """A style that differs only by rounding is trained on four seeds.

    One that ended elsewhere on any of them is trained on all.
    """
    schedule = SeedSchedule(within=0.5)
    assert schedule.is_enough_for_style([1e-8, -1e-8, 0.0, 1e-8])
    assert not schedule.is_enough_for_style([1e-8, -1e-8, 0.0])
    assert not schedule.is_enough_for_style([1e-8, -1e-6, 0.0, 1e-8])
    assert not schedule.is_enough_for_style([math.nan, 0.0, 0.0, 0.0])


def test_a_mistake_is_trained_on_a_further_corpus_where_it_is_near():
    """A mistake within five bounds is also trained on a further corpus.

    One that changes nothing that is trained is not.
    """
    schedule = SeedSchedule(within=0.5)
    assert schedule.is_for_next_corpus([-2.4])
    assert not schedule.is_for_next_corpus([2.6])
    assert not schedule.is_for_next_corpus([0.0])


@pytest.fixture
def elsewhere(tmp_path):
    """Return a course of the same file that keeps its bounds in another folder."""
    (tmp_path / "solutions").mkdir()
    return Course(tmp_path, COURSE.about)


def test_what_is_kept_is_read_back(elsewhere):
    """A stored entry reads back; each check and corpus has one, which a new one replaces."""
    mistake = 'm2 "a" \\ b'
    odd = replace(BOUND, data="nietzsche", wrong={mistake: [0.1, math.inf]}, reached=[mistake])
    save_bounds(elsewhere, [BOUND, odd])
    save_bounds(elsewhere, [replace(BOUND, within=0.03)])
    assert read_bounds(elsewhere) == [replace(BOUND, within=0.03), odd]


def test_the_file_of_bounds_is_what_calibrate_would_write(elsewhere):
    """Writing an entry keeps every other figure and the file's layout."""
    committed = (ROOT / "solutions" / "bounds.toml").read_text()
    written = elsewhere.folder / "solutions" / "bounds.toml"
    written.write_text(committed)
    save_bounds(elsewhere, [])
    assert written.read_text() == committed


def test_calibrate_measures_a_check_from_end_to_end(monkeypatch):
    """`calibrate` measures unit 1's check on one seed, with mistakes of two functions.

    Training uses one of the functions and not the other.
    """
    unit = this_course.unit("unit1_embeddings")
    whole = calibrating.solution_of(unit)
    wrong = ("return (a + b).sum(1)", "model.eval()", "error.backward()")
    few = [entry for entry in whole.mistakes if entry[0].code in wrong]
    unused = whole.mistakes[:1]
    monkeypatch.setattr(calibrating, "solution_of", lambda _: Solution(whole.text, (*few, *unused)))
    every = calibrating.styles(unit)
    found = {name: text for name, text in every.items() if name in ("classes", "loops")}
    monkeypatch.setattr(calibrating, "styles", lambda _: found)
    said: list[str] = []
    (bound,) = calibrate(unit, 1, 2, said.append)
    assert bound.furthest < 1e-5
    assert bound.right.keys() == found.keys()
    assert {name.split(" ", 1)[1] for name in bound.wrong} == {entry[0].code for entry in few}
    assert (bound.passing, bound.reached) == ([], [])
    assert len(said) == len(found) + len(few)
    (quick,) = calibrate(unit, 1, 2, said.append, quick=True)
    assert list(quick.wrong) == list(bound.wrong)[:1]  # one in six of those that exact checks catch


def test_the_plot_is_made_from_the_bounds_and_always_the_same(tmp_path):
    """The plot has a row for each check and corpus and always the same bytes.

    docs/grader/bounds.svg shows the present bounds.toml.
    """
    for name in ("one", "two"):
        plot(COURSE, [BOUND, replace(BOUND, within=0.04)], tmp_path / name / "bounds.svg")
    one, two = ((tmp_path / name / "bounds.svg").read_text() for name in ("one", "two"))
    assert one == two
    assert one.count("<!-- unit9 training, austen -->") == 2
    plot(COURSE, read_bounds(COURSE), tmp_path / "bounds.svg")
    rows = re.compile(r"<!-- (unit.*?) -->")
    committed = (ROOT / "docs" / "measurements" / "grader" / "bounds.svg").read_text()
    assert rows.findall((tmp_path / "bounds.svg").read_text()) == rows.findall(committed)
