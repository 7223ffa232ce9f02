"""The proofs of the material, and what they measure of the grader.

Every solution earns all, in other styles too; every stub nothing; known mistakes are told apart; mutants lose points.
"""

import inspect
import math
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

from autograder.check import Answer, Check
from autograder.course import load_unit, root
from autograder.data import Corpus, available_corpora, corpus
from autograder.grading.keys import build_key, solution_of, wanted_checks
from autograder.grading.one import grade_one
from autograder.judging import CheckKey, Key, Verdict, deviation
from autograder.sandbox.client import Server

FIRST_SEED = 1000
STYLE_SEEDS = 20  # of a run that is not quick
SAMPLE = 10  # a quick run tries every tenth mutant, and so many fewer pairs
PAIRS = 200  # of mistakes made at once


KEPT = "No mutant fails here alone:"


@dataclass(frozen=True)
class Line:
    """What was tried and how it went."""

    text: str
    fault: bool = False


@dataclass
class Proof:
    """What was tried of a unit, and counted."""

    unit: str
    seeds: int
    quick: bool
    points: float = 0.0
    checks: list[str] = field(default_factory=list)
    mistakes: int = 0
    styles: int = 0
    pairs: int = 0
    misled: list[str] = field(default_factory=list)  # pairs of mistakes that were told a third
    mutants: int = 0
    equivalent: int = 0
    survivors: list[str] = field(default_factory=list)
    alone: Counter[str] = field(default_factory=Counter)  # check → mutants that it alone catches
    deviations: dict[tuple[str, str], list[float]] = field(default_factory=dict)  # (check, style) → one a seed
    seconds: float = 0.0

    @property
    def style_seeds(self) -> int:
        """On how many seeds styles are tried; they need no key of mistakes, and are cheap."""
        return self.seeds if self.quick else max(self.seeds, STYLE_SEEDS)

    @property
    def score(self) -> float:
        """The share of wrong variants that lose points; one that is right too is not wrong."""
        wrong = self.mutants - self.equivalent
        return (wrong - len(self.survivors)) / wrong if wrong else math.nan

    def false_fail(self) -> tuple[float, str]:
        """The largest chance, over checks and styles, that a right answer fails a check, and that check.

        Estimated from how near a style's answers come to the tolerance: a log-normal through its deviations.
        """
        chances = [(_beyond(values), check) for (check, _), values in self.deviations.items()]
        return max(chances, default=(math.nan, ""))


def _beyond(deviations: Sequence[float]) -> float:
    logs = [math.log10(value) for value in deviations if value > 0]
    if len(set(logs)) < 2:
        return 0.0
    return 1 - NormalDist.from_samples(logs).cdf(0.0)


def validate(proof: Proof, jobs: int = 1) -> Iterator[Line]:
    """Try a unit's material and count in the proof; a quick one leaves out the checks that train, and most mutants."""
    began, name, quick = time.perf_counter(), proof.unit, proof.quick
    with Server(name) as server:
        proof.points = sum(check.points for check in server.unit.checks)
        proof.checks = [check.name for check in server.unit.checks]
        for seed in range(FIRST_SEED, FIRST_SEED + proof.seeds):
            texts = [corpus()] if quick else available_corpora()
            yield from material(server, seed, key := build_key(server, seed, texts, quick), texts, quick)
        yield from judge_pairs(server, seed, key, proof)
        for seed in range(FIRST_SEED, FIRST_SEED + proof.style_seeds):
            yield from judge_styles(server, seed, proof)
    proof.mistakes = len(solution_of(name).mistakes)
    tried = f"{proof.mistakes} mistakes on {proof.seeds} seeds, {proof.styles} other styles on {proof.style_seeds}"
    yield Line(f"✓ {name}: {tried}")
    yield from judge_mutants(proof, jobs)
    proof.seconds = time.perf_counter() - began


def material(server: Server, seed: int, key: Key, texts: Sequence[Corpus], quick: bool) -> Iterator[Line]:
    """The solution on each corpus, the stub and each known mistake, on one seed."""
    solution, text, name = solution_of(server.unit.name), texts[0], server.unit.name
    for one in texts:
        graded = _grade(server, solution.plain(), seed, key, one, quick)
        yield _line(f"{name}, seed {seed}, {one.name}: the solution", lost(graded))
    yield _line(f"{name}, seed {seed}: the stub", gained(_grade(server, solution.stub, seed, key, text, True)))
    for mistake, line, _ in solution.mistakes:
        graded = _grade(server, solution.with_mistake(mistake.id), seed, key, text, True)
        if fault := misjudged(mistake.text, graded):
            yield Line(f"✗ {name}, seed {seed}, line {line}: {mistake.code}\n    {fault}", True)


def judge_pairs(server: Server, seed: int, key: Key, proof: Proof) -> Iterator[Line]:
    """Two mistakes at once, drawn by chance: a hint should be of one that was made. Pairs that get another are told; a
    fault where more than 2 in 100 do, and more than one.
    """
    solution, draw = solution_of(server.unit.name), random.Random(FIRST_SEED)
    while proof.pairs < (PAIRS // SAMPLE if proof.quick else PAIRS):
        (one, *lines), (other, *others) = sorted(draw.sample(solution.mistakes, 2), key=lambda entry: entry[1])
        if lines[1] >= others[0]:
            continue  # they spoil the same statement
        proof.pairs += 1
        script, made = solution.with_mistake(one.id, other.id), {one.text, other.text}
        remarks = [r for v in _grade(server, script, seed, key, corpus(), True) for r in v.remarks if r.mistake]
        if strange := [r.text for r in remarks if not made & set(r.text.split(" Or: "))]:
            proof.misled.append(f"{one.code}` and `{other.code}")
            yield Line(f"  two at once: `{proof.misled[-1]}`: was told: {strange[0]}")
    many = len(proof.misled) > max(1, proof.pairs / 50)
    yield Line(
        f"{'✗' if many else '✓'} {proof.unit}: {len(proof.misled)} of {proof.pairs} pairs of mistakes misled", many
    )


def styles(name: str) -> dict[str, str]:
    """Right answers in other styles: name → the solution with the definitions of that style in place of its own."""
    plain = solution_of(name).plain()
    files = sorted((root() / "solutions" / "styles" / name).glob("*.py"))
    return {path.stem: f"{plain}\n\n# %%\n{path.read_text(encoding='utf-8')}" for path in files}


def judge_styles(server: Server, seed: int, proof: Proof) -> Iterator[Line]:
    """Right answers in other styles, on one seed: one that fails a check is a fault."""
    found, checks = styles(server.unit.name), wanted_checks(server.unit, quick=True)
    key, proof.styles = plain_key(server, checks, seed), len(found)
    for style, script in found.items():
        with server.worker(script.encode(), "submission.py") as worker:
            for check in checks:
                answer = worker.ask(check, seed)
                far = _deviations(check, key, answer)
                rounded = [value for name, value in far.items() if name not in check.tolerance]  # the others are drawn
                proof.deviations.setdefault((check.name, style), []).append(max(rounded, default=0.0))
                if max(far.values()) > 1:
                    what = answer.message or f"{max(far.values()):.3g} tolerances from the solution's"
                    yield Line(f"✗ {server.unit.name}, seed {seed}, style {style}: lost {check.name}: {what}", True)


def plain_key(server: Server, checks: Sequence[Check], seed: int) -> Key:
    """A key of exact checks without mistakes: the solution's answers."""
    with server.worker(solution_of(server.unit.name).plain().encode(), "solution.py") as worker:
        return {check.name: CheckKey(worker.ask(check, seed)) for check in checks}


def _deviations(check: Check, key: Key, answer: Answer) -> dict[str, float]:
    """Array → how many tolerances it is from the solution's."""
    expected = key[check.name].expected
    return {name: math.inf if answer.failure else deviation(check, name, expected, answer) for name in expected.arrays}


def judge_mutants(proof: Proof, jobs: int = 2) -> Iterator[Line]:
    """Survivors are told; a fault where fewer than 98 of 100 wrong variants lose points, and where, of all of them, a
    check catches none that no other does, and does not say why it is kept.
    """
    from autograder.authoring.mutants import equivalents, fates

    known = equivalents(proof.unit)
    for fate in fates(proof.unit, FIRST_SEED, jobs, slice(None, None, SAMPLE if proof.quick else 1)):
        proof.mutants += 1
        if len(fate.failed) == 1:
            proof.alone[fate.failed[0]] += 1
        if not fate.failed and fate.mutant.name in known:
            proof.equivalent += 1
        elif not fate.failed:
            proof.survivors.append(fate.mutant.name)
            yield Line(f"  survives: {fate.mutant.name}")
    few = proof.score < 0.98
    yield Line(f"{'✗' if few else '✓'} {proof.unit}: {proof.score:.1%} of {proof.mutants} mutants lose points", few)
    for check in load_unit(proof.unit).checks:
        if not (proof.quick or proof.alone[check.name] or why_kept(check)):
            yield Line(f"✗ {proof.unit}: {check.name} catches no mutant alone, and has no comment `{KEPT} …`", True)


def why_kept(check: Check) -> str:
    """Why a check is kept though other checks catch every mutant that it does: the first sentence of its comment that
    begins so; empty where none does.
    """
    lines = [line.strip() for line in inspect.getsource(check.experiment).splitlines()]
    comment = " ".join(line[2:] for line in lines if line.startswith("# "))
    return found[1] if (found := re.search(rf"{KEPT} (.+?)\.(?: |$)", comment)) else ""


def _grade(server: Server, script: str, seed: int, key: Key, text: Corpus, quick: bool) -> list[Verdict]:
    return grade_one(server, script.encode(), "submission.py", seed, key, text, quick)


def _line(what: str, fault: str) -> Line:
    return Line(f"{'✗' if fault else '✓'} {what} {fault}".rstrip(), bool(fault))


def lost(verdicts: Sequence[Verdict]) -> str:
    """What a solution did not earn, in words; empty where it earned all."""
    return "; ".join(f"lost {v.name}: {v.remarks[0].text}" for v in verdicts if v.status != "passed")


def gained(verdicts: Sequence[Verdict]) -> str:
    """What a stub earned, or lost for another reason than not being written; empty where all is as it should be."""
    odd = [
        v for v in verdicts if v.earned or (v.status != "not_reached" and "not written yet" not in v.remarks[0].text)
    ]
    return "; ".join(f"{v.name}: {v.earned} points, {v.remarks[0].text if v.remarks else ''}" for v in odd)


def misjudged(words: str, verdicts: Sequence[Verdict]) -> str:
    """Why a known mistake was not judged as it should be: it loses points, and is named by its own words alone."""
    said = {remark.text for verdict in verdicts for remark in verdict.remarks if remark.mistake}
    if all(verdict.status == "passed" for verdict in verdicts):
        return "lost no points"
    return "" if said == {words} else f"was told: {sorted(said) or 'nothing that is known'}"
