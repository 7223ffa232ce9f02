"""Hostile notebooks and the files beside them change no score on nbgrader's way.

The course has its own folder. Each notebook holds the same mistake, so the score is known. Whatever
of it runs outside the sandbox leaves a trace.
"""

import json

import nbformat
import pytest
import small
import small_class
from nbgrader_course import fill, nbgrader, query, scores, submit
from small import UNIT

from autograder.integrations.nbgrader_bridge import ENTERED

pytest.importorskip("nbgrader")

pytestmark = pytest.mark.proof

MARK = "open({!r}, 'w').write('ran')"
POINTS = {check.name: check.points for check in small.unit().checks}
MORE = {
    "nbgrader": {
        "schema_version": 3,
        "grade": True,
        "solution": False,
        "locked": True,
        "task": False,
        "points": 1000,
        "grade_id": "check-more",
    }
}


def marks(book):
    """Return nbgrader's metadata of each cell that has any."""
    return [cell.metadata["nbgrader"] for cell in book.cells if "nbgrader" in cell.metadata]


def points_raised(book):
    for mark in marks(book):
        mark["points"] = 1000


def checks_that_are_solutions(book):
    for mark in marks(book):
        mark.update(grade=not mark["grade"], solution=not mark["solution"], locked=False)


def ids_swapped(book):
    graded = [mark for mark in marks(book) if mark["grade"]]
    ids = [mark["grade_id"] for mark in graded]
    for mark, identity in zip(graded, reversed(ids), strict=True):
        mark["grade_id"] = identity


def ids_of_one_kind(book):
    for mark in marks(book):
        mark["grade_id"] = "check-doubling"


def ids_in_sql(book):
    for mark in marks(book):
        mark["grade_id"] = "x'); drop table grade; --"


def a_check_more(book):
    book.cells.append(nbformat.v4.new_code_cell("1000", metadata=MORE))


def a_task_more(book):
    task = {"nbgrader": MORE["nbgrader"] | {"task": True, "grade": False, "grade_id": "more"}}
    book.cells.append(nbformat.v4.new_markdown_cell("done", metadata=task))


def outputs_that_say_full_marks(book):
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "1000"})]


def a_schema_of_the_future(book):
    for mark in marks(book):
        mark["schema_version"] = 99


def no_metadata(book):
    for cell in book.cells:
        cell.metadata.clear()


def another_kernel(book):
    book.metadata["kernelspec"] = {
        "name": "../../../tmp/evil",
        "display_name": "<script>owned=1</script>",
        "language": "bash",
    }


def exporters_and_templates(book):
    book.metadata["nbconvert_exporter"] = "script"
    book.metadata["jupytext"] = {"formats": "ipynb,../../../planted.py"}
    book.metadata["celltoolbar"] = {"a": {"b": [[]] * 1000}}


def attachments_and_html(book):
    cell = nbformat.v4.new_markdown_cell("<script>owned=1</script>")
    cell["attachments"] = {"../../../planted.png": {"image/png": "AAAA"}}
    book.cells.insert(0, cell)


ATTACKS = [
    points_raised,
    checks_that_are_solutions,
    ids_swapped,
    ids_of_one_kind,
    ids_in_sql,
    a_check_more,
    a_task_more,
    outputs_that_say_full_marks,
    a_schema_of_the_future,
    no_metadata,
    another_kernel,
    exporters_and_templates,
    attachments_and_html,
]
BESIDE = {  # files beside a notebook that nbgrader, Jupyter or Python might read
    "nbgrader_config.py": MARK,
    "ipython_config.py": MARK,
    "jupyter_nbconvert_config.py": MARK,
    "sitecustomize.py": MARK,
    "autograder.py": MARK,
    "gradebook.db": "no base",
    "other.ipynb": "{",
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Enter our grades into nbgrader's gradebook; return the folder and the output."""
    base = tmp_path_factory.mktemp("hostile-nbgrader")
    folder = base / "sums"
    assert small.run_command("nbgrader", folder).returncode == 0
    nbgrader(folder, "generate_assignment", UNIT)
    ran = MARK.format(str(base / "ran"))
    squared = small_class.by("squared").content
    for attack in [None, *ATTACKS]:
        book = fill(folder / "release" / UNIT / f"{UNIT}.ipynb", squared)
        if attack:
            book.cells.insert(0, nbformat.v4.new_code_cell(ran))
            attack(book)
        submit(folder, attack.__name__ if attack else "honest", nbformat.writes(book), UNIT)
    beside = submit(folder, "beside", nbformat.writes(book), UNIT).parent
    for name, text in BESIDE.items():
        (beside / name).write_text(ran if text == MARK else text)
    grades = folder / "grades"
    command = ("grade", folder / "submitted", "--out", grades, "--quick", "--seed", small.SEED)
    graded = small.run_command(*command)
    assert graded.returncode == 0, graded.stderr
    done = small.run_command("nbgrader", folder, "--grades", grades)
    return base, folder, done


def test_every_result_is_entered_or_told(recorded):
    """Every result is entered or reported, and no notebook's code runs outside the sandbox."""
    base, _, done = recorded
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (base / "ran").exists()
    assert not list(base.rglob("planted*"))
    entered = (base / "sums" / "grades" / ENTERED).read_text().splitlines()
    refused = [line for line in done.stdout.splitlines() if ": not entered (" in line]
    told = {line.partition(",")[0] for line in [*entered, *refused]}
    assert told == {"honest", "beside", *(attack.__name__ for attack in ATTACKS)}


@pytest.mark.parametrize("student", ["beside", *(attack.__name__ for attack in ATTACKS)])
def test_a_hostile_notebook_has_the_score_that_we_gave(student, recorded):
    """In a hostile notebook each check's cell has our score, as in an honest one.

    No other cell counts.
    """
    _, folder, _ = recorded
    path = folder / "grades" / UNIT / f"{student}.json"
    ours = {check["name"]: check["earned"] for check in json.loads(path.read_text())["checks"]}
    assert ours["doubling"] == 0
    found = {cell: auto for cell, (auto, _) in scores(folder, student).items()}
    honest = {cell: auto for cell, (auto, _) in scores(folder, "honest").items()}
    assert found.keys() == honest.keys()
    assert {cell: found[f"check-{cell}"] for cell in ours} == pytest.approx(ours)
    assert found["check-doubling"] == 0


def test_the_points_of_the_assignment_are_the_course_s(recorded):
    """The assignment's points are the course's, whatever a notebook's metadata say."""
    _, folder, _ = recorded
    words = """select base_cell.name, grade_cells.max_score from grade_cells
        join base_cell on base_cell.id = grade_cells.id"""
    most = dict(query(folder, words))
    assert most == {f"check-{name}": points for name, points in POINTS.items()}
