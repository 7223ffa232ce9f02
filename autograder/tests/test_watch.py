"""The student's side, driven as a student does: `watch` in a real terminal, hints, progress, other systems."""

import json
import os
import re
import subprocess
import sys
import zipfile
from contextlib import contextmanager

import nbformat
import pexpect
import pytest
from nbclient import NotebookClient

from autograder.authoring.release import release
from autograder.grading.keys import solution_of
from conftest import GOLDEN, ROOT, UNIT

NO_LINUX = """
import sys, multiprocessing
SANDBOX = ("autograder.sandbox.client", "autograder.sandbox.inside.confinement")
class Windows:
    def find_spec(self, name, *_):
        if name in ("fcntl", "resource", "pwd", "grp") or name in SANDBOX:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
sys.meta_path.insert(0, Windows())
multiprocessing.get_context = lambda _: multiprocessing.context.SpawnContext()
from autograder.cli import main
main()
"""


@pytest.fixture
def course(tmp_path):
    """What a student gets, in a folder of its own."""
    release(tmp_path / "course")
    return tmp_path / "course"


def written(course):
    return course / "assignments" / f"{UNIT}.py"


def kept(course):
    return json.loads((course / ".autograder.json").read_text())


@contextmanager
def watching(course, *command, unit="unit4", first="is not written yet.", columns=40, path=ROOT):
    """`autograder watch` in a terminal without colour; at the end it is quit, and nothing was too wide."""
    command = [*(command or ("-m", "autograder")), "watch", unit]
    environment = {**os.environ, "TERM": "xterm-256color", "NO_COLOR": "1", "PYTHONPATH": str(path)}
    options = {"cwd": str(course), "env": environment, "encoding": "utf-8", "timeout": 60}
    terminal = pexpect.spawn(sys.executable, command, dimensions=(40, columns), **options)
    terminal.seen = []
    terminal.logfile_read = type("Log", (), {"write": terminal.seen.append, "flush": lambda self: None})()
    see(terminal, first, "now:")
    yield terminal
    terminal.send("q")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    text = "".join(terminal.seen)
    assert "Traceback" not in text and not re.search(r"\x1b\[(\d+;)*3\dm", text)
    lines = re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", text).split("\r\n")
    assert max(map(len, lines)) <= columns


def see(terminal, *words):
    """Wait until words are shown, one after another, wherever their lines are broken."""
    for each in words:
        terminal.expect(r"(?:\s|\x1b\[[\d;]*m)+".join(map(re.escape, each.split())))


RIGHT = {
    "sigmoid": "return 0.5 * (1 + np.tanh(z / 2))",
    "sigmoid_d": "return sigmoid(z) * (1 - sigmoid(z))",
    "relu": "return np.maximum(z, 0)",
    "relu_d": "return z > 0",
}


def fill(course, **bodies):
    """Write functions into the student's file: name to body."""
    text = written(course).read_text()
    for name, body in bodies.items():
        text = re.sub(rf'(def {name}\(.*?""".*?""").*?(?=\n\n\n)', rf"\1\n    {body}", text, count=1, flags=re.S)
    written(course).write_text(text)


def test_a_unit_is_worked_through_in_a_narrow_terminal(course):
    """Edit, save, be told the mistake, pass, move on, ask, go back, loop without end, train, quit; progress is kept."""
    with watching(course) as terminal:
        fill(course, **{**RIGHT, "relu": "print('here'); return abs(z)"})
        see(terminal, "negative entries became positive", "printed: here", "0 of 13 in this unit, 0 of")
        fill(course, relu=RIGHT["relu"])
        see(terminal, "✓ 2/2", "1 of 13 in this unit, 1 of", "now: softmax_values")
        terminal.send("h")
        see(terminal, "hint 1 of 7: The shapes do not fit")
        terminal.send("h")
        see(terminal, "hint 2 of 7: A sum over the last axis")
        fill(course, softmax="while True: pass")
        see(terminal, "checking …")
        terminal.send("b")
        see(terminal, "✓ 2/2", "now: activations")
        written(course).write_text(solution_of(UNIT).plain())
        terminal.expect(r"[▁▂▃▄▅▆▇█]+\s+loss \d+\.\d+ → \d+\.\d+,")
        see(terminal, "✓ 4/4", "All pass")
        terminal.send("a")
        see(terminal, "✓ 2/2", "✓ 5/5", "13 of 13")
    assert len(kept(course)[UNIT]["passed"]) == 13
    assert kept(course)[UNIT]["hints"] == {"softmax_values": 2}


def test_without_linux_and_without_forks(course):
    """Modules of Linux alone are out of reach: watching, checking, hints work; grading says it cannot."""
    with watching(course, "-c", NO_LINUX) as terminal:
        fill(course, **RIGHT)
        see(terminal, "✓ 2/2", "now: softmax_values")

    def run(*arguments):
        command = [sys.executable, "-c", NO_LINUX, *arguments]
        environment = {**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True)

    checked = run("check", "unit4", "--quick")
    assert (checked.returncode, checked.stderr) == (1, "")
    assert "2 of 31 points" in checked.stdout
    assert "1 of 13" in run().stdout
    assert "1 of 7" in run("hint", "unit4", "softmax_values").stdout
    graded = run("grade", "assignments", "--out", "out")
    assert graded.returncode == 2 and "Traceback" not in graded.stderr


def test_grading_names_linux_where_a_module_of_its_is_missing(tmp_path):
    """One sentence, exit code 2."""
    code = NO_LINUX.replace(" or name in SANDBOX", "")
    command = [sys.executable, "-c", code, "grade", str(GOLDEN), "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "this needs Linux" in done.stderr


def test_a_package_that_is_missing_is_named(course):
    """By `check`; `watch` says to ask it."""
    (course / "torch.py").write_text("raise ModuleNotFoundError('No module named torch', name='torch')")
    with watching(course, unit="unit5", first="`autograder check` says why", path=course):
        pass
    command, environment = (
        [sys.executable, "-m", "autograder", "check", "unit5"],
        {**os.environ, "PYTHONPATH": str(course)},
    )
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True)
    assert (done.returncode, "this needs torch, which is not installed" in done.stderr) == (2, True)


def test_watch_without_a_terminal_says_so(autograder, course):
    """Exit code 2, and the command that works there."""
    done = autograder("watch", "unit4", cwd=course)
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr and "autograder check" in done.stderr


def test_a_hint_is_a_question_then_a_pointer_then_almost_the_line(autograder, course):
    """One step more each time; after the last the first again. A file that was spoilt by hand counts for nothing."""
    told = [autograder("hint", "unit4", "softmax_jacobian", cwd=course).stdout for _ in range(10)]
    assert told[0] == "1 of 9: How do I write it without two loops?\n"
    assert "`np.diag` and `np.outer`" in told[1]
    assert any("A slip that people make here: only the diagonal is there." in words for words in told[2:])
    assert told[9] == told[0] and len(set(told)) == 9
    for spoilt in ("{", "[]", '{"unit4_manual_gradients": 3}'):
        (course / ".autograder.json").write_text(spoilt)
        assert autograder("hint", "unit4", "softmax_jacobian", cwd=course).stdout == told[0]
    unknown = autograder("hint", "unit4", "softmax", cwd=course)
    assert unknown.returncode == 2 and "There is no check `softmax` in" in unknown.stderr


def test_the_command_alone_says_where_one_is_and_what_is_next(autograder, course, tmp_path):
    """The unit worked on last is at hand; a file from elsewhere is another's, and not noted."""
    assert "> unit0_pseudo_labels        0 of 9 checks" in autograder(cwd=course).stdout
    theirs = GOLDEN / "complete" / UNIT / f"{UNIT}.py"
    assert autograder("check", theirs, "--quick", cwd=course).returncode == 0
    assert not (course / ".autograder.json").exists()
    fill(course, **RIGHT)
    assert autograder("check", "unit4", "--quick", cwd=course).returncode == 1
    told = autograder(cwd=course).stdout
    assert "> unit4_manual_gradients     1 of 13 checks" in told
    assert "Next is `softmax_values`" in told and "autograder watch unit4" in told
    fill(course, relu="return z")  # what no longer passes is to do again, whoever checks it
    script = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"}
    subprocess.run([sys.executable, written(course)], cwd=course, env=script, check=True, capture_output=True)
    assert kept(course)[UNIT]["passed"] == []


def test_notebooks_bring_the_course_along(autograder, tmp_path):
    """The first cell gets the rest, which is a release, and the checks then work; an address can be named for it."""
    made = autograder("build", "--notebooks", tmp_path, "--kit", "./kit.zip")
    assert made.returncode == 0, made.stderr
    assert '%pip install --quiet ".[torch]"' in (tmp_path / "unit3_scan.ipynb").read_text().replace("\\", "")
    book = nbformat.read(tmp_path / f"{UNIT}.ipynb", 4)
    book.cells = [cell for cell in book.cells if cell.cell_type == "code"][:4]  # as far as the first check
    NotebookClient(book, timeout=120, kernel_name="python3").execute(cwd=str(tmp_path))
    assert "austen: Sense and Sensibility" in "".join(output.get("text", "") for output in book.cells[0].outputs)
    assert "is not written yet" in book.cells[-1].outputs[0]["data"]["text/html"]
    names = zipfile.ZipFile(tmp_path / "kit.zip").namelist()
    assert {"pyproject.toml", "autograder/cli.py", f"assignments/{UNIT}.py", ".devcontainer/devcontainer.json"} <= set(
        names
    )
    assert not [name for name in names if "solutions" in name or "sandbox" in name]
    assert autograder("build", "--notebooks", tmp_path).returncode == 2
