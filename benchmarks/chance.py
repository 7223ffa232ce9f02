"""Count how often a known mistake passes all exact checks of its unit, over many seeds.

It may pass on at most 1 of 1,000.

    python benchmarks/chance.py [UNIT …] [--screen 50] [--near 1000] [--far 50] [--kept FOLDER]
        [--list]

Most mistakes make many arrays very wrong on every seed, and cannot pass by chance. All run on
--screen seeds, with their wrong arrays recorded: on the first of these seeds in all checks that use
the spoilt definition, and then in one that showed the mistake clearly. Those that `nearness.py`
finds near run on --near seeds in total, and the others on --far, each up to the first check that it
fails. --list names the near ones.

Everything runs in this process, without a sandbox: half a second to three per seed and unit. The
results of each seed are stored in a file, so that an interrupted run can be continued. A file
belongs to one solution and its checks; a change of these starts another.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import argparse
import json
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from at_hand import COURSE, ROOT, unit
from nearness import Checks, Shown, far_checks, shown

from autograder.check import Answer, Arrays, Check, noting
from autograder.course import Unit
from autograder.grading.keys import (
    cannot_spoil,
    checks_to_run,
    loses_points,
    solution_of,
    spoilt_names,
)
from autograder.grading.provenance import unit_digest, versions
from autograder.judging.compare import agree
from autograder.sandbox.inside.runner import run_experiment
from autograder.sandbox.inside.submission import Submission, names_run

FIRST_SEED = 20_000  # no other command uses these
LOOK = 5  # seeds on which mistakes run in all checks


@dataclass
class AskedOnSeed:
    """The mistakes that ran on a seed, by their ids, and those that passed.

    shown: the wrong arrays of each mistake in the checks that were examined.
    """

    seed: int
    ids: list[str]
    passed: list[str] = field(default_factory=list)
    shown: dict[str, Checks] = field(default_factory=dict)


class WrongArray(Exception):
    """Ends an experiment at the first array that is wrong."""


class UpToWrong(dict[str, np.ndarray]):
    """The arrays that an experiment has named. Raises `WrongArray` for a wrong one."""

    def __init__(self, check: Check, expected: Answer) -> None:
        super().__init__()
        self._check = check
        self._expected = expected

    def __setitem__(self, name: str, array: np.ndarray) -> None:
        super().__setitem__(name, array)
        is_asked = name in self._expected.arrays
        if is_asked and not agree(self._check, name, self._expected, Answer({name: array})):
            raise WrongArray


def ending_at_wrong(check: Check, expected: Answer) -> Check:
    """Return a check whose experiment ends with an error at the first array that is wrong."""

    def experiment(implementation: Any, seed: int) -> Arrays:
        with noting(UpToWrong(check, expected)):
            return check.experiment(implementation, seed)

    return replace(check, experiment=experiment)


class Variants:
    """The solution of a unit and its mistakes, each read and compiled once for all seeds."""

    def __init__(self, measured: Unit) -> None:
        self.unit = measured
        self.checks = checks_to_run(measured, data=())
        self.solution = solution_of(measured)
        self.ids = [mistake.id for mistake, _, _ in self.solution.mistakes]
        self._plain = _read(self.solution.plain())
        self._seed = -1  # of stored results
        self._right: dict[str, Answer] = {}
        self._mistaken = {id: _read(self.solution.with_mistake(id)) for id in self.ids}
        spoilt = spoilt_names(self.solution)
        ran = {check.name: self._names_that_run(check) for check in self.checks}
        self.asked: dict[str, list[Check]] = {}  # for each mistake, the order of its checks
        for id in self.ids:
            reached = [
                check for check in self.checks if not cannot_spoil(spoilt.get(id), ran[check.name])
            ]
            self.asked[id] = reached
        self.seconds = {check.name: self._measured(check) for check in self.checks}

    def _names_that_run(self, check: Check) -> frozenset[str]:
        fresh = _read(self.solution.plain())
        self._answer(fresh, check, FIRST_SEED)
        return frozenset(names_run(fresh))

    def _answer(self, submission: Submission, check: Check, seed: int) -> Answer:
        reset = self.unit.experiments.reset
        return run_experiment(check, submission, seed, reset, only_once=True)

    def right(self, check: Check, seed: int) -> Answer:
        """Return the solution's answer to a check. The last seed's answer is cached."""
        if seed != self._seed:
            self._seed = seed
            self._right.clear()
        if check.name not in self._right:
            self._right[check.name] = self._answer(self._plain, check, seed)
        return self._right[check.name]

    def _measured(self, check: Check) -> float:
        """Return the seconds that an answer to a check takes."""
        began = time.perf_counter()
        self._answer(self._plain, check, FIRST_SEED)
        return time.perf_counter() - began

    def wrong(self, id: str, check: Check, seed: int) -> Answer:
        """Return the answer of the solution with a mistake to a check."""
        return self._answer(self._mistaken[id], check, seed)

    def fails(self, id: str, check: Check, seed: int) -> bool:
        """Return whether a mistake loses points in a check. The experiment stops there."""
        expected = self.right(check, seed)
        ending = ending_at_wrong(check, expected)
        found = self._answer(self._mistaken[id], ending, seed)
        return loses_points(check, expected, found)


def _read(script: str) -> Submission:
    return Submission(script.encode(), "solution.py")


class Kept:
    """Stored results of a unit, in a file that a later run reads."""

    def __init__(self, folder: Path, measured: Unit) -> None:
        rests_on = sha256(f"{unit_digest(measured)} {versions(measured)}".encode()).hexdigest()
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{measured.name}-{rests_on[:12]}.jsonl"
        self.all = list(self._read())

    def _read(self) -> Iterator[AskedOnSeed]:
        if not self._path.exists():
            return
        text = self._path.read_text()
        whole, _, _ = text.rpartition("\n")  # an earlier run may have stopped within a line
        self._path.write_text(whole + "\n" if whole else "")
        for line in whole.splitlines():
            yield _as_asked(json.loads(line))

    def add(self, asked: AskedOnSeed) -> None:
        self.all.append(asked)
        with self._path.open("a") as file:
            file.write(json.dumps(asdict(asked)) + "\n")

    @property
    def screens(self) -> list[AskedOnSeed]:
        """Return the results of the seeds on which each mistake's wrong arrays were stored."""
        return [asked for asked in self.all if asked.shown]

    def seeds_of(self, id: str) -> set[int]:
        """Return the seeds on which a mistake ran."""
        return {asked.seed for asked in self.all if id in asked.ids}

    def passed(self, id: str) -> int:
        """Return the number of seeds on which a mistake passed."""
        return sum(id in asked.passed for asked in self.all)


def _as_asked(fields: dict[str, Any]) -> AskedOnSeed:
    for checks in fields["shown"].values():
        for name, arrays in checks.items():
            checks[name] = {array: Shown(**values) for array, values in arrays.items()}
    return AskedOnSeed(**fields)


def screen(variants: Variants, kept: Kept, seeds: int) -> None:
    """Examine the mistakes' wrong arrays on this many seeds, unless that is done.

    On the first seeds all checks run; then each mistake runs only in the check that kept it far.
    """
    done = {asked.seed for asked in kept.screens}
    for number in range(seeds):
        seed = FIRST_SEED + number
        if number == LOOK:
            surest = surest_checks(variants, kept.screens)
        if seed not in done:
            asked_of = variants.asked if number < LOOK else surest
            kept.add(screened(variants, seed, asked_of))


def surest_checks(variants: Variants, screens: Sequence[AskedOnSeed]) -> dict[str, list[Check]]:
    """Return, for each mistake that is far, the fastest check that keeps it so."""
    found = {}
    for id in variants.ids:
        names = far_checks([asked.shown.get(id, {}) for asked in screens])
        checks = [check for check in variants.asked[id] if check.name in names]
        if checks:
            fastest = min(checks, key=lambda check: variants.seconds[check.name])
            found[id] = [fastest]
    return found


def screened(variants: Variants, seed: int, asked_of: dict[str, list[Check]]) -> AskedOnSeed:
    """Examine the wrong arrays of mistakes on a seed in some checks."""
    asked = AskedOnSeed(seed, list(asked_of))
    for id, checks in asked_of.items():
        by_check: Checks = {}
        for check in checks:
            found = variants.wrong(id, check, seed)
            by_check[check.name] = shown(check, variants.right(check, seed), found)
        asked.shown[id] = by_check
        if not any(by_check.values()) and passes(variants, id, seed):
            asked.passed.append(id)
    return asked


def asked_on(variants: Variants, seed: int, ids: Sequence[str]) -> AskedOnSeed:
    """Run some mistakes on a seed, each up to the first check that it fails."""
    passed = [id for id in ids if passes(variants, id, seed)]
    return AskedOnSeed(seed, list(ids), passed)


def passes(variants: Variants, id: str, seed: int) -> bool:
    """Return whether a mistake passes, and move the check that it fails to the front."""
    asked = variants.asked[id]
    for place, check in enumerate(asked):
        if variants.fails(id, check, seed):
            asked.insert(0, asked.pop(place))
            return False
    return True


def ask_first_what_shows(variants: Variants, screens: Sequence[AskedOnSeed]) -> None:
    """Order each mistake's checks: the one that shows it most often first, else the fastest."""
    for id, asked in variants.asked.items():
        often: Counter[str] = Counter()
        for seen in screens[:LOOK]:
            often.update(name for name, arrays in seen.shown[id].items() if arrays)
        asked.sort(key=lambda check: (-often[check.name], variants.seconds[check.name]))


@dataclass(frozen=True)
class Sides:
    """A unit's near and far mistakes."""

    near: list[str]
    far: list[str]


def sides(ids: Sequence[str], screens: Sequence[AskedOnSeed]) -> Sides:
    """Divide the mistakes into near and far ones, by their wrong arrays."""
    found = Sides([], [])
    for id in ids:
        keep_far = far_checks([screen.shown.get(id, {}) for screen in screens])
        side = found.far if keep_far else found.near
        side.append(id)
    return found


def measure(variants: Variants, kept: Kept, screens: int, near: int, far: int) -> Sides:
    """Run what has not run yet. Return the near mistakes, by this many screens."""
    screen(variants, kept, screens)
    ask_first_what_shows(variants, kept.screens)
    found = sides(variants.ids, kept.screens)
    ask_on(variants, kept, found.near, near)
    ask_on(variants, kept, found.far, far)
    return found


def ask_on(variants: Variants, kept: Kept, ids: Sequence[str], seeds: int) -> None:
    """Run some mistakes on this many seeds, without those on which they ran before."""
    done = {id: kept.seeds_of(id) for id in ids}
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        lacking = [id for id in ids if seed not in done[id]]
        if lacking:
            kept.add(asked_on(variants, seed, lacking))


def told(variants: Variants, kept: Kept, found: Sides) -> str:
    """Report the number of near mistakes, and which passed on how many seeds."""
    lines = [f"{variants.unit.name}: {len(variants.ids)} mistakes"]
    for side, ids in asdict(found).items():
        passed = {id: kept.passed(id) for id in ids if kept.passed(id)}
        seeds = min((len(kept.seeds_of(id)) for id in ids), default=0)
        lines.append(f"  {len(ids)} {side}, on {seeds:,} seeds: {len(passed)} passed on any")
        for id in sorted(passed, key=lambda id: -passed[id]):
            lines.append(f"    on {passed[id]}: {words(variants, id)}")
    return "\n".join(lines)


def words(variants: Variants, id: str) -> str:
    for mistake, line, _ in variants.solution.mistakes:
        if mistake.id == id:
            return f"line {line}, `{mistake.code}`"
    raise KeyError(id)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("units", nargs="*", default=COURSE.units)
    parser.add_argument("--screen", type=int, default=50)
    parser.add_argument("--near", type=int, default=1000)
    parser.add_argument("--far", type=int, default=50)
    parser.add_argument("--kept", type=Path, default=ROOT / "build" / "chance")
    parser.add_argument("--list", action="store_true")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in asked.units:
        measured = unit(name)
        measured.experiments.warm()
        variants = Variants(measured)
        kept = Kept(asked.kept, measured)
        found = measure(variants, kept, asked.screen, asked.near, asked.far)
        print(told(variants, kept, found), flush=True)
        if asked.list:
            for id in found.near:
                print(f"  near: {words(variants, id)}", flush=True)


if __name__ == "__main__":
    main()
