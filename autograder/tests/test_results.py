"""Results on disk, as this version and earlier ones wrote them; when a submission was handed in."""

import json
from datetime import UTC, datetime

from small import UNIT

from autograder.grading.results import read_result, result_path, stored_results, write_result, write_whole
from autograder.grading.submissions import time_of


def test_results_of_before_are_still_read(tmp_path):
    """One without the figures of training, and without its course, has none."""
    check = {"name": "a", "title": "a", "points": 1, "earned": 1, "status": "passed", "remarks": []}
    facts = {"kit": "", "material": "", "seed": 1, "corpus": "", "quick": True, "official": True, "walls": []}
    record = {"student": "ada", "unit": UNIT, "submission_sha256": "", "seconds": 1, "note": "", "submitted": ""}
    write_whole(tmp_path / "ada.json", json.dumps(record | facts | {"checks": [check]}))
    result = read_result(tmp_path / "ada.json")
    assert (result.verdicts[0].loss, result.circumstances.course) == ((), "")


def test_a_result_comes_back_as_it_was_written(graded_class, tmp_path):
    """Every field of every result of a class; a key of a later version is passed over."""
    for result in stored_results(graded_class):
        write_result(tmp_path, result)
        path = result_path(tmp_path, result.unit, result.student)
        assert read_result(path) == result
        path.write_text(json.dumps(json.loads(path.read_text()) | {"later": {"a": 1}}))
        assert read_result(path) == result


def test_a_file_that_is_no_result_is_none(graded_class, tmp_path):
    """Torn, empty, of another kind, or not there."""
    whole = next(graded_class.glob(f"{UNIT}/complete.json")).read_text()
    texts = ["", "[]", "3", "{}", whole[: len(whole) // 2], whole.replace('"seed": 5', '"seed": "five"')]
    for text in texts:
        (tmp_path / "x.json").write_text(text)
        assert read_result(tmp_path / "x.json") is None, text
    assert read_result(tmp_path / "nowhere.json") is None


def test_when_a_submission_was_handed_in(tmp_path):
    """What nbgrader's collector noted beside it, else the file's own time."""
    (tmp_path / "a.py").write_text("")
    (tmp_path / "timestamp.txt").write_text("2026-11-02 15:58:23.948203 UTC\n")
    assert time_of(tmp_path / "a.py") == "2026-11-02T15:58:23+00:00"
    for odd in ("", "yesterday", "\0" * 9):
        (tmp_path / "timestamp.txt").write_text(odd)
        assert time_of(tmp_path / "a.py")[:4] == str(datetime.now(UTC).year)
