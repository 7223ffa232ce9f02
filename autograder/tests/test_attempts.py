"""Tests several submissions of one student: none is lost, and the best one can count."""

import csv
from dataclasses import replace

import lms
import msgspec
import pytest
import small
from lms import HALF, RIGHT, Entry, pack
from small import UNIT

from autograder.grading.attempts import all_attempts, earlier_results, keep
from autograder.grading.hand_in import EARLIER, HandIn, record_path
from autograder.grading.results import stored_results
from autograder.grading.submissions import Submitted


def run(*arguments):
    """Run a command that must succeed; return its output."""
    done = small.run_command(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def points(results):
    return [(result.student, result.score) for result in results]


def canvas_points(out, folder, *options):
    """Return the points that Canvas would receive for each student."""
    run("export", out, "--to", "canvas", "--out", folder, *options)
    with open(folder / "canvas.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][5] == f"{UNIT} (without training)"
    return {row[3]: row[5] for row in rows[2:]}


def test_a_worse_hand_in_does_not_replace_a_better_one(tmp_path):
    """A later, worse file gets the page; the best or the last counts, as the policy says."""
    grades = tmp_path / "grades"
    small.submit(tmp_path / "submitted", "ada", RIGHT)
    run("grade", tmp_path / "submitted", "--out", grades, "--seed", "5", "--quick")
    small.submit(tmp_path / "submitted", "ada", "x = 1")
    told = run("grade", tmp_path / "submitted", "--out", grades, "--quick")
    assert points(stored_results(grades)) == [("ada", 0)]
    assert points(earlier_results(grades)) == [("ada", 8)]
    assert "ada, numbers: 0/8 now, 8/8 in an earlier submission" in told
    assert canvas_points(grades, tmp_path) == {"ada": "8"}
    (tmp_path / "policy.toml").write_text('keep = "last"')
    assert canvas_points(grades, tmp_path, "--policy", tmp_path / "policy.toml") == {"ada": "0"}


def test_a_file_that_comes_back_is_not_graded_again(tmp_path):
    """A file that is submitted again keeps its result, which becomes the latest."""
    grades = tmp_path / "grades"
    for script in (RIGHT, HALF, RIGHT):
        small.submit(tmp_path / "submitted", "ada", script)
        told = run("grade", tmp_path / "submitted", "--out", grades, "--seed", "5", "--quick")
    assert f"{UNIT}: 1 read back" in told
    assert points(stored_results(grades)) == [("ada", 8)]
    assert [result.score for result in earlier_results(grades)] == [6]


def test_attempts_that_were_collected_are_all_graded(tmp_path):
    """Every collected attempt is graded separately, in order of time, with its record."""
    run("collect", lms.exchange(tmp_path), "--into", tmp_path / "submitted")
    run("grade", tmp_path / "submitted", "--out", tmp_path / "grades", "--seed", "5", "--quick")
    attempts = [
        (result.student, result.hand_in.attempt, result.score, result.submitted)
        for result in all_attempts(tmp_path / "grades")
    ]
    assert attempts == [
        ("ada", 1, 8, "2026-11-20T14:22:32+00:00"),
        ("ada", 2, 6, "2026-11-22T10:00:00+00:00"),
        ("zoë", 1, 8, "2026-11-21T10:00:00+00:00"),
    ]
    page = (tmp_path / "grades" / "pages" / UNIT / "ada.html").read_text()
    assert "All checks passed." in page  # it is about the attempt that counts, and shows its code
    assert "cumsum" in page


def test_a_file_that_was_changed_after_it_was_collected_is_named(tmp_path):
    """It counts, as after a correction by hand; but it is not what the student handed in."""
    submitted, grades = tmp_path / "submitted", tmp_path / "grades"
    run("collect", lms.exchange(tmp_path), "--into", submitted)
    command = ("grade", submitted, "--out", grades, "--seed", "5", "--quick")
    assert "changed since" not in run(*command)
    script = submitted / "zoë" / UNIT / f"{UNIT}.py"
    script.write_text(script.read_text() + "# corrected\n")
    told = " ".join(run(*command).split())
    assert f"changed since they were collected (1): zoë, {UNIT}. The points are" in told


def test_what_is_known_of_an_earlier_submission_is_not_replaced(tmp_path):
    """The result of an earlier submission, with its time, stays; an incomplete one is not kept."""
    small.submit(tmp_path / "submitted", "ada", RIGHT)
    run("grade", tmp_path / "submitted", "--out", tmp_path / "grades", "--quick")
    (old,) = stored_results(tmp_path / "grades")
    ada = Submitted("ada", UNIT, path=None)
    timed = replace(old, submitted="2026-12-01T10:00:00+00:00")
    keep(tmp_path / "grades", replace(ada, earlier=True), timed)
    keep(tmp_path / "grades", replace(ada, earlier=True), replace(old, sha256="", note="busy"))
    keep(tmp_path / "grades", ada, replace(old, sha256=f"another{old.sha256}"))
    assert earlier_results(tmp_path / "grades") == [timed]


def test_a_record_that_a_student_wrote_is_not_believed(tmp_path):
    """Outside a folder that `collect` wrote, a student's own record sets neither name nor time."""
    unit_folder = small.submit(tmp_path / "submitted", "ada", HALF).parent
    forged = HandIn(source="canvas", student="ada", name="Grace", submitted="2026-01-01T00:00:00Z")
    record_path(unit_folder).write_bytes(msgspec.json.encode(forged))
    aside = unit_folder.parent / EARLIER / UNIT / "1"
    aside.mkdir(parents=True)
    (aside / f"{UNIT}.py").write_text(RIGHT)
    run("grade", tmp_path / "submitted", "--out", tmp_path / "grades", "--seed", "5", "--quick")
    (result,) = all_attempts(tmp_path / "grades")
    assert (result.student, result.score, result.hand_in) == ("ada", 6, None)


def test_a_record_that_came_later_is_taken_over(tmp_path):
    """When a roster later supplies a number, the result gets it without grading again."""
    roster = tmp_path / "roster.csv"
    source = pack(tmp_path / "s.zip", [Entry(f"ada_4711_1_{UNIT}.py")])
    run("collect", source, "--into", tmp_path / "submitted")
    run("grade", tmp_path / "submitted", "--out", tmp_path / "grades", "--seed", "5", "--quick")
    (result,) = stored_results(tmp_path / "grades")
    assert (result.student, result.hand_in.id, result.hand_in.sis) == ("ada_4711", "4711", "")
    record = tmp_path / "submitted" / "ada_4711" / f"{UNIT}.json"
    record.write_text(record.read_text().replace('"sis": ""', '"sis": "S1"'))
    assert "1 read back" in run(
        "grade", tmp_path / "submitted", "--out", tmp_path / "grades", "--quick"
    )
    assert stored_results(tmp_path / "grades")[0].hand_in.sis == "S1"
    assert not roster.exists()


def test_a_record_that_a_student_packed_is_not_believed(tmp_path):
    """If `collect` did not write the tree, a timestamp beside a file is ignored."""
    small.submit(tmp_path / "submitted", "eve", RIGHT)
    forged = '{"source":"canvas","student":"eve","id":"1","submitted":"1999-01-01T00:00:00+00:00"}'
    (tmp_path / "submitted" / "eve" / f"{UNIT}.json").write_text(forged)
    run("grade", tmp_path / "submitted", "--out", tmp_path / "grades", "--seed", "5", "--quick")
    (result,) = stored_results(tmp_path / "grades")
    assert result.hand_in is None
    assert not result.submitted.startswith("1999")


@pytest.mark.parametrize("option", ["--quick", "--unsafe", f"--seed={small.COURSE.public_seed}"])
def test_whole_results_are_not_replaced_by_others(tmp_path, option):
    """Results of a quick, unconfined or known run do not overwrite whole, confined, secret ones.

    The message asks for another folder.
    """
    grades = tmp_path / "grades"
    small.submit(tmp_path / "submitted", "ada", RIGHT)
    run("grade", tmp_path / "submitted", "--out", grades, "--seed", "5")
    done = small.run_command("grade", tmp_path / "submitted", "--out", grades, option)
    assert done.returncode == 2
    assert "Name another --out" in done.stderr
    assert points(stored_results(grades)) == [("ada", 11)]


def test_quick_and_whole_results_stand_in_no_table_together(tmp_path):
    """`export` refuses a mixture of quick and whole results and names both.

    Each kind alone is labelled in its heading.
    """
    for name, options in (("whole", ()), ("quick", ("--quick",))):
        small.submit(tmp_path / name, name, RIGHT)
        run("grade", tmp_path / name, "--out", tmp_path / f"{name} grades", "--seed", "5", *options)
    folders = (tmp_path / "whole grades", tmp_path / "quick grades")
    done = small.run_command("export", *folders, "--to", "canvas", "--out", tmp_path)
    assert done.returncode == 2
    assert "1 whole" in done.stderr
    assert "1 without training" in done.stderr
    assert not (tmp_path / "canvas.csv").exists()
    for to, name in (
        ("csv", "grades.csv"),
        ("moodle", "moodle.csv"),
        ("mail", "mail.csv"),
        ("github", "quick.md"),
    ):
        run("export", folders[1], "--to", to, "--out", tmp_path / to)
        assert "without training" in (tmp_path / to / name).read_text()
    run("export", folders[1], "--to", "gradescope", "--out", tmp_path / "g")
    assert "without training" in (tmp_path / "g" / UNIT / "quick.json").read_text()
    run("export", folders[1], "--to", "classroom50", "--out", tmp_path / "c")
    assert "without training" in (tmp_path / "c" / "quick.json").read_text()
