"""A course's arithmetic, in fractions, so that no rounding decides a grade.

A number that somebody wrote, 0.1, is one tenth here. Only what is shown is rounded, half up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise


def exact(number: float) -> Fraction:
    """The simplest fraction that is written so: 0.1 is one tenth, and 0.3333333333333333 one
    third.
    """
    return Fraction(repr(float(number))).limit_denominator(10**9)


def rounded(value: Fraction, places: int = 2) -> float:
    """A fraction as it is shown, rounded half up."""
    unit = Decimal(1).scaleb(-places)
    scaled = Decimal(value.numerator) / Decimal(value.denominator)
    return float(scaled.quantize(unit, ROUND_HALF_UP))


def interpolated(measured: float, cutoffs: Sequence[tuple[float, float]]) -> Fraction:
    """The share of points at a measured value, linear between cut-offs (value, share), the end's
    beyond the ends.
    """
    known = sorted((exact(value), exact(share)) for value, share in cutoffs)
    at = exact(measured)
    if at <= known[0][0]:
        return known[0][1]
    for (low, share), (high, other) in pairwise(known):
        if at <= high:
            return share + (other - share) * (at - low) / (high - low)
    return known[-1][1]


def percent(share: Fraction) -> str:
    """A share as it is read: `92.5 %`."""
    return f"{rounded(100 * share):g} %"


@dataclass(frozen=True)
class Weighed:
    """What a student has of one unit: a share of its points, and the unit's weight."""

    share: Fraction
    weight: Fraction


def dropped(units: Mapping[str, Weighed], lowest: int) -> set[str]:
    """The units that do not count for a student: those of the lowest shares; of equal ones the
    first. One stays.
    """
    ordered = sorted(units, key=lambda unit: units[unit].share)
    return set(ordered[: min(lowest, len(units) - 1)])


def total(units: Mapping[str, Weighed], lowest: int = 0) -> Fraction:
    """The mean of the shares by weight, the lowest few left out."""
    left_out = dropped(units, lowest)
    counted = [weighed for unit, weighed in units.items() if unit not in left_out]
    weights = sum((each.weight for each in counted), Fraction(0))
    if not weights:
        return Fraction(0)
    return sum((each.share * each.weight for each in counted), Fraction(0)) / weights


def letter(share: Fraction, bounds: Mapping[str, float]) -> str:
    """The letter of the highest bound that a share reaches; empty where it reaches none."""
    reached = [(exact(bound), name) for name, bound in bounds.items() if share >= exact(bound)]
    return max(reached)[1] if reached else ""
