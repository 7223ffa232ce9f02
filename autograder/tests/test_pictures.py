"""Pictures of a unit's text travel with the text, and a missing one stops the build."""

import base64
import shutil

import pytest
from small import COURSE, UNIT

from autograder.authoring.build import Stale, build
from autograder.authoring.release import release
from autograder.course import read_course
from autograder.integrations import nbgrader_bridge
from autograder.source.notebooks import as_notebook
from autograder.source.pictures import Picture, attach_pictures, pictures, scripts_of

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>\n'
CELL = """

# %% [markdown]
# ![Two inputs x[0]
# and x[1]](../drawings/two.svg) and ![elsewhere](https://example.org/one.png)
"""


@pytest.fixture
def course(tmp_path):
    """Return the fixture course with a unit that shows a picture."""
    folder = tmp_path / "course"
    shutil.copytree(COURSE.folder, folder)
    for place in ("solutions", "assignments"):
        script = folder / place / f"{UNIT}.py"
        script.write_text(script.read_text() + CELL)
    (folder / "drawings").mkdir()
    (folder / "drawings" / "two.svg").write_text(SVG)
    (folder / "drawings" / "two.js").write_text("// for the site\n")
    (folder / "drawings" / "unused.svg").write_text(SVG)
    return read_course(folder)


def test_words_may_hold_brackets_and_addresses_elsewhere_are_no_files():
    assert list(pictures(CELL)) == [Picture("Two inputs x[0] and x[1]", "../drawings/two.svg")]


def test_a_script_beside_a_picture_is_found_behind_its_data(course):
    """A picture's script is found by its data; data without a script make no figure."""
    drawings = course.folder / "drawings"
    assert [path.name for path in scripts_of(drawings / "two.svg")] == ["two.js"]
    (drawings / "two.data.js").write_text("")
    (drawings / "unused.data.js").write_text("")
    names = [path.name for path in scripts_of(drawings / "two.svg")]
    assert names == ["two.data.js", "two.js"]
    assert scripts_of(drawings / "unused.svg") == []


def test_a_release_holds_the_pictures_that_are_shown_and_no_other(course, tmp_path):
    release(course, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out" / "drawings").iterdir()] == ["two.svg"]


def test_notebooks_carry_their_pictures(course):
    """A notebook has its pictures attached, so that it can be moved; remote ones stay links."""
    stub = course.stub(UNIT)
    book = as_notebook(stub.read_text(), UNIT)
    attach_pictures(book, stub.parent)
    cell = book.cells[-1]
    assert "](attachment:two.svg)" in cell.source
    assert "example.org" in cell.source
    content = cell["attachments"]["two.svg"]["image/svg+xml"]
    assert base64.b64decode(content).decode() == SVG


def test_notebooks_for_nbgrader_carry_them_too(course, tmp_path):
    nbgrader_bridge.build(course, tmp_path / "nbgrader")
    notebook = tmp_path / "nbgrader" / "source" / UNIT / f"{UNIT}.ipynb"
    assert "attachment:two.svg" in notebook.read_text()


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("two.svg", "three.svg", "no such file"),
        ("../drawings/two.svg", "/etc/hostname", "no such file"),
        ("Two inputs x[0]\n# and x[1]", "", "without a description"),
    ],
)
def test_a_picture_that_is_missing_elsewhere_or_not_described_is_not_built(course, old, new, said):
    solution = course.solution(UNIT)
    solution.write_text(solution.read_text().replace(old, new))
    with pytest.raises(Stale, match=said):
        build(course, [UNIT])
