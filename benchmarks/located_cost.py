"""Time what a file with unexplained numbers pays: each exact check once more, with values noted.

python benchmarks/located_cost.py [UNIT …]

Prints for each unit the median and the longest of its checks, in milliseconds on the clock: a process
of its own and the run in it, and the search in what was noted. The values are those of our solution,
and what is known are those of our solution and of all right styles, which is not timed.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import argparse
import time
from statistics import median

from at_hand import COURSE, unit

from autograder.check import Check
from autograder.course import find_unit
from autograder.grading.keys import solution_of
from autograder.grading.located import Asked, where
from autograder.grading.made_key import MadeKey
from autograder.grading.store import AnswerStore
from autograder.sandbox.client import Server

SEED, TIMES = 6100, 3


def seconds(asked: Asked, key: MadeKey, check: Check) -> tuple[float, float]:
    """Return what a process with its run takes, and what the search takes; the least of three."""
    known = key.known_values(check)
    runs, searches = [], []
    for _ in range(TIMES):
        began = time.perf_counter()
        answer = asked.values(check)
        noted = time.perf_counter()
        where(answer.arrays, known, wrong=set(known.answer))
        searched = time.perf_counter()
        runs.append(noted - began)
        searches.append(searched - noted)
    return min(runs), min(searches)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("units", nargs="*", default=COURSE.units)
    for name in parser.parse_args().units:
        measured = unit(find_unit(COURSE, name))
        solution = solution_of(measured)
        with Server(measured, stub=solution.stub) as server:
            key = MadeKey(measured, SEED, {}, AnswerStore(None), lambda server=server: server)  # type: ignore[misc]
            asked = Asked(server, solution.plain().encode(), "submission.py", SEED, {}, key)
            exact = [check for check in measured.checks if not check.measure]
            times = [seconds(asked, key, check) for check in exact]
        for what, taken in (
            ("run", [run for run, _ in times]),
            ("search", [search for _, search in times]),
            ("both", [run + search for run, search in times]),
        ):
            print(
                f"{measured.name}, {what}: {1000 * median(taken):.0f} ms, "
                f"at most {1000 * max(taken):.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
