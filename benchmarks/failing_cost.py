"""Measure the additional time for a failing file: its exact checks, judged and explained.

    python benchmarks/failing_cost.py [UNIT …] [--files N]

The wrong files are random mutants of a unit's styles, without those that pass. The answers of known
mistakes and small changes are computed once before, as in a class after its first such files.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median, quantiles

from at_hand import COURSE, unit
from latency import import_torch
from told import of_styles

from autograder.course import Unit, find_unit
from autograder.grading.keys import solution_of
from autograder.grading.listed import listed_in_key
from autograder.grading.made_key import MadeKey
from autograder.grading.one import grade_one
from autograder.grading.store import AnswerStore
from autograder.grading.styles import marked_styles
from autograder.judging import Verdict
from autograder.sandbox.client import Server

SEED, TIMES = 6200, 3  # no other command uses this seed
WORDS = """Milliseconds on the clock, of each file the least of three; only exact checks are asked.
The failing files are mutants of right answers in other styles, each compared with the style it is \
made of; all that known mistakes and small changes answer is in the store.
A check that fails after others is asked once more in a process of its own, and that is most of it.
The goal: 30 ms more where an `import torch` takes a second."""


def least(work: Callable[[], object]) -> float:
    """Return the shortest of some runs, in milliseconds."""
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return 1000 * min(taken)


def measured_row(measured: Unit, files: int) -> str:
    """Grade right and wrong files of a unit; return its row of the table."""
    solution = solution_of(measured)
    with Server(measured, stub=solution.stub) as server:
        key = MadeKey(
            measured, SEED, {}, AnswerStore(None), lambda: server, listed_in_key(measured)
        )

        def grade(script: str) -> list[Verdict]:
            return grade_one(server, script.encode(), "submission.py", SEED, key, {}, mend=True)

        right: dict[str, float] = {}
        for name, script in marked_styles(measured, solution.plain()).items():
            grade(script)
            right[name] = least(partial(grade, script))
        more = []
        for wrong in of_styles(measured, SEED)[:files]:
            verdicts = grade(wrong.mutant.script)
            if all(verdict.status == "passed" for verdict in verdicts):
                continue
            taken = least(partial(grade, wrong.mutant.script))
            more.append(taken - right[wrong.style])
    tenths = quantiles(more, n=10)
    cells = [
        measured.name,
        f"{median(right.values()):.0f}",
        str(len(more)),
        f"{median(more):+.0f}",
        f"{tenths[-1]:+.0f}",
        f"{max(more):+.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def page(units: Sequence[str] = COURSE.units, files: int = 30) -> str:
    """Return the table of all units, with its text."""
    lines = [
        f"`import torch`: {import_torch():.2f} s.",
        "",
        "| unit | right, ms | failing files | more, median | 9 of 10 | most |",
        "|---|---|---|---|---|---|",
    ]
    for name in units:
        lines.append(measured_row(unit(find_unit(COURSE, name)), files))
    return "\n".join([*lines, "", WORDS, ""])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("units", nargs="*", default=COURSE.units)
    parser.add_argument("--files", type=int, default=30)
    asked = parser.parse_args()
    print(page(asked.units, asked.files))


if __name__ == "__main__":
    main()
