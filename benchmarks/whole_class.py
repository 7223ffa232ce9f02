"""Grade a class of 60 with all six units whole: exact checks and training.

The real command grades it on two workers.

    python benchmarks/whole_class.py

It prints a section of docs/measurements/performance.md. Each student submits another right answer,
or one with a known mistake in it (two in five of the files), so that known mistakes are looked for
as well.

Another 60 students, into the same folder of results, show the cost of one more student: the answers
of the solution and of its mistakes are computed for the first ones that need them, once a class.
"""

import os

for _name in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import at_hand
from at_hand import COURSE, solution

from autograder.authoring.validate import styles

STUDENTS = 60
SEED = 20


def scripts_of(unit: str) -> tuple[list[str], list[str]]:
    """Return right answers of a unit in all its styles, and answers with one known mistake each."""
    right = [solution(unit).plain(), *styles(at_hand.unit(unit)).values()]
    wrong = [solution(unit).with_mistake(mistake.id) for mistake, _, _ in solution(unit).mistakes]
    return right, wrong


def hand_in(folder: Path, first: int) -> None:
    """Write the files of `STUDENTS` students, numbered from `first`, the same each time."""
    rng = random.Random(SEED + first)
    for unit in COURSE.units:
        right, wrong = scripts_of(unit)
        for student in range(first, first + STUDENTS):
            is_wrong = rng.random() < 0.4
            script = rng.choice(wrong if is_wrong else right)
            target = folder / f"student{student:03}" / unit
            target.mkdir(parents=True)
            (target / f"{unit}.py").write_text(script, encoding="utf-8")


def page() -> str:
    """Return the section of docs/measurements/performance.md."""
    with tempfile.TemporaryDirectory() as made:
        scratch = Path(made)
        submitted, out = scratch / "in", scratch / "out"
        hand_in(submitted, first=0)
        first = grade(submitted, out)
        again = grade(submitted, out)
        took = seconds_of_each(out)
        hand_in(submitted, first=STUDENTS)
        more = grade(submitted, out) - again
        results = len(seconds_of_each(out))
    thousand = (first + (1000 - STUDENTS) / STUDENTS * more) / 60
    return f"""{STUDENTS} students with {len(COURSE.units)} units each, whole, with training, on two workers; two files in five have a known mistake.

| what | |
|---|---|
| the class, from the command's start | {first:.0f} s |
| a submission, on average and the slowest | {sum(took) / len(took):.2f} s, {max(took):.2f} s |
| the same command again, nothing changed | {again:.1f} s |
| {STUDENTS} students more, beside them | {more:.0f} s |
| from both 1,000 students | {thousand:.0f} minutes (the goal is 50) |

{results} results were written.
"""


def seconds_of_each(out: Path) -> list[float]:
    """Return the seconds of each submission that was graded into a folder."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in out.glob("*/*.json")]
    return [result["seconds"] for result in results if "checks" in result]


def grade(folder: Path, out: Path) -> float:
    """Grade a class with the real command; return seconds on the clock."""
    command = [
        sys.executable,
        "-m",
        "autograder",
        "grade",
        str(folder),
        "--out",
        str(out),
        "-j",
        "2",
    ]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return time.perf_counter() - began


if __name__ == "__main__":
    print(page())
