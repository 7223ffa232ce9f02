"""Count how often a known mistake passes or is not named, over many seeds.

On some seeds it may make no difference.

    python benchmarks/seeds.py [UNIT …]

All exact checks, 60 seeds, about five minutes a unit. Each mistake runs once per seed, for the key,
and its own answers are then judged.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import sys
from collections import Counter

from at_hand import COURSE, unit

from autograder.authoring.validate import judge_mistake, misjudged
from autograder.grading.keys import build_key, solution_of
from autograder.sandbox.client import Server

SEEDS = range(5000, 5060)  # no other command uses these


def faults(name: str) -> Counter[str]:
    """Return the wrong verdicts on each mistake, and the number of seeds."""
    found: Counter[str] = Counter()
    measured = unit(name)
    with Server(measured) as server:
        for seed in SEEDS:
            key = build_key(server, seed, data={})
            for mistake, line, _ in solution_of(measured).mistakes:
                verdicts = judge_mistake(measured, key, mistake)
                fault = misjudged(mistake.text, verdicts)
                if fault:
                    found[f"line {line}, `{mistake.code}` {fault}"] += 1
    return found


def main() -> None:
    """Print for each unit the number of wrong verdicts on known mistakes, and which."""
    for name in sys.argv[1:] or COURSE.units:
        found = faults(name)
        mistakes = solution_of(unit(name)).mistakes
        tried = len(SEEDS) * len(mistakes)
        print(f"{name}: {found.total()} of {tried:,} misjudged", flush=True)
        for what, count in found.most_common():
            print(f"  on {count} of {len(SEEDS)} seeds: {what}", flush=True)


if __name__ == "__main__":
    main()
