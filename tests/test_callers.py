"""A check runs from a cell of a real kernel and from pytest."""

import jupytext
import nbformat
import pytest
import this_course
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient
from test_scripts import python
from this_course import EACH_UNIT, GOLDEN, ROOT, UNIT
from whole_script import with_small_examples

MISTAKE = GOLDEN / "mistake_relu_forgotten" / UNIT / f"{UNIT}.py"


@pytest.mark.parametrize("unit", EACH_UNIT)
def test_the_solution_runs_as_a_notebook_without_a_warning(unit):
    """The solution runs in a real kernel without an error or warning, and every check passes.

    jupytext converts it. Answers to questions are recorded. Examples also run as scripts, here in
    one unit; a kernel only adds their pictures.
    """
    full = (ROOT / "solutions" / f"{unit}.py").read_text()
    notebook = jupytext.reads(with_small_examples(unit, full), "py:percent")
    checks = this_course.unit(unit).checks
    if unit != UNIT:
        notebook.cells = [
            cell for cell in notebook.cells if "with autograder.example(" not in cell.source
        ]
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(cwd=str(ROOT))
    outputs = [
        output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
    ]
    assert [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"] == []
    reports = [o["data"].get("text/html", "") for o in outputs if o.output_type == "execute_result"]
    asked = sum(check.question is not None for check in checks)
    assert sum("<b>passed, " in report for report in reports) == len(checks) - asked
    assert sum("<b>recorded, " in report for report in reports) == asked
    trained = [report for report in reports if "held-out loss" in report and "<circle" in report]
    assert len(trained) == sum(check.measure is not None for check in checks)


@pytest.mark.parametrize("folder", ["solutions", "assignments"])
@pytest.mark.parametrize("unit", EACH_UNIT)
def test_a_script_opens_as_a_notebook_with_its_cells_intact(unit, folder):
    """jupytext reads a script and writes the same text, except its version in the header."""
    text = (ROOT / folder / f"{unit}.py").read_text()
    back = jupytext.writes(jupytext.reads(text, "py:percent"), "py:percent")
    assert back.split("\n# ---\n")[1] == text.split("\n# ---\n")[1]


LINE = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters=" "), max_size=30
)
CODE = (
    st.lists(LINE, max_size=5).map("\n".join).map(str.strip).filter(lambda text: "# %%" not in text)
)


@given(st.lists(st.tuples(st.sampled_from(["code", "markdown"]), CODE), min_size=1, max_size=5))
def test_cells_survive_the_way_to_a_script_and_back(cells):
    """Kinds and sources of cells survive percent format, unless a source holds a cell's border."""
    made = []
    for kind, source in cells:
        new_cell = getattr(nbformat.v4, f"new_{kind}_cell")
        made.append(new_cell(source))
    notebook = nbformat.v4.new_notebook(cells=made)
    script = jupytext.writes(notebook, "py:percent")
    back = jupytext.reads(script, "py:percent")
    assert [(cell.cell_type, cell.source) for cell in back.cells] == cells


def test_pytest_runs_the_checks_of_a_file():
    """pytest has a test for each check; a failed one shows the student's feedback.

    It shows none of the kit's own frames.
    """
    done = python("-m", "pytest", "-p", "no:cacheprovider", MISTAKE)
    assert done.returncode == 1
    assert "14 passed" in done.stdout
    assert "4 failed" in done.stdout
    assert "the gradient went through relu unchanged" in done.stdout
    assert "practise.py" not in done.stdout
    assert "pytest_plugin.py" not in done.stdout


START = f'import numpy as np\nimport autograder\ncheck = autograder.unit("{UNIT}")'
MISSPELT = "def sofmax(z): return z"
SOFTMAX = """def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)"""
RIGHT = "return np.diag(softmax(z)) - np.outer(softmax(z), softmax(z))"
DIAGONAL = "return np.diag(softmax(z) * (1 - softmax(z)))"
NOT_WRITTEN = "raise NotImplementedError()"
HOSTILE = "raise ValueError('<b>bold</b>')"


@pytest.fixture(scope="module")
def shown():
    """Return the output of consecutive cells in a real kernel, by the names that they define."""
    defined = {"misspelt": ("softmax_values", MISSPELT), "needs": ("softmax_jacobian", MISSPELT)}
    for body in (RIGHT, DIAGONAL, NOT_WRITTEN, HOSTILE):
        defined[body] = ("softmax_jacobian", f"{SOFTMAX}\n\ndef softmax_d(z):\n    {body}")
    sources = [f'{code}\n\ncheck("{check}")' for check, code in defined.values()]
    cells = [nbformat.v4.new_code_cell(source) for source in (START, *sources)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(cwd=str(ROOT))
    return dict(zip(defined, (cell.outputs for cell in notebook.cells[1:]), strict=True))


@pytest.mark.parametrize(
    ("body", "number", "words"),
    [
        (RIGHT, "2", ["passed, 2 of 2 points"]),
        (
            DIAGONAL,
            "0",
            [
                "only the diagonal is there",
                "<code>jacobian[0, 1]</code> should be -0.0",
                "(154 of 169 places)",
                "<svg",
            ],
        ),
        (NOT_WRITTEN, "0", ["<code>softmax_d</code> is not written yet."]),
        (HOSTILE, "0", ["&lt;b&gt;bold&lt;/b&gt;"]),
    ],
)
def test_a_cell_in_a_real_kernel_shows_the_number_and_the_report(shown, body, number, words):
    """A cell's value is the points, which nbgrader reads; its HTML is for people.

    Nothing of a submission is markup in it.
    """
    (result,) = shown[body]
    assert result.output_type == "execute_result"
    assert result["data"]["text/plain"] == number
    html = result["data"]["text/html"]
    for some in (*words, "Practice uses the public seed"):
        assert some in html
    assert ("<svg" in html) == (body == DIAGONAL)


def test_a_cell_says_what_it_needs(shown):
    """A check whose needs have not passed is not reached, and the cell says so.

    A missing name is reported with the nearest one.
    """
    needs, misspelt = (shown[name][-1]["data"]["text/html"] for name in ("needs", "misspelt"))
    assert "Do this first: <code>softmax_values</code>" in needs
    assert "You defined <code>sofmax</code>: is that what you meant?" in misspelt
