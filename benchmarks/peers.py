"""Measure the exact checks of each unit: our engine beside nbgrader, otter and pytest.

All are given the same answers. Prints rows for docs/performance.md.

Processor time of all processes, one thread each, for one more submission; what starts once for a
class is left out where a tool grades a class (ours, nbgrader), and is part of it where it grades
one file (otter, pytest). Medians of three.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
# what is imported is compiled once, as where people work
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
from against_nbgrader import CLASS, PATH, processor_time, run
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
    """The solution's notebook without demonstrations and training."""
    book = exact(fill(release, solution(release.stem).plain()))
    training = {f"check-{check.name}" for check in load(release.stem).checks if check.measure}
    book.cells = [cell for cell in book.cells if cell.id not in training]
    return book


def nbgrader(course: Path, unit: str) -> float:
    """One more submission in `nbgrader autograde` of a class."""
    command = ("-m", "nbgrader", "autograde", unit, "--force")
    run(*command, cwd=course)
    took = []
    for _ in range(RUNS):
        whole = processor_time(lambda: run(*command, cwd=course))
        one = processor_time(lambda: run(*command, "--student", "s0", cwd=course))
        took.append((whole - one) / (CLASS_SIZE - 1))
    return statistics.median(took)


def seconds_on_the_clock(work: Callable[[], object]) -> float:
    """How long a person waits."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def otter_command(folder: Path, unit: str, book: str) -> Callable[[], None]:
    """Set up otter for one notebook; a call of what is returned is one `otter run`."""
    (folder / "tests").mkdir()
    (folder / "tests" / f"{unit}.py").write_text(TEST.format(unit=unit))
    (folder / f"{unit}.ipynb").write_text(book)
    program, environment = (
        str(Path(sys.executable).with_name("otter")),
        {**os.environ, "PATH": PATH},
    )

    def call(*arguments: str) -> None:
        done = subprocess.run(
            [program, *arguments], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-2000:]

    call("generate", "-t", "tests", "-o", "autograder.zip", "--no-environment", "--no-requirements")

    def otter_run() -> None:
        call("run", "-a", "autograder.zip", f"{unit}.ipynb")
        assert '"score": 1.0' in (folder / "results.json").read_text()

    return otter_run


def one_file(scratch: Path, course: Path, unit: str, otter_run: Callable[[], None]) -> list[float]:
    """Median seconds on the clock, from the command's start, to grade one notebook.

    Ours on a seed that no run had before, then `nbgrader autograde`, then `otter run`.
    """
    folder = course / "submitted" / "s0"
    seeds = iter(range(5000, 5000 + RUNS))

    def ours_once() -> None:
        seed = str(next(seeds))
        out = scratch / f"{unit}-one" / seed
        options = ("--unit", unit, "--quick", "--seed", seed, "--out", out)
        run("-m", "autograder", "grade", scratch / "one-file" / unit, *options)

    def nbgrader_once() -> None:
        run("-m", "nbgrader", "autograde", unit, "--force", "--student", "s0", cwd=course)

    (target := scratch / "one-file" / unit / "s0" / unit).mkdir(parents=True)
    shutil.copy(folder / unit / f"{unit}.ipynb", target)
    return [
        statistics.median(seconds_on_the_clock(grade) for _ in range(RUNS))
        for grade in (ours_once, nbgrader_once, otter_run)
    ]


def pytest(folder: Path, unit: str) -> float:
    """`pytest` on one script, with the kit's plugin."""
    script = solution(unit).plain()
    for check in load(unit).checks:
        script = script.replace(f'\ncheck("{check.name}")\n', "\n") if check.measure else script
    (folder / f"{unit}.py").write_text(script)
    names = [check.name for check in load(unit).checks if check.measure]
    left_out = [part for name in names for part in ("--deselect", f"{unit}.py::{name}")]
    command = ("-m", "pytest", "-q", "-p", "no:cacheprovider", *left_out, f"{unit}.py")
    return statistics.median(processor_time(lambda: run(*command, cwd=folder)) for _ in range(RUNS))


def ours(folder: Path, unit: str, book: str) -> float:
    """One more submission in `autograder grade`."""
    for student in range(60):
        (target := folder / "class" / f"s{student}" / unit).mkdir(parents=True)
        (target / f"{unit}.ipynb").write_text(book)

    def graded() -> float:
        shutil.rmtree(folder / "out", ignore_errors=True)
        return float(run("-c", CLASS, folder / "class", folder / "out", 1).split("each")[1])

    return statistics.median(graded() for _ in range(RUNS))


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
    """Seconds of nothing but the experiments on our solution, in one process that has run each before."""
    return float(run("-c", EXPERIMENTS, unit))


def page() -> str:
    """A row a unit."""
    rows, waits = [], []
    with tempfile.TemporaryDirectory() as scratch:
        run("-m", "autograder", "nbgrader", course := Path(scratch, "course"))
        for unit in COURSE.units:
            run("-m", "nbgrader", "generate_assignment", unit, cwd=course)
            book = nbformat.writes(notebook(course / "release" / unit / f"{unit}.ipynb"))
            for student in range(CLASS_SIZE):
                (target := course / "submitted" / f"s{student}" / unit).mkdir(parents=True)
                (target / f"{unit}.ipynb").write_text(book)
            places = [Path(scratch, f"{unit}-{who}") for who in ("ours", "otter", "pytest")]
            for place in places:
                place.mkdir()
            took, alone = ours(places[0], unit, book), experiments(unit)
            otter_run = otter_command(places[1], unit, book)
            otter = statistics.median(processor_time(otter_run) for _ in range(RUNS))
            peers = nbgrader(course, unit), otter, pytest(places[2], unit)
            once = one_file(Path(scratch), course, unit, otter_run)
            waits.append(f"| {unit} | " + " | ".join(f"{seconds:.2f} s" for seconds in once) + " |")
            cells = [f"{peer:.2f} s ({peer / took:.0f})" for peer in peers]
            checks = len(checks_to_run(load(unit), ()))
            parts = f"{1000 * took:.1f} ms | {1000 * (took - alone):.1f} ms"
            rows.append(f"| {unit}, {checks} checks | {parts} | " + " | ".join(cells) + " |")
            print(rows[-1], flush=True)
    head = (
        "| exact checks | ours | without the experiments | `nbgrader autograde` | `otter run` | "
        "`pytest` |\n"
    )
    table = f"{head}|---|---|---|---|---|---|\n" + "\n".join(rows)
    waiting = f"{ONE_FILE}\n|---|---|---|---|\n" + "\n".join(waits)
    return f"{table}\n\n{WORDS}\n\n{waiting}\n"


if __name__ == "__main__":
    print(page())
