"""Tests that results move when a student's submissions get another name, and none is lost."""

from dataclasses import replace

import pytest
from small import COURSE, UNIT, WORDS

from autograder.grading import renamed as module
from autograder.grading.adjustments import FILE, rename_in_adjustments
from autograder.grading.attempts import all_attempts, earlier_path
from autograder.grading.hand_in import HandIn
from autograder.grading.provenance import Provenance
from autograder.grading.renamed import move_results, renamed
from autograder.grading.results import Result, result_path, stored_results, write_result_to
from autograder.grading.submissions import Submitted
from autograder.judging import Verdict
from autograder.schema import BadFile

GHOST = "Gail Ghost_5054"
GAIL = "gail@x.edu"


def record_of(student, number="5054"):
    return HandIn(source="moodle", student=student, id=number)


def submission(student, unit=UNIT, number="5054", known_as=""):
    record = record_of(known_as or student, number)
    return Submitted(student, unit, None, record=record, known_as=known_as)


def put(out, student, sha256, unit=UNIT, earlier=False, known_as=""):
    """Write a result with one check."""
    verdict = Verdict("summing", "sums", 4.0, 1.0, "partial")
    record = record_of(known_as or student)
    result = Result(student, unit, sha256, Provenance(), (verdict,), 0.0, hand_in=record)
    result = replace(result, known_as=known_as)
    path = result_path(out, unit, student)
    write_result_to(earlier_path(out, unit, student, sha256) if earlier else path, result)
    return path


def move(out, *found, students=()):
    return move_results(COURSE, out, renamed(stored_results(out), found, students))


def shown(out):
    """Return all results: unit, name, checksum, name in the record."""
    found = []
    for result in all_attempts(out):
        found.append((result.unit, result.lms_name, result.sha256[0], result.hand_in.student))
    return sorted(found)


def test_all_attempts_move_and_the_new_name_s_result_stays_the_latest(tmp_path):
    """Earlier attempts and the latest become attempts before the result that is there already."""
    old = put(tmp_path, GHOST, "a" * 64)
    put(tmp_path, GHOST, "b" * 64, earlier=True)
    put(tmp_path, "gail", "c" * 64, known_as=GAIL)
    lines = move(tmp_path, submission("gail", known_as=GAIL))
    assert lines[1:] == [f"  {UNIT}: {GHOST} is {GAIL}"]
    assert not old.exists()
    assert not earlier_path(tmp_path, UNIT, GHOST, "b" * 64).parent.exists()
    assert stored_results(tmp_path)[0].sha256 == "c" * 64
    moved = [(UNIT, GAIL, "a", GAIL), (UNIT, GAIL, "b", GAIL)]
    assert [one for one in shown(tmp_path) if one[2] != "c"] == moved


def test_a_stopped_move_goes_on(tmp_path, monkeypatch):
    """A stop after any of the files loses none and doubles none."""
    put(tmp_path, GHOST, "a" * 64)
    for letter in "bc":
        put(tmp_path, GHOST, letter * 64, earlier=True)
    before = [(letter, GAIL) for letter in "abc"]
    for _ in range(4):
        written = []

        def stopped(path, result, written=written):
            write_result_to(path, result)
            written.append(path)
            raise KeyboardInterrupt

        monkeypatch.setattr(module, "write_result_to", stopped)
        try:
            move(tmp_path, submission(GAIL))
        except KeyboardInterrupt:
            assert written
    monkeypatch.undo()
    move(tmp_path, submission(GAIL))
    assert [(each[2], each[1]) for each in shown(tmp_path)] == before
    assert [result.sha256[0] for result in stored_results(tmp_path)] == ["a"]


def test_a_result_that_would_be_graded_again_is_removed(tmp_path):
    """One without a checksum, given up or incomplete, becomes no attempt."""
    put(tmp_path, GHOST, "")
    put(tmp_path, GAIL, "c" * 64)
    move(tmp_path, submission(GAIL))
    assert shown(tmp_path) == [(UNIT, GAIL, "c", GAIL)]


@pytest.mark.parametrize(
    ("found", "students"),
    [
        ([submission(GAIL), submission(GHOST)], ()),
        ([submission(GAIL), submission("another")], ()),
        ([submission(GAIL, number="5055")], ()),
        ([submission(GAIL, unit=WORDS)], ()),
        ([submission(GAIL)], (GHOST,)),
    ],
    ids=["both submit", "two of one number", "another number", "another unit", "on the roster"],
)
def test_what_is_not_clear_stays(tmp_path, found, students):
    """A result stays if its own name submits or is on the roster, or the number is not one's."""
    put(tmp_path, GHOST, "a" * 64)
    assert move(tmp_path, *found, students=students) == []
    assert shown(tmp_path) == [(UNIT, GHOST, "a", GHOST)]


TEXT = """\
# mine
[[adjustment]]
student = "Gail Ghost_5054"  # the tall one
unit = "numbers"
words = "for Gail Ghost_5054"
who = "tg"
points = -0.5

[[adjustment]]
student = "Gail Ghost_5054"
unit = "words"
words = "late"
who = "tg"
points = -1
"""


def test_points_by_hand_move_in_all_files_and_with_the_last_result_in_all_units(tmp_path):
    """A unit without a result has points, too. All other text of the files stays."""
    put(tmp_path, GHOST, "a" * 64)
    put(tmp_path, GHOST, "b" * 64, unit=WORDS)
    for name in (FILE, "adjustments-tg.toml"):
        (tmp_path / name).write_text(TEXT)
    move(tmp_path, submission(GAIL))
    old, new = f'student = "{GHOST}"', f'student = "{GAIL}"'
    for name in (FILE, "adjustments-tg.toml"):
        assert (tmp_path / name).read_text() == TEXT.replace(old, new, 1)
    result_path(tmp_path, WORDS, GHOST).unlink()
    put(tmp_path, GHOST, "d" * 64)
    move(tmp_path, submission(GAIL))
    assert (tmp_path / FILE).read_text() == TEXT.replace(old, new)


IN_A_TEXT = """\
[[adjustment]]
words = '''
student = "Gail Ghost_5054" said so'''
student = "Gail Ghost_5054"
unit = "numbers"
who = "tg"
points = -0.5
"""


@pytest.mark.parametrize(
    "text",
    [
        IN_A_TEXT,
        TEXT.replace("[[adjustment]]", "[[adjustment]]  # begun"),
        TEXT.replace('"Gail Ghost_5054"  # the', "'Gail Ghost_5054'  # the"),
    ],
    ids=["such a line in a text", "a comment at the head", "other quotes"],
)
def test_a_file_in_another_form_is_left_to_a_person(tmp_path, text):
    """Where the right line is not clear, nothing changes, and the message says what to write."""
    path = tmp_path / FILE
    path.write_text(text)
    with pytest.raises(BadFile, match=r"Write gail@x\.edu for Gail Ghost_5054 there"):
        rename_in_adjustments(COURSE, tmp_path, "", GHOST, GAIL)
    assert path.read_text() == text
