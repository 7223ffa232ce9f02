"""How often a known mistake passes or is not named, over many seeds: on some it may make no difference.

python benchmarks/seeds.py [UNIT …]: all exact checks, 60 seeds, about five minutes a unit. Each mistake runs once a seed,
for the key, and its own answers are then judged.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from at_hand import COURSE, unit

from autograder.authoring.validate import misjudged
from autograder.check import Answer
from autograder.course import Unit
from autograder.grading.keys import build_key, checks_to_run, solution_of
from autograder.grading.one import grade_one
from autograder.sandbox.client import Server

SEEDS = range(5000, 5060)  # no other command uses these


@dataclass
class Answered:
    """A server whose one worker knows the answers."""

    unit: Unit
    answers: Mapping[str, Answer]
    asked = 1

    @contextmanager
    def worker(self, *_: Any) -> Iterator["Answered"]:
        yield self

    def ask(self, check: Any, *_: Any, **__: Any) -> Answer:
        return self.answers[check.name]


def faults(name: str) -> Counter[str]:
    """What went wrong with which mistake → on how many seeds."""
    found: Counter[str] = Counter()
    with Server(unit(name)) as server:
        checks = checks_to_run(server.unit, data=())
        for seed in SEEDS:
            key = build_key(server, seed, data={})
            for mistake, line, _ in solution_of(server.unit).mistakes:
                answers = {
                    c.name: next((its for m, its in key[c.name].mistakes if m.id == mistake.id), key[c.name].expected)
                    for c in checks
                }
                graded = grade_one(Answered(server.unit, answers), b"", "", seed, key, data={})  # type: ignore[arg-type]
                if fault := misjudged(mistake.text, graded):
                    found[f"line {line}, `{mistake.code}` {fault}"] += 1
    return found


def main() -> None:
    for name in sys.argv[1:] or COURSE.units:
        found = faults(name)
        tried = len(SEEDS) * len(solution_of(unit(name)).mistakes)
        print(f"{name}: {sum(found.values())} of {tried:,} misjudged", flush=True)
        for what, count in found.most_common():
            print(f"  on {count} of {len(SEEDS)} seeds: {what}", flush=True)


if __name__ == "__main__":
    main()
