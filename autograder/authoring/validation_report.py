"""The findings of `autograder validate` on a unit: single results and counts."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

from autograder.authoring.feedback_coverage import FeedbackCoverage

STYLE_SEEDS = 20  # for a run that is not quick


@dataclass(frozen=True)
class Trial:
    """What was tried and how it went, in words; `fault` if the author has to act."""

    text: str
    fault: bool = False


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: "1 seed", "2 seeds"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def finding(what: str, fault: bool) -> Trial:
    """Mark what was tried with ✓, or with ✗ if it is a fault."""
    sign = "✗" if fault else "✓"
    return Trial(f"{sign} {what}", fault)


@dataclass
class ValidationReport:
    """The results and counts of a unit's validation.

    constants: mistake → on each seed the arrays that it makes of one number, and that number.
    misjudged: mistakes that were not diagnosed on some seed. failed_styles: alternative solutions
    that lost points on some seed.
    misled: pairs of mistakes reported as a third. alone: check → mutants that no other check
    catches. feedback: on mutants. deviations: (check, style) → the difference of the style's answer
    in tolerances, one per seed. only: the check that is validated, "" for all of the unit.
    """

    unit: str
    seeds: int
    quick: bool
    only: str = ""
    points: float = 0.0
    checks: list[str] = field(default_factory=list)
    mistakes: int = 0
    constants: dict[str, list[tuple[tuple[str, float], ...]]] = field(default_factory=dict)
    misjudged: set[str] = field(default_factory=set)
    styles: int = 0
    failed_styles: set[str] = field(default_factory=set)
    pairs: int = 0
    misled: list[str] = field(default_factory=list)
    mutants: int = 0
    equivalent: int = 0
    survivors: list[str] = field(default_factory=list)
    alone: Counter[str] = field(default_factory=Counter)
    feedback: FeedbackCoverage = field(default_factory=FeedbackCoverage)
    deviations: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def style_seeds(self) -> int:
        """Return the number of seeds for styles, which need no key of mistakes."""
        if self.quick:
            return self.seeds
        return max(self.seeds, STYLE_SEEDS)

    @property
    def score(self) -> float:
        """Return the share of wrong variants that lose points, without equivalent mutants."""
        wrong = self.mutants - self.equivalent
        if not wrong:
            return math.nan
        caught = wrong - len(self.survivors)
        return caught / wrong

    def false_fail(self) -> tuple[float, str]:
        """Return the largest probability that a right answer fails; and where.

        The maximum is over checks and styles. It is estimated from how near a style's answers come
        to the tolerance: a log-normal through its deviations.
        """
        chances = []
        for (check, _), deviations in self.deviations.items():
            chance = _chance_beyond_tolerance(deviations)
            chances.append((chance, check))
        return max(chances, default=(math.nan, ""))


def _chance_beyond_tolerance(deviations: Sequence[float]) -> float:
    """Return the probability of a deviation above 1, by a log-normal through the nonzero ones."""
    logs = [math.log10(deviation) for deviation in deviations if deviation > 0]
    if len(set(logs)) < 2:
        return 0.0
    log_normal = NormalDist.from_samples(logs)
    return 1 - log_normal.cdf(0.0)
