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
from unittest.mock import PropertyMock, patch

import numpy as np
from at_hand import COURSE, unit

from autograder.authoring.mutants import mutants, other_names
from autograder.authoring.told import how_told
from autograder.course import find_unit
from autograder.grading.keys import MadeCheckKey, MadeKey, solution_of
from autograder.grading.one import grade_one
from autograder.grading.store import AnswerStore
from autograder.relations.small_changes import NO_CHANGES
from autograder.sandbox.client import Server

SEED, ROUNDS, TRIED, FAILING = 7000, 9, 25, 4


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("units", nargs="*", default=COURSE.units)
    asked = parser.parse_args()
    print("unit | submission | ms without | ms with | ms more | of the processor | first")
    for name in asked.units:
        measured = unit(find_unit(COURSE, name))
        solution = solution_of(measured)
        with Server(measured, stub=solution.stub) as server:
            key = MadeKey(measured, SEED, {}, AnswerStore(None), lambda server=server: server)

            def grade(script: str, with_changes: bool, server=server, key=key):
                began, computed = time.perf_counter(), time.process_time()
                if with_changes:
                    verdicts = grade_one(server, script.encode(), "ada.py", SEED, key, {})
                else:
                    none = PropertyMock(return_value=NO_CHANGES)
                    with patch.object(MadeCheckKey, "small_changes", none):
                        verdicts = grade_one(server, script.encode(), "ada.py", SEED, key, {})
                times = time.perf_counter() - began, time.process_time() - computed
                return 1000 * np.array(times), verdicts

            scripts = {"right": solution.plain()}
            wrong = mutants(solution.plain(), other_names(measured))
            for mutant in wrong[:: max(1, len(wrong) // TRIED)]:
                if len(scripts) > FAILING:
                    break
                _, verdicts = grade(mutant.script, False)
                if how_told(verdicts) == "neither":
                    scripts[mutant.name] = mutant.script
            for title, script in scripts.items():
                before, _ = grade(script, False)
                first, _ = grade(script, True)
                pairs = [(grade(script, False)[0], grade(script, True)[0]) for _ in range(ROUNDS)]
                without, with_them = np.median(pairs, axis=0)[:, 0]
                more, computed = np.median(np.diff(pairs, axis=1), axis=0)[0]
                once = max(0.0, (first - before)[0] / 1000)
                times = f"{without:.1f} | {with_them:.1f} | {more:+.1f} | {computed:+.1f} | {once:.1f} s"
                print(f"{measured.name} | {title[:60]} | {times}", flush=True)


if __name__ == "__main__":
    main()
