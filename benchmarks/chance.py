"""Count how often a known mistake passes all exact checks of its unit, over many seeds.

It may on fewer than 1 in 1,000.

python benchmarks/chance.py [UNIT …] [--seeds 1000]: each mistake is asked of the checks that run
what it spoils, up to the first that it fails; half a second and more a seed and unit, in this
process, without walls. What it has seen so far it says on standard error every 50 seeds, and where
it is interrupted (Ctrl-C).
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import argparse
import sys
import warnings
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from at_hand import COURSE, unit

from autograder.check import Answer, Check
from autograder.course import Unit
from autograder.grading.keys import cannot_spoil, checks_to_run, solution_of, spoilt_names
from autograder.judging.compare import wrong_arrays
from autograder.sandbox.inside.runner import run_experiment
from autograder.sandbox.inside.submission import Submission, names_run

FIRST_SEED = 20_000  # no other command uses these
OFTEN = 50  # seeds from one word on what was seen to the next


def answer(measured: Unit, check: Check, script: str, seed: int) -> tuple[Answer, frozenset[str]]:
    """What a script answers to a check, and the names of its definitions that ran."""
    submission = Submission(script.encode(), "solution.py")
    reset = measured.experiments.reset
    found = run_experiment(check, submission, seed, reset, only_once=True)
    return found, frozenset(names_run(submission))


def passes(measured: Unit, script: str, seed: int, asked: Sequence[tuple[Check, Answer]]) -> bool:
    """Return whether a script passes each of the checks, whose right answers are given."""
    for check, expected in asked:
        found, _ = answer(measured, check, script, seed)
        if found.failure or wrong_arrays(check, expected, found):
            return False
    return True


class Count:
    """Which mistakes of a unit have passed, and on how many seeds.

    tried: the seeds on which all mistakes were asked.
    """

    def __init__(self, measured: Unit) -> None:
        self.unit = measured
        self.tried = 0
        self.passed = Counter[str]()
        self._solution = solution_of(measured)
        self._checks = checks_to_run(measured, data=())
        self._spoilt = spoilt_names(self._solution)
        self._scripts = {}
        for mistake, _, _ in self._solution.mistakes:
            self._scripts[mistake.id] = self._solution.with_mistake(mistake.id)

    def try_seed(self, seed: int) -> None:
        """Ask all mistakes on one more seed."""
        right: dict[str, Answer] = {}
        names_that_ran: dict[str, frozenset[str]] = {}
        for check in self._checks:
            expected, names = answer(self.unit, check, self._solution.plain(), seed)
            right[check.name] = expected
            names_that_ran[check.name] = names
        for mistake, line, _ in self._solution.mistakes:
            spoils = self._spoilt.get(mistake.id)
            asked = []
            for check in self._checks:
                if not cannot_spoil(spoils, names_that_ran[check.name]):
                    asked.append((check, right[check.name]))
            if passes(self.unit, self._scripts[mistake.id], seed, asked):
                self.passed[f"line {line}, `{mistake.code}`"] += 1
        self.tried += 1

    def told(self) -> str:
        """Say which mistakes have passed."""
        mistakes = len(self._scripts)
        lines = [
            f"{self.unit.name}: {len(self.passed)} of {mistakes} mistakes passed on any of "
            f"{self.tried} seeds"
        ]
        lines += [f"  on {count}: {what}" for what, count in self.passed.most_common()]
        return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("units", nargs="*", default=COURSE.units)
    parser.add_argument("--seeds", type=int, default=1000)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in asked.units:
        measured = unit(name)
        measured.experiments.warm()
        count = Count(measured)
        with suppress(KeyboardInterrupt):
            for seed in range(FIRST_SEED, FIRST_SEED + asked.seeds):
                count.try_seed(seed)
                if count.tried % OFTEN == 0:
                    print(count.told(), file=sys.stderr, flush=True)
        print(count.told(), flush=True)


if __name__ == "__main__":
    main()
