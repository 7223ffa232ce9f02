"""A file of another unit is recognised by its definitions, for student and instructor."""

import json

import pytest
import small
from small import COURSE, UNIT, WORDS

from autograder.course import read_course
from autograder.grading.other_unit import names_asked, names_by_unit, note_on, other_unit


@pytest.mark.parametrize(
    ("unit", "source", "other"),
    [
        (UNIT, small.solved(name=WORDS), WORDS),
        (WORDS, small.solved(), UNIT),
        (UNIT, small.solved(), ""),
        (UNIT, small.half_solved(), ""),
        (UNIT, small.solved() + small.solved(name=WORDS), ""),
        (UNIT, "x = 1", ""),
        (UNIT, "", ""),
        (UNIT, "def (", ""),
    ],
)
def test_a_file_is_of_another_unit_where_it_defines_that_one_s_functions_only(unit, source, other):
    """A file belongs to another unit if it defines only that unit's functions.

    Own functions beside them, or no function of any unit, are no sign.
    """
    names = names_by_unit(COURSE)
    assert other_unit(names, unit, source.encode()) == other
    of_none = source in ("x = 1", "", "def (")
    note = note_on(names, names_asked(COURSE, unit), unit, source.encode())
    assert ("defines nothing that" in note) == of_none


def test_a_function_that_several_units_ask_for_is_not_nothing(tmp_path):
    """A file that ends after it has points, and defines something."""
    course = read_course(small.copy_course(tmp_path / "course"))
    shared = '\n\ndef shared():\n    """Of both units."""\n'
    for unit in course.units:
        stub = course.stub(unit)
        stub.write_text(stub.read_text(encoding="utf-8") + shared, encoding="utf-8")
    asked = names_asked(course, UNIT)
    assert "shared" in asked
    assert "shared" not in names_by_unit(course)[UNIT]
    assert note_on(names_by_unit(course), asked, UNIT, b"def shared(): return 1\n") == ""


def test_a_file_that_is_not_read_here_is_not_said_to_define_nothing():
    """No note on definitions is made about a file that is not text, or beyond the limits."""
    names = names_by_unit(COURSE)
    outputs = [{"output_type": "display_data", "data": {"x": [[]] * 100_001}}]
    cell = {"cell_type": "code", "source": small.solved(), "outputs": outputs}
    for source in (b"\xff", b"x = 1\n" + b"#" * (1 << 20), json.dumps({"cells": [cell]}).encode()):
        assert note_on(names, names_asked(COURSE, UNIT), UNIT, source) == ""


def test_the_student_s_page_and_the_terminal_say_so(tmp_path):
    """The student's page and the terminal say so beside the points of the requested unit."""
    folder = tmp_path / "class"
    small.submit(folder, "wilma", small.solved(name=WORDS))
    small.submit(folder, "right", small.solved())
    small.submit(folder, "other", "x = 1\n")
    done = small.run_command("grade", folder, "--out", tmp_path / "out", "--quick")
    assert done.returncode == 0, done.stderr
    words = f"This looks like the file of `{WORDS}`, but it was graded as `{UNIT}`."
    assert f"wilma, {UNIT}: {words}" in done.stdout
    nothing = f"This file defines nothing that `{UNIT}` asks for, such as `"
    assert f"other, {UNIT}: {nothing}" in done.stdout
    assert done.stdout.count("This looks like") == 2  # in the class's row, and alone
    page = (tmp_path / "out" / "pages" / UNIT / "wilma.html").read_text()
    assert f"This looks like the file of <code>{WORDS}</code>" in page
