"""A course's arithmetic, in fractions, so that no rounding decides a grade.

A number that a person wrote, 0.1, is one tenth here. Only displayed values are rounded, half up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple


def exact(number: float) -> Fraction:
    """Return the simplest fraction with this notation: 0.1 is one tenth, not its nearest float."""
    as_written = repr(float(number))
    return Fraction(as_written).limit_denominator(10**9)


def rounded(value: Fraction, places: int = 2) -> float:
    """Round a fraction for display, half up."""
    numerator = Decimal(value.numerator)
    denominator = Decimal(value.denominator)
    last_place = Decimal(1).scaleb(-places)
    decimal = (numerator / denominator).quantize(last_place, ROUND_HALF_UP)
    return float(decimal)


def interpolated(measured: float, cutoffs: Sequence[tuple[float, float]]) -> Fraction:
    """Return the share of points at a measured value: linear between cut-offs (value, share).

    Beyond the first and the last cut-off the share is theirs.
    """
    points = sorted(_Point(exact(value), exact(share)) for value, share in cutoffs)
    at = exact(measured)
    if at <= points[0].value:
        return points[0].share
    for low, high in pairwise(points):
        if at <= high.value:
            slope = (high.share - low.share) / (high.value - low.value)
            return low.share + slope * (at - low.value)
    return points[-1].share


class _Point(NamedTuple):
    """A cut-off: a measured value, and its share of the points."""

    value: Fraction
    share: Fraction


def percent(share: Fraction) -> str:
    """Write a share as it is read: `92.5 %`."""
    number = rounded(100 * share)
    return f"{number:g} %"


@dataclass(frozen=True)
class Weighed:
    """A student's share of one unit's points, and the unit's weight."""

    share: Fraction
    weight: Fraction


def dropped(units: Mapping[str, Weighed], lowest: int) -> set[str]:
    """Return the units that do not count for a student: those of the lowest shares.

    Of equal ones the first is dropped. One unit always stays.
    """
    lowest_first = sorted(units, key=lambda unit: units[unit].share)
    most = len(units) - 1
    count = min(lowest, most)
    return set(lowest_first[:count])


def total(units: Mapping[str, Weighed], lowest: int = 0) -> Fraction:
    """Return the weighted mean of the shares without the lowest few."""
    left_out = dropped(units, lowest)
    points = Fraction(0)
    weights = Fraction(0)
    for unit, weighed in units.items():
        if unit not in left_out:
            points += weighed.share * weighed.weight
            weights += weighed.weight
    return points / weights if weights else Fraction(0)


def letter(share: Fraction, bounds: Mapping[str, float]) -> str:
    """Return the letter of the highest bound that a share reaches; empty if it reaches none."""
    reached = []
    for name, bound in bounds.items():
        needed = exact(bound)
        if share >= needed:
            reached.append((needed, name))
    if not reached:
        return ""
    _, highest = max(reached)
    return highest
