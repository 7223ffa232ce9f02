"""Measure the exact checks of each unit: our engine beside nbgrader, otter and pytest.

All get the same answers. Prints rows for docs/measurements/performance.md.

The figures are the CPU time of all processes, one thread each, for one more submission. What starts
once for a class is left out if a tool grades a class (ours, nbgrader), and is part of it if the
tool grades one file (otter, pytest). Medians of three.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
# imported modules are compiled once, as on a working machine
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from against_nbgrader import CLASS_COST, PATH, processor_time, run
from at_hand import COURSE, solution
from at_hand import unit as load
from mutilations import exact, fill

from autograder.grading.keys import checks_to_run

RUNS, CLASS_SIZE = 3, 4
WORDS = """CPU time of one more submission, all processes.
*Without the experiments*: less what the student's own code and the experiments on it take where they have run before; the goal is under 25 ms.
In brackets how many times ours a peer takes: the goal is 100 for unit 4, 20 for the others; a smaller number misses it.
[With nbgrader](nbgrader.md) has unit 4 on another build of Python, and on the clock."""
ONE_FILE = """The same notebook, one file from the command's start, on the clock, exact checks, ours confined and on a seed that no run had before:

| one file | ours | `nbgrader autograde` | `otter run` |"""
TEST = """
from otter.test_files import test_case

OK_FORMAT = False
name = "{unit}"
points = 1


@test_case()
def test_{unit}(env):
    from autograder.course import find_course, load_unit
    from autograder.grading.keys import checks_to_run
    from autograder.practice.practise import Live, practise

    unit = load_unit(find_course(), "{unit}")
    assert all(verdict.status == "passed" for verdict in practise(unit, checks_to_run(unit, ()), Live(env)))
"""


def notebook(release: Path) -> Any:
    """Return the solution's notebook without examples and training."""
    unit = release.stem
    book = exact(fill(release, solution(unit).plain()))
    training = {f"check-{check.name}" for check in load(unit).checks if check.measure}
    book.cells = [cell for cell in book.cells if cell.id not in training]
    return book


def nbgrader(course: Path, unit: str) -> float:
    """Return the seconds of one more submission in `nbgrader autograde` of a class."""
    command = ("-m", "nbgrader", "autograde", unit, "--force")
    run(*command, cwd=course)
    took = []
    for _ in range(RUNS):
        whole = processor_time(lambda: run(*command, cwd=course))
        one = processor_time(lambda: run(*command, "--student", "s0", cwd=course))
        took.append((whole - one) / (CLASS_SIZE - 1))
    return statistics.median(took)


def seconds_on_the_clock(work: Callable[[], object]) -> float:
    """Return the seconds that a person waits."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def otter_command(folder: Path, unit: str, book: str) -> Callable[[], None]:
    """Set up otter for one notebook; each call of the returned function is one `otter run`."""
    (folder / "tests").mkdir()
    (folder / "tests" / f"{unit}.py").write_text(TEST.format(unit=unit))
    (folder / f"{unit}.ipynb").write_text(book)
    program = str(Path(sys.executable).with_name("otter"))
    environment = {**os.environ, "PATH": PATH}

    def call(*arguments: str) -> None:
        command = [program, *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]

    call("generate", "-t", "tests", "-o", "autograder.zip", "--no-environment", "--no-requirements")

    def otter_run() -> None:
        call("run", "-a", "autograder.zip", f"{unit}.ipynb")
        assert '"score": 1.0' in (folder / "results.json").read_text()

    return otter_run


def one_file(scratch: Path, course: Path, unit: str, otter_run: Callable[[], None]) -> list[float]:
    """Return median seconds on the clock to grade one notebook, from the command's start.

    The order is: ours on a new seed, `nbgrader autograde`, `otter run`.
    """
    folder = course / "submitted" / "s0"
    seeds = iter(range(5000, 5000 + RUNS))

    def ours_once() -> None:
        seed = str(next(seeds))
        out = scratch / f"{unit}-one" / seed
        submitted = scratch / "one-file" / unit
        options = ("--unit", unit, "--quick", "--seed", seed, "--out", out)
        run("-m", "autograder", "grade", submitted, *options)

    def nbgrader_once() -> None:
        run("-m", "nbgrader", "autograde", unit, "--force", "--student", "s0", cwd=course)

    target = scratch / "one-file" / unit / "s0" / unit
    target.mkdir(parents=True)
    shutil.copy(folder / unit / f"{unit}.ipynb", target)
    medians = []
    for grade in (ours_once, nbgrader_once, otter_run):
        times = [seconds_on_the_clock(grade) for _ in range(RUNS)]
        medians.append(statistics.median(times))
    return medians


def pytest(folder: Path, unit: str) -> float:
    """Return the seconds of `pytest` on one script, with the kit's plugin."""
    script = solution(unit).plain()
    left_out = []
    for check in load(unit).checks:
        if check.measure:
            script = script.replace(f'\ncheck("{check.name}")\n', "\n")
            left_out += ["--deselect", f"{unit}.py::{check.name}"]
    (folder / f"{unit}.py").write_text(script)
    command = ("-m", "pytest", "-q", "-p", "no:cacheprovider", *left_out, f"{unit}.py")
    times = [processor_time(lambda: run(*command, cwd=folder)) for _ in range(RUNS)]
    return statistics.median(times)


def ours(folder: Path, unit: str, book: str) -> float:
    """Return the seconds of one more submission in `autograder grade`."""
    submitted = folder / "class"
    out = folder / "out"
    for student in range(60):
        write_notebook(submitted / f"s{student}", unit, book)
    times = []
    for _ in range(RUNS):
        shutil.rmtree(out, ignore_errors=True)
        printed = run(CLASS_COST, submitted, out, 1)
        _, each = printed.split("each")
        times.append(float(each))
    return statistics.median(times)


def write_notebook(student: Path, unit: str, book: str) -> None:
    """Write a student's notebook where platforms put it."""
    target = student / unit
    target.mkdir(parents=True)
    (target / f"{unit}.ipynb").write_text(book)


EXPERIMENTS = """
import statistics, sys, time
from autograder.course import find_course, load_unit
from autograder.grading.keys import checks_to_run, solution_of
from autograder.sandbox.inside.submission import Submission
from autograder.sandbox.inside.runner import run_experiment
unit = load_unit(find_course(), sys.argv[1])
unit.experiments.warm()
net = Submission(solution_of(unit).plain().encode(), "solution.py")
def took(check):
    began = time.process_time()
    assert not run_experiment(check, net, 5, unit.experiments.reset).failure
    return time.process_time() - began
print(sum(statistics.median(took(check) for _ in range(7)) for check in checks_to_run(unit, ())))
"""


def experiments(unit: str) -> float:
    """Return the seconds of the experiments alone on our solution, in a warm process."""
    return float(run("-c", EXPERIMENTS, unit))


def page() -> str:
    """Return the tables, with a row for each unit."""
    rows = []
    waits = []
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        course = scratch / "course"
        run("-m", "autograder", "nbgrader", course)
        for unit in COURSE.units:
            run("-m", "nbgrader", "generate_assignment", unit, cwd=course)
            book = nbformat.writes(notebook(course / "release" / unit / f"{unit}.ipynb"))
            for student in range(CLASS_SIZE):
                write_notebook(course / "submitted" / f"s{student}", unit, book)
            otter_place = scratch / f"{unit}-otter"
            otter_place.mkdir()
            otter_run = otter_command(otter_place, unit, book)
            rows.append(row(scratch, course, unit, book, otter_run))
            once = one_file(scratch, course, unit, otter_run)
            cells = " | ".join(f"{seconds:.2f} s" for seconds in once)
            waits.append(f"| {unit} | {cells} |")
            print(rows[-1], flush=True)
    head = (
        "| exact checks | ours | without the experiments | `nbgrader autograde` | `otter run` | "
        "`pytest` |\n"
    )
    table = f"{head}|---|---|---|---|---|---|\n" + "\n".join(rows)
    waiting = f"{ONE_FILE}\n|---|---|---|---|\n" + "\n".join(waits)
    return f"{table}\n\n{WORDS}\n\n{waiting}\n"


def row(scratch: Path, course: Path, unit: str, book: str, otter_run: Callable[[], object]) -> str:
    """Return a unit's row: our time for one more submission, and each peer's."""
    our_place = scratch / f"{unit}-ours"
    our_place.mkdir()
    pytest_place = scratch / f"{unit}-pytest"
    pytest_place.mkdir()
    took = ours(our_place, unit, book)
    without_experiments = took - experiments(unit)
    otter = statistics.median(processor_time(otter_run) for _ in range(RUNS))
    cells = [
        f"{unit}, {len(checks_to_run(load(unit), ()))} checks",
        f"{1000 * took:.1f} ms",
        f"{1000 * without_experiments:.1f} ms",
    ]
    for peer in (nbgrader(course, unit), otter, pytest(pytest_place, unit)):
        cells.append(f"{peer:.2f} s ({peer / took:.0f})")
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print(page())
