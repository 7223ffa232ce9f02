"""Count the feedback on mistakes that nobody wrote: mutants of solutions and of styles.

    python benchmarks/told.py [UNIT …] [--styles] [--held-out] [--every N] [--seed N] [--draw N]
        [--which HOW …] [--store FILE]

The exact checks run on one seed, one to three minutes a unit. With --styles the mutants are 150
random ones of the unit's styles: like students, they are further from the solution. --draw prints N
of those that are named or related, for a person to judge whether the feedback is true. (--which: of
those with this diagnosis, such as `repaired`.)

The mutants are compared with known mistakes and relations. With --held-out they are also compared
with small changes of the solution and of the styles, except those of a mutant's own kind, by their
text, if it is the solution's, and those of its own style, if it is a style's: so no mutant is
diagnosed by itself. --every N takes each Nth mutant. --seed draws other mutants, and runs them on
another seed. --store stores the answers of the solution and its changes in a file, for a later run.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from at_hand import COURSE, unit

from autograder.authoring.feedback_coverage import FeedbackCoverage, diagnosis_of
from autograder.authoring.mutants import mutants, name_of
from autograder.authoring.validate import places_of_mistakes
from autograder.check import Answer
from autograder.course import Unit, find_unit
from autograder.grading.keys import build_key, solution_of
from autograder.grading.listed import listed_in_key
from autograder.grading.made_key import MadeKey
from autograder.grading.one import grade_one
from autograder.grading.store import AnswerStore
from autograder.grading.styles import marked_styles
from autograder.judging import CheckKey, KnownMistakes, Mistake, Verdict
from autograder.judging.prints import ChangedAnswers, SmallChange
from autograder.sandbox.client import Server
from autograder.slip import Slip
from autograder.source.edits import Edit

SEED, DRAWN = 6000, 150  # no other command uses this seed


@dataclass(frozen=True)
class WrongMutant:
    """A mutant and the style that it comes from; "" for the solution."""

    mutant: Edit
    style: str = ""


def of_styles(measured: Unit, seed: int) -> list[WrongMutant]:
    """Draw mutants of the parts of styles that differ from the solution, each with its style."""
    found: list[WrongMutant] = []
    for name, script in marked_styles(measured, solution_of(measured).plain()).items():
        for mutant in mutants(measured, script):
            found.append(WrongMutant(mutant, name))
    return random.Random(seed).sample(found, DRAWN)


def judged(
    measured: Unit, wrong: list[WrongMutant], seed: int
) -> Iterator[tuple[Edit, list[Verdict]]]:
    """Yield each mutant with its verdicts."""
    stub = solution_of(measured).stub
    with Server(measured, stub=stub) as server:
        key = build_key(server, seed, data={})
        for one in wrong:
            submitted = one.mutant.script.encode()
            yield one.mutant, grade_one(server, submitted, "submission.py", seed, key, {})


@dataclass(frozen=True)
class KeyWithout:
    """The key of a check without small changes of some kinds and without those of a style."""

    key: CheckKey
    kinds: frozenset[Slip]
    style: str

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
    def mistakes(self) -> KnownMistakes:
        return self.key.mistakes

    @property
    def small_changes(self) -> ChangedAnswers:
        return self._kept(self.key.small_changes)

    @property
    def style_changes(self) -> ChangedAnswers:
        return self._kept(self.key.style_changes)

    @property
    def mistake_pairs(self) -> ChangedAnswers:
        return self.key.mistake_pairs

    def _kept(self, known: ChangedAnswers) -> ChangedAnswers:
        kept = []
        for place, change in enumerate(known.changes):
            style, _, _ = change.id.rpartition(" ")
            if change.slip not in self.kinds and style != self.style:
                kept.append(place)
        changes = tuple(known.changes[place] for place in kept)
        return ChangedAnswers(changes, known.arrays, known.prints[kept])

    def spoilt_by(self, mistake: Mistake | SmallChange) -> bool:
        return self.key.spoilt_by(mistake)


class KeysWithout(dict[str, CheckKey]):
    """The keys of a unit's checks without some small changes."""

    def __init__(self, made: MadeKey, kinds: frozenset[Slip], style: str) -> None:
        super().__init__()
        for name, key in made.items():
            self[name] = KeyWithout(key, kinds, style)


def held_out(
    measured: Unit, wrong: list[WrongMutant], store: Path | None, seed: int
) -> Iterator[tuple[Edit, list[Verdict]]]:
    """Yield each mutant with its verdicts, without the changes that would diagnose it by itself.

    For a mutant of the solution these are all small changes of its kind, also in styles. For a
    mutant of a style they are all small changes of that style.
    """
    solution = solution_of(measured)
    with Server(measured, stub=solution.stub) as server:
        made = MadeKey(
            measured, seed, {}, AnswerStore(store), lambda: server, listed_in_key(measured)
        )
        for one in wrong:
            left_out = frozenset() if one.style else frozenset([one.mutant.slip])
            key = KeysWithout(made, left_out, one.style)
            submitted = one.mutant.script.encode()
            verdicts = grade_one(server, submitted, "submission.py", seed, key, {}, mend=True)
            yield one.mutant, verdicts


def drawn(measured: Unit, with_styles: bool, seed: int) -> list[WrongMutant]:
    """List the mutants to measure: random ones of styles, or all of the solution."""
    if with_styles:
        return of_styles(measured, seed)
    plain = solution_of(measured).plain()
    return [WrongMutant(mutant) for mutant in mutants(measured, plain)]


def lines(mutant: Edit, verdicts: list[Verdict]) -> str:
    """Return a mutant's lines with all feedback on it."""
    told = []
    for verdict in verdicts:
        for remark in verdict.remarks:
            told.append(f"    {verdict.name}, {', '.join(remark.arrays)}: {remark.text}")
    return "\n".join([name_of(mutant), *told])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("units", nargs="*", default=COURSE.units)
    parser.add_argument("--styles", action="store_true")
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--draw", type=int, default=0)
    parser.add_argument(
        "--which", nargs="*", default=("named", "related", "small change", "repaired")
    )
    parser.add_argument("--store", type=Path)
    asked = parser.parse_args()
    readable = []
    for name in asked.units:
        measured = unit(find_unit(COURSE, name))
        coverage = FeedbackCoverage()
        chosen = drawn(measured, asked.styles, asked.seed)[:: asked.every]
        if asked.held_out:
            told = held_out(measured, chosen, asked.store, asked.seed)
        else:
            told = judged(measured, chosen, asked.seed)
        for mutant, verdicts in told:
            coverage.add(verdicts, mutant, places_of_mistakes(measured))
            if diagnosis_of(verdicts) in asked.which:
                readable.append(lines(mutant, verdicts))
        counts = ", ".join(f"{count} {told}" for told, count in coverage.counts.most_common())
        print(
            f"{name}: {coverage.share:.1%} of {coverage.answered} named or related; {counts}",
            flush=True,
        )
        for one in coverage.untrue:
            print(f"  untrue: {one}", flush=True)
    for one in random.Random(asked.seed).sample(readable, min(asked.draw, len(readable))):
        print(one)


if __name__ == "__main__":
    main()
