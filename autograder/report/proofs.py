"""How good the grader is, as a page: docs/grader.md, from the proofs that `autograder validate` has made."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from autograder.data import root
from autograder.journal import write_whole
from autograder.mutating import equivalents
from autograder.report.terminal import number
from autograder.validating import Proof

HEAD = """# How good the grader is

Written by `autograder validate --page{options}` in {minutes:.0f} minutes, {machine}; NumPy {numpy}, torch {torch}.

| unit | points | checks | mistakes | styles | mutants | right too | survive | score | right one fails | seconds |
|---|---|---|---|---|---|---|---|---|---|---|
"""
WORDS = """
- *Mistakes*: each was made in the solution, lost points, and was named by its own words and no other's, on each of
  {seeds} seeds.
- *Styles*: right answers written otherwise, in `solutions/styles/`; each earned every exact point on every seed.
- *Mutants*: small changes to the solution (`autograder/mutating.py`), graded on one seed; *right too* are those that
  do the same, by the reasons in `solutions/equivalent.toml`. *Score*: the share of the others that lost points.
- *Right one fails*: the chance, at the unit's worst check and in the style that comes nearest to its tolerance, that a
  right answer fails; a log-normal through that style's deviations on the seeds, in tolerances, and its part beyond 1.
  Arrays that are drawn at random have a tolerance of their own; its chance is in the comment of their check.
"""


def grader_page(proofs: Sequence[Proof]) -> Path:
    """Write docs/grader.md; its path."""
    facts = {"machine": f"{platform.system()} {platform.machine()}", "seeds": proofs[0].seeds}
    facts |= {name: version(name) for name in ("numpy", "torch")}
    options = f" --seeds {proofs[0].seeds}" + (" --quick" if proofs[0].quick else "")
    head = HEAD.format(options=options, minutes=sum(proof.seconds for proof in proofs) / 60, **facts)
    rows = "".join(map(_row, proofs)) + WORDS.format(**facts)
    alone = "\n".join(["\n## What each check catches\n", *map(_alone, proofs)])
    survivors = "\n".join(["\n## Survivors\n", *map(_survivors, proofs)])
    path = root() / "docs" / "grader.md"
    write_whole(path, (head + rows + alone + "\n" + survivors).rstrip("\n"))
    return path


def _row(proof: Proof) -> str:
    chance, check = proof.false_fail()
    cells = [proof.unit, number(proof.points), len(proof.checks), proof.mistakes, proof.styles, proof.mutants]
    cells += [proof.equivalent, len(proof.survivors), f"{proof.score:.1%}", f"{_small(chance)} (`{check}`)"]
    return "| " + " | ".join(map(str, [*cells, round(proof.seconds)])) + " |\n"


def _small(chance: float) -> str:
    return f"{chance:.0e}" if chance >= 1e-9 else "under 1e-09"


def _alone(proof: Proof) -> str:
    """How many mutants a check catches that no other of its unit does."""
    return f"- {proof.unit}: " + ", ".join(f"`{check}` {proof.alone[check]}" for check in proof.checks)


def _survivors(proof: Proof) -> str:
    known = [f"  - right too: `{name}`: {why}" for name, why in equivalents(proof.unit).items()]
    return "\n".join([f"- {proof.unit}", *(f"  - survives: `{name}`" for name in proof.survivors), *known])
