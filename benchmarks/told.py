"""Count what is said of mistakes that nobody wrote: mutants of solutions and of styles.

python benchmarks/told.py [UNIT …] [--styles] [--held-out] [--every N] [--draw N]

The exact checks on one seed, one to three minutes a unit. With --styles the mutants are 150 of the
unit's styles, drawn by chance: they are further from the solution, as students are. --draw prints N
of those that are named or related, to be read by hand: is what they are told true?

The mutants are compared with known mistakes and relations. With --held-out also with small changes of
the solution, but for those of the same kind, by their words, as the mutant: so no mutant is told
itself. --every N takes each Nth mutant.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import argparse
import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from at_hand import COURSE, unit

from autograder.authoring.mutants import Mutant, mutants, other_names
from autograder.authoring.told import Telling, how_told
from autograder.authoring.validate import places_of_mistakes, styles
from autograder.check import Answer
from autograder.course import Unit, find_unit
from autograder.grading.keys import MadeKey, build_key, solution_of
from autograder.grading.one import grade_one
from autograder.grading.small_changes import changed_scripts
from autograder.grading.store import AnswerStore
from autograder.judging import CheckKey, Known, Mistake, Verdict
from autograder.relations.small_changes import ChangedAnswers, SmallChange
from autograder.sandbox.client import Server
from autograder.source.solution import BEGIN, END

SEED, DRAWN = 6000, 150  # no other command uses this seed


def of_styles(measured: Unit) -> list[Mutant]:
    """Draw mutants of what styles write otherwise than the solution."""
    solution = solution_of(measured).plain()
    outside = solution.replace(BEGIN, "#").replace(END, "#")
    found: list[Mutant] = []
    for script in styles(measured).values():
        style = script.removeprefix(solution)
        with_style = f"{outside}\n{BEGIN}\n{style}\n{END}\n"
        found += mutants(with_style, other_names(measured))
    return random.Random(SEED).sample(found, DRAWN)


def judged(measured: Unit, wrong: list[Mutant]) -> Iterator[tuple[Mutant, list[Verdict]]]:
    """Yield each mutant with its verdicts."""
    stub = solution_of(measured).stub
    with Server(measured, stub=stub) as server:
        key = build_key(server, SEED, data={})
        for mutant in wrong:
            submitted = mutant.script.encode()
            yield mutant, grade_one(server, submitted, "submission.py", SEED, key, {})


@cache
def program(script: str) -> str:
    """A script without its layout: two mutants of one program are the same."""
    try:
        return ast.dump(ast.parse(script))
    except SyntaxError:  # as of `-1.cpu()`
        return script


@dataclass(frozen=True)
class KeyWithout:
    """The key of a check without the small changes of some kinds."""

    key: CheckKey
    kinds: frozenset[str]

    @property
    def expected(self) -> Answer:
        return self.key.expected

    @property
    def loss(self) -> float | None:
        return self.key.loss

    @property
    def constant(self) -> frozenset[str]:
        return self.key.constant

    @property
    def mistakes(self) -> Known:
        return self.key.mistakes

    @property
    def small_changes(self) -> ChangedAnswers:
        known = self.key.small_changes
        kept = []
        for place, change in enumerate(known.changes):
            if change.words not in self.kinds:
                kept.append(place)
        changes = tuple(known.changes[place] for place in kept)
        return ChangedAnswers(changes, known.arrays, known.prints[kept])

    def spoilt_by(self, mistake: Mistake | SmallChange) -> bool:
        return self.key.spoilt_by(mistake)


def held_out(measured: Unit, wrong: list[Mutant]) -> Iterator[tuple[Mutant, list[Verdict]]]:
    """Yield each mutant with its verdicts, where small changes of its own kind are left out."""
    solution = solution_of(measured)
    kinds: dict[str, str] = {}
    for change, edit in changed_scripts(measured, solution.plain()).values():
        kinds[program(edit.script)] = change.words
    with Server(measured, stub=solution.stub) as server:
        made = MadeKey(measured, SEED, {}, AnswerStore(None), lambda: server)
        for mutant in wrong:
            own_kind = kinds.get(program(mutant.script))
            left_out = frozenset() if own_kind is None else frozenset([own_kind])
            key: dict[str, CheckKey] = {}
            for name, known in made.items():
                key[name] = KeyWithout(known, left_out)
            submitted = mutant.script.encode()
            yield mutant, grade_one(server, submitted, "submission.py", SEED, key, {})


def lines(mutant: Mutant, verdicts: list[Verdict]) -> str:
    """A mutant, and what it is told by a known mistake or a relation."""
    said = [
        (v.name, remark)
        for v in verdicts
        for remark in v.remarks
        if remark.mistake or remark.relation
    ]
    told = [f"    {name}, {', '.join(remark.arrays)}: {remark.text}" for name, remark in said]
    return "\n".join([mutant.name, *told])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("units", nargs="*", default=COURSE.units)
    parser.add_argument("--styles", action="store_true")
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--draw", type=int, default=0)
    asked = parser.parse_args()
    readable = []
    for name in asked.units:
        measured, telling = unit(find_unit(COURSE, name)), Telling()
        wrong = (
            of_styles(measured)
            if asked.styles
            else mutants(solution_of(measured).plain(), other_names(measured))
        )
        judge = held_out if asked.held_out else judged
        for mutant, verdicts in judge(measured, wrong[:: asked.every]):
            telling.add(verdicts, mutant, places_of_mistakes(measured))
            if how_told(verdicts) in ("named", "related", "small change"):
                readable.append(lines(mutant, verdicts))
        counts = ", ".join(f"{count} {told}" for told, count in telling.counts.most_common())
        print(
            f"{name}: {telling.share:.1%} of {telling.answered} named or related; {counts}",
            flush=True,
        )
        for one in telling.untrue:
            print(f"  untrue: {one}", flush=True)
    for one in random.Random(SEED).sample(readable, min(asked.draw, len(readable))):
        print(one)


if __name__ == "__main__":
    main()
