"""Which arrays one guess gets right on many seeds, though the seed determines them.

    python benchmarks/guesses.py [UNIT …] [--seeds 20]

For each array that earns points, the guess is the solution's answer on one of the seeds, or the
mean or median over all. The script reports arrays that one guess gets right on more than two seeds.
It runs in this process, without a sandbox.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import argparse
import warnings
from collections.abc import Iterator, Sequence

import numpy as np
from at_hand import COURSE, unit

from autograder.check import Answer, Check
from autograder.grading.keys import checks_to_run, solution_of
from autograder.judging import agree, constant_arrays
from autograder.sandbox.inside.runner import run_experiment
from autograder.sandbox.inside.submission import Submission

FIRST_SEED, APART = 30_000, 17  # no other command uses these seeds


def guesses(arrays: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield answers that need no computing: an array of some seed, or one in between."""
    yield from arrays
    shapes = {array.shape for array in arrays}
    are_numbers = all(array.dtype.kind in "fiub" for array in arrays)
    if len(shapes) == 1 and are_numbers:
        stacked = np.stack([array.astype(float) for array in arrays])
        yield stacked.mean(0)
        yield np.median(stacked, 0)


def best_share(check: Check, name: str, answers: Sequence[Answer]) -> float:
    """Return the largest share of seeds on which one guess is right."""
    arrays = [answer.arrays[name] for answer in answers]
    most = 0
    for guess in guesses(arrays):
        sent = Answer({name: guess})
        right = [agree(check, name, answer, sent) for answer in answers]
        most = max(most, sum(right))
    return most / len(answers)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("units", nargs="*", default=COURSE.units)
    arguments.add_argument("--seeds", type=int, default=20)
    asked = arguments.parse_args()
    warnings.simplefilter("ignore")
    for name in asked.units:
        measured = unit(name)
        solution = Submission(solution_of(measured).plain().encode(), "solution.py")
        for check in checks_to_run(measured, ()):
            answers = [
                run_experiment(
                    check, solution, FIRST_SEED + APART * number, measured.experiments.reset
                )
                for number in range(asked.seeds)
            ]
            constant = constant_arrays(check, answers[0], answers[1])
            earning = [array for array in answers[0].arrays if array not in constant]
            for array in earning:
                share = best_share(check, array, answers)
                if share > 2 / asked.seeds:
                    worth = check.points / len(earning)
                    print(
                        f"{name} {check.name}: one `{array}` is right on {share:.2f} of the seeds; "
                        f"it is worth {worth:.2f} points"
                    )


if __name__ == "__main__":
    main()
