"""This course in nbgrader; a hundred mutilations of a correct notebook earn full marks."""

import jupytext
import nbformat
import pytest
from mutilations import KINDS, exact, mutilated
from this_course import COURSE, UNIT, run_command, unit

from autograder.grading.keys import solution_of
from autograder.source.notebooks import as_notebook
from autograder.source.pictures import attach_pictures
from autograder.tests.nbgrader_course import fill, nbgrader, scores, submit

pytestmark = pytest.mark.proof

FOLDED = ' jupyter={"source_hidden": true}'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Build the whole course by our command and release it by nbgrader's."""
    its = tmp_path_factory.mktemp("nbgrader") / "rnn"
    done = run_command("nbgrader", its)
    assert done.returncode == 0, done.stderr
    nbgrader(its, "generate_assignment", "--assignment=*")
    return its


@pytest.mark.parametrize("name", COURSE.units)
def test_what_nbgrader_releases_is_our_stub_cell_for_cell(folder, name):
    """The released notebook has our stub's cells, order, ids and the checks' points."""
    released = nbformat.read(folder / "release" / name / f"{name}.ipynb", 4)
    stub = as_notebook(solution_of(unit(name)).stub, name)
    attach_pictures(stub, COURSE.stub(name).parent)
    assert contents(released) == contents(stub)
    marks = [cell.metadata.nbgrader for cell in released.cells if "nbgrader" in cell.metadata]
    graded = [mark for mark in marks if mark["grade"]]
    points = {f"check-{check.name}": check.points for check in unit(name).checks}
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


@pytest.mark.parametrize("name", COURSE.units)
def test_a_unit_comes_back_from_its_notebook(name):
    """The solution's script survives the way through a notebook file.

    Only jupytext's own header and the folding of cells that draw differ.
    """
    script = solution_of(unit(name)).text
    file = nbformat.writes(as_notebook(script, name))
    back = jupytext.writes(nbformat.reads(file, 4), "py:percent")
    back = back.replace(FOLDED, "")
    assert behind_header(back) == behind_header(script)


def behind_header(script):
    """Return what follows jupytext's header, which is between two lines `# ---`."""
    _, _, rest = script.split("# ---\n", 2)
    return rest


@pytest.fixture(scope="module")
def correct(folder):
    """Return a correct notebook as a student submits it, without examples and training."""
    book = fill(folder / "release" / UNIT / f"{UNIT}.ipynb", solution_of(unit()).plain())
    return nbformat.writes(exact(book))


def test_a_hundred_mutilations_earn_full_marks(correct, grade):
    """`grade` finds a submission's definitions in the real sandbox after every mutilation."""
    made = list(mutilated(correct))
    assert len({text for _, text in made}) == 100
    assert len(KINDS) == 24
    for name, text in made:
        lost = {
            v.name: v.remarks for v in grade(text, f"{UNIT}.ipynb").values() if v.status != "passed"
        }
        assert not lost, f"{name}: {lost}"


def test_what_nbgrader_makes_of_three_mutilations(folder, correct):
    """In nbgrader a deleted check costs its points, and a changed id the whole notebook."""
    kinds = ("stored outputs", "checks deleted", "grade ids changed")
    found = {name[4:]: text for name, text in mutilated(correct, 24) if name[4:] in kinds}
    for name, text in found.items():
        submit(folder, name, text, UNIT)
    for name in kinds[:2]:
        nbgrader(folder, "autograde", UNIT, "--student", name)
    with pytest.raises(AssertionError, match="nbgrader metadata may be corrupted"):
        nbgrader(folder, "autograde", UNIT, "--student", kinds[2])
    sums = {name: sum(auto or 0 for auto, _ in scores(folder, name).values()) for name in kinds}
    assert sums["stored outputs"] == 33
    assert sums["checks deleted"] < 31
