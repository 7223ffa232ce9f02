"""A course's arithmetic, in fractions, so that no rounding decides a grade.

A number that somebody wrote, 0.1, is one tenth here. Only what is shown is rounded, half up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise


def exact(number: float) -> Fraction:
    """Return the simplest fraction that is written so: 0.1 is one tenth, not its nearest float."""
    return Fraction(repr(float(number))).limit_denominator(10**9)


def rounded(value: Fraction, places: int = 2) -> float:
    """Round a fraction as it is shown, half up."""
    unit = Decimal(1).scaleb(-places)
    scaled = Decimal(value.numerator) / Decimal(value.denominator)
    return float(scaled.quantize(unit, ROUND_HALF_UP))


def interpolated(measured: float, cutoffs: Sequence[tuple[float, float]]) -> Fraction:
    """Return the share of points at a measured value: linear between cut-offs (value, share).

    Beyond the first and the last cut-off it is theirs.
    """
    points = sorted((exact(value), exact(share)) for value, share in cutoffs)
    at = exact(measured)
    first_value, first_share = points[0]
    if at <= first_value:
        return first_share
    for (low, share), (high, next_share) in pairwise(points):
        if at <= high:
            slope = (next_share - share) / (high - low)
            return share + slope * (at - low)
    _, last_share = points[-1]
    return last_share


def percent(share: Fraction) -> str:
    """Write a share as it is read: `92.5 %`."""
    return f"{rounded(100 * share):g} %"


@dataclass(frozen=True)
class Weighed:
    """What a student has of one unit: a share of its points, and the unit's weight."""

    share: Fraction
    weight: Fraction


def dropped(units: Mapping[str, Weighed], lowest: int) -> set[str]:
    """Return the units that do not count for a student: those of the lowest shares.

    Of equal ones the first. One always stays.
    """
    ordered = sorted(units, key=lambda unit: units[unit].share)
    return set(ordered[: min(lowest, len(units) - 1)])


def total(units: Mapping[str, Weighed], lowest: int = 0) -> Fraction:
    """Return the mean of the shares by weight, the lowest few left out."""
    left_out = dropped(units, lowest)
    points = Fraction(0)
    weights = Fraction(0)
    for unit, weighed in units.items():
        if unit not in left_out:
            points += weighed.share * weighed.weight
            weights += weighed.weight
    return points / weights if weights else Fraction(0)


def letter(share: Fraction, bounds: Mapping[str, float]) -> str:
    """Return the letter of the highest bound that a share reaches; empty where it reaches none."""
    reached = [(exact(bound), name) for name, bound in bounds.items() if share >= exact(bound)]
    return max(reached)[1] if reached else ""
