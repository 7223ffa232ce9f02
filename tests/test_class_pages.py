"""The pages of the golden class in a real browser."""

import re

import pytest
import this_course
from this_course import COURSE, GOLDEN, SEED, UNIT

from autograder.report.code import exercises
from autograder.tests.browser import violations_in_both_schemes

pytestmark = pytest.mark.proof


@pytest.fixture(scope="module")
def pages(graded_class):
    """Return the pages that `grade` wrote."""
    return graded_class[0] / "pages"


def test_pages_of_the_golden_class_are_accessible(pages, show):
    """axe finds nothing on the class's, unit's and students' pages, in light or dark colours.

    Nothing is cut off at 320 pixels.
    """
    cases = ("complete", "style_notebook_reordered", "endless_loop", "not_text", "stub")
    for path in [
        pages / "index.html",
        pages / f"{UNIT}.html",
        *(pages / UNIT / f"{case}.html" for case in cases),
    ]:
        page = show(path, viewport={"width": 1100, "height": 800})
        assert violations_in_both_schemes(page) == [], path.name
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path.name


def test_search_finds_a_check_that_ran_out_of_time(pages, show):
    """A search for a timeout in a check finds one student; a check's link lists who failed it."""
    page = show(pages / f"{UNIT}.html")
    search, rows = page.get_by_label("Search"), page.locator("#students tbody tr:visible")
    everyone = rows.count()
    assert everyone == len([path for path in GOLDEN.iterdir() if (path / UNIT).is_dir()])
    search.fill("TIMEOUT clip")
    assert rows.locator("a").all_inner_texts() == ["endless_loop"]
    assert page.locator("output").inner_text() == f"1 of {everyone} shown"
    page.locator("#checks a", has_text="sampling").click()
    names = rows.locator("a").all_inner_texts()
    assert "mistake_argmax" in names
    assert "complete" not in names


def test_a_students_own_code_stands_at_its_check(pages, show):
    """A check's code is open if wrong, folded if it passed, and named with its cell."""
    page = show(pages / UNIT / "mistake_relu_forgotten.html")
    assert "dz = dh" in page.locator("#one_step_back details[open] .code").inner_text()
    assert page.locator("#softmax_values details[open]").count() == 0
    page = show(pages / UNIT / "style_notebook_reordered.html")
    cells = page.locator("#softmax_values details").first.locator("p").all_text_contents()
    assert cells == ["cell 17", "cell 18"]  # `softmax_d`, `softmax`: one exercise


def test_training_is_shown_beside_ours(pages):
    """The page shows the loss that passed and ours, in words and as a picture.

    The run's seed is nowhere on it.
    """
    text = (pages / UNIT / "complete.html").read_text()
    assert re.search(r"held-out loss \d\.\d{4} \(the dot\)\. Reference loss \d\.\d{4}", text)
    assert 'class="band"' in text
    assert f"seed {SEED}" not in text


@pytest.mark.parametrize("unit", COURSE.units)
def test_each_exercise_is_found_in_the_stub(unit):
    """Each exercise is tested by the check after it, with functions that the stub has.

    "Find the mistake" is one exercise with two checks: the fix and the line.
    """
    asked_for, given = exercises(COURSE.stub(unit).read_text())
    assert set().union(*asked_for.values()) <= given
    exercises_in_text = COURSE.stub(unit).read_text().count("**Exercise**")
    questions = [check.question for check in this_course.unit(unit).checks if check.question]
    lines_of_mistakes = sum(bool(question.function) for question in questions)
    assert sum(map(bool, asked_for.values())) - lines_of_mistakes == exercises_in_text
