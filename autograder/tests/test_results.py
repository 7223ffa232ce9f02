"""Results on disk: written whole or not at all, and reused if nothing has changed."""

import json
import os
import subprocess
import sys
from dataclasses import fields, replace

import pytest
import small

from autograder.check import Error, Failure
from autograder.explaining.words import remarks_on
from autograder.finding import (
    Certainty,
    ChangeFound,
    Finding,
    FindingKind,
    Look,
    LookKind,
    Loss,
    Mending,
    Number,
    Operation,
    OperationKind,
    Relation,
    RelationKind,
    RowsKind,
    Shapes,
    WrongRows,
)
from autograder.grading import results
from autograder.grading.provenance import DECIDES, Provenance
from autograder.grading.results import (
    Busy,
    CannotWrite,
    Result,
    only_writer,
    read_result,
    result_path,
    run_facts,
    still_passed,
    stored_results,
    why_graded,
    write_result,
    write_whole,
)
from autograder.judging import Remark, Verdict
from autograder.slip import Slip, SlipKind, replaced

MADE_BY = Provenance(
    engine="e",
    unit="u",
    seed=5,
    quick=False,
    corpus="line",
    versions={"python": "3.11.7", "numpy": "2.0"},
    official=True,
    course="c",
    course_title="A course",
    course_folder="/somewhere",
    kit="1",
    walls=("landlock 7", "seccomp"),
)
FOUND = Finding(FindingKind.MISTAKE, ("sums",), mistakes=("a slip.",), code="code", group="g")
VERDICTS = (
    Verdict("doubling", "`double` is twice", 2, 2, "passed", (), 0.01, material="one"),
    Verdict(
        "summing",
        "sums",
        4,
        1.5,
        "partial",
        (Remark('„no“, it is\u2028"x" × 2', ("sums",), FOUND),),
        0.5,
    ),
    Verdict(
        "fitting",
        "learns",
        3,
        0,
        "failed",
        (Remark("too far"),),
        loss=(0.5, 0.25, 0.05),
        material="three",
    ),
    Verdict("last", "raises", 1, 0, "error", (Remark("ValueError"),), failure=Failure.RAISED),
)
FINDINGS = (
    Finding(
        FindingKind.RELATION,
        ("sums",),
        Certainty.SURE,
        relation=Relation(
            RelationKind.RIGHT_BUT_FOR_ROWS,
            Operation(OperationKind.REVERSED, ("T", 1)),
            Number("1/5", ("B = 5",)),
            wrong_rows=WrongRows(RowsKind.FIRST, (2,)),
        ),
        look=Look(LookKind.OTHER_SHAPE, Shapes((), (2, 3), (("B", 2),))),
        group="0a1b",
    ),
    Finding(
        FindingKind.SMALL_CHANGE,
        ("sums",),
        Certainty.OPEN,
        change=ChangeFound(("f",), (replaced("+", "-"), Slip(SlipKind.TERM, is_too_much=True))),
    ),
    Finding(
        FindingKind.LOOK,
        ("sums",),
        look=Look(LookKind.WRONG_VALUES, counts=((3, 6), (1, 1))),
        mending=Mending(place="line 3", slips=(Slip(SlipKind.OFF_BY_ONE),)),
        place="line 3",
    ),
    Finding(FindingKind.ERROR, error=Error(), message="é"),
    Finding(FindingKind.LOSS, loss=Loss("nan", "0.2500", "0.05"), names=("doubling",)),
)
RESULT = Result(
    "Ada, é",
    small.UNIT,
    "sha",
    MADE_BY,
    VERDICTS,
    1.25,
    "a note",
    "2026-02-03T12:00:00+00:00",
)


def test_a_result_that_is_read_is_the_one_that_was_written(tmp_path):
    """A result reads back with every field, its origin, verdicts and remarks.

    The file also states its points.
    """
    write_result(tmp_path, RESULT)
    path = result_path(tmp_path, RESULT.unit, RESULT.student)
    assert read_result(path) == RESULT
    assert stored_results(tmp_path) == [RESULT]
    record = json.loads(path.read_text())
    assert (record["score"], record["max_score"]) == (3.5, 10)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_result_holds_what_was_found_as_data(tmp_path):
    """A result stores findings as data beside the text, without empty fields."""
    verdict = replace(VERDICTS[1], remarks=remarks_on(FINDINGS))
    result = replace(RESULT, verdicts=(verdict,))
    write_result(tmp_path, result)
    path = result_path(tmp_path, result.unit, result.student)
    assert read_result(path) == result
    first, *_, last = json.loads(path.read_text())["checks"][0]["remarks"]
    assert first["finding"]["relation"]["wrong_rows"] == {"kind": "first", "numbers": [2]}
    assert last["finding"] == {
        "kind": "loss",
        "certainty": "none",
        "loss": {"found": "nan", "ours": "0.2500", "within": "0.05"},
        "names": ["doubling"],
    }


def test_a_finding_that_this_version_does_not_know_is_passed_over(tmp_path):
    """A finding unknown to this version is skipped, and its text is kept.

    Any other damage makes the result count as missing.
    """
    verdict = replace(VERDICTS[1], remarks=remarks_on(FINDINGS))
    write_result(tmp_path, replace(RESULT, verdicts=(verdict,)))
    path = result_path(tmp_path, RESULT.unit, RESULT.student)
    path.write_text(path.read_text().replace('"small change"', '"a kind of tomorrow"'))
    found = read_result(path).verdicts[0]
    assert [remark.text for remark in found.remarks] == [one.text for one in verdict.remarks]
    assert {remark.finding for remark in found.remarks} == {None}
    path.write_text(path.read_text().replace('"status": "partial"', '"status": "so so"'))
    assert read_result(path) is None


# as version 0.1 wrote it: no course, no kind of failure, remarks without empty fields
BEFORE = """{"student": "ada", "unit": "numbers_and_sums", "submission_sha256": "0a1b",
 "kit": "0.1.0",
"material": "m", "seed": 731, "corpus": "line", "quick": true, "official": true,
"walls": ["landlock 7", "seccomp", "limits"], "score": 4, "max_score": 6, "seconds": 0.031,
"note": "", "submitted": "2026-02-03T12:00:00+00:00", "checks": [
{"name": "doubling", "title": "`double` is twice its argument", "points": 2, "earned": 2,
 "status": "passed", "remarks": [], "seconds": 0.01, "loss": [], "material": "one"},
{"name": "summing", "title": "adds up", "points": 4, "earned": 2.0, "status": "partial",
 "remarks": [{"text": "wrong", "arrays": ["sums"], "mistake": "x"}, {"text": "hm", "arrays": []}],
 "seconds": 0.02, "loss": [], "material": "two"}
]}
"""


@pytest.mark.parametrize(
    "damage", [b"\x97", b"{", b"[" * 100_000, b'{"student": 1}', b'{"student": "\\ud800"}']
)
def test_a_result_that_is_damaged_is_none(tmp_path, damage):
    """A damaged result counts as missing: cut, overwritten, not UTF-8, nested without end."""
    write_result(tmp_path, RESULT)
    path = result_path(tmp_path, RESULT.unit, RESULT.student)
    path.write_bytes(damage + path.read_bytes())
    assert read_result(path) is None
    assert stored_results(tmp_path) == []


def test_a_result_of_the_version_before_is_read(tmp_path):
    """A result of the previous version is read; fields that it lacked are empty."""
    path = tmp_path / "ada.json"
    path.write_text(BEFORE)
    found = read_result(path)
    assert found.student == "ada"
    assert found.score == 4
    assert found.provenance.seed == 731
    assert found.provenance.course_title == ""
    assert found.provenance.course_folder == ""
    assert [verdict.failure for verdict in found.verdicts] == ["", ""]
    first, second = found.verdicts[1].remarks
    assert (first.text, first.arrays, first.mistake) == ("wrong", ("sums",), "x")
    assert second == Remark("hm")


def test_remarks_of_the_version_before_keep_what_they_say_of_a_finding(tmp_path):
    """Remarks of the previous version keep the parts of their finding.

    That version stored them beside the finding or in its place.
    """
    flat = {"words": "a slip.", "group": "g", "place": "line 3"}
    remarks = [{"text": "wrong", "arrays": ["sums"], "mistake": "x", **flat}, {"text": "hm"}]
    path = tmp_path / "ada.json"
    record = json.loads(BEFORE)
    record["checks"][1]["remarks"] = remarks
    path.write_text(json.dumps(record))
    first, second = read_result(path).verdicts[1].remarks
    assert (first.mistake, first.mistakes, first.group) == ("x", ("a slip.",), "g")
    assert (first.place, first.finding.kind) == ("line 3", FindingKind.MISTAKE)
    assert second == Remark("hm")
    write_result(tmp_path, read_result(path))
    assert read_result(result_path(tmp_path, RESULT.unit, "ada")) == read_result(path)


WORDS = ("", "stub", "missing", "raised", "broken", "timeout", "killed", "unread")


@pytest.mark.parametrize("word", WORDS)
def test_a_failure_stands_in_a_file_as_a_word(tmp_path, word):
    """A file stores a failure as a word that belongs to the format and must not change."""
    verdict = replace(VERDICTS[0], failure=Failure(word))
    write_result(tmp_path, replace(RESULT, verdicts=(verdict,)))
    path = result_path(tmp_path, RESULT.unit, RESULT.student)
    assert json.loads(path.read_text())["checks"][0]["failure"] == word
    (found,) = read_result(path).verdicts
    assert found.failure is Failure(word)


def test_a_class_that_the_version_before_graded_is_graded_anew_and_its_pages_can_be_made(tmp_path):
    """A class graded by the previous version is graded again, because its checks differ.

    `report` can still show it; `grade` reuses nothing of it.
    """
    out = tmp_path / "out"
    write_whole(out / small.UNIT / "ada.json", BEFORE)
    write_whole(out / "run.txt", "seed 731\nsubmissions 1")
    done = small.run_command("report", out)
    assert done.returncode == 0, done.stderr
    assert (out / "pages" / small.UNIT / "ada.html").is_file()
    small.submit(tmp_path / "class", "ada", small.solved())
    done = small.run_command("grade", tmp_path / "class", "--out", out, "--quick")
    assert done.returncode == 0, done.stderr
    record = json.loads((out / small.UNIT / "ada.json").read_text())
    assert (record["format"], record["score"], record["provenance"]["seed"]) == (2, 8, 731)


def test_keys_that_this_version_does_not_know_are_passed_over(tmp_path):
    """Unknown keys in a file are skipped: a later version may write more."""
    write_result(tmp_path, RESULT)
    path = result_path(tmp_path, RESULT.unit, RESULT.student)
    record = json.loads(path.read_text()) | {"format": 9}
    record["checks"] = [check | {"more": [1]} for check in record["checks"]]
    path.write_text(json.dumps(record))
    assert read_result(path) == RESULT


@pytest.mark.parametrize(
    "damage",
    ["half", "empty", "a list", "another type", "a status that is none", "no student", "gone"],
)
def test_what_is_no_whole_result_is_none(tmp_path, damage):
    """An incomplete result is graded again and never shown."""
    write_result(tmp_path, RESULT)
    path = result_path(tmp_path, RESULT.unit, RESULT.student)
    text, record = path.read_text(), json.loads(path.read_text())
    without = {name: value for name, value in record.items() if name != "student"}
    wrong_seed = record["provenance"] | {"seed": "5"}
    changed = {
        "half": text[: len(text) // 2],
        "empty": "",
        "a list": "[]",
        "another type": json.dumps(record | {"provenance": wrong_seed}),
        "a status that is none": text.replace('"passed"', '"perfect"'),
        "no student": json.dumps(without),
    }
    path.write_text(changed[damage]) if damage in changed else path.unlink()
    assert read_result(path) is None
    assert stored_results(tmp_path) == []


# ---- when a check runs again


NOTED = {
    "walls": (),
    "course": "d",
    "course_title": "Another",
    "course_folder": "/elsewhere",
    "kit": "2",
}
CHANGED = {
    "engine": "f",
    "unit": "v",
    "seed": 6,
    "quick": True,
    "corpus": "steep",
    "data": "another digest",
    "versions": {"python": "3.11.7", "numpy": "2.1"},
    "official": False,
    "any_name": True,
}


@pytest.mark.parametrize("name", [field.name for field in fields(Provenance)])
def test_a_result_is_read_back_where_all_that_decides_is_the_same(name):
    """A result is reused if its checks, seed, corpus and mode are the same.

    Place and sandbox do not matter. The reason for a rerun is given in words.
    """
    other = replace(MADE_BY, **{name: (NOTED | CHANGED)[name]})
    why = why_graded(RESULT, "sha", other)
    assert why == ("" if name in NOTED else f"again ({DECIDES[name]})")


def test_another_file_is_another_question():
    """A file with another checksum is graded again; one without a stored result is new."""
    assert why_graded(RESULT, "sha", MADE_BY) == ""
    assert why_graded(RESULT, "other", MADE_BY) == "handed in again"
    assert why_graded(None, "sha", MADE_BY) == "new"


def test_a_pass_holds_where_only_other_checks_have_changed():
    """A stored pass is reused if only other checks have changed."""
    now, materials = (
        replace(MADE_BY, unit="v"),
        {"doubling": "one", "summing": "two", "fitting": "three"},
    )
    assert set(still_passed(RESULT, "sha", now, materials)) == {"doubling"}
    assert still_passed(RESULT, "sha", now, materials | {"doubling": "changed"}) == {}
    assert still_passed(RESULT, "other", now, materials) == {}
    assert still_passed(RESULT, "sha", replace(now, seed=6), materials) == {}
    assert still_passed(None, "sha", now, materials) == {}


# ---- writing


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path, monkeypatch):
    """A reader sees the old file or the new one.

    A failed write leaves the old file and reports which file and why.
    """
    write_whole(tmp_path / "file", "old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(results.os, "replace", full)
    with pytest.raises(CannotWrite) as told:
        write_whole(tmp_path / "file", "new")
    assert str(told.value) == f"{tmp_path / 'file'} cannot be written: No space left on device."
    assert (tmp_path / "file").read_text() == "old\n"


def test_a_folder_that_cannot_be_made_is_told_in_words(tmp_path):
    """If a file stands in a folder's place, the message says so."""
    (tmp_path / "out").write_text("")
    with (
        pytest.raises(CannotWrite, match=rf"^{tmp_path}/out cannot be written: File exists\.$"),
        only_writer(tmp_path / "out"),
    ):
        pass
    words = r"ada\.json cannot be written: (Not a directory|File exists)\.$"
    with pytest.raises(CannotWrite, match=words):
        write_result(tmp_path / "out", replace(RESULT, student="ada"))


def test_one_run_writes_to_a_folder_at_a_time(tmp_path):
    """Only one run at a time writes to a folder; a second one is refused.

    A killed run holds no lock, and its partial files are removed.
    """
    code = "import sys, pathlib; from autograder.grading.results import only_writer\n"
    code += "with only_writer(pathlib.Path(sys.argv[1])): print('in', flush=True); input()"
    command = [sys.executable, "-c", code, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=small.ROOT, **pipes) as other:
        assert other.stdout.readline() == "in\n"
        with pytest.raises(Busy, match="Another run is writing to"), only_writer(tmp_path):
            pass
        (tmp_path / small.UNIT).mkdir()
        (tmp_path / small.UNIT / f".ada.json.{os.getpid()}.part").write_text("{")
        other.kill()
    with only_writer(tmp_path):
        assert not list(tmp_path.rglob(".*.part"))


def test_what_a_run_noted_is_read_back(tmp_path):
    """A run's seed and the submissions' folder are read back, spaces included.

    Without a run there is nothing to read.
    """
    assert run_facts(tmp_path) == {}
    write_whole(tmp_path / "run.txt", "seed 5\nsubmitted /a folder/of submissions")
    assert run_facts(tmp_path) == {"seed": "5", "submitted": "/a folder/of submissions"}
