"""Measure what an early mistake leaves: points without and with errors carried forward.

python benchmarks/follow_on.py [UNIT …] [--each 8] [--seed 5] [--timed | --class]

Each case is a file with a mistake in a check that others need, graded twice: with a key that
carries nothing, and with one that does. There are five kinds of files:

- listed: the solution with one of its known mistakes;
- pair: with two: the second loses points in a check that is not reached because of the first;
- slip: with one small change that nobody listed;
- slip, listed: with such a change, and a known mistake in a check that follows;
- fresh: a wrong answer in another style, from benchmarks/fresh_mistakes/.

`own` is what the file's own right work is worth: its points without carrying, and for each check
that was not reached what the same file earns there once the early mistakes are mended. No file may
earn more, in any check, and checks that were reached must earn what they did: the script ends with
an error where that is not so.

--timed says how much longer a file takes once its answers are in the store. --class grades a class
of all fresh answers and as many right ones, from an empty store, with small changes carried and
with known mistakes only, and says what that took and how many answers had to be computed.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from unittest.mock import patch

from at_hand import COURSE, unit
from fresh_mistakes import answers

from autograder.check import Check, Failure
from autograder.course import Unit, find_unit
from autograder.data import cache_folder
from autograder.explaining.words import slip_in_words
from autograder.grading.keys import all_needed, solution_of
from autograder.grading.listed import listed_in_key
from autograder.grading.made_key import MadeKey
from autograder.grading.one import grade_one
from autograder.grading.small_changes import changed_scripts
from autograder.grading.store import AnswerStore
from autograder.judging import CheckKey, Verdict, same_answer
from autograder.judging.carry import Carried, Mistakes
from autograder.sandbox.client import Server
from autograder.source.edits import Edit, edits_of_mistakes, fit_together, with_edits

MOST_GRADED = 15  # files graded for each wanted case, because not all have consequences
ROUNDS = 5  # gradings of each kind in a timed run
ENOUGH = 1e-3  # tolerance of sums of points

Verdicts = Mapping[str, Verdict]


@dataclass(frozen=True)
class MistakeMade:
    """A mistake that can be planted in the solution, and the points of a file with it, by check."""

    name: str
    edit: Edit
    verdicts: Verdicts

    def spoils(self, checks: set[str]) -> bool:
        """Return whether one of some checks fails with it."""
        return any(self.verdicts[name].status != "passed" for name in checks)

    @property
    def not_reached(self) -> set[str]:
        return _not_reached(self.verdicts)


@dataclass(frozen=True)
class WrongFile:
    """A file. changes: its errors; later ones lose points of their own."""

    kind: str
    name: str
    script: str
    changes: Sequence[MistakeMade] = ()


@dataclass(frozen=True)
class Earnings:
    """A file's points without and with carrying, and the value of its own right work.

    reasons: check → why it earns less than that.
    milliseconds: additional time with carrying; 0 if it was not timed.
    """

    unit: str
    case: WrongFile
    before: Verdicts
    after: Verdicts
    own: Mapping[str, float]
    reasons: Mapping[str, str]
    milliseconds: float = 0.0


@dataclass
class NotingKey(Mapping[str, CheckKey]):
    """A key that records what it has to carry forward."""

    key: MadeKey
    asked: dict[str, dict[Mistakes, Carried | None]] = field(default_factory=dict)

    def __getitem__(self, entry: str) -> CheckKey:
        return self.key[entry]

    def __iter__(self) -> Iterator[str]:
        return iter(self.key)

    def __len__(self) -> int:
        return len(self.key)

    def carry(self, check: Check, made: Mistakes) -> Carried | None:
        carried = self.key.carry(check, made)
        self.asked.setdefault(check.name, {})[made] = carried
        return carried


class Measured:
    """A unit whose files are graded."""

    def __init__(self, of: Unit, server: Server, store: AnswerStore, seed: int) -> None:
        self.unit = of
        self.checks = {check.name: check for check in of.checks if not check.measure}
        self.solution = solution_of(of)
        self.plain = self.solution.plain()
        self._server = server
        self._seed = seed
        self._key = MadeKey(of, seed, {}, store, lambda: server, listed_in_key(of))

    def graded(self, script: str, key: Mapping[str, CheckKey] | None = None) -> Verdicts:
        """Grade a file with a key, or with a key without carried answers."""
        key = dict(self._key) if key is None else key
        verdicts = grade_one(self._server, script.encode(), "ada.py", self._seed, key, {})
        return {verdict.name: verdict for verdict in verdicts}

    def change(self, name: str, edit: Edit) -> MistakeMade:
        return MistakeMade(name, edit, self.graded(with_edits(self.plain, [edit])))

    def outcome(self, case: WrongFile, timed: bool) -> Earnings:
        """Grade a file without and with carrying."""
        watched = NotingKey(self._key)
        before = self.graded(case.script)
        after = self.graded(case.script, watched)
        own = {name: self._own(name, before, case.changes) for name in before}
        reasons = {}
        for name, verdict in after.items():
            if verdict.status == "not_reached":
                reasons[name] = self._why_not_reached(name, after, watched)
            elif before[name].status == "not_reached" and verdict.earned < own[name] - ENOUGH:
                is_right = len(verdict.remarks) == 1  # "carried forward"
                reasons[name] = "hidden in part" if is_right else "found wrong"
        more = self._milliseconds_more(case.script) if timed else 0.0
        short = self.unit.course.short(self.unit.name)
        return Earnings(short, case, before, after, own, reasons, more)

    def _own(self, name: str, before: Verdicts, changes: Sequence[MistakeMade]) -> float:
        """Return the value of a file's work in a check after earlier mistakes are fixed."""
        verdict = before[name]
        if verdict.status != "not_reached":
            return verdict.earned
        needed = all_needed(self.checks[name], self.checks)
        own = verdict.points
        for change in changes:
            is_mended = change.spoils(needed)
            if not is_mended:
                own = min(own, change.verdicts[name].earned)
        return own

    def _why_not_reached(self, name: str, after: Verdicts, watched: NotingKey) -> str:
        needed = [after[one] for one in self.checks[name].needs]
        if any(verdict.status == "not_reached" for verdict in needed):
            return "so is what it needs"
        if any(verdict.failure for verdict in needed):
            return "an error"
        asked = watched.asked.get(name)
        if asked is None:
            return "unexplained"
        carried = [one for one in asked.values() if one]
        if not carried:
            return "fails with it"
        first, *others = carried
        check = self.checks[name]
        if all(same_answer(check, first.key.expected, one.key.expected) for one in others):
            return "hidden"
        return "explanations differ"

    def _milliseconds_more(self, script: str) -> float:
        """Return the additional time with carrying: the shortest of some rounds of both."""
        without: list[float] = []
        with_carrying: list[float] = []
        for _ in range(ROUNDS):
            for key, times in ((None, without), (self._key, with_carrying)):
                began = time.perf_counter()
                self.graded(script, key)
                times.append(1000 * (time.perf_counter() - began))
        return min(with_carrying) - min(without)


def _not_reached(verdicts: Verdicts) -> set[str]:
    return {name for name, verdict in verdicts.items() if verdict.status == "not_reached"}


def _answers(verdicts: Verdicts) -> bool:
    """Return whether a file runs without an error."""
    failures = {verdict.failure for verdict in verdicts.values()}
    return failures == {Failure.NONE}


def _is_enough(changes: Sequence[MistakeMade], wanted: int) -> bool:
    return sum(bool(change.not_reached) for change in changes) >= wanted


def listed(measured: Measured, rng: random.Random, wanted: int) -> list[MistakeMade]:
    """Draw known mistakes until enough of them block checks."""
    changes: list[MistakeMade] = []
    edits = edits_of_mistakes(measured.solution)
    mistakes = list(measured.solution.mistakes)
    rng.shuffle(mistakes)
    for placed in mistakes[: MOST_GRADED * wanted]:
        if not _is_enough(changes, wanted):
            identity = placed.mistake.id
            changes.append(measured.change(identity, edits[identity]))
    return changes


def slips(measured: Measured, rng: random.Random, wanted: int) -> list[MistakeMade]:
    """Draw small changes that give an answer, until enough block checks."""
    changes: list[MistakeMade] = []
    found = list(changed_scripts(measured.unit, measured.plain).values())
    rng.shuffle(found)
    for told, slip in found[: MOST_GRADED * wanted]:
        if not _is_enough(changes, wanted):
            words = f"`{told.function}`: {slip_in_words(told.slip)}"
            change = measured.change(words, slip)
            if _answers(change.verdicts):
                changes.append(change)
    return changes


def with_later(
    kind: str, early: Sequence[MistakeMade], later: Sequence[MistakeMade], measured: Measured
) -> Iterator[WrongFile]:
    """Yield files with two mistakes, the second in a check that the first blocks."""
    for one, other in product(early, later):
        edits = [one.edit, other.edit]
        spoilt = {name for name in other.verdicts if other.spoils({name})}
        held_back = one.not_reached & spoilt
        if not held_back or not fit_together(edits):
            continue
        needed: set[str] = set()
        for name in held_back:
            needed |= all_needed(measured.checks[name], measured.checks)
        if not other.spoils(needed):
            script = with_edits(measured.plain, edits)
            yield WrongFile(kind, f"{one.name} and {other.name}", script, (one, other))


def single(kind: str, changes: Sequence[MistakeMade], measured: Measured) -> Iterator[WrongFile]:
    """Yield files with one mistake that has consequences."""
    for change in changes:
        if change.not_reached:
            script = with_edits(measured.plain, [change.edit])
            yield WrongFile(kind, change.name, script, (change,))


def fresh(measured: Measured) -> Iterator[WrongFile]:
    """Yield wrong answers in another style that block checks."""
    for title, answer in answers(measured.unit.name):
        script = f"{measured.plain}\n\n# %%\n{answer}"
        if title != "base" and _not_reached(measured.graded(script)):
            yield WrongFile("fresh", title, script)


def cases(measured: Measured, rng: random.Random, each: int) -> Iterator[WrongFile]:
    """Yield all the files of a unit. each: the maximum of each kind."""
    mistakes = listed(measured, rng, each)
    changes = slips(measured, rng, each)
    pairs = list(with_later("pair", mistakes, mistakes, measured))
    slip_pairs = list(with_later("slip, listed", changes, mistakes, measured))
    yield from single("listed", mistakes, measured)
    yield from rng.sample(pairs, min(each, len(pairs)))
    yield from single("slip", changes, measured)
    yield from rng.sample(slip_pairs, min(each, len(slip_pairs)))
    wrong = list(fresh(measured))
    yield from rng.sample(wrong, min(each, len(wrong)))


def refuse_more_than_own(outcome: Earnings) -> None:
    """Raise `AssertionError` if a check earns more than the file's own right work."""
    for name, verdict in outcome.after.items():
        where = (outcome.case.kind, outcome.case.name, name)
        before = outcome.before[name]
        assert verdict.earned <= outcome.own[name] + ENOUGH, where
        if before.status != "not_reached":
            assert verdict.earned == before.earned, where


def total(verdicts: Verdicts) -> float:
    return sum(verdict.earned for verdict in verdicts.values())


def row(outcome: Earnings) -> str:
    """Return one line of the table."""
    held_back = []
    for check in _not_reached(outcome.before):
        verdict = outcome.after[check]
        text = f"{check} {verdict.earned:g}/{outcome.own[check]:g}"
        if check in outcome.reasons:
            text += f" ({outcome.reasons[check]})"
        held_back.append(text)
    cells = [
        outcome.unit,
        outcome.case.kind,
        outcome.case.name[:90],
        f"{total(outcome.before):g}",
        f"{total(outcome.after):g}",
        f"{sum(outcome.own.values()):g}",
        ", ".join(held_back),
    ]
    return f"| {' | '.join(cells)} |"


def summary(outcomes: Sequence[Earnings]) -> Iterator[str]:
    """Yield the lines below the table: by unit, by kind, and why checks earn less."""
    yield "| | cases | before | after | own right work |"
    yield "|---|---|---|---|---|"
    by_unit: dict[str, list[Earnings]] = {}
    by_kind: dict[str, list[Earnings]] = {}
    reasons = Counter[str]()
    for outcome in outcomes:
        by_unit.setdefault(outcome.unit, []).append(outcome)
        by_kind.setdefault(outcome.case.kind, []).append(outcome)
        reasons.update(outcome.reasons.values())
    for name, some in [*by_unit.items(), *by_kind.items()]:
        yield _sums(name, some)
    yield _sums("all", outcomes)
    yield f"\nWhy checks earn less than their own: {dict(reasons.most_common())}."
    times = sorted(outcome.milliseconds for outcome in outcomes)
    if any(times):
        median = times[len(times) // 2]
        yield f"Milliseconds more: median {median:+.0f}, most {times[-1]:+.0f}."


def _sums(kind: str, outcomes: Sequence[Earnings]) -> str:
    before = after = own = 0.0
    for outcome in outcomes:
        before += total(outcome.before)
        after += total(outcome.after)
        own += sum(outcome.own.values())
    return f"| {kind} | {len(outcomes)} | {before:.1f} | {after:.1f} | {own:.1f} |"


def graded_class(of: Unit, server: Server, seed: int) -> tuple[float, int]:
    """Grade a class from an empty store; return seconds on the clock, and computed answers."""
    plain = solution_of(of).plain()
    wrong = [f"{plain}\n\n# %%\n{answer}" for _, answer in answers(of.name)]
    key = MadeKey(of, seed, {}, AnswerStore(None), lambda: server, listed_in_key(of))
    began = time.perf_counter()
    for script in wrong:
        for submitted in (script, plain):
            grade_one(server, submitted.encode(), "ada.py", seed, key, {})
    return time.perf_counter() - began, key.computed


def measure_class(of: Unit, server: Server, seed: int) -> None:
    """Print the cost of a class, with small changes carried and without."""
    with patch("autograder.grading.judge.changes_that_explain", lambda *_: []):
        without = graded_class(of, server, seed)
    with_them = graded_class(of, server, seed)
    cells = [of.name, f"{2 * len(list(answers(of.name)))}"]
    for seconds, computed in (without, with_them):
        cells.append(f"{seconds:.1f} s, {computed} answers")
    print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Print the table, and below it the number of files and their points."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("units", nargs="*", default=COURSE.units)
    parser.add_argument("--each", type=int, default=8, help="files of each kind, at most")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--timed", action="store_true", help="say how much longer grading takes")
    parser.add_argument("--class", action="store_true", dest="is_class", help="time a class")
    asked = parser.parse_args()
    if asked.is_class:
        print("| unit | files | known mistakes carried | small changes, too |")
        print("|---|---|---|---|")
        for name in asked.units:
            of = unit(find_unit(COURSE, name))
            with Server(of, stub=solution_of(of).stub) as server:
                measure_class(of, server, asked.seed)
        return
    store = AnswerStore(cache_folder() / "follow-on.sqlite")
    print("| unit | kind | made | before | after | own | held back: after/own |")
    print("|---|---|---|---|---|---|---|")
    outcomes: list[Earnings] = []
    for name in asked.units:
        of = unit(find_unit(COURSE, name))
        rng = random.Random(asked.seed)
        with Server(of, stub=solution_of(of).stub) as server:
            measured = Measured(of, server, store, asked.seed)
            for case in cases(measured, rng, asked.each):
                outcome = measured.outcome(case, asked.timed)
                print(row(outcome), flush=True)
                refuse_more_than_own(outcome)
                outcomes.append(outcome)
    print()
    print("\n".join(summary(outcomes)))


if __name__ == "__main__":
    main()
