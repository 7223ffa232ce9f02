"""nbgrader's own commands on the course that we build.

Our grades get into its gradebook.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import msgspec
import nbformat
import pytest
import small
import small_class
from nbgrader_course import exported, fill, nbgrader, query, scores, submit
from small import COURSE, UNIT, WORDS

from autograder.course import VARIABLE
from autograder.grading.adjustments import (
    Adjustment,
    append_adjustment,
    read_adjustments,
    replace_entries_of,
)
from autograder.grading.attempts import keep
from autograder.grading.keys import solution_of
from autograder.grading.policy import Policy, grade_of
from autograder.grading.policy import grades as policy_grades
from autograder.grading.policy_file import read_policy
from autograder.grading.results import digest, stored_results
from autograder.grading.submissions import Submitted
from autograder.integrations import nbgrader_totals
from autograder.integrations.nbgrader_bridge import verdict_markdown
from autograder.judging import Remark, Verdict
from autograder.source.notebooks import as_notebook

pytestmark = pytest.mark.proof

POINTS = {check.name: check.points for check in small.unit().checks}
EXACT = sum(POINTS.values()) - POINTS["fitting"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """nbgrader's course, built by our command and released by nbgrader's."""
    its = tmp_path_factory.mktemp("nbgrader") / "sums"
    done = small.run_command("nbgrader", its)
    assert done.returncode == 0, done.stderr
    nbgrader(its, "generate_assignment", "--assignment=*")
    return its


@pytest.mark.parametrize("unit", COURSE.units)
def test_what_nbgrader_releases_is_our_stub_cell_for_cell(folder, unit):
    """nbgrader releases our stub's cells: the same order, ids, text and code."""
    released = nbformat.read(folder / "release" / unit / f"{unit}.ipynb", 4)
    stub = as_notebook(solution_of(small.unit(unit)).stub, unit)
    assert contents(released) == contents(stub)
    marks = [cell.metadata.nbgrader for cell in released.cells if "nbgrader" in cell.metadata]
    graded = [mark for mark in marks if mark["grade"]]
    points = {f"check-{check.name}": check.points for check in small.unit(unit).checks}
    assert {mark["grade_id"]: mark["points"] for mark in graded} == points
    for mark in graded:
        assert mark["locked"]
        assert not mark["solution"]
    exercises = sum("# YOUR CODE HERE" in cell.source for cell in stub.cells)
    assert exercises > 0
    assert sum(mark["solution"] for mark in marks) == exercises
    ids = {cell.id for cell in released.cells}
    assert len(ids) == len(released.cells)


def contents(book):
    """Return id, kind and source of each cell of a notebook."""
    return [(cell.id, cell.cell_type, cell.source) for cell in book.cells]


def test_a_second_build_writes_the_same_bytes_and_leaves_the_settings(folder):
    """A second build writes the same bytes and keeps an instructor's nbgrader_config.py."""
    files = sorted((folder / "source").rglob("*.ipynb"))
    before, config = [path.read_bytes() for path in files], folder / "nbgrader_config.py"
    kept = config.read_text()
    config.write_text(kept + "# mine\n")
    assert small.run_command("nbgrader", folder).returncode == 0
    assert [path.read_bytes() for path in files] == before
    assert config.read_text() == kept + "# mine\n"
    config.write_text(kept)


def test_one_unit_is_built_and_an_edited_notebook_is_kept(tmp_path):
    """`--unit` builds only that unit; what a person wrote into its notebook is kept and named."""
    its = tmp_path / "sums"
    done = small.run_command("nbgrader", its, "--unit", WORDS)
    assert done.returncode == 0, done.stderr
    path = its / "source" / WORDS / f"{WORDS}.ipynb"
    assert sorted((its / "source").rglob("*.ipynb")) == [path]
    ours = path.read_bytes()
    for number, edited in enumerate((b"{}", b"[]"), 1):
        path.write_bytes(edited)
        done = small.run_command("nbgrader", its, "--unit", WORDS)
        kept = its / "replaced" / f"{WORDS}-{number}.ipynb"
        assert f"{kept}: what {path} was before" in done.stdout
        assert kept.read_bytes() == edited
        assert path.read_bytes() == ours
    done = small.run_command("nbgrader", its, "--unit", WORDS, "--grades", tmp_path)
    assert done.returncode != 0
    assert "--unit is for building." in done.stderr


def test_the_course_s_own_folder_is_refused_for_nbgrader_s_course():
    """A command with `.` in it wrote `source/` and nbgrader's settings beside `solutions/`."""
    done = small.run_command("nbgrader", COURSE.folder, "--unit", WORDS)
    assert done.returncode == 2
    assert "is the course's own folder. Name one for nbgrader's course, such as" in done.stderr
    assert not (COURSE.folder / "source").exists()


def test_nbgrader_s_settings_name_the_course(folder):
    """nbgrader_config.py names the course, so notebooks find it wherever nbgrader runs them."""
    start = "from traitlets.config import Config\nget_config = Config\n"
    told = "\nprint(os.environ['AUTOGRADER_COURSE'], c.CourseDirectory.course_id)"
    command = [sys.executable, "-c", start + (folder / "nbgrader_config.py").read_text() + told]
    environment = {name: value for name, value in os.environ.items() if name != "AUTOGRADER_COURSE"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.stdout == f"{COURSE.folder} sums\n", done.stderr


TABLE = {
    "import sys; print('careful', file=sys.stderr)": 0,
    "import warnings; warnings.warn('careful')\n2.5": 0,
    "1 / 0": 0,
    "2.5": 2.5,
    "'2.5 points'": 4,
    "import numpy as np\nnp.float64(2.5)": 4,
    "class Number:\n    def __repr__(self): return 'number(2.5)'\nNumber()": 4,
    "None": 4,
    "score = 2.5": 4,
    (
        "from autograder.practice.notebook import Score\nscore = Score(2.5)\nscore.report = "
        "'<b>why</b>'\nscore"
    ): 2.5,
    "Score(0)": 0,
    "Score(4)": 4,
}


def test_how_nbgrader_reads_a_cell(folder, tmp_path):
    """nbgrader takes as a score only a number written as one: each line of its table."""
    book = nbformat.v4.new_notebook()
    for number, source in enumerate(TABLE):
        facts = {
            "grade": True,
            "solution": False,
            "locked": True,
            "points": 4,
            "schema_version": 3,
            "task": False,
        }
        facts["grade_id"] = f"line-{number}"
        book.cells.append(nbformat.v4.new_code_cell(source, metadata={"nbgrader": facts}))
    shutil.copy(folder / "nbgrader_config.py", tmp_path)
    for part in ("source", "submitted/ada"):
        (tmp_path / part / "table").mkdir(parents=True)
        nbformat.write(book, tmp_path / part / "table" / "table.ipynb")
    nbgrader(tmp_path, "generate_assignment", "table")
    nbgrader(tmp_path, "autograde", "table")
    found = scores(tmp_path, "ada")
    assert {source: found[f"line-{number}"][0] for number, source in enumerate(TABLE)} == TABLE
    ran = nbformat.read(tmp_path / "autograded" / "ada" / "table" / "table.ipynb", 4)
    data = (
        ran.cells[list(TABLE).index(next(line for line in TABLE if "why" in line))].outputs[0].data
    )
    assert (data["text/plain"], data["text/html"]) == ("2.5", "<b>why</b>")


NOISE = """
import logging, os, sys, warnings
mine = logging.StreamHandler(sys.stderr)
logging.getLogger("mine").addHandler(mine)

def noisy():
    warnings.warn("a warning")
    print("printed", file=sys.stderr)
    os.write(2, b"written")
    logging.getLogger("mine").warning("logged")

"""
HOSTILE = (
    r"http://x\<img src=x onerror='owned=1'> <script>owned=2</script> [a](javascript:owned=3) "
    r"![b](http://y)"
)
HOSTILE += (
    r" www.z.org `<svg onload=owned=4>` $\href{javascript:owned=5}{c}$ <http://d> ~~e~~ |f| "
    r"&lt;g&gt;"
)
SCRIPTS = {
    "complete": small_class.SOLVED[UNIT],
    "stub": small_class.STUBS[UNIT],
    "Zoë Ünal": small_class.changed("return 2 * x", "noisy(); return 2 * x"),
    "a<b>&c": small_class.changed("return 2 * x", f"raise ValueError({HOSTILE!r})"),
    "halved": small_class.by("halved").content,
    "uphill": small_class.by("uphill").content,
}


@pytest.fixture(scope="module")
def graded(folder):
    """Run submissions through nbgrader's commands from `validate` to `export`, then through ours.

    Training is left out.
    """
    for name, script in SCRIPTS.items():
        book = fill(folder / "release" / UNIT / f"{UNIT}.ipynb", script)
        if name == "Zoë Ünal":
            book.cells[0:0] = [nbformat.v4.new_code_cell(NOISE)]
        submit(folder, name, book, UNIT)
    (folder / "submitted" / "complete" / UNIT / "timestamp.txt").write_text(
        "2026-02-03 10:00:00 UTC"
    )
    said = nbgrader(folder, "validate", f"submitted/complete/{UNIT}/{UNIT}.ipynb")
    nbgrader(folder, "autograde", UNIT)
    nbgrader(folder, "generate_feedback", UNIT)
    nbgrader(folder, "export")
    own = {name: scores(folder, name) for name in SCRIPTS}
    grade(folder)
    return said, own, exported(folder, UNIT)


def grade(folder):
    arguments = (
        "grade",
        folder / "submitted",
        "--out",
        folder / "grades",
        "--quick",
        "--seed",
        small.SEED,
    )
    done = small.run_command(*arguments)
    assert done.returncode == 0, done.stderr


def results(folder):
    """Return our grades: student → check → points."""
    found = [json.loads(path.read_text()) for path in (folder / "grades" / UNIT).glob("*.json")]
    return {
        r["known_as"] or r["student"]: {f"check-{c['name']}": c["earned"] for c in r["checks"]}
        for r in found
    }


def test_nbgraders_own_run_from_validate_to_export(folder, graded):
    """In nbgrader's kernel a check gives our partial credit; the solution gets all points."""
    said, own, sums = graded
    assert "Success!" in said
    ours = results(folder)
    for name in SCRIPTS:
        found = {cell: auto for cell, (auto, _) in own[name].items() if cell in ours[name]}
        assert found == pytest.approx(ours[name]), name
        assert sums[name] == pytest.approx(sum(auto for auto, _ in own[name].values()))
    assert sums["stub"] == 0
    assert ours["halved"]["check-summing"] == 3  # of 4
    assert sums["complete"] == sum(POINTS.values())


def test_warnings_and_stderr_of_a_submission_cost_nothing(folder, graded):
    """Output to stdout and stderr, by logging or `warnings`, or past Python, costs no points."""
    _, _, sums = graded
    assert sums["Zoë Ünal"] == sums["complete"]
    book = nbformat.read(folder / "autograded" / "Zoë Ünal" / UNIT / f"{UNIT}.ipynb", 4)
    (cell,) = [cell for cell in book.cells if cell.source == 'check("doubling")']
    text = "".join(output.get("text", "") for output in cell.outputs)
    for words in ("a warning", "printed", "written", "logged"):
        assert words in text
    assert {output.get("name") for output in cell.outputs} == {"stdout", None}


def test_feedback_of_nbgrader_shows_the_report(folder, graded):
    """nbgrader's feedback page shows the cell's report: what is wrong and why."""
    page = next((folder / "feedback" / "uphill").rglob("*.html")).read_text()
    assert "Practice uses the public seed" in page
    assert "this walks uphill." in page


@pytest.fixture(scope="module")
def recorded(folder, graded):
    """Write our grades into nbgrader's gradebook.

    Before that a person has entered a score and a comment, nbgrader's page of one submission was
    lost, and one submission is not a notebook.
    """
    # whose file cannot have this name beside that of `complete`
    submit(folder, "COMPLETE", '{"cells": [', UNIT)
    shutil.rmtree(folder / "autograded" / "halved")
    by_hand = """update {table} set {entered} where id in (select {table}.id from {table}
        join base_cell on base_cell.id = {table}.cell_id
        join submitted_notebook on submitted_notebook.id = {table}.notebook_id
        join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
        where base_cell.name = '{cell}' and student_id in {students})"""
    score = {"table": "grade", "entered": "manual_score = 1.25", "cell": "check-three_steps"}
    comment = {"table": "comment", "entered": "manual_comment = 'Well tried.'", "cell": "write-fit"}
    query(folder, by_hand.format(**score, students="('complete', 'stub')"))
    query(folder, by_hand.format(**comment, students="('stub')"))
    grade(folder)
    done = small.run_command("nbgrader", folder, "--grades", folder / "grades")
    assert done.returncode == 0, done.stderr
    nbgrader(folder, "generate_feedback", UNIT, "--force")
    nbgrader(folder, "export")
    return done


def test_our_scores_are_in_the_gradebook_and_in_its_export(folder, graded, recorded):
    """Each check's cell has the sandboxed score; a check that we skipped keeps nbgrader's."""
    ours = results(folder)
    _, own, _ = graded
    assert ours.keys() == {*SCRIPTS, "COMPLETE"}
    sums = exported(folder, UNIT)
    for student, points in ours.items():
        found = scores(folder, student)
        assert {cell: auto for cell, (auto, _) in found.items() if cell in points} == pytest.approx(
            points
        )
        trained = own.get(student, {}).get("check-fitting", (0, None))[0]
        by_hand = {cell: manual for cell, (_, manual) in found.items() if manual is not None}
        assert sums[student] == pytest.approx(sum((points | by_hand).values()) + trained)
    assert recorded.stderr == ""
    each = (folder / "grades" / "export" / "nbgrader.txt").read_text().splitlines()
    without_page = f"COMPLETE, {UNIT}: 0 of {EXACT:g} points; no page in nbgrader ({UNREAD}"
    assert len(each) == len(ours)
    assert any(line.startswith(without_page) for line in each)
    assert f"no page in nbgrader (1): COMPLETE, {UNIT}: {UNREAD}" in recorded.stdout
    assert f"{len(ours)} results entered into nbgrader's gradebook" in recorded.stdout


def test_many_results_are_a_few_lines(folder, graded_class, tmp_path):
    """What is the same for many students is one line, with their number and the first of them.

    A file beside the results has a line for each student.
    """
    course = tmp_path / "course"
    shutil.copytree(folder, course)
    grades = tmp_path / "grades" / UNIT
    grades.mkdir(parents=True)
    result = (graded_class / UNIT / "complete.json").read_text()
    for number in range(8):
        student = f"student{number}"
        text = result.replace('"student": "complete"', f'"student": "{student}"')
        (grades / f"{student}.json").write_text(text)
    done = small.run_command("nbgrader", course, "--grades", grades.parent)
    assert done.returncode == 0, done.stderr
    first = "; ".join(f"student{number}, {UNIT}" for number in range(5))
    assert f"no page in nbgrader (8): {first}; and 3 more: nbgrader needs the" in done.stdout
    assert "new in nbgrader's list of students (8): student0; student1;" in done.stdout
    assert done.stdout.splitlines()[3].endswith("nbgrader generate_feedback UNIT --force")
    assert len(done.stdout.splitlines()) == 4
    each = (grades.parent / "export" / "nbgrader.txt").read_text().splitlines()
    assert [line.partition(",")[0] for line in each] == [f"student{n}" for n in range(8)]
    slipped = small.copy_course(tmp_path / "slipped")  # its results are named, one by one
    script = slipped / "solutions" / f"{UNIT}.py"
    script.write_text(script.read_text().replace("### END SOLUTION", "### END SOLUTON", 1))
    done = small.run_command("nbgrader", course, "--grades", grades.parent, "--course", slipped)
    assert done.stdout.count(f", {UNIT}: not entered (") == 8
    assert "8 of 8 results were not entered" in done.stderr


def test_points_of_a_cell_that_somebody_changed_are_warned_of(folder, graded_class, tmp_path):
    """Right answers would earn the check's points, and less than all of the cell's."""
    course = tmp_path / "course"
    shutil.copytree(folder, course)
    shutil.copytree(graded_class / UNIT, tmp_path / "grades" / UNIT)
    shutil.rmtree(course / "submitted")
    cell = "select id from base_cell where name = 'check-three_steps'"
    query(course, f"update grade_cells set max_score = 20 where id in ({cell})")
    done = small.run_command("nbgrader", course, "--grades", tmp_path / "grades")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Warning:") == 1
    assert f"Warning: {UNIT}: nbgrader has 20 points for the cell check-three_steps" in done.stdout


def test_a_result_that_is_no_grade_of_the_present_file_is_not_entered(folder, recorded, tmp_path):
    """What stands in nbgrader stays: for a run that was stopped, and a file collected since."""
    course = tmp_path / "course"
    shutil.copytree(folder, course)
    path = course / "grades" / UNIT / "uphill.json"
    result = json.loads(path.read_text())
    for check in result["checks"]:
        check["earned"] = 0.0
    stopped = result | {"submission_sha256": "", "note": "it is incomplete: stopped."}
    path.write_text(json.dumps(stopped))
    empty = course / "grades" / UNIT / "complete.json"  # as if an empty file had come first
    of_nothing = json.loads(empty.read_text()) | {"submission_sha256": digest(b"")}
    empty.write_text(json.dumps(of_nothing))
    book = course / "submitted" / "halved" / UNIT / f"{UNIT}.ipynb"
    book.write_text(book.read_text() + "\n")
    forget_training(course)
    before = {student: scores(course, student) for student in ("uphill", "halved", "complete")}
    totals = totals_in(course)
    policy = tmp_path / "policy.toml"
    policy.write_text('keep = "last"\n')
    page = course / "autograded" / "halved" / UNIT / f"{UNIT}.ipynb"
    was = page.read_bytes()
    command = ("nbgrader", course, "--grades", course / "grades")
    small.run_command(*command, "--policy", policy)
    done = small.run_command(*command)
    assert done.returncode == 2
    assert "3 of 7 results were not entered" in done.stderr
    assert f"uphill, {UNIT}: not entered (it is incomplete: stopped.)" in done.stdout
    for student in ("halved", "complete"):
        assert f"{student}, {UNIT}: not entered (nbgrader has a file of this" in done.stdout
    assert {student: scores(course, student) for student in before} == before
    assert page.read_bytes() == was
    after = totals_in(course)
    assert {student: after[student] for student in before} == {
        student: totals[student] for student in before
    }


LATE_PLUGIN = """
from nbgrader.plugins import LateSubmissionPlugin

class Half(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score / 2
"""


def test_nbgraders_own_penalty_for_late_work_is_of_the_scores_that_we_enter(
    folder, recorded, tmp_path
):
    """Before, its plugin read the scores of an earlier run, or none."""
    course = tmp_path / "course"
    shutil.copytree(folder, course)
    (course / "half_off.py").write_text(LATE_PLUGIN)
    with (course / "nbgrader_config.py").open("a") as config:
        config.write(f"import sys\nsys.path.append({str(course)!r})\nimport half_off\n")
        config.write("c.AssignLatePenalties.plugin_class = half_off.Half\n")
    query(course, f"update assignment set duedate = '2020-01-01' where name = '{UNIT}'")
    query(course, "update submitted_assignment set timestamp = '2026-02-03 10:00:00'")
    whole = sum(results(course)["uphill"].values())
    trained = scores(course, "uphill")["check-fitting"][0] or 0
    done = small.run_command("nbgrader", course, "--grades", course / "grades")
    assert done.returncode == 0, done.stderr
    assert totals_in(course)["uphill"] == pytest.approx((whole + trained) / 2)
    query(course, "update submitted_notebook set late_submission_penalty = null")
    with (course / "nbgrader_config.py").open("a") as config:
        config.write("c.AssignLatePenalties.enabled = False\n")
    done = small.run_command("nbgrader", course, "--grades", course / "grades")
    assert totals_in(course)["uphill"] == pytest.approx(whole + trained)


def test_a_flag_for_review_lasts_until_somebody_looks(folder, recorded, tmp_path):
    """A score by hand is kept although ours changed: the second run does not hide that."""
    course = tmp_path / "course"
    shutil.copytree(folder, course)
    path = course / "grades" / UNIT / "complete.json"
    text = path.read_text()
    result = json.loads(text)
    (check,) = [check for check in result["checks"] if check["name"] == "three_steps"]
    check["earned"] = 0.5
    path.write_text(json.dumps(result))
    flagged = """select needs_manual_grade from grade
        join base_cell on base_cell.id = grade.cell_id
        join submitted_notebook on submitted_notebook.id = grade.notebook_id
        join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
        where base_cell.name = 'check-three_steps' and student_id = 'complete'"""
    for _ in range(2):
        done = small.run_command("nbgrader", course, "--grades", course / "grades")
        assert done.returncode == 0, done.stderr
        assert query(course, flagged) == [(1,)]


def test_points_by_hand_of_a_student_without_a_file_are_named(folder, recorded, tmp_path):
    """They have no submission in nbgrader, so without a policy nothing of them is entered."""
    course = tmp_path / "course"
    shutil.copytree(folder, course)
    (course / "grades" / "roster.csv").write_text("student\noral\n")
    oral = Adjustment("oral", UNIT, "an exam", "tg", check="three_steps", to=2)
    append_adjustment(course / "grades" / "adjustments.toml", oral)
    done = small.run_command("nbgrader", course, "--grades", course / "grades")
    assert done.returncode == 0, done.stderr
    assert f"points by hand of students without a file (1): oral, {UNIT}." in done.stdout


def test_scores_entered_by_hand_stay(folder, recorded):
    """Scores that a person entered in nbgrader count instead of ours, and we report them."""
    assert scores(folder, "complete")["check-three_steps"] == (2, 1.25)
    assert scores(folder, "stub")["check-three_steps"] == (0, 1.25)
    each = (folder / "grades" / "export" / "nbgrader.txt").read_text()
    kept = "1 score entered by hand kept instead of ours"
    assert f"complete, {UNIT}: {EXACT:g} of {EXACT:g} points; {kept}" in each
    assert f"kept 2 scores entered by hand: complete, {UNIT}; stub, {UNIT}" in recorded.stdout
    assert query(folder, "select count(*) from comment where manual_comment = 'Well tried.'") == [
        (1,)
    ]


def test_scores_entered_by_hand_count_in_our_exports_too(folder, recorded):
    """Scores entered in nbgrader become adjustments beside our results, once for many runs."""
    assert "2 scores by hand changed in" in recorded.stdout
    file = folder / "grades" / "adjustments.toml"
    students = [result.lms_name for result in stored_results(folder / "grades")]
    known = read_adjustments(small.COURSE, file, students)
    assert [(one.student, one.check, one.to, one.who) for one in known] == [
        ("complete", "three_steps", 1.25, "nbgrader"),
        ("stub", "three_steps", 1.25, "nbgrader"),
    ]
    text = file.read_text()
    places = {(one.unit, one.student) for one in known}
    ours = Adjustment("complete", UNIT, "good", "tg", check="doubling", points=0)
    append_adjustment(file, ours)
    assert replace_entries_of(small.COURSE, file, "nbgrader", known, places) == 0
    changed = msgspec.structs.replace(known[0], to=2.0)
    assert replace_entries_of(small.COURSE, file, "nbgrader", [changed, known[1]], places) == 1
    assert replace_entries_of(small.COURSE, file, "nbgrader", [], {(UNIT, "stub")}) == 1
    assert replace_entries_of(small.COURSE, file, "nbgrader", [known[0]], {(UNIT, "complete")}) == 1
    assert read_adjustments(small.COURSE, file, students) == (ours, known[0])
    file.write_text(text)
    (complete,) = [r for r in stored_results(folder / "grades") if r.lms_name == "complete"]
    adjustments = read_adjustments(small.COURSE, file, students)
    assert grade_of(complete, Policy(adjustments=adjustments)).points == complete.score - 2 + 1.25


OF_CELL = """update grade set {} where id in (select grade.id from grade
    join base_cell on base_cell.id = grade.cell_id
    join submitted_notebook on submitted_notebook.id = grade.notebook_id
    join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
    where base_cell.name = '{}' and student_id = '{}')"""


def test_extra_credit_goes_beyond_and_what_is_removed_in_nbgrader_is_gone(
    folder, recorded, tmp_path
):
    """Extra credit on a full cell counts once, however often we run; without it, it is gone."""
    course = tmp_path / "course"
    shutil.copytree(folder, course)
    file = course / "grades" / "adjustments.toml"
    cell = ("check-three_steps", "complete")
    students = [result.lms_name for result in stored_results(course / "grades")]

    def entries():
        done = small.run_command("nbgrader", course, "--grades", course / "grades")
        assert done.returncode == 0, done.stderr
        known = read_adjustments(small.COURSE, file, students)
        return [(one.points, one.to) for one in known if one.student == "complete"]

    query(course, OF_CELL.format("manual_score = null, extra_credit = 1.5", *cell))
    for _ in range(2):
        assert entries() == [(1.5, None)]
    exported = small.run_command("export", course / "grades", "--to", "total")
    assert exported.returncode == 0, exported.stderr
    query(course, OF_CELL.format("extra_credit = null", *cell))
    assert entries() == []


def test_results_of_another_platform_are_not_entered(folder, recorded, tmp_path):
    """Students have other names there, so each would be in nbgrader's course twice."""
    grades = tmp_path / "grades"
    shutil.copytree(folder / "grades" / UNIT, grades / UNIT)
    path = grades / UNIT / "uphill.json"
    result = json.loads(path.read_text())
    result["hand_in"] = {"source": "moodle", "student": "Up Hill_17", "id": "17"}
    path.write_text(json.dumps(result))
    done = small.run_command("nbgrader", folder, "--grades", grades)
    assert done.returncode == 2
    assert "are of files from Moodle, where students have other names" in done.stderr


def test_our_points_by_hand_reach_nbgraders_gradebook(folder, recorded):
    """Our manual points reach nbgrader's gradebook, group adjustments included.

    What a person entered there stays.
    """
    file = folder / "grades" / "adjustments.toml"
    before = file.read_text()
    uphill = Adjustment("uphill", UNIT, "nearly", "tg", check="three_steps", points=0.75)
    everybody = Adjustment("*", UNIT, "unclear", "tg", check="three_steps", points=0.25)
    whole = Adjustment("uphill", UNIT, "neat", "tg", points=1)
    for one in (uphill, everybody, whole):
        append_adjustment(file, one)
    was = scores(folder, "uphill")["check-three_steps"][0]
    done = small.run_command("nbgrader", folder, "--grades", folder / "grades")
    assert done.returncode == 0, done.stderr
    assert "1 adjustment of a whole unit or of a line of a rubric has no cell" in done.stdout
    assert scores(folder, "uphill")["check-three_steps"] == (was + 1, None)
    assert scores(folder, "complete")["check-three_steps"] == (2.25, 1.25)
    comments = query(folder, "select auto_comment from comment where auto_comment like '%nearly%'")
    assert len(comments) == 1
    file.write_text(before)
    done = small.run_command("nbgrader", folder, "--grades", folder / "grades")
    assert scores(folder, "uphill")["check-three_steps"] == (was, None)


UNREAD = "nbgrader could not read the file: NotJSONError: "
HALF_AFTER_THE_DUE_TIME = f"""\
partners = "partners.csv"
[late]
per_day = 0.5
at_most = 0.5
[{UNIT}]
due = 2020-01-01T00:00:00Z
"""


def totals_in(folder):
    """Return the totals that nbgrader exports, by student."""
    nbgrader(folder, "export")
    return exported(folder, UNIT)


def test_a_page_of_a_notebook_says_that_a_script_beside_it_counts(folder, recorded, tmp_path):
    """nbgrader's page can show a notebook only, and the points are the script's."""
    course = tmp_path / "course"
    shutil.copytree(folder, course)
    script = course / "submitted" / "stub" / UNIT / f"{UNIT}.py"
    script.write_text(small.solved())
    grade(course)
    done = small.run_command("nbgrader", course, "--grades", course / "grades")
    assert done.returncode == 0, done.stderr
    about = "select count(*) from comment where auto_comment like '%which does not count%'"
    assert query(course, about) == [(1,)]
    nbgrader(course, "generate_feedback", UNIT, "--student=stub", "--force")
    page = (course / "feedback" / "stub" / UNIT / f"{UNIT}.html").read_text()
    said = f"<strong>The points are those of your file <code>{UNIT}.py</code>. This page shows your"
    assert page.count(said) == 1
    script.unlink()
    grade(course)
    assert small.run_command("nbgrader", course, "--grades", course / "grades").returncode == 0
    assert query(course, about) == [(0,)]


def forget_training(course):
    """Take away the points that nbgrader itself gave for the check that trains."""
    of_check = "select id from base_cell where name = 'check-fitting'"
    query(course, f"update grade set auto_score = 0 where cell_id in ({of_check})")


def test_a_policy_decides_nbgraders_totals(folder, recorded, tmp_path):
    """With --policy nbgrader's totals are what counts, also of a partner without a file.

    Without --policy they are the sums of the checks again. If nbgrader has points for a check that
    our grades lack, here one that trains, no rule would reach these, and --policy is refused.
    """
    course = tmp_path / "course"
    shutil.copytree(folder, course)
    folder = course
    policy = tmp_path / "policy.toml"
    policy.write_text(HALF_AFTER_THE_DUE_TIME)
    partners = tmp_path / "partners.csv"
    grades = folder / "grades"
    command = ("nbgrader", folder, "--grades", grades)
    sums = totals_in(folder)
    ours = results(folder)
    partners.write_text("unit,one,other\n")
    done = small.run_command(*command, "--policy", policy)
    assert done.returncode == 2
    assert f"nbgrader has points for check-fitting, and the results in {grades} lack" in done.stderr
    assert totals_in(folder) == sums
    forget_training(folder)
    sums = totals_in(folder)
    for partner in ("pia", "pit"):  # of the earlier one nothing stays
        partners.write_text(f"unit,one,other\n{UNIT},uphill,{partner}\n")
        done = small.run_command(*command, "--policy", policy)
        assert done.returncode == 2
        assert f"`partners` name students who are not in this class: `{partner}`" in done.stderr
        nbgrader(folder, "db", "student", "add", partner)
        done = small.run_command(*command, "--policy", policy)
        assert done.returncode == 0, done.stderr
        totals = totals_in(folder)
        run = small.run_command("export", grades, "--to", "csv", "--policy", policy)
        assert run.returncode == 0, run.stderr
        with open(grades / "export" / "grades.csv", newline="") as file:
            counted = {row["student"]: float(row["unit_points"]) for row in csv.DictReader(file)}
        none = {} if partner == "pia" else {"pia": 0}
        assert totals == pytest.approx(none | counted)
        assert totals[partner] == pytest.approx(sum(ours["uphill"].values()) / 2)
        assert "totals in nbgrader's gradebook" in done.stdout
    assert small.run_command(*command, "--policy", policy).returncode == 0
    taken_off = "select auto_comment from comment where auto_comment like '%taken off%'"
    assert {text.count("taken off") for (text,) in query(folder, taken_off)} == {1}
    nbgrader(folder, "generate_feedback", UNIT, "--student=uphill", "--force")
    page = (folder / "feedback" / "uphill" / UNIT / f"{UNIT}.html").read_text()
    assert page.count("days late, 50% taken off.</strong>") == 1
    assert page.count("as <em>Late submission penalty</em>, whatever the reason.") == 1
    policy.write_text(HALF_AFTER_THE_DUE_TIME.replace("0.5", "0.3"))
    assert small.run_command(*command, "--policy", policy).returncode == 0
    penalties = query(folder, "select late_submission_penalty from submitted_notebook")
    entered = [penalty for (penalty,) in penalties if penalty]
    assert entered == [round(penalty, 6) for penalty in entered]
    assert any(penalty != round(penalty) for penalty in entered)
    shutil.rmtree(grades / "export")
    done = small.run_command(*command[:1], os.path.relpath(folder, COURSE.folder), *command[2:])
    assert f"were made with {policy}" in done.stderr
    assert totals_in(folder) == pytest.approx(sums | {"pia": 0, "pit": 0})
    assert query(folder, taken_off) == []
    assert "Warning" not in small.run_command(*command).stderr


def test_a_page_says_that_an_earlier_file_counts_and_whose_totals_were_replaced(
    folder, recorded, tmp_path
):
    """nbgrader's page shows the latest file; a second folder of results has its own points."""
    course = tmp_path / "course"
    shutil.copytree(folder, course)
    forget_training(course)
    grades, second = course / "grades", tmp_path / "second"
    shutil.copytree(grades, second)
    by_name = {result.student: result for result in stored_results(grades)}
    best = replace(by_name["complete"], student="uphill", sha256="1" * 64)
    keep(grades, Submitted("uphill", UNIT, path=None, earlier=True), best)
    policy = tmp_path / "policy.toml"
    policy.write_text('keep = "best"\n')
    command = ("nbgrader", course, "--policy", policy, "--grades")
    done = small.run_command(*command, grades)
    assert (done.returncode, "had been entered from" in done.stderr) == (0, False), done.stderr
    earlier = (
        "select auto_comment from comment where auto_comment like '%handed in earlier counts%'"
    )
    ((comment,),) = query(course, earlier)
    assert comment.startswith(f"**{best.score:g} of ")
    assert totals_in(course)["uphill"] == best.score
    done = small.run_command(*command, second)
    assert done.returncode == 0, done.stderr
    said = f"had been entered from {grades}: uphill, {UNIT}. Now they are those of {second}"
    assert said in done.stderr
    assert query(course, earlier) == []
    assert "had been entered from" not in small.run_command(*command, second).stderr


def test_a_policy_that_names_nobody_of_the_class_enters_nothing(folder, recorded, tmp_path):
    """A misspelt name would take a student's extension away; nbgrader's list knows who is there."""
    course = tmp_path / "course"
    shutil.copytree(folder, course)
    folder = course
    forget_training(folder)
    policy = tmp_path / "policy.toml"
    policy.write_text(
        f"{HALF_AFTER_THE_DUE_TIME.partition(chr(10))[2]}[extensions.uphil]\n{UNIT} = 9\n"
    )
    command = ("nbgrader", folder, "--grades", folder / "grades", "--policy", policy)
    totals = totals_in(folder)
    done = small.run_command(*command)
    assert done.returncode == 2
    assert "`uphil` (did you mean `uphill`?)" in done.stderr
    assert "`nbgrader db student add NAME`" in done.stderr
    assert totals_in(folder) == totals
    policy.write_text(policy.read_text().replace("uphil]", "theodora]"))
    nbgrader(folder, "db", "student", "add", "theodora")
    done = small.run_command(*command)
    assert done.returncode == 0, done.stderr
    assert "theodora" not in done.stderr
    nbgrader(folder, "db", "student", "remove", "theodora")
    assert small.run_command(*command[:-2]).returncode == 0


def test_totals_of_a_policy_where_something_cannot_be_entered(folder, recorded, tmp_path):
    """A unit that is not in the gradebook is named; a result that fails leaves the others right."""
    course = tmp_path / "course"
    shutil.copytree(folder, course)
    forget_training(course)
    grades = course / "grades"
    policy = tmp_path / "policy.toml"
    policy.write_text(HALF_AFTER_THE_DUE_TIME.partition("\n")[2])
    adjustment = Adjustment("uphill", WORDS, "an essay", "tg", points=1)
    append_adjustment(grades / "adjustments.toml", adjustment)
    path = grades / UNIT / "halved.json"
    path.write_text(path.read_text().replace('"name": "summing"', '"name": "of_another_course"'))
    query(course, OF_CELL.format("auto_score = 0", "check-summing", "halved"))
    query(course, f"delete from assignment where name = '{WORDS}'")
    done = small.run_command("nbgrader", course, "--grades", grades, "--policy", policy)
    assert done.returncode == 2
    assert "1 of" in done.stderr and "results were not entered" in done.stderr
    assert f"Warning: {WORDS} is not in nbgrader's gradebook" in done.stderr
    assert "has no cell in nbgrader" not in done.stdout
    each = (grades / "export" / "nbgrader.txt").read_text().splitlines()
    (changed,) = [line for line in each if line.startswith("uphill") and "under the policy" in line]
    assert f"uphill, {UNIT}: " in changed
    ours = results(course)["uphill"]
    assert totals_in(course)["uphill"] == pytest.approx(sum(ours.values()) / 2)


class StopsHalfway(list):
    """Grades that are read once, and the second time as far as the fourth."""

    rounds = 0

    def __iter__(self):
        self.rounds += 1
        for number, grade in enumerate(super().__iter__()):
            if self.rounds > 1 and number == 4:
                raise KeyboardInterrupt
            yield grade


def test_only_our_own_penalties_are_removed_and_each_is_known(
    folder, recorded, tmp_path, monkeypatch
):
    """nbgrader's late penalty gives way to the policy; other results keep theirs, after a stop too.

    A damaged note is refused before anything is entered.
    """
    course = tmp_path / "course"
    shutil.copytree(folder, course)
    forget_training(course)
    grades = course / "grades"
    ours = {student: sum(points.values()) for student, points in results(course).items()}

    def shown():
        """Return the totals of two students."""
        totals = totals_in(course)
        return [totals[student] for student in ("a<b>&c", "uphill")]

    hostile, uphill = ours["a<b>&c"], ours["uphill"]
    halved, never = tmp_path / "halved.toml", tmp_path / "never.toml"
    halved.write_text(HALF_AFTER_THE_DUE_TIME.partition("\n")[2])
    never.write_text(halved.read_text().replace("2020", "2090"))
    other = tmp_path / "other" / UNIT
    other.mkdir(parents=True)
    shutil.move(grades / UNIT / "uphill.json", other)
    command = ("nbgrader", course, "--grades")
    query(course, "update submitted_notebook set late_submission_penalty = 1.5")
    assert small.run_command(*command, grades, "--policy", never).returncode == 0
    assert shown() == [hostile, uphill - 1.5]
    assert small.run_command(*command, grades, "--policy", halved).returncode == 0
    assert small.run_command(*command, other.parent, "--policy", halved).returncode == 0
    assert shown() == [hostile / 2, uphill / 2]
    assert small.run_command(*command, other.parent).returncode == 0
    assert shown() == [hostile / 2, uphill]
    broken = tmp_path / "broken.toml"
    broken.write_text("[lat]")
    query(course, OF_CELL.format("auto_score = 0.125", "check-doubling", "a<b>&c"))
    done = small.run_command(*command, grades, "--policy", broken)
    assert done.returncode == 2
    assert scores(course, "a<b>&c")["check-doubling"][0] == 0.125  # nothing is entered
    noted = course / nbgrader_totals.NOTED
    kept = noted.read_text()
    noted.write_text("[{")
    done = small.run_command(*command, grades, "--policy", halved)
    assert done.returncode == 2 and "Delete it, and run" in done.stderr
    noted.write_text(kept)
    assert small.run_command(*command, grades).returncode == 0  # nothing of it is ours now
    assert shown() == [hostile, uphill]
    for variable in (VARIABLE, "PATH"):  # which nbgrader's configuration and we set in this process
        monkeypatch.setenv(variable, os.environ.get(variable, ""))
    policy = read_policy(small.COURSE, halved)
    with pytest.raises(KeyboardInterrupt):
        counted = StopsHalfway(policy_grades(stored_results(grades), policy))
        nbgrader_totals.enter_totals(COURSE, course, grades, counted, halved)
    assert small.run_command(*command, grades).returncode == 0
    assert shown() == [hostile, uphill]


def test_remarks_are_comments_and_no_html(folder, recorded):
    """Remarks stand below the exercise in nbgrader's feedback, a submission's words as text."""
    page = next((folder / "feedback" / "uphill").rglob("*.html")).read_text()
    assert "<b>Comments:</b>" in page


def test_an_error_s_text_is_text_in_nbgraders_feedback(folder, recorded, browser):
    """In nbgrader's feedback an error's text runs nothing, fetches nothing and makes no link.

    Every character is readable.
    """
    page = next((folder / "feedback" / "a<b>&c").rglob("*.html"))
    opened = browser.new_context(offline=True).new_page()
    opened.goto(page.as_uri(), wait_until="domcontentloaded")
    comments = opened.locator("div", has=opened.locator("> b", has_text="Comments:"))
    (comment,) = [one for one in comments.all() if "ValueError" in one.inner_text()]
    tags = comment.evaluate("(one) => [...one.querySelectorAll('*')].map((part) => part.tagName)")
    owned, said = opened.evaluate("window.owned ?? 0"), comment.inner_text()
    assert owned == 0
    assert set(tags) <= {"B", "P", "UL", "LI", "CODE"}
    assert f"ValueError: {HOSTILE}".replace("\\", "∖") in said


@pytest.mark.parametrize(
    ("remark", "words"),
    [
        (Remark("`fit` is not *so*."), "- `fit` is not *so*."),
        (
            Remark("expected '*a*', found '`a`'.", ("first",), literal=True),
            "- expected '&#42;a&#42;', found '&#96;a&#96;'. (`first`)",
        ),
        (
            Remark("ValueError: http://x\\<i> [a](b) `<`"),
            "- ValueError&#58; http&#58;&#47;&#47;x∖&#60;i&#62; &#91;a&#93;(b) &#96;&#60;&#96;",
        ),
    ],
    ids=["ours", "an answer of text", "an error"],
)
def test_a_comment_shows_an_answer_as_it_is(remark, words):
    """A comment escapes an answer's characters and keeps our own Markdown.

    No HTML or link results from either.
    """
    verdict = Verdict("shortening", "Initials", 3, 0, "failed", (remark,))
    assert verdict_markdown(verdict).split("\n")[1] == words


def test_a_page_is_made_without_running_the_submission(folder, recorded):
    """A submission that nbgrader has not graded gets a page with the checks, unexecuted."""
    book = nbformat.read(folder / "autograded" / "halved" / UNIT / f"{UNIT}.ipynb", 4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert code
    for cell in code:
        assert not cell.outputs
        assert not cell.execution_count
    page = next((folder / "feedback" / "halved").rglob("*.html"))
    assert page.stat().st_size > 10_000


def test_a_notebook_of_another_name_is_told_the_name_that_nbgrader_needs(
    folder, graded_class, tmp_path
):
    """We grade `<unit> (1).ipynb`, which nbgrader takes for no notebook at all."""
    course = tmp_path / "course"
    shutil.copytree(folder, course)
    grades = tmp_path / "grades" / UNIT
    grades.mkdir(parents=True)
    shutil.copy(graded_class / UNIT / "notebook.json", grades)
    theirs = course / "submitted" / "notebook" / UNIT
    shutil.rmtree(theirs, ignore_errors=True)
    theirs.mkdir(parents=True)
    (theirs / f"{UNIT} (1).ipynb").write_text("{}")
    done = small.run_command("nbgrader", course, "--grades", grades.parent)
    assert done.returncode == 0, done.stderr
    assert f"nbgrader needs the exact name {UNIT}.ipynb in submitted/STUDENT/{UNIT}" in done.stdout


def test_what_is_missing_is_told_with_the_command_that_mends_it(folder, graded, tmp_path):
    """The message on a missing part names the command that supplies it.

    Cases: no nbgrader course, no grades, an unknown assignment, no nbgrader.
    """
    (tmp_path / "empty").mkdir()
    shutil.copy(folder / "nbgrader_config.py", tmp_path)
    for where, grades, words in (
        (tmp_path / "empty", folder / "grades", "Build a course there: autograder nbgrader"),
        (folder, tmp_path / "empty", "There are no results in"),
        (
            tmp_path,
            folder / "grades",
            f"Run `nbgrader generate_assignment {UNIT} --force` in `{tmp_path}`.",
        ),
    ):
        # as in an environment that is not activated, where nbgrader does not find `alembic`
        done = small.run_command("nbgrader", where, "--grades", grades, PATH="/usr/bin:/bin")
        assert (done.returncode, done.stdout) == (2, "") and words in done.stderr, done.stderr
    hide = (
        "import sys; sys.modules['nbgrader'] = None; from autograder.cli import main; "
        "main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", hide, "nbgrader", str(folder)]
    without = subprocess.run([*command, "--grades", str(folder / "grades")], **QUIETLY)
    assert (
        'this needs nbgrader, which is not installed: pip install -e ".[nbgrader]"'
        in without.stderr
    )
    assert subprocess.run(command, **QUIETLY).returncode == 0  # building needs only jupytext


QUIETLY = {"cwd": COURSE.folder, "capture_output": True, "text": True}


def test_text_answers_are_graded_in_nbgrader_s_kernel(folder):
    """In a unit without NumPy nbgrader's kernel gives the score and a report on text answers."""
    book = fill(
        folder / "release" / WORDS / f"{WORDS}.ipynb", small_class.by("no_space", WORDS).content
    )
    submit(folder, "words of ada", book, WORDS)
    nbgrader(folder, "autograde", WORDS)
    assert scores(folder, "words of ada") == {"check-shortening": (0, None)}
    ran = nbformat.read(folder / "autograded" / "words of ada" / WORDS / f"{WORDS}.ipynb", 4)
    (cell,) = [cell for cell in ran.cells if cell.id == "check-shortening"]
    assert "a space is missing between the letters." in cell.outputs[0].data["text/html"]
