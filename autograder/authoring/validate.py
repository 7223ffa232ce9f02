"""The proofs of the material, and what they measure of the grader.

Every solution earns all, in other styles too; every stub nothing; known mistakes are told apart;
mutants lose points.
"""

import math
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import NormalDist
from types import MappingProxyType

from autograder.authoring.nothing import ALL, KINDS, try_nothing
from autograder.authoring.told import Telling
from autograder.check import Answer, Check, Corpus, Failure
from autograder.course import Unit
from autograder.data import all_unit_data
from autograder.grading.keys import SOLUTION, build_key, checks_to_run, solution_of, spoilt_names
from autograder.grading.one import grade_one
from autograder.judging import (
    Key,
    Mistake,
    PlainKey,
    Verdict,
    deviation,
    excluded_by,
    judge,
    not_reached,
    unmet,
)
from autograder.sandbox.client import Server

FIRST_SEED = 1000
STYLE_SEEDS = 20  # of a run that is not quick
SAMPLE = 10  # a quick run tries every tenth mutant, and so many fewer pairs
PAIRS = 200  # of mistakes made at once


Place = tuple[Mistake, int, int]  # a mistake, and the lines of the statement that it replaces


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
    told: Telling = field(default_factory=Telling)  # what mutants are told
    # (check, style) → one a seed
    deviations: dict[tuple[str, str], list[float]] = field(default_factory=dict)
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
        """The largest chance, over checks and styles, that a right answer fails a check, and that
        check.

        Estimated from how near a style's answers come to the tolerance: a log-normal through its
        deviations.
        """
        chances = [(_beyond(values), check) for (check, _), values in self.deviations.items()]
        return max(chances, default=(math.nan, ""))


def _beyond(deviations: Sequence[float]) -> float:
    logs = [math.log10(value) for value in deviations if value > 0]
    if len(set(logs)) < 2:
        return 0.0
    return 1 - NormalDist.from_samples(logs).cdf(0.0)


def validate(unit: Unit, proof: Proof, jobs: int = 1) -> Iterator[Line]:
    """Try a unit's material and count in the proof; a quick one leaves out the checks that train,
    and most mutants.
    """
    began, solution = time.perf_counter(), solution_of(unit)
    data = {} if proof.quick else all_unit_data(unit)
    with Server(unit, stub=solution.stub) as server:
        proof.points = sum(check.points for check in unit.checks)
        proof.checks = [check.name for check in unit.checks]
        for seed in range(FIRST_SEED, FIRST_SEED + proof.seeds):
            key = build_key(server, seed, data)
            yield from check_material(server, seed, key, data)
        yield from judge_pairs(server, seed, key, proof)
        yield from judge_nothing(server, seed, key)
        for seed in range(FIRST_SEED, FIRST_SEED + proof.style_seeds):
            yield from judge_styles(server, seed, proof)
    proof.mistakes = len(solution.mistakes)
    tried = (
        f"{proof.mistakes} mistakes on {proof.seeds} seeds, {proof.styles} other styles on "
        f"{proof.style_seeds}"
    )
    yield Line(f"✓ {unit.name}: {tried}")
    one_of_each = {name: texts[0] for name, texts in data.items()}
    yield from judge_mutants(unit, proof, one_of_each, jobs)
    proof.seconds = time.perf_counter() - began


AllData = Mapping[str, Sequence[Corpus]]  # by check, everything that it may be asked to train on


def check_material(server: Server, seed: int, key: Key, data: AllData) -> Iterator[Line]:
    """Grade the solution on each corpus, the stub and each known mistake, on one seed."""
    unit, solution = server.unit, solution_of(server.unit)
    for one in each_in_turn(data):
        graded = _grade(server, solution.plain(), seed, key, one)
        names = "".join(f", {name}" for name in dict.fromkeys(text.name for text in one.values()))
        yield _line(f"{unit.name}, seed {seed}{names}: the solution", lost(graded))
    yield _line(
        f"{unit.name}, seed {seed}: the stub", gained(_grade(server, solution.stub, seed, key))
    )
    for mistake, line, _ in solution.mistakes:
        graded = judge_mistake(unit, key, mistake)
        if fault := misjudged(mistake.text, graded):
            yield Line(
                f"✗ {unit.name}, seed {seed}, line {line}: {mistake.code}\n    {fault}", True
            )


def judge_mistake(unit: Unit, key: Key, mistake: Mistake) -> list[Verdict]:
    """Judge a known mistake as if it were a submission, by the answers that it gave when the key
    was made.
    """
    verdicts: dict[str, Verdict] = {}
    for check in checks_to_run(unit, data=()):
        if lacking := unmet(check, verdicts):
            verdicts[check.name] = not_reached(check, lacking)
            continue
        known = key[check.name]
        answer = next((its for one, its in known.mistakes if one.id == mistake.id), known.expected)
        verdicts[check.name] = judge(check, known, answer, unit.sizes, excluded_by(key, verdicts))
    return list(verdicts.values())


def each_in_turn(data: AllData) -> list[dict[str, Corpus]]:
    """One text for each check that trains, as often as it takes for each text to have its turn; at
    least once.
    """
    most = max((len(texts) for texts in data.values()), default=1)
    return [
        {name: texts[min(turn, len(texts) - 1)] for name, texts in data.items()}
        for turn in range(most)
    ]


def judge_pairs(server: Server, seed: int, key: Key, proof: Proof) -> Iterator[Line]:
    """Make two mistakes at once, drawn by chance: a hint should be of one that was made.

    Pairs that get another are told; a fault where more than 2 in 100 do, and more than one.
    """
    solution, draw = solution_of(server.unit), random.Random(FIRST_SEED)
    possible = sum(_apart(one, other) for one, other in combinations(solution.mistakes, 2))
    wanted = min(PAIRS // SAMPLE if proof.quick else PAIRS, possible)
    while proof.pairs < wanted:
        one, other = draw.sample(solution.mistakes, 2)
        if not _apart(one, other):
            continue
        proof.pairs += 1
        (first, *_), (second, *_) = sorted((one, other), key=lambda entry: entry[1])
        script, made = solution.with_mistake(first.id, second.id), {first.text, second.text}
        remarks = [r for v in _grade(server, script, seed, key) for r in v.remarks if r.mistake]
        if strange := [r.text for r in remarks if r.text not in made]:
            proof.misled.append(f"{first.code}` and `{second.code}")
            yield Line(f"  two at once: `{proof.misled[-1]}`: was told: {strange[0]}")
    many = len(proof.misled) > max(1, proof.pairs / 50)
    yield Line(
        (
            f"{'✗' if many else '✓'} {proof.unit}: {len(proof.misled)} of {proof.pairs} pairs of "
            "mistakes misled"
        ),
        many,
    )


def _apart(one: Place, other: Place) -> bool:
    """Whether two mistakes spoil different statements, so that both can be made at once."""
    (_, first, last), (_, other_first, other_last) = one, other
    return last < other_first or other_last < first


def judge_nothing(server: Server, seed: int, key: Key) -> Iterator[Line]:
    """Empty each exercise, and all of them: a check that gives points for what is left is a
    fault.
    """
    tried = list(try_nothing(server, seed, key))
    for found in tried:
        if found.too_much:
            yield Line(f"✗ {server.unit.name}: {found}", True)
    most = max(
        sum(one.earned for one in tried if (one.exercise, one.kind) == (ALL, kind))
        for kind in KINDS
    )
    points = sum(check.points for check in server.unit.checks)
    words = f"a file that solves nothing earns {most:g} of {points:g} points"
    yield Line(f"{'✗' if most else '✓'} {server.unit.name}: {words}", most > 0)


def styles(unit: Unit) -> dict[str, str]:
    """Right answers in other styles: name → the solution with the definitions of that style in
    place of its own.
    """
    plain = solution_of(unit).plain()
    files = sorted((unit.course.folder / "solutions" / "styles" / unit.name).glob("*.py"))
    return {path.stem: f"{plain}\n\n# %%\n{path.read_text(encoding='utf-8')}" for path in files}


def judge_styles(server: Server, seed: int, proof: Proof) -> Iterator[Line]:
    """Try right answers in other styles on one seed: one that fails a check is a fault."""
    found, checks = styles(server.unit), checks_to_run(server.unit, data=())
    key, proof.styles = plain_key(server, checks, seed), len(found)
    for style, script in found.items():
        with server.worker(script.encode(), "submission.py") as worker:
            for check in checks:
                answer = worker.ask(check, seed)
                far = _deviations(check, key, answer)
                # the others are drawn
                rounded = [value for name, value in far.items() if name not in check.tolerance]
                proof.deviations.setdefault((check.name, style), []).append(
                    max(rounded, default=0.0)
                )
                if max(far.values()) > 1:
                    what = (
                        answer.message or f"{max(far.values()):.3g} tolerances from the solution's"
                    )
                    yield Line(
                        (
                            f"✗ {server.unit.name}, seed {seed}, style {style}: lost {check.name}: "
                            f"{what}"
                        ),
                        True,
                    )


def plain_key(server: Server, checks: Sequence[Check], seed: int) -> Key:
    """Make a key of exact checks without mistakes: the solution's answers."""
    with server.worker(solution_of(server.unit).plain().encode(), SOLUTION) as worker:
        return {check.name: PlainKey(worker.ask(check, seed)) for check in checks}


def _deviations(check: Check, key: Key, answer: Answer) -> dict[str, float]:
    """Array → how many tolerances it is from the solution's."""
    expected = key[check.name].expected
    return {
        name: math.inf if answer.failure else deviation(check, name, expected, answer)
        for name in expected.arrays
    }


def judge_mutants(
    unit: Unit, proof: Proof, data: Mapping[str, Corpus], jobs: int = 2
) -> Iterator[Line]:
    """Grade mutants of the solution; those that survive are told.

    data: what checks that train are given, by check; those without any are left out.
    A fault where fewer than 98 of 100 wrong variants lose points, and where, of all of them, a
    check catches none that no other does, and does not say why it is kept.
    """
    from autograder.authoring.mutants import equivalents, run_mutants

    known_right = equivalents(unit)
    places = places_of_mistakes(unit)
    part = slice(None, None, SAMPLE if proof.quick else 1)
    for result in run_mutants(unit, FIRST_SEED, data, jobs, part):
        name = result.mutant.name
        proof.mutants += 1
        proof.told.add(result.verdicts, result.mutant, places)
        if len(result.failed) == 1:
            proof.alone[result.failed[0]] += 1
        if not result.failed and name in known_right:
            proof.equivalent += 1
        elif not result.failed:
            proof.survivors.append(name)
            yield Line(f"  survives: {name}")
    few = proof.score < 0.98
    yield Line(
        (
            f"{'✗' if few else '✓'} {proof.unit}: {proof.score:.1%} of {proof.mutants} mutants "
            "lose "
            "points"
        ),
        few,
    )
    yield _telling(proof)
    for check in unit.checks:
        if not (proof.quick or proof.alone[check.name] or check.kept):
            words = 'catches no mutant alone. Give it `kept="why it is there"`, or take it out'
            yield Line(f"✗ {proof.unit}: {check.name} {words}", True)


def places_of_mistakes(unit: Unit) -> dict[str, frozenset[str]]:
    """Code of a known mistake → the names of the definitions in which it is made."""
    solution, names = solution_of(unit), spoilt_names(solution_of(unit))
    places: dict[str, frozenset[str]] = {}
    for mistake, _, _ in solution.mistakes:
        before = places.get(mistake.code, frozenset())
        places[mistake.code] = before | names.get(mistake.id, frozenset())
    return places


def _telling(proof: Proof) -> Line:
    """Say what share of the mutants is named or related; a fault where one is told something
    untrue.
    """
    told = proof.told
    words = (
        f"{proof.unit}: {told.share:.1%} of {told.answered} mutants that answer are named or "
        "related"
    )
    if not told.untrue:
        return Line(f"✓ {words}")
    return Line(
        "\n".join([f"✗ {words}; told something untrue:", *(f"    {one}" for one in told.untrue)]),
        True,
    )


def _grade(
    server: Server,
    script: str,
    seed: int,
    key: Key,
    data: Mapping[str, Corpus] = MappingProxyType({}),
) -> list[Verdict]:
    return grade_one(server, script.encode(), "submission.py", seed, key, data)


def _line(what: str, fault: str) -> Line:
    return Line(f"{'✗' if fault else '✓'} {what} {fault}".rstrip(), bool(fault))


def lost(verdicts: Sequence[Verdict]) -> str:
    """What a solution did not earn, in words; empty where it earned all."""
    return "; ".join(
        f"lost {v.name}: {v.remarks[0].text}" for v in verdicts if v.status != "passed"
    )


def _is_unwritten(verdict: Verdict) -> bool:
    """Whether a check was lost because something is not written yet."""
    return verdict.status == "not_reached" or verdict.failure == Failure.STUB


def gained(verdicts: Sequence[Verdict]) -> str:
    """What a stub earned, or lost for another reason than not being written; empty where all is as
    it should be.
    """
    odd = [v for v in verdicts if v.earned or not _is_unwritten(v)]
    return "; ".join(
        f"{v.name}: {v.earned} points, {v.remarks[0].text if v.remarks else ''}" for v in odd
    )


def misjudged(words: str, verdicts: Sequence[Verdict]) -> str:
    """Why a known mistake was not judged as it should be: it loses points, and is named by its own
    words alone.
    """
    said = {remark.text for verdict in verdicts for remark in verdict.remarks if remark.mistake}
    if all(verdict.status == "passed" for verdict in verdicts):
        return "lost no points"
    return "" if said == {words} else f"was told: {sorted(said) or 'nothing that is known'}"
