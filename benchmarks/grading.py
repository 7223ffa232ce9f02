"""Measure what grading costs, as shares of `python -c "import torch"` in the same run.

Prints rows for docs/measurements/performance.md.

One thread everywhere. Each figure is the median of five runs; large classes are graded once.
"""

import os

for _name in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"
# imported modules are compiled once, as on a working machine
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UNIT = "unit4_manual_gradients"
CASES = ROOT / "tests" / "submissions"
CASE = CASES / "complete" / UNIT / f"{UNIT}.py"
RUNS = 5
# number of submissions, graded by number of workers
CLASSES = ((10, 1), (10, 2), (100, 1), (100, 2), (1000, 1), (1000, 2), (10_000, 2))

CLASS = """
import sys
import time
from pathlib import Path

from autograder.course import find_course
from autograder.grading import batch, submissions

folder, out = Path(sys.argv[1]), Path(sys.argv[2])
jobs = int(sys.argv[3])
times = []  # of all results
course = find_course()
found = submissions.find_submissions(course, folder)
run = batch.Run(out, 5, jobs, quick=True)
batch.grade_class(course, found, run, lambda result: times.append(time.perf_counter()))
seconds = time.perf_counter() - times[0]
for line in open("/proc/self/status"):
    if line.startswith("VmHWM"):  # ru_maxrss would count who started us
        print(seconds, line.split()[1])
"""
FORK = """
import statistics, sys, time
from autograder.course import find_course, load_unit
from autograder.sandbox.client import Server
with Server(load_unit(find_course(), sys.argv[1])) as server:
    def once():
        began = time.perf_counter()
        with server.worker(b"", "submission.py") as worker:
            worker.ask(server.unit.checks[0], 1)
        return time.perf_counter() - began
    print(statistics.median(once() for _ in range(30)))
"""
KERNEL = """
import sys
import time

import autograder
import numpy as np

script = open(sys.argv[1]).read()
exercises = script.split("# %% [markdown]\\n# ## 13")[0]
exec(exercises.replace("check(", "(lambda name: None)("))
check = autograder.unit("unit4_manual_gradients")
check("backward_through_time")
began = time.perf_counter()
check("backward_through_time")
print("seconds", time.perf_counter() - began)
"""


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - began


def median(measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(RUNS))


def grade(count: int, jobs: int) -> tuple[float, float]:
    """Return seconds per submission, from the first result to the last, and peak megabytes."""
    with tempfile.TemporaryDirectory() as scratch:
        submitted = Path(scratch, "class")
        out = Path(scratch, "out")
        for number in range(count):
            target = submitted / f"s{number:04}" / UNIT
            target.mkdir(parents=True)
            shutil.copy(CASE, target)
        command = [sys.executable, "-c", CLASS, str(submitted), str(out), str(jobs)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
        some_result = next((out / UNIT).glob("*.json"))
        assert json.loads(some_result.read_text())["score"] == 31
    seconds, kilobytes = map(float, done.stdout.split())
    return seconds / (count - 1), kilobytes / 1024


def kernel_check() -> float:
    done = subprocess.run(
        [sys.executable, "-c", KERNEL, str(CASE)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return float(done.stdout.split("seconds")[1])


def cold_check() -> float:
    """Return the seconds of `autograder check` in a new process.

    The unit is solved and needs torch; training is left out.
    """
    solved = CASES / "solved_unit1" / "unit1_embeddings" / "unit1_embeddings.py"
    return seconds([sys.executable, "-m", "autograder", "check", str(solved), "--quick"])


def empty_fork(packages: str) -> float:
    """Return the seconds of a confined worker that starts, answers one empty question and ends."""
    done = subprocess.run(
        [sys.executable, "-c", FORK, packages], check=True, capture_output=True, text=True, cwd=ROOT
    )
    return float(done.stdout)


def page() -> str:
    """Return the sections on grading and on checking."""
    both = [(seconds([sys.executable, "-c", "import torch"]), cold_check()) for _ in range(RUNS)]
    torch, cold = (statistics.median(values) for values in zip(*both, strict=True))
    rows, scale = [], []

    def share(took: float) -> str:
        return (
            f"{took / torch:.4f} (1/{torch / took:.0f})"
            if took < torch / 2
            else f"{took / torch:.2f}"
        )

    def row(what: str, took: float, goal: str = "") -> None:
        rows.append(f"| {what} | {took * 1000:.1f} ms | {share(took)} | {goal} |")
        print(rows[-1], flush=True)

    row('`python -c "import torch"`', torch, "the measure")
    row("an empty confined fork, NumPy alone", median(lambda: empty_fork(UNIT)))
    row("an empty confined fork with torch", median(lambda: empty_fork("unit5_stateful_lstm")))
    row("a cold `autograder check unit1 --quick`", cold, "1.15")
    row(
        "a warm check of one exercise (`backward_through_time`)",
        median(kernel_check),
        "under 100 ms",
    )
    row(
        "`autograder --help`",
        median(lambda: seconds([sys.executable, "-m", "autograder", "--help"])),
        "under 300 ms",
    )
    for count, jobs in CLASSES:
        runs = [grade(count, jobs) for _ in range(RUNS if count < 1000 else 1)]
        took, memory = (statistics.median(values) for values in zip(*runs, strict=True))
        scale.append(
            f"| {count:,} | {jobs} | {took * 1000:.1f} ms | {share(took)} | {memory:.0f} MB |"
        )
        print(scale[-1], flush=True)
    tables = "| what | median | of an `import torch` | goal |\n|---|---|---|---|\n" + "\n".join(
        rows
    )
    tables += (
        "\n\nUnit 4, exact checks, a class of copies; the goal is 1/30 with two workers.\nMemory "
        "is the trusted process's peak.\n"
    )
    tables += (
        "\n| submissions | workers | each | of an `import torch` | memory "
        "|\n|---|---|---|---|---|\n"
    )
    return tables + "\n".join(scale) + "\n"


if __name__ == "__main__":
    print(page())
