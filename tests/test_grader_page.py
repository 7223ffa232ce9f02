"""The page on the grader's quality: made from proofs, bounds and the author's notes."""

import re
import tomllib
from collections import Counter

import pytest
import this_course
from this_course import COURSE, ROOT, UNIT

from autograder.authoring.feedback_coverage import FeedbackCoverage
from autograder.authoring.grader_page import grader_page
from autograder.authoring.mutants import equivalents
from autograder.authoring.validation_report import ValidationReport
from autograder.course import Course
from autograder.grading.arithmetic import interpolated

pytestmark = pytest.mark.proof


@pytest.fixture
def elsewhere(tmp_path):
    """Return our course with its pages written elsewhere, instead of our docs."""
    for name in ("checks", "solutions"):
        (tmp_path / name).symlink_to(ROOT / name)
    return Course(tmp_path, COURSE.about)


@pytest.fixture
def proof():
    """Return what a full run could have found in a unit."""
    names = [check.name for check in this_course.unit().checks]
    return ValidationReport(
        UNIT,
        seeds=5,
        quick=False,
        points=35,
        checks=names,
        mistakes=131,
        styles=10,
        pairs=200,
        mutants=101,
        equivalent=1,
        survivors=["clip: norm → 0"],
        feedback=FeedbackCoverage(
            Counter(named=20, related=30, neither=10, error=33), ["clip: norm → 1: got: x"]
        ),
        alone=Counter({name: 3 for name in names if name != "training"}),
        deviations={("clipping", "einsum"): [1e-4, 2e-4, 4e-4]},
    )


def parts_of(page):
    """Return the page's sections in order: heading → text."""
    _, *sections = page.read_text().split("\n## ")
    return {section.split("\n", 1)[0]: section for section in sections}


def test_the_page_tells_proofs_bounds_and_notes_in_that_order(elsewhere, proof):
    """The author's notes stand between the bounds and what each check catches."""
    page = grader_page(elsewhere, [proof], jobs=2, minutes=9.0)
    notes = (ROOT / "solutions" / "grader-notes.md").read_text().strip()
    assert f"\n\n{notes}\n\n## What each check catches" in page.read_text()
    written = [line[3:] for line in notes.splitlines() if line.startswith("## ")]
    others = ["What each check catches", "Survivors"]
    first = ["Feedback on mistakes that are not listed", "The bounds of training"]
    assert list(parts_of(page)) == [*first, *written, *others]
    assert page.read_text().startswith(
        "# How good the grader is\n\nWritten by `autograder validate --page"
    )


def test_the_page_gives_each_unit_a_row_and_each_bound(elsewhere, proof):
    """The page has a row of proof figures for each unit and one for each bound.

    It also writes the picture of the bounds.
    """
    page = grader_page(elsewhere, [proof], jobs=2, minutes=9.0)
    count = len(this_course.unit().checks)
    row = f"| unit4_manual_gradients | 35 | {count} | 131 | 0 of 200 | 10 | 101 | 1 | 1 | 99.0% |"
    assert row in page.read_text()
    bounds = parts_of(page)["The bounds of training"]
    for unit in COURSE.units:
        assert f"\n| {COURSE.short(unit)} `" in bounds
    assert (page.parent / "grader" / "bounds.svg").is_file()


def test_the_page_says_why_checks_are_kept_and_which_mutants_are_right_too(elsewhere, proof):
    """The page says why some checks are kept, and which mutants are equivalent."""
    parts = parts_of(grader_page(elsewhere, [proof], jobs=2, minutes=9.0))
    (training,) = [check for check in this_course.unit().checks if check.measure]
    assert f"  - `training` is kept: {training.kept}" in parts["What each check catches"]
    assert parts["What each check catches"].count("is kept:") == 1
    assert "  - survives: `clip: norm → 0`" in parts["Survivors"]
    for name, why in equivalents(this_course.unit()).items():
        assert f"  - right too: `{name}`: {why}" in parts["Survivors"]


def test_the_page_counts_what_mutants_are_told(elsewhere, proof):
    """The page's share of diagnosed mutants leaves out those that raise an error."""
    page = grader_page(elsewhere, [proof], jobs=2, minutes=9.0)
    section = parts_of(page)["Feedback on mistakes that are not listed"]
    assert f"| {UNIT} | 93 | 33 | 20 | 30 | 10 | 83.3% | 1 |" in section


def test_a_course_without_bounds_and_notes_has_a_page_without_them(proof, tmp_path):
    """A course without bounds and notes has a page without empty tables and pictures."""
    (tmp_path / "checks").symlink_to(ROOT / "checks")
    page = grader_page(Course(tmp_path, COURSE.about), [proof], jobs=2, minutes=9.0)
    told, *others = parts_of(page)
    assert (told, others) == (
        "Feedback on mistakes that are not listed",
        ["What each check catches", "Survivors"],
    )
    assert "bounds" not in page.read_text()
    assert "\n\n\n" not in page.read_text()


def test_the_example_of_cut_offs_gives_our_solution_its_points():
    """The docs' example of cut-offs gives our solution its points on each corpus.

    They are two standard deviations above its loss, so that the example can be copied.
    """
    docs = (ROOT / "docs" / "policy.md").read_text()
    (line,) = re.findall(r"^cutoffs\.training = .*$", docs, re.M)
    cutoffs = tomllib.loads(line)["cutoffs"]["training"]
    page = (ROOT / "docs" / "measurements" / "grader.md").read_text()
    losses = re.findall(r"^\| unit4 `training` \| \w+ \| \d+ \| ([\d.]+) ± ([\d.]+)", page, re.M)
    assert len(losses) == 2
    for mean, deviation in losses:
        loss = float(mean) + 2 * float(deviation)
        assert interpolated(loss, [tuple(pair) for pair in cutoffs]) == 1
