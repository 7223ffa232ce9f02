"""Count how often a known mistake passes all exact checks of its unit, over many seeds.

It may on fewer than 1 in 1,000.

python benchmarks/chance.py [UNIT …] [--seeds 1000]: each mistake is asked of the checks that run
what it spoils, up to the first that it fails; a second and more a seed and unit, in this process,
without walls.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import argparse
import warnings
from collections import Counter
from collections.abc import Sequence

from at_hand import COURSE, unit

from autograder.check import Answer, Check
from autograder.course import Unit
from autograder.grading.keys import cannot_spoil, checks_to_run, solution_of, spoilt_names
from autograder.judging import PlainKey, judge
from autograder.sandbox.inside.runner import run_experiment
from autograder.sandbox.inside.submission import Submission, names_run

FIRST_SEED = 20_000  # no other command uses these


def answer(measured: Unit, check: Check, script: str, seed: int) -> tuple[Answer, frozenset[str]]:
    """What a script answers to a check, and the names of its definitions that ran."""
    submission = Submission(script.encode(), "solution.py")
    found = run_experiment(check, submission, seed, measured.experiments.reset)
    return found, frozenset(names_run(submission))


def passes(measured: Unit, script: str, seed: int, asked: Sequence[tuple[Check, Answer]]) -> bool:
    """Return whether a script passes each of the checks, whose right answers are given."""
    for check, expected in asked:
        found, _ = answer(measured, check, script, seed)
        if judge(check, PlainKey(expected), found, measured.sizes).status != "passed":
            return False
    return True


def passed(measured: Unit, seeds: range) -> Counter[str]:
    """Return which mistakes passed, and on how many seeds."""
    solution = solution_of(measured)
    checks = checks_to_run(measured, data=())
    spoilt = spoilt_names(solution)
    scripts = {mistake.id: solution.with_mistake(mistake.id) for mistake, _, _ in solution.mistakes}
    found = Counter[str]()
    for seed in seeds:
        right: dict[str, Answer] = {}
        names_that_ran: dict[str, frozenset[str]] = {}
        for check in checks:
            expected, names = answer(measured, check, solution.plain(), seed)
            right[check.name] = expected
            names_that_ran[check.name] = names
        for mistake, line, _ in solution.mistakes:
            spoils = spoilt.get(mistake.id)
            asked = []
            for check in checks:
                if not cannot_spoil(spoils, names_that_ran[check.name]):
                    asked.append((check, right[check.name]))
            if passes(measured, scripts[mistake.id], seed, asked):
                found[f"line {line}, `{mistake.code}`"] += 1
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("units", nargs="*", default=COURSE.units)
    parser.add_argument("--seeds", type=int, default=1000)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in asked.units:
        measured = unit(name)
        measured.experiments.warm()
        found = passed(measured, range(FIRST_SEED, FIRST_SEED + asked.seeds))
        tried = len(solution_of(measured).mistakes)
        print(
            f"{name}: {len(found)} of {tried} mistakes passed on any of {asked.seeds} seeds",
            flush=True,
        )
        for what, count in found.most_common():
            print(f"  on {count}: {what}", flush=True)


if __name__ == "__main__":
    main()
