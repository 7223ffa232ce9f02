"""The proofs of the material: every solution earns all, every stub nothing, every known mistake is told apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograder.checking import Key, Verdict
from autograder.data import Corpus, corpus
from autograder.grading import build_key, grade_one, solution_of
from autograder.sandbox import Server

FIRST_SEED = 1000


@dataclass(frozen=True)
class Line:
    """What was tried and how it went."""

    text: str
    fault: bool = False


def validate(name: str, seeds: int, quick: bool = False) -> Iterator[Line]:
    """Try a unit's material on `seeds` seeds; `quick` leaves out the checks that train."""
    solution, text = solution_of(name), corpus()
    with Server(name) as server:
        for seed in range(FIRST_SEED, FIRST_SEED + seeds):
            key = build_key(server, seed, [text], quick)
            graded = _grade(server, solution.plain(), seed, key, text, quick)
            yield _line(f"{name}, seed {seed}: the solution", lost(graded))
            yield _line(f"{name}, seed {seed}: the stub", gained(_grade(server, solution.stub, seed, key, text, True)))
            for mistake, line, _ in solution.mistakes:
                graded = _grade(server, solution.with_mistake(mistake.id), seed, key, text, True)
                if fault := misjudged(mistake.text, graded):
                    yield Line(f"✗ {name}, seed {seed}, line {line}: {mistake.code}\n    {fault}", True)
        yield Line(f"✓ {name}: {len(solution.mistakes)} mistakes tried on each of {seeds} seeds")


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
