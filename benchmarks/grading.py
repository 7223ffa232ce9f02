"""What grading costs, as shares of `python -c "import torch"` in the same run; writes docs/performance.md.

One thread everywhere. Each figure is the median of five runs.
"""

import os

for _name in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"

import json
import platform
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
CASE = ROOT / "autograder" / "tests" / "submissions" / "complete" / UNIT / f"{UNIT}.py"
RUNS = 5

CLASS = """
import resource, sys, time
from pathlib import Path
from autograder import grading
from autograder.sandbox import Server
import autograder.grading
folder, out, jobs = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
first = []
step = lambda result: first.append(time.perf_counter()) if not first else None
grading.grade_class(grading.find_submissions(folder), grading.Run(out, 5, jobs, quick=True), step)
print(time.perf_counter() - first[0], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
KERNEL = """
import time, numpy as np, autograder
exec(open(__import__("sys").argv[1]).read().split("# %% [markdown]\\n# ## 13")[0].replace("check(", "(lambda name: None)("))
check = autograder.unit("unit4_manual_gradients")
check("backward_through_time")
began = time.perf_counter(); check("backward_through_time"); print("seconds", time.perf_counter() - began)
"""


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - began


def median(measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(RUNS))


def grade(count: int, jobs: int) -> tuple[float, float]:
    """Seconds from the first result to the last, a submission; megabytes of the grader at its peak."""
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(count):
            (target := Path(scratch, "class", f"s{number:04}", UNIT)).mkdir(parents=True)
            shutil.copy(CASE, target)
        command = [sys.executable, "-c", CLASS, f"{scratch}/class", f"{scratch}/out", str(jobs)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
        assert json.loads(next(Path(scratch, "out", UNIT).glob("*.json")).read_text())["score"] == 31
    took, kilobytes = map(float, done.stdout.split())
    return took / (count - 1), kilobytes / 1024


def kernel_check() -> float:
    done = subprocess.run(
        [sys.executable, "-c", KERNEL, str(CASE)], check=True, capture_output=True, text=True, cwd=ROOT
    )
    return float(done.stdout.split("seconds")[1])


def main() -> None:
    torch = median(lambda: seconds([sys.executable, "-c", "import torch"]))
    rows = []

    def row(what: str, took: float, goal: str) -> None:
        rows.append(f"| {what} | {took * 1000:.1f} ms | {took / torch:.4f} (1/{torch / took:.0f}) | {goal} |")
        print(rows[-1], flush=True)

    row('`python -c "import torch"`', torch, "the measure")
    row("200 submissions, exact checks, two workers: each", median(lambda: grade(200, 2)[0]), "1/30")
    row("200 submissions, exact checks, one worker: each", median(lambda: grade(200, 1)[0]), "")
    row("a warm check of one exercise (`backward_through_time`)", median(kernel_check), "under 100 ms")
    row("`autograder --help`", median(lambda: seconds([sys.executable, "-m", "autograder", "--help"])), "under 300 ms")
    memory = [grade(count, 2)[1] for count in (20, 200)]
    machine = (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, Linux {platform.release()}"
    )
    page = f"""# Performance

Written by `make bench` on {machine}. One thread a process. Medians of {RUNS} runs, each compared with an
`import torch` in the same run, because seconds differ from machine to machine and from hour to hour.

| what | median | of an `import torch` | goal |
|---|---|---|---|
{chr(10).join(rows)}

Memory of the grader at its peak, two workers: {memory[0]:.0f} MB for 20 submissions and {memory[1]:.0f} MB for 200.

"""
    (ROOT / "docs" / "performance.md").write_text(page)


if __name__ == "__main__":
    main()
