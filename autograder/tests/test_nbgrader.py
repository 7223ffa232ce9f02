"""nbgrader, unchanged: its own commands on the course that we build, and our grades in its gradebook."""

import csv
import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import jupytext
import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutilations import KINDS, exact, fill, mutilated

from autograder.course import load_unit, unit_names
from autograder.grading.keys import solution_of
from autograder.source.notebooks import as_notebook
from conftest import UNIT

POINTS = {check.name: check.points for check in load_unit(UNIT).checks}


def nbgrader(course, *arguments):
    """Run nbgrader's real command in a course's folder."""
    command = [sys.executable, "-m", "nbgrader", *map(str, arguments)]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # of `alembic`, which it calls
    environment = {**os.environ, "PATH": path}
    environment.pop("PYTEST_CURRENT_TEST", None)  # ipykernel behaves in another way where it sees that
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def query(course, words, *values):
    """Rows of nbgrader's gradebook."""
    import sqlite3

    with closing(sqlite3.connect(course / "gradebook.db")) as gradebook, gradebook:  # closed, and before that committed
        return gradebook.execute(words, values).fetchall()


def scores(course, student):
    """What nbgrader holds for each check's cell of a student: (by the machine, by hand)."""
    words = """select base_cell.name, auto_score, manual_score from grade join base_cell on base_cell.id = grade.cell_id
        join submitted_notebook on submitted_notebook.id = grade.notebook_id
        join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
        where student_id = ?"""
    return {name: (auto, manual) for name, auto, manual in query(course, words, student)}


def submit(course, student, book):
    folder = course / "submitted" / student / UNIT
    folder.mkdir(parents=True)
    (folder / f"{UNIT}.ipynb").write_text(book if isinstance(book, str) else nbformat.writes(book))


@pytest.fixture(scope="module")
def course(autograder, tmp_path_factory):
    """The whole course, built by our command and released by nbgrader's."""
    folder = tmp_path_factory.mktemp("nbgrader") / "rnn"
    done = autograder("nbgrader", folder)
    assert done.returncode == 0, done.stderr
    nbgrader(folder, "generate_assignment", "--assignment=*")
    return folder


@pytest.mark.parametrize("unit", unit_names())
def test_what_nbgrader_releases_is_our_stub_cell_for_cell(course, unit):
    """The same cells in the same order with the same ids: text, code and nothing else."""
    released = nbformat.read(course / "release" / unit / f"{unit}.ipynb", 4)
    stub = as_notebook(solution_of(unit).stub, unit)
    assert [(c.id, c.cell_type, c.source) for c in released.cells] == [
        (c.id, c.cell_type, c.source) for c in stub.cells
    ]
    facts = [cell.metadata.nbgrader for cell in released.cells if "nbgrader" in cell.metadata]
    points = {f"check-{check.name}": check.points for check in load_unit(unit).checks}
    assert {fact["grade_id"]: fact["points"] for fact in facts if fact["grade"]} == points
    assert all(fact["locked"] and not fact["solution"] for fact in facts if fact["grade"])
    assert sum(fact["solution"] for fact in facts) == released_exercises(stub) > 0
    assert len({cell.id for cell in released.cells}) == len(released.cells)


def released_exercises(stub):
    return sum("# YOUR CODE HERE" in cell.source for cell in stub.cells)


def test_a_second_build_writes_the_same_bytes_and_leaves_the_settings(course, autograder):
    """Ids and all; what an instructor changed in nbgrader_config.py stays."""
    files = sorted((course / "source").rglob("*.ipynb"))
    before, config = [path.read_bytes() for path in files], course / "nbgrader_config.py"
    kept = config.read_text()
    config.write_text(kept + "# mine\n")
    assert autograder("nbgrader", course).returncode == 0
    assert [path.read_bytes() for path in files] == before
    assert config.read_text() == kept + "# mine\n"
    config.write_text(kept)


def test_an_id_follows_its_exercise():
    """Text put in front of an exercise changes no id behind it."""
    script = solution_of(UNIT).stub
    more = script.replace("# %% [markdown]\n# ## 5.", "# %% [markdown]\n# New.\n\n# %% [markdown]\n# ## 5.")
    old, new = ([cell.id for cell in as_notebook(text, UNIT).cells] for text in (script, more))
    assert len(new) == len(old) + 1
    assert [i for i in new if i not in old] == ["check-cross_entropy_of_probabilities-2"]


LINES = st.one_of(
    st.sampled_from(
        ["", "x = 1", "def f(x):", "    return x", "# words", "'''", '"""', "%time f(1)", "!ls", "αβγ = '→'"]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=20),
)
CELLS = st.lists(st.tuples(st.sampled_from(["code", "markdown"]), st.lists(LINES, min_size=1, max_size=6)), max_size=5)


@given(CELLS)
@settings(max_examples=200, deadline=None)
def test_script_to_notebook_to_script_changes_nothing(made):
    """Whatever stands in the cells: the script comes back byte for byte, and the notebook's ids are the same."""
    cells = [getattr(nbformat.v4, f"new_{kind}_cell")("\n".join(lines)) for kind, lines in made]
    script = jupytext.writes(nbformat.v4.new_notebook(cells=cells), "py:percent")
    script = jupytext.writes(as_notebook(script, UNIT), "py:percent")  # as jupytext likes it: blank lines at ends go
    book = as_notebook(script, UNIT)
    assert jupytext.writes(book, "py:percent") == script
    again = as_notebook(jupytext.writes(book, "py:percent"), UNIT)
    assert [(c.id, c.cell_type, c.source) for c in again.cells] == [(c.id, c.cell_type, c.source) for c in book.cells]
    nbformat.validate(book)


@pytest.mark.parametrize("unit", unit_names())
def test_a_unit_comes_back_from_its_notebook(unit):
    """The solution's script, by way of a notebook file: the same text but for jupytext's own header."""
    script = solution_of(unit).text
    book = nbformat.reads(nbformat.writes(as_notebook(script, unit)), 4)
    assert jupytext.writes(book, "py:percent").split("# ---\n", 2)[2] == script.split("# ---\n", 2)[2]


TABLE = {
    "import sys; print('careful', file=sys.stderr)": 0,
    "import warnings; warnings.warn('careful')\n2.5": 0,
    "1 / 0": 0,
    "2.5": 2.5,
    "'2.5 points'": 4,
    "import numpy as np\nnp.float64(2.5)": 4,
    "import torch\ntorch.tensor(2.5)": 4,
    "None": 4,
    "score = 2.5": 4,
    "from autograder.practice.notebook import Score\nscore = Score(2.5)\nscore.report = '<b>why</b>'\nscore": 2.5,
    "Score(0)": 0,
    "Score(4)": 4,
}


def test_how_nbgrader_reads_a_cell(course, tmp_path):
    """Each line of its table, by its own command: only a number that is written as one is a number to it."""
    book = nbformat.v4.new_notebook()
    for number, source in enumerate(TABLE):
        facts = {"grade": True, "solution": False, "locked": True, "points": 4, "schema_version": 3, "task": False}
        facts["grade_id"] = f"line-{number}"
        book.cells.append(nbformat.v4.new_code_cell(source, metadata={"nbgrader": facts}))
    shutil.copy(course / "nbgrader_config.py", tmp_path)
    for folder in ("source", "submitted/ada"):
        (tmp_path / folder / "table").mkdir(parents=True)
        nbformat.write(book, tmp_path / folder / "table" / "table.ipynb")
    nbgrader(tmp_path, "generate_assignment", "table")
    nbgrader(tmp_path, "autograde", "table")
    found = scores(tmp_path, "ada")
    assert {source: found[f"line-{number}"][0] for number, source in enumerate(TABLE)} == TABLE
    ran = nbformat.read(tmp_path / "autograded" / "ada" / "table" / "table.ipynb", 4)
    data = ran.cells[list(TABLE).index(next(line for line in TABLE if "why" in line))].outputs[0].data
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
NAMES = ["complete", "stub", "Zoë Ünal", "a<b>&c", *(f"mistake {n}" for n in range(8))]


@pytest.fixture(scope="module")
def graded(course, autograder):
    """Twelve submissions through nbgrader's own commands from `validate` to `export`, then graded by ours."""
    solution = solution_of(UNIT)
    scripts = dict.fromkeys(NAMES, solution.plain()) | {"stub": solution.stub}
    made = [mistake.id for mistake, _, _ in solution.mistakes][::8]
    scripts |= {f"mistake {n}": solution.with_mistake(identity) for n, identity in enumerate(made[:8])}
    scripts["Zoë Ünal"] = solution.plain().replace(
        "return 0.5 * (1 + np.tanh(0.5 * z))", "noisy(); return 0.5 * (1 + np.tanh(0.5 * z))"
    )
    scripts["a<b>&c"] = solution.plain().replace(
        "e = np.exp(z - z.max(-1, keepdims=True))", "raise ValueError('<script>alert(1)</script> \\\\<img>')"
    )
    for name, script in scripts.items():
        book = exact(fill(course / "release" / UNIT / f"{UNIT}.ipynb", script))
        if name == "Zoë Ünal":
            book.cells[0:0] = [nbformat.v4.new_code_cell(NOISE)]
        submit(course, name, book)
    (course / "submitted" / "complete" / UNIT / "timestamp.txt").write_text("2026-02-03 10:00:00 UTC")
    said = nbgrader(course, "validate", f"submitted/complete/{UNIT}/{UNIT}.ipynb")
    nbgrader(course, "autograde", UNIT)
    nbgrader(course, "generate_feedback", UNIT)
    nbgrader(course, "export")
    own = {name: scores(course, name) for name in NAMES}
    done = autograder("grade", course / "submitted", "--out", course / "grades", "--quick", "--seed", 5)
    assert done.returncode == 0, done.stderr
    return said, own, exported(course)


def exported(course):
    with open(course / "grades.csv", newline="", encoding="utf-8") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file) if row["assignment"] == UNIT}


def results(course):
    """Our grades: student → check → points."""
    found = [json.loads(path.read_text()) for path in (course / "grades" / UNIT).glob("*.json")]
    return {r["student"]: {f"check-{c['name']}": c["earned"] for c in r["checks"]} for r in found}


def test_nbgraders_own_run_from_validate_to_export(course, graded):
    """In its kernel a check gives partial credit: the same points as our engine, and the solution's are full."""
    said, own, sums = graded
    assert "Success!" in said
    ours = results(course)
    for name in NAMES:
        found = {cell: auto for cell, (auto, _) in own[name].items() if cell in ours[name]}
        assert found == pytest.approx(ours[name]), name
        assert sums[name] == pytest.approx(sum(found.values()))
    assert sums["stub"] == 0
    assert any(0 < points < POINTS[cell[6:]] for name in NAMES for cell, points in ours[name].items())
    assert sums["complete"] == sum(POINTS.values()) - POINTS["training"]


def test_warnings_and_stderr_of_a_submission_cost_nothing(course, graded):
    """Written by print, by a log's handler, by `warnings` and past Python: it is shown, as ordinary output."""
    _, _, sums = graded
    assert sums["Zoë Ünal"] == sums["complete"]
    book = nbformat.read(course / "autograded" / "Zoë Ünal" / UNIT / f"{UNIT}.ipynb", 4)
    outputs = next(c for c in book.cells if c.source == 'check("activations")').outputs
    text = "".join(output.get("text", "") for output in outputs)
    assert all(word in text for word in ("a warning", "printed", "written", "logged"))
    assert {output.get("name") for output in outputs} == {"stdout", None}


def test_feedback_of_nbgrader_shows_the_report(course, graded):
    """The page that a student gets holds the cell's report: what is wrong and why."""
    page = next((course / "feedback" / "mistake 1").rglob("*.html")).read_text()
    assert "Practice, on the public seed" in page
    assert any(mistake.text[:40] in page for mistake, _, _ in solution_of(UNIT).mistakes)


@pytest.fixture(scope="module")
def recorded(course, graded, autograder):
    """Our grades in nbgrader's gradebook, after a person has entered a score and a comment, nbgrader's page of one
    submission was lost, and one came that is no notebook.
    """
    submit(course, "torn", '{"cells": [')
    shutil.rmtree(course / "autograded" / "mistake 3")
    by_hand = """update grade set manual_score = 1.25 where id in (select grade.id from grade
        join base_cell on base_cell.id = grade.cell_id
        join submitted_notebook on submitted_notebook.id = grade.notebook_id
        join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
        where base_cell.name = 'check-clipping' and student_id in ('complete', 'stub'))"""
    query(course, by_hand)
    query(course, "update comment set manual_comment = 'Well tried.' where id = (select min(id) from comment)")
    assert autograder("grade", course / "submitted", "--out", course / "grades", "--quick").returncode == 0
    done = autograder("nbgrader", course, "--grades", course / "grades")
    assert done.returncode == 0, done.stderr
    nbgrader(course, "generate_feedback", UNIT, "--force")
    nbgrader(course, "export")
    return done


def test_our_scores_are_in_the_gradebook_and_in_its_export(course, recorded):
    """For each check's cell the sandboxed score, whatever nbgrader's own run had found."""
    ours = results(course)
    assert ours.keys() == {*NAMES, "torn"}
    sums = exported(course)
    for student, points in ours.items():
        found = scores(course, student)
        assert {cell: auto for cell, (auto, _) in found.items() if cell in points} == pytest.approx(points)
        by_hand = {cell: manual for cell, (_, manual) in found.items() if manual is not None}
        assert sums[student] == pytest.approx(sum((points | by_hand).values()))
    assert "12 submissions" not in recorded.stderr and recorded.stderr == ""
    assert f"torn, {UNIT}: 0 of 31 points; no page in nbgrader" in recorded.stdout


def test_scores_entered_by_hand_stay(course, recorded):
    """They count instead of ours, and a person is asked to look where ours has changed since."""
    assert scores(course, "complete")["check-clipping"] == (2, 1.25)
    assert scores(course, "stub")["check-clipping"] == (0, 1.25)
    assert f"complete, {UNIT}: 31 of 31 points; 1 scores entered by hand kept" in recorded.stdout
    assert query(course, "select count(*) from comment where manual_comment = 'Well tried.'") == [(1,)]


def test_remarks_are_comments_and_no_html(course, recorded):
    """Below the exercise, in nbgrader's feedback; a submission's words in them are text."""
    page = next((course / "feedback" / "mistake 1").rglob("*.html")).read_text()
    assert "<b>Comments:</b>" in page
    hostile = next((course / "feedback" / "a<b>&c").rglob("*.html")).read_text()
    after = [part.split("</div>")[0] for part in hostile.split("<b>Comments:</b>")[1:]]
    assert any("ValueError: &lt;script&gt;alert(1)" in part for part in after), after
    assert not any("<script" in part or "<img" in part for part in after)


def test_a_page_is_made_without_running_the_submission(course, recorded):
    """What nbgrader has not autograded gets its page from it all the same, with the course's checks, unexecuted."""
    book = nbformat.read(course / "autograded" / "mistake 3" / UNIT / f"{UNIT}.ipynb", 4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert code and not any(cell.outputs or cell.execution_count for cell in code)
    assert next((course / "feedback" / "mistake 3").rglob("*.html")).stat().st_size > 10_000


def test_what_is_missing_is_told_with_the_command_that_mends_it(course, graded, autograder, tmp_path):
    """No course, no grades, an assignment that nbgrader does not know, no nbgrader."""
    (tmp_path / "empty").mkdir()
    shutil.copy(course / "nbgrader_config.py", tmp_path)
    for folder, grades, words in (
        (tmp_path / "empty", course / "grades", "Build a course there: autograder nbgrader"),
        (course, tmp_path / "empty", "There are no results in"),
        (tmp_path, course / "grades", f"Run `nbgrader generate_assignment {UNIT}` in"),
    ):
        done = autograder("nbgrader", folder, "--grades", grades)
        assert (done.returncode, done.stdout) == (2, "") and words in done.stderr, done.stderr
    hidden = f"import sys; sys.modules['nbgrader'] = None; sys.argv = {['autograder', 'nbgrader', str(course)]}\n"
    run = "from autograder.cli import main\nmain()"
    without = [hidden.replace("]\n", f", '--grades', {str(course / 'grades')!r}]\n"), hidden]
    done = [subprocess.run([sys.executable, "-c", code + run], capture_output=True, text=True) for code in without]
    assert "this needs nbgrader, which is not installed: pip install nbgrader" in done[0].stderr
    assert done[1].returncode == 0, done[1].stderr


@pytest.fixture(scope="module")
def correct(course):
    """A correct notebook as a student hands it in, without demonstrations and training."""
    return nbformat.writes(exact(fill(course / "release" / UNIT / f"{UNIT}.ipynb", solution_of(UNIT).plain())))


def test_a_hundred_mutilations_earn_full_marks(correct, grade):
    """A submission is its definitions: whatever became of its cells. `grade` judges in the real sandbox."""
    made = list(mutilated(correct))
    assert len({text for _, text in made}) == 100 and len(KINDS) == 24
    for name, text in made:
        lost = {v.name: v.remarks for v in grade(text, f"{UNIT}.ipynb").values() if v.status != "passed"}
        assert not lost, f"{name}: {lost}"


def test_what_nbgrader_makes_of_three_mutilations(course, correct):
    """It trusts cells and their metadata: a deleted check costs its points there, a changed id the whole notebook."""
    kinds = ("stored outputs", "checks deleted", "grade ids changed")
    found = {name[4:]: text for name, text in mutilated(correct, 24) if name[4:] in kinds}
    for name, text in found.items():
        submit(course, name, text)
    for name in kinds[:2]:
        nbgrader(course, "autograde", UNIT, "--student", name)
    with pytest.raises(AssertionError, match="nbgrader metadata may be corrupted"):
        nbgrader(course, "autograde", UNIT, "--student", kinds[2])
    sums = {name: sum(auto or 0 for auto, _ in scores(course, name).values()) for name in kinds}
    assert sums["stored outputs"] == 31
    assert sums["checks deleted"] < 31
