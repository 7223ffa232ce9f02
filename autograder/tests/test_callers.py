"""The ways in which a check is called: the command, a script's last lines, a kernel's cell, pytest."""

import os
import subprocess
import sys

import nbformat
import pytest
from conftest import GOLDEN, ROOT, UNIT
from nbclient import NotebookClient

SOLUTION = GOLDEN / "complete" / UNIT / f"{UNIT}.py"
MISTAKE = GOLDEN / "mistake_relu_forgotten" / UNIT / f"{UNIT}.py"


def python(*arguments, cwd=ROOT):
    environment = {**os.environ, "MPLBACKEND": "agg", "COLUMNS": "200", "NO_COLOR": "1"}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)


def test_the_solution_runs_as_a_script_without_a_warning():
    """Top to bottom, every check passed, every example shown."""
    done = python("-W", "error", ROOT / "solutions" / f"{UNIT}.py")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.count("✓") == 13
    assert "left out" not in done.stdout


def test_the_stub_runs_as_a_script():
    """Nothing is written yet: each check says so, examples are left out, and the script ends well."""
    done = python(ROOT / "assignments" / f"{UNIT}.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("` is not written yet.") == 8
    assert "(left out: training on the corpus; an exercise above is not written yet)" in done.stdout


def test_pytest_runs_the_checks_of_a_file():
    """One test a check; a failed one says what the student would read, and nothing of the kit's own frames."""
    done = python("-m", "pytest", "-p", "no:cacheprovider", MISTAKE)
    assert done.returncode == 1
    assert "10 passed" in done.stdout and "3 failed" in done.stdout
    assert "the gradient went through relu unchanged" in done.stdout
    assert "practice.py" not in done.stdout


def cell(*sources):
    """Run cells in a real kernel; the last cell's outputs."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(cwd=str(ROOT))
    return notebook.cells[-1].outputs


START = f'import numpy as np\nimport autograder\ncheck = autograder.unit("{UNIT}")'


@pytest.mark.parametrize(
    ("body", "number", "words"),
    [
        ("return np.diag(softmax(z)) - np.outer(softmax(z), softmax(z))", "2", "passed, 2 of 2 points"),
        ("return np.diag(softmax(z) * (1 - softmax(z)))", "0", "only the diagonal is there"),
        ("raise NotImplementedError()", "0", "`softmax_d` is not written yet."),
        ("raise ValueError('<b>bold</b>')", "0", "&lt;b&gt;bold&lt;/b&gt;"),
    ],
)
def test_a_cell_in_a_real_kernel_shows_the_number_and_the_report(body, number, words):
    """The value is the points (what nbgrader reads); the HTML is for people, and nothing of a submission is markup."""
    softmax = "def softmax(z):\n    e = np.exp(z - z.max(-1, keepdims=True))\n    return e / e.sum(-1, keepdims=True)"
    outputs = cell(START, softmax, f"def softmax_d(z):\n    {body}", 'check("softmax_jacobian")')
    (result,) = [output for output in outputs if output.output_type == "execute_result"]
    assert result["data"]["text/plain"] == number
    assert words in result["data"]["text/html"]
    assert len(outputs) == 1


def test_a_cell_says_what_it_needs():
    """A check whose needs have not passed is not reached; a name that is not there is told with the nearest."""
    outputs = cell(START, "def sofmax(z): return z", 'check("softmax_jacobian")')
    assert "runs once `softmax_values` passes" in outputs[-1]["data"]["text/html"]
    outputs = cell(START, "def sofmax(z): return z", 'check("softmax_values")')
    assert "Did you mean it by `sofmax`?" in outputs[-1]["data"]["text/html"]
