"""Tests our files against the rules of the importers that take them (`importers.py`)."""

import dataclasses
import html
import re

import pytest
from importers import (
    CANVAS_GRADEBOOK,
    ENGLISH,
    GERMAN,
    MOODLE_WORKSHEET,
    CanvasStudent,
    Refused,
    canvas_takes,
    moodle_takes,
)
from small import UNIT

from autograder.grading.hand_in import HandIn
from autograder.grading.policy import Policy, Rules, grades
from autograder.grading.results import stored_results
from autograder.judging import Remark
from autograder.report import exports

SAID = '<h3>31 of 31</h3><img src="http://x/"> C:\\ and "\\" \\'
NUMBERS = {"complete": 17, "crash": 18, "stub": 19, "squared": 20}


def handed_in(result):
    """Return a result as Moodle's download gave it; one student sends hostile text."""
    record = HandIn(
        source="moodle",
        student=result.student,
        name='Ada "A\\" Lovelace\\',
        id=str(NUMBERS[result.student]),
    )
    verdicts = result.verdicts
    if result.student == "squared":
        verdicts = [dataclasses.replace(v, remarks=(Remark(SAID),)) for v in verdicts]
    return dataclasses.replace(result, hand_in=record, verdicts=tuple(verdicts))


@pytest.fixture(scope="module")
def results(graded_class):
    """Return results of four students who submitted to an assignment of Moodle's."""
    return [
        handed_in(result)
        for result in stored_results(graded_class)
        if result.student in NUMBERS and result.unit == UNIT
    ]


def worksheet(results, folder, policy=None):
    exports.export(grades(results, policy or Policy()), "moodle", folder)
    return (folder / f"moodle {UNIT}.csv").read_text(encoding="utf-8")


def test_moodle_takes_the_worksheet(results, tmp_path):
    """Moodle takes every participant's grade and comment, but leaves out grades of 0 itself."""
    taken = moodle_takes(worksheet(results, tmp_path), 11, NUMBERS.values())
    points = {number: one.grade for number, one in taken.items()}
    assert points == {NUMBERS[result.student]: result.score or None for result in results}
    assert all(one.comment is not None for one in taken.values())
    assert taken[18].comment


def test_moodle_in_another_language_refuses_it(results, tmp_path):
    """Moodle in another language refuses the file, so the docs say: switch Moodle to English."""
    with pytest.raises(Refused):
        moodle_takes(worksheet(results, tmp_path), 11, NUMBERS.values(), language=GERMAN)


def test_a_row_that_moodle_has_something_of_needs_the_box(results, tmp_path):
    """A row that already has feedback in Moodle is skipped without the box that `export` names."""
    content = worksheet(results, tmp_path)
    taken = moodle_takes(content, 11, NUMBERS.values(), graded=[17])
    assert 17 not in taken
    taken = moodle_takes(content, 11, NUMBERS.values(), graded=[17], box_ticked=True)
    assert taken[17].grade == 11


def test_what_a_submission_says_is_no_markup_in_moodle(results, tmp_path):
    """A submission's words reach Moodle's HTML comments as text, letter for letter."""
    taken = moodle_takes(worksheet(results, tmp_path), 11, NUMBERS.values())
    comment = taken[20].comment
    assert "<" not in comment
    assert SAID in html.unescape(comment)


def test_a_comment_begins_with_no_mark_and_with_no_formula(results, tmp_path):
    """A comment that begins with a sign reaches the student without a spreadsheet's mark."""
    late = dataclasses.replace(grades(results, Policy())[0], words="−1 by hand (tg): no units")
    exports.export([late], "moodle", tmp_path)
    content = (tmp_path / f"moodle {UNIT}.csv").read_text(encoding="utf-8")
    (taken,) = moodle_takes(content, 11, NUMBERS.values()).values()
    assert taken.comment.startswith("&#8722;1 by hand")
    assert html.unescape(taken.comment).startswith(late.words)


def test_export_says_what_moodle_wants(results, tmp_path):
    """`export` names Moodle's language, box and maximum, and the grades that Moodle leaves out."""
    bonus = Policy(units={UNIT: Rules(bonus=("summing",))})
    said = "\n".join(exports.notes(grades(results, bonus), "moodle"))
    assert "Moodle switched to English" in said
    assert "Allow updating records that have been modified more recently*, the first time" in said
    assert f"{UNIT}: 4 grades; the maximum" in said
    assert "maximum grade" in said
    assert "2 grades are above 7" in said
    assert "must be 11." in said
    assert "The unit's own points are 7 of it, and Moodle's percentages are of 11." in said
    (low,) = [one for one in grades(results, bonus) if one.points == 0]
    assert "must be 11." in "\n".join(exports.notes([low], "moodle"))  # also for low grades only
    assert re.search(r"1 grade is 0, .* Enter them in Moodle: [^,;]+, \d+\.", said)
    assert exports.notes(grades(results, bonus), "canvas") == []


CLASS = [
    CanvasStudent("4711", "Jürgen Müller", sis="S1", login="m1"),
    CanvasStudent("4712", "Jürgen Müller", sis="S2", login="m2"),
    CanvasStudent("4713", "Ada Lovelace", sis="S3", login="ada"),
]


def in_canvas(result, student, **known):
    record = HandIn(source="canvas", student=student, **known)
    return dataclasses.replace(result, student=student, hand_in=record)


def test_canvas_enters_the_points_where_they_belong(results, tmp_path):
    """Canvas matches its own number, the university's or the login, never a name."""
    half = next(result for result in results if result.student == "crash")
    whole = next(result for result in results if result.student == "complete")
    given = [
        in_canvas(half, "m1", id="4711", name="Jürgen Müller"),
        in_canvas(whole, "m2", sis="S2", name="Jürgen Müller"),
        in_canvas(half, "ada", login="ada", name="Ada Lovelace"),
        in_canvas(whole, "stranger", name="Jürgen Müller"),
    ]
    exports.export(grades(given, Policy()), "canvas", tmp_path)
    content = (tmp_path / "canvas.csv").read_text(encoding="utf-8")
    taken = canvas_takes(content, CLASS)
    points = {student: columns[UNIT] for student, columns in taken.items()}
    assert points == {"4711": "7", "4712": "11", "4713": "7", "stranger": "11"}


def test_each_rule_says_where_it_was_read():
    """Each rule has a file, a version and a line or function, so that it can be verified."""
    for rule in (*MOODLE_WORKSHEET.values(), *CANVAS_GRADEBOOK.values()):
        assert re.search(r"\.(php|rb) @[0-9a-f]{8}, (the|lines?|functions?|fgetcsv) ", rule.read_in)
    assert len(ENGLISH) == len(GERMAN)
