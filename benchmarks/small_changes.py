"""What small changes of the solution cost: a passing submission, and a failing one, with and without.

python benchmarks/small_changes.py [UNIT …]

For each unit a right submission, and for each exact check one of the unit's mutants whose values
nothing else explains: graded with small changes and without in turn, ROUNDS times in one run, of which
the medians are told: milliseconds on the clock, how many more, and how many more of the grader's own
processor time, which other programs of a busy machine do not change. *First* is the time that the
changes of that check took once on this seed.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import argparse
import time
from dataclasses import dataclass
from unittest.mock import PropertyMock, patch

import numpy as np
from at_hand import COURSE, unit

from autograder.authoring.mutants import mutants, other_names
from autograder.authoring.told import how_told
from autograder.course import find_unit
from autograder.grading.keys import solution_of
from autograder.grading.made_key import MadeCheckKey, MadeKey
from autograder.grading.one import grade_one
from autograder.grading.store import AnswerStore
from autograder.judging import Verdict
from autograder.judging.variants import NO_CHANGES
from autograder.sandbox.client import Server

SEED, ROUNDS, TRIED, FAILING = 7000, 9, 25, 4


@dataclass(frozen=True)
class Grader:
    """Grades scripts in one server by one key, with small changes of the solution or without."""

    server: Server
    key: MadeKey

    def verdicts(self, script: str, with_changes: bool) -> list[Verdict]:
        """Grade a script."""
        submitted = script.encode()
        if with_changes:
            return grade_one(self.server, submitted, "ada.py", SEED, self.key, {})
        none = PropertyMock(return_value=NO_CHANGES)
        of_solution = patch.object(MadeCheckKey, "small_changes", none)
        of_styles = patch.object(MadeCheckKey, "style_changes", none)
        with of_solution, of_styles:
            return grade_one(self.server, submitted, "ada.py", SEED, self.key, {})

    def milliseconds(self, script: str, with_changes: bool) -> np.ndarray:
        """Return how long it takes: on the clock, and of this process's processor time."""
        began = time.perf_counter()
        computed_before = time.process_time()
        self.verdicts(script, with_changes)
        on_the_clock = time.perf_counter() - began
        computed = time.process_time() - computed_before
        return 1000 * np.array([on_the_clock, computed])

    def compare(self, script: str) -> str:
        """Return the cells of a row, medians of some rounds, and the seconds of the first time."""
        before, _ = self.milliseconds(script, with_changes=False)
        first, _ = self.milliseconds(script, with_changes=True)
        without = []
        with_them = []
        for _ in range(ROUNDS):
            without.append(self.milliseconds(script, with_changes=False))
            with_them.append(self.milliseconds(script, with_changes=True))
        without_on_the_clock, _ = np.median(without, axis=0)
        with_on_the_clock, _ = np.median(with_them, axis=0)
        more, computed = np.median(np.subtract(with_them, without), axis=0)
        once = max(0.0, (first - before) / 1000)
        return (
            f"{without_on_the_clock:.1f} | {with_on_the_clock:.1f} | {more:+.1f} | "
            f"{computed:+.1f} | {once:.1f} s"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("units", nargs="*", default=COURSE.units)
    asked = parser.parse_args()
    print("unit | submission | ms without | ms with | ms more | of the processor | first")
    for name in asked.units:
        measured = unit(find_unit(COURSE, name))
        solution = solution_of(measured)
        with Server(measured, stub=solution.stub) as server:
            key = MadeKey(measured, SEED, {}, AnswerStore(None), lambda server=server: server)  # type: ignore[misc]

            grader = Grader(server, key)
            scripts = {"right": solution.plain()}
            wrong = mutants(solution.plain(), other_names(measured))
            every = max(1, len(wrong) // TRIED)
            for mutant in wrong[::every]:
                if len(scripts) > FAILING:
                    break
                verdicts = grader.verdicts(mutant.script, with_changes=False)
                if how_told(verdicts) == "neither":
                    scripts[mutant.name] = mutant.script
            for title, script in scripts.items():
                times = grader.compare(script)
                print(f"{measured.name} | {title[:60]} | {times}", flush=True)


if __name__ == "__main__":
    main()
