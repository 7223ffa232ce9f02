"""Count where the first wrong value is told of files with two slips: at one of them?

python benchmarks/two_slips.py [UNIT …] [--pairs N] [--read]

Two mutants of one style, of different lines and drawn by chance, are made in one file; all of that
style is left out of what is known of right answers. Known mistakes and relations are told first, and
small changes are left out, so that more is located than in a grade. Of each file that is told a
place it is counted whether that is a changed statement, in a changed function, or elsewhere.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import argparse
import random
from collections import Counter, defaultdict
from dataclasses import replace
from typing import cast

from at_hand import COURSE, unit
from told import SEED, KeysWithout, Wrong, of_styles

from autograder.authoring.mutants import Mutant
from autograder.authoring.told import how_told, located, place_of
from autograder.course import find_unit
from autograder.grading.keys import solution_of
from autograder.grading.made_key import MadeKey
from autograder.grading.one import grade_one
from autograder.grading.store import AnswerStore
from autograder.grading.styles import marked_styles
from autograder.judging import CheckKey
from autograder.relations.small_changes import NO_CHANGES, ChangedAnswers
from autograder.sandbox.client import Server

IN_ORDER = ("the statement", "the function", "elsewhere")


class PlainKeys(KeysWithout):
    """Keys without small changes."""

    def __getitem__(self, entry: str) -> CheckKey:
        without = WithoutChanges(super().__getitem__(entry))
        return cast(CheckKey, without)


class WithoutChanges:
    """The key of a check without small changes."""

    small_changes: ChangedAnswers = NO_CHANGES
    style_changes: ChangedAnswers = NO_CHANGES

    def __init__(self, key: CheckKey) -> None:
        self._key = key

    def __getattr__(self, name: str) -> object:
        return getattr(self._key, name)


def both(base: str, one: Mutant, other: Mutant) -> str | None:
    """Make two mutants in one script; None where they do not change a line each."""
    lines = base.split("\n")
    scripts = [mutant.script.split("\n") for mutant in (one, other)]
    if any(len(script) != len(lines) for script in scripts):
        return None
    for script in scripts:
        for number, line in enumerate(base.split("\n")):
            if script[number] != line:
                if lines[number] != line:
                    return None
                lines[number] = script[number]
    return "\n".join(lines)


def pairs(drawn: list[Wrong], bases: dict[str, str], count: int) -> list[tuple[str, Wrong, Wrong]]:
    """Draw pairs of mutants of one style: the script of both, and each."""
    by_style = defaultdict(list)
    for wrong in drawn:
        by_style[wrong.style].append(wrong)
    found = []
    for style, mutants in by_style.items():
        for place, one in enumerate(mutants):
            for other in mutants[:place]:
                script = both(bases[style], one.mutant, other.mutant)
                if script:
                    found.append((script, one, other))
    return random.Random(SEED).sample(found, min(count, len(found)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("units", nargs="*", default=COURSE.units)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--read", action="store_true")
    asked = parser.parse_args()
    for name in asked.units:
        measured = unit(find_unit(COURSE, name))
        solution = solution_of(measured)
        bases = marked_styles(measured, solution.plain())
        places: Counter[str] = Counter()
        with Server(measured, stub=solution.stub) as server:
            made = MadeKey(measured, SEED, {}, AnswerStore(None), lambda server=server: server)  # type: ignore[misc]
            for script, *wrong in pairs(of_styles(measured, SEED), bases, asked.pairs):
                key = PlainKeys(made, frozenset(), wrong[0].style)
                verdicts = grade_one(server, script.encode(), "submission.py", SEED, key, {})
                remark = located(verdicts)
                if how_told(verdicts) != "located" or remark is None:
                    continue
                slips = [replace(one.mutant, script=script) for one in wrong]
                place = min((place_of(remark, slip) for slip in slips), key=IN_ORDER.index)
                places[place] += 1
                if asked.read or place == "elsewhere":
                    print(f"{place}: {remark.text}", *(slip.name for slip in slips), sep="\n    ")
        print(f"{name}: located: {', '.join(f'{n} in {place}' for place, n in places.items())}")


if __name__ == "__main__":
    main()
