"""Measure how long one person waits for `autograder grade` of one file, from its start.

python benchmarks/latency.py, rows for docs/performance.md. Each run has a secret seed of its own,
as a grader of one file has. Medians of five, only exact checks; with training, one run.
"""

import os

for _name in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"
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

from at_hand import COURSE, solution

RUNS = 5
WORDS = """*Right*: the solution's code, on a seed that no run had before.
*Wrong*: the first known mistake, likewise, which asks for the answers of known mistakes.
*Again*: the same seed, another folder of results.
The goals: a right file in two imports of torch (unit 4: one), a wrong one in two seconds more."""


def timed(work: Callable[[], object]) -> float:
    """Seconds on the clock."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def grade(folder: Path, out: Path, *options: str) -> None:
    """Grade a folder of submissions with the real command."""
    command = [
        sys.executable,
        "-m",
        "autograder",
        "grade",
        str(folder),
        "--out",
        str(out),
        *options,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)


def hand_in(folder: Path, unit: str, script: str, student: str = "ada") -> None:
    """Put a script where `grade` looks for it."""
    path = folder / student / unit / f"{unit}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script, encoding="utf-8")


def import_torch() -> float:
    """The measure: how long `python -c "import torch"` takes."""
    command = [sys.executable, "-c", "import torch"]
    subprocess.run(command, check=True)
    return statistics.median(
        timed(lambda: subprocess.run(command, check=True)) for _ in range(RUNS)
    )


def one_file(scratch: Path, unit: str) -> list[float]:
    """Return median seconds for a right file, a wrong one, that again, and one with training."""
    mistake, _, _ = solution(unit).mistakes[0]
    scripts = {"right": solution(unit).plain(), "wrong": solution(unit).with_mistake(mistake.id)}
    for name, script in scripts.items():
        hand_in(scratch / unit / name, unit, script)
    took: dict[str, list[float]] = {"right": [], "wrong": [], "again": []}
    grade(scratch / unit / "right", scratch / "warm-up", "--unit", unit, "--quick")
    for turn in range(RUNS):
        seed = str(1000 + turn)
        for name in ("right", "wrong", "again"):
            folder = scratch / unit / ("right" if name == "right" else "wrong")
            out = scratch / "out" / unit / f"{name}{turn}"
            options = (
                "--unit",
                unit,
                "--quick",
                "--seed",
                seed if name != "right" else str(2000 + turn),
            )
            took[name].append(
                timed(lambda folder=folder, out=out, options=options: grade(folder, out, *options))
            )
    whole = timed(
        lambda: grade(
            scratch / unit / "right", scratch / "whole" / unit, "--unit", unit, "--seed", "3000"
        )
    )
    return [*(statistics.median(times) for times in took.values()), whole]


def nothing_changed(scratch: Path) -> tuple[float, float]:
    """Return median seconds of a run over six units that has nothing to do.

    Then the same where one file of unit 4 is new.
    """
    folder, out = scratch / "class", scratch / "class-out"
    for unit in COURSE.units:
        hand_in(folder, unit, solution(unit).plain())
    grade(folder, out, "--quick")
    again = statistics.median(timed(lambda: grade(folder, out, "--quick")) for _ in range(RUNS))
    late = []
    (unit,) = [unit for unit in COURSE.units if unit.startswith("unit4")]
    for turn in range(RUNS):
        hand_in(folder, unit, f"{solution(unit).plain()}\n# {turn}\n", f"late{turn}")
        late.append(timed(lambda: grade(folder, out, "--quick")))
    return again, statistics.median(late)


def page() -> str:
    """The section as text."""
    scratch = Path(tempfile.mkdtemp())
    os.environ["XDG_CACHE_HOME"] = str(scratch / "cache")
    try:
        torch = import_torch()
        text = f"`import torch`: {torch:.2f} s.\nIn brackets, how many of these.\n\n"
        text += (
            "| one file | right | wrong | again | right, with training |\n|---|---|---|---|---|\n"
        )
        for unit in COURSE.units:
            cells = " | ".join(
                f"{seconds:.2f} s ({seconds / torch:.1f})" for seconds in one_file(scratch, unit)
            )
            text += f"| {unit} | {cells} |\n"
        again, late = nothing_changed(scratch)
        text += (
            f"\nSix units again, nothing changed: {again:.2f} s ({again / torch:.2f}; the goal is "
            "0.5).\n"
        )
        text += (
            f"One late file of unit 4 beside them: {late:.2f} s ({late / torch:.2f}).\n\n{WORDS}\n"
        )
        return text
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    print(page())
