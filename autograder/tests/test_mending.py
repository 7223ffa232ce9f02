"""A small change that fixes a student's file: found in practice, revealed in two steps."""

import json
import os
import shlex
import subprocess
import sys

import pytest
import small
from released import RIGHT, fill, kept, release_to, variables, written
from small import UNIT
from test_watch import see, watching

from autograder.course import load_unit, read_course
from autograder.explaining.words import where_mended_in_practice
from autograder.finding import Mending
from autograder.practice.mending import mended
from autograder.practice.practise import practise
from autograder.sandbox.inside.submission import Submission
from autograder.slip import Slip, SlipKind

SLIP = """slope, height = weights
    for i in range(len(x)):
        missed = rate * (height + slope * x[i] - y[i - 1])
        slope, height = slope - missed * x[i], height - missed
    return np.array([slope, height])"""
TWO_SLIPS = SLIP.replace("height - missed", "height + missed")
SAID = "This check passes with one small change in `fit`"


@pytest.fixture
def course(tmp_path):
    """Write a student's course in its own folder, with two of three exercises solved."""
    folder = release_to(tmp_path / "course")
    fill(folder, **RIGHT)
    return folder


def found_in(course, body):
    """Return the repair found for a file with this last exercise."""
    fill(course, fit=body)
    unit = load_unit(read_course(course), UNIT)
    source = written(course).read_bytes()
    practised = []
    exact = [check for check in unit.checks if not check.measure]
    practise(unit, exact, Submission(source, "mine.py"), practised.append)
    return mended(unit, source, practised)


GROWS = """
from dataclasses import replace

import small
from small_class import SOLVED

from autograder.practice.mending import Here

endless = "held = []\\n    while True: held.append({1, 2})"
unit = small.unit()
here = Here(unit, SOLVED[small.UNIT].replace("return 2 * x", endless).encode())
quick = replace(unit.checks[0], seconds=100.0)
print(here.ask(quick, 1).failure.value)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not refuse memory")
def test_a_change_that_grows_without_end_ends_no_search():
    """A loop that fills the memory is a change that fails, in a process that goes on."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", GROWS], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in ("killed", "raised")


def test_a_slip_is_found_with_its_line(course):
    """Practice finds a small error and its line from the public key, in this process.

    It uses the same search as a grade.
    """
    found = found_in(course, SLIP)
    assert found.check == "three_steps"
    assert found.found.function == "fit"
    assert found.found.statement.endswith("y[i - 1])")
    lines = written(course).read_text().split("\n")
    (line,) = [number for number, text in enumerate(lines, 1) if "y[i - 1]" in text]
    assert found.found.place == f"line {line}"
    assert Slip(SlipKind.OFF_BY_ONE) in found.found.slips


def test_a_grade_by_the_real_command_tells_it_too(tmp_path):
    """The real `grade` names the repair, though grading imports no experiment.

    It still knows which functions an experiment uses.
    """
    script = f"{small.solved()}\ndef fit(x, y, weights, rate):\n    {SLIP}\n"
    small.submit(tmp_path / "class", "ada", script)
    command = ("grade", tmp_path / "class", "--out", tmp_path / "out", "--quick", "--seed", "5")
    assert small.run_command(*command).returncode == 0
    record = json.loads((tmp_path / "out" / UNIT / "ada.json").read_text())
    (told,) = [check for check in record["checks"] if check["name"] == "three_steps"]
    assert SAID in " ".join(remark["text"] for remark in told["remarks"])


ROWS = TWO_SLIPS.replace("for i", "rows = []\n    for i")
ROWS = ROWS.replace(
    "    return ", "        rows.append(missed)\n    return 0 * np.array(rows).sum() + "
)
UPHILL = """for a, b in zip(x, y):
        error = weights[0] * a + weights[1] - b
        weights = weights + rate * error * np.array([a, 1.0])
    return weights"""


LOUD = f"""import sys
    import warnings
    warnings.simplefilter("always")
    warnings.warn("of a change")
    print("of a change")
    print("of a change", file=sys.stderr)
    {SLIP}"""


def test_changes_that_are_tried_are_silent(course, capfd, recwarn):
    """Attempted changes print nothing; the student's own output and warnings appear once.

    Some changes make code that warns where the student's does not.
    """
    fill(course, fit=LOUD)
    unit = load_unit(read_course(course), UNIT)
    source = written(course).read_bytes()
    practised = []
    exact = [check for check in unit.checks if not check.measure]
    practise(unit, exact, Submission(source, "mine.py"), practised.append)
    assert "of a change" in capfd.readouterr().out
    recwarn.clear()
    assert mended(unit, source, practised).check == "three_steps"
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def test_a_list_is_not_put_into_itself(course):
    """The search does not try `rows.append(rows)`, which NumPy reads until memory is full."""
    assert found_in(course, ROWS) is None


@pytest.mark.parametrize("body", ["return 1 / 0", TWO_SLIPS, UPHILL])
def test_nothing_is_made_up(course, body):
    """The search reports no repair for an exception, for two errors, or for a known mistake."""
    assert found_in(course, body) is None


def test_check_tells_the_line_and_a_hint_the_slip(course):
    """`check` names the line; `hint` names the kind of error, after a question."""
    fill(course, fit=SLIP)
    done = small.run_command("check", "numbers", "--quick", cwd=course)
    assert "Trying small changes of your code for `three_steps` …" in done.stdout
    assert f"three_steps: {SAID} (line" in done.stdout
    assert "off by one" not in done.stdout
    asked = small.run_command("hint", "numbers", "three_steps", cwd=course)
    assert f"in your own code: {SAID}" in asked.stdout
    assert "a value is off by one" in asked.stdout
    again = small.run_command("hint", "numbers", "three_steps", cwd=course)
    assert "on your own code" not in again.stdout


def test_a_file_that_lies_elsewhere_changes_no_hint(course, tmp_path):
    """A file in another place changes no stored hint, because it may be another student's."""
    fill(course, fit=SLIP)
    theirs = tmp_path / f"{UNIT}.py"
    theirs.write_bytes(written(course).read_bytes())
    fill(course, fit=TWO_SLIPS)
    done = small.run_command("check", theirs, "--quick", cwd=course)
    assert f"three_steps: {SAID} (line" in done.stdout
    asked = small.run_command("hint", "numbers", "three_steps", cwd=course)
    assert "in your own code" not in asked.stdout


def test_what_passed_is_kept_where_nobody_reads_on(course):
    """Progress is saved even if the reader of the output stops: `autograder check | head -1`."""
    fill(course, fit=TWO_SLIPS)
    command = f"{shlex.quote(sys.executable)} -m autograder check numbers --quick | head -1"
    subprocess.run(command, shell=True, cwd=course, check=True, stdout=subprocess.PIPE)
    assert kept(course)[UNIT]["passed"]


LIMITED = """
import sys

from autograder.cli import main
from autograder.explaining import repairs

repairs.MOST_SECONDS = {seconds}
main(["check", "numbers", "--quick"])
"""


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (300, "No small change was found that surely repairs it."),
        (0, "The search took too long, and was stopped."),
    ],
)
def test_check_says_what_to_do_where_no_small_change_helps(course, seconds, said):
    """Without a repair, `check` says why and names the command that gives a hint."""
    fill(course, fit=TWO_SLIPS)
    script = LIMITED.format(seconds=seconds)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=course, env=variables(), capture_output=True, text=True
    )
    assert "Trying small changes of your code for `three_steps` …" in done.stdout
    assert f"{said} Next: autograder hint numbers" in done.stdout


def test_tools_read_where_the_change_is(course):
    """`check --json` puts the place of the change into the remark of the repaired check."""
    fill(course, fit=SLIP)
    done = small.run_command("check", "numbers", "--quick", "--json", cwd=course)
    (unit,) = json.loads(done.stdout)["units"]
    (verdict,) = [check for check in unit["checks"] if check["check"] == "three_steps"]
    assert SAID in verdict["remarks"][0]["text"]


def test_watch_goes_on_looking_and_says_so(course):
    """`watch` prints the verdict and says that it searches on; the next save drops the search."""
    with watching(course, unit="numbers", first="is not written yet.") as terminal:
        fill(course, fit=SLIP)
        see(terminal, "wrong values in", "three_steps: This check passes with one small", "[h]int")
        terminal.send("h")
        see(terminal, "hint in your own code:", "a value is off by one")
        fill(course, fit=TWO_SLIPS)
        see(terminal, "No small change for `")
        assert kept(course)[UNIT]["slips"] == {}


def test_a_change_without_a_line_says_why():
    """A repair without a line says why.

    Several lines could be it, or the change only works around the error.
    """
    in_line = Mending("fit", "line 3", "return 2")
    assert where_mended_in_practice(in_line) == f"{SAID} (line 3, where you wrote `return 2`)."
    assert where_mended_in_practice(Mending("fit")) == f"{SAID}. Its line is not certain."
