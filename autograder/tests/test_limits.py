"""A check's limits of time and memory apply where a student works.

The tests use real endless loops and real memory, in a terminal and in a kernel.
"""

import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from released import RIGHT, fill, hurried, release_to, variables, written

from autograder.check import Limits, check, named
from autograder.practice.limits import memory_limit, within_limits
from autograder.sandbox.inside.runner import run_experiment
from autograder.sandbox.inside.submission import Submission

QUICK = 0.2  # seconds; a student's machine gives twice as many
ENDLESS = "while True: pass"
GROWING = "grown = []\n    while True: grown.append(np.ones(1 << 18))"
UNREACHABLE = "import itertools; return max(itertools.repeat(1))"  # never reaches the interpreter


@check(points=1, seconds=QUICK)
def asking(net, seed):
    """`f` of the seed"""
    return named("y", net.f(seed))


def answer(script, asked=asking, megabytes=150, tell=lambda *_: None):
    """Return the answer of a script's function within limits."""
    submission = Submission(f"import time\nimport numpy as np\n{script}".encode(), "ada.py")
    return within_limits(
        asked,
        Limits(megabytes=megabytes),
        lambda: run_experiment(asked, submission, 3, lambda seed: None),
        tell,
    )


@pytest.fixture
def course(tmp_path):
    """Write a student's course with little memory, and with little time except for `fit`.

    In `fit`, memory has to be the first limit, on a slow machine, too.
    """
    folder = release_to(tmp_path / "course")
    path = folder / "checks" / "numbers_and_sums.py"
    text = path.read_text().replace("@check(points=2, ", f"@check(seconds={QUICK}, points=2, ")
    text = text.replace("@check(points=4", f"@check(seconds={QUICK}, points=4")
    text = text.replace("import UnitSettings", "import Limits, UnitSettings")
    path.write_text(text.replace("sizes=SIZES", "sizes=SIZES, limits=Limits(megabytes=150)"))
    return folder


def test_a_loop_without_end_is_ended_and_told_where():
    """An endless loop is stopped, and the report names the student's line that was running."""
    found = answer(f"def f(seed):\n    seed += 1\n    {ENDLESS}")
    assert found.failure == "timeout"
    assert found.message == (
        "took longer than 0.4 seconds (the limit in grading is 0.2) and was stopped at "
        "line 5, in `f`. Is there a loop that does not end?"
    )


def test_what_grows_without_end_is_ended_and_told_where():
    """Unbounded growth is stopped at its line, long before the machine runs out of memory.

    The memory is released.
    """
    found = answer(f"def f(seed):\n    {GROWING}", replace(asking, seconds=60))
    assert found.failure == "killed"
    assert re.match(
        r"took more than 150 MB of memory and was stopped at line [45], in `f`\. ", found.message
    )


def test_what_catches_every_exception_is_ended_by_the_next():
    """Code that catches every exception is stopped by the next one, a little later."""
    script = f"def f(seed):\n    try:\n        {ENDLESS}\n    except:\n        pass\n    {ENDLESS}"
    assert answer(script).failure == "timeout"


def test_time_that_is_spent_waiting_does_not_count():
    """Waiting does not count as time: a debugger stops for as long as one looks."""
    assert answer(f"def f(seed):\n    time.sleep({4 * QUICK})\n    return 1").arrays["y"] == 1


def test_a_right_answer_is_left_alone():
    """After a right answer no late exception follows, and tracing works as before."""
    quick = replace(asking, seconds=0.02)
    for _ in range(30):
        answer(
            (
                "def f(seed):\n    until = time.monotonic() + 0.04\n    while time.monotonic() < "
                "until: pass\n    return 1"
            ),
            quick,
        )
    seen = []
    sys.setprofile(lambda *event: seen.append(event[1]))
    np.array([1.0]).sum()
    sys.setprofile(None)
    assert seen


def test_a_check_that_lasts_is_told_each_second(tmp_path):
    """During a long check another thread prints its name each second."""
    told = []
    said = tmp_path / "said twice"

    def tell(*news):
        told.append(news)
        if len(told) == 2:
            said.touch()

    waiting = f"while not pathlib.Path({str(said)!r}).exists(): time.sleep(0.01)"
    answer(f"import pathlib\ndef f(seed):\n    {waiting}\n    return 1", tell=tell)
    assert {name for name, _ in told} == {"asking"}
    first, second, *_ = [seconds for _, seconds in told]
    assert first >= 1
    assert second >= 2


def run_check(course):
    command = [sys.executable, "-m", "autograder", "check", "numbers", "--quick"]
    return subprocess.run(
        command, cwd=course, env=variables(), capture_output=True, text=True, timeout=60
    )


def test_check_tells_what_it_ended_and_goes_on(course):
    """`check` reports what it stopped, runs the later checks and exits with 1."""
    fill(course, double=ENDLESS, running_sum=RIGHT["running_sum"], fit=GROWING)
    done = run_check(course)
    assert (done.returncode, done.stderr) == (1, "")
    assert (
        "took longer than 0.4 seconds (the limit in grading is 0.2) and was stopped at line"
        in done.stdout
    )
    assert "took more than 150 MB of memory and was stopped at line" in done.stdout
    assert "Do this first: `doubling`." in done.stdout


def test_check_ends_itself_where_no_exception_can(course):
    """If no exception can stop the code, `check` prints the student's line and exits."""
    fill(course, double=UNREACHABLE)
    done = run_check(course)
    assert done.returncode == -signal.SIGXCPU
    line = done.stderr.splitlines()[1]
    assert f"|{written(course).name}" in line
    assert line.endswith("in double")


def blocking_threads():
    """Return the number of this process's threads that block SIGXCPU."""
    bit = 1 << (signal.SIGXCPU - 1)
    statuses = [path.read_text() for path in Path("/proc/self/task").glob("*/status")]
    masks = [int(re.search(r"SigBlk:\s*(\w+)", status)[1], 16) for status in statuses]
    return sum(bool(mask & bit) for mask in masks)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_thread_that_watches_does_not_receive_the_signal_that_ends_check():
    """SIGXCPU reaches the student's thread, also if the other computes at that moment."""
    submission = Submission(b"import time\ndef f(seed):\n    time.sleep(0.2)\n    return 1", "a.py")
    seen = []

    def run():
        done = run_experiment(asking, submission, 3, lambda seed: None)
        seen.append(blocking_threads())
        return done

    before = blocking_threads()
    within_limits(asking, Limits(), run)
    assert seen == [before + 1]


def test_check_ends_itself_by_the_clock_where_there_are_no_limits_of_unix(course):
    """Without Unix limits, as on Windows, a timer ends `check` and prints the line."""
    hurried(course)
    fill(course, double=UNREACHABLE)
    no_limits = (
        "import sys, psutil; sys.modules['resource'] = None; from autograder.cli import main; "
        "main()"
    )
    command = [sys.executable, "-c", no_limits, "check", "numbers", "--quick"]
    done = subprocess.run(command, cwd=course, env=variables(), capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("Timeout")
    assert f"|{written(course).name}" in done.stderr


def test_a_crash_of_a_library_tells_its_line(course):
    """If a library crashes the process, `check` prints the line; no Windows shell would."""
    fill(course, double="import ctypes; return ctypes.string_at(0)")
    done = run_check(course)
    assert done.returncode == -signal.SIGSEGV
    assert done.stderr.startswith("Fatal Python error: Segmentation fault")
    assert f"|{written(course).name}" in done.stderr


def test_a_kernel_goes_on_after_a_loop_without_end(course):
    """A kernel's cell shows what was stopped and where, and the next cell runs."""
    cells = [
        "import numpy as np\nimport autograder\ncheck = autograder.unit('numbers_and_sums')",
        f"def double(x):\n    x = x + 1\n    {ENDLESS}\ncheck('doubling')",
        f"def fit(x, y, weights, rate):\n    {GROWING}\ncheck('three_steps')",
        "def double(x):\n    return 2 * x\ncheck('doubling')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute(cwd=str(course))
    loop, memory, right = (cell.outputs[-1]["data"]["text/html"] for cell in notebook.cells[1:])
    assert "and was stopped at line 3 of the cell, in <code>double</code>" in loop
    assert "took more than 150 MB of memory" in memory
    assert "passed, 2 of 2 points" in right


def test_a_trial_gets_no_more_memory_than_a_submission():
    """An expression that asks for gigabytes raises an error at once; the old limit comes back.

    `np.zeros(image.shape * 5)` has ten axes. No exception could stop it while it is filled.
    """
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_AS)
    with memory_limit(Limits(megabytes=300)):
        assert np.ones(1000).sum() == 1000
        with pytest.raises(MemoryError):
            np.ones((7, 11) * 5)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
