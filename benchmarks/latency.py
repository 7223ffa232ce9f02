"""Measure how long one person waits for `autograder grade` of one file, from its start.

    python benchmarks/latency.py

It prints rows for docs/measurements/performance.md. Each run has its own secret seed, as a grader
of one file has. Medians of five, only exact checks; with training, one run.
"""

import os

for _name in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"
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

from at_hand import COURSE, solution

RUNS = 5
WORDS = """*Right*: the solution's code, on a seed that no run had before.
*Wrong*: the first known mistake, likewise, which asks for the answers of known mistakes.
*Again*: the same seed, another folder of results.
The goals: a right file in two imports of torch (unit 4: one), a wrong one in two seconds more."""


def timed(work: Callable[[], object]) -> float:
    """Return seconds on the clock."""
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
    """Write a script where `grade` looks for it."""
    path = folder / student / unit / f"{unit}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script, encoding="utf-8")


def import_torch() -> float:
    """Return median seconds of `python -c "import torch"`, the unit of the other figures."""
    command = [sys.executable, "-c", "import torch"]
    times = [timed(lambda: subprocess.run(command, check=True)) for _ in range(RUNS)]
    return statistics.median(times)


def one_file(scratch: Path, unit: str) -> list[float]:
    """Return median seconds for a right file, a wrong one, the same again, and training."""
    mistake, _, _ = solution(unit).mistakes[0]
    right = scratch / unit / "right"
    wrong = scratch / unit / "wrong"
    hand_in(right, unit, solution(unit).plain())
    hand_in(wrong, unit, solution(unit).with_mistake(mistake.id))

    def seconds(folder: Path, out: str, *options: str) -> float:
        return timed(lambda: grade(folder, scratch / out, "--unit", unit, *options))

    seconds(right, "warm-up", "--quick")
    took: dict[str, list[float]] = {"right": [], "wrong": [], "again": []}
    for turn in range(RUNS):
        # each seed's key is new, except for `again`
        for name, folder, seed in (
            ("right", right, 2000 + turn),
            ("wrong", wrong, 1000 + turn),
            ("again", wrong, 1000 + turn),
        ):
            out = f"out/{unit}/{name}{turn}"
            took[name].append(seconds(folder, out, "--quick", "--seed", str(seed)))
    medians = [statistics.median(times) for times in took.values()]
    whole = seconds(right, f"whole/{unit}", "--seed", "3000")
    return [*medians, whole]


def nothing_changed(scratch: Path) -> tuple[float, float]:
    """Return median seconds of a run over six units with nothing to do.

    Then the same with one new file of unit 4.
    """
    folder = scratch / "class"
    out = scratch / "class-out"

    def grade_class() -> None:
        grade(folder, out, "--quick")

    for unit in COURSE.units:
        hand_in(folder, unit, solution(unit).plain())
    grade_class()
    again = [timed(grade_class) for _ in range(RUNS)]
    late = []
    (unit,) = [unit for unit in COURSE.units if unit.startswith("unit4")]
    for turn in range(RUNS):
        script = f"{solution(unit).plain()}\n# {turn}\n"
        hand_in(folder, unit, script, f"late{turn}")
        late.append(timed(grade_class))
    return statistics.median(again), statistics.median(late)


def page() -> str:
    """Return the section as text."""
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
