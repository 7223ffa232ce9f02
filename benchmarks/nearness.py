"""How near a known mistake came to passing, by what it showed in the checks on some seeds.

It passes on a seed where no array is wrong. So one array that is always wrong by far keeps it from
passing, whatever the others are: where there is one, the mistake is far, and else it is near.
"""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from autograder.check import Answer, Check, is_text
from autograder.judging.compare import EXACT_KINDS, TOLERANCE, deviation

FEW = 8  # entries: fewer may all come out right by chance
BARELY = 10  # tolerances: less may on another processor, or another seed, be none
# An array of fewer wrong entries on one seed than this share of the most that it had hangs on what
# is drawn: rows, say, of which some show the mistake and some do not.
STEADY = 3 / 4
# The least of 50 values that can be 0 with equal chance as anything else is less than a twentieth
# of their median; that of the largest of three such values is more than a tenth.
FAR_FROM_NONE = 1 / 10
ERROR = ""  # stands for the array that an error leaves wrong: all of the check's


@dataclass(frozen=True)
class Shown:
    """How wrong an array was on one seed.

    entries: how many of it were wrong.
    tolerances: how many the farthest was off; infinity where the judge knows no distance.
    """

    entries: int
    tolerances: float


NOTHING = Shown(0, 0.0)
Arrays = dict[str, Shown]  # by name; only those that were wrong
Checks = dict[str, Arrays]  # by name; only those that were asked


def shown(check: Check, expected: Answer, found: Answer) -> Arrays:
    """Return how wrong each array of an answer is, as far as any is."""
    if found.failure:
        entries = sum(array.size for array in expected.arrays.values())
        return {ERROR: Shown(entries, float("inf"))}
    arrays = {}
    for name in expected.arrays:
        tolerances = deviation(check, name, expected, found)
        if tolerances > 1:
            entries = wrong_entries(check, name, expected, found)
            arrays[name] = Shown(entries, tolerances)
    return arrays


def wrong_entries(check: Check, name: str, expected: Answer, found: Answer) -> int:
    """Count the entries of a wrong array that are wrong: all where the shape is another."""
    want = expected.arrays[name]
    got = found.arrays.get(name)
    if got is None or got.shape != want.shape or is_text(want) != is_text(got):
        return max(1, want.size)
    if is_text(want) or want.dtype.kind in EXACT_KINDS:
        return int(np.count_nonzero(want != got))
    wrong = ~np.isclose(got, want, rtol=0, atol=_allowed(check, name, want), equal_nan=True)
    return int(np.count_nonzero(wrong))


def _allowed(check: Check, name: str, want: np.ndarray) -> float:
    """Return by how much the judge lets each number of an array differ."""
    finite = want[np.isfinite(want)]
    scale = float(np.abs(finite).max(initial=0.0))
    tolerance = check.tolerance.get(name, TOLERANCE)
    return tolerance * (scale or 1.0)


def far_checks(seeds: Sequence[Checks]) -> set[str]:
    """Name the checks that a mistake cannot pass by chance.

    It is near where there is none.
    seeds: what it showed on each.
    """
    return {check for check, values in _by_array(seeds) if _keeps_far(values)}


def _by_array(seeds: Sequence[Checks]) -> Iterable[tuple[str, Sequence[Shown]]]:
    """Yield, of each array that was ever wrong, its check and what it showed on each seed."""
    places: dict[tuple[str, str], None] = {}
    for checks in seeds:
        for check, arrays in checks.items():
            places |= dict.fromkeys((check, name) for name in arrays)
    for check, name in places:
        yield check, [checks.get(check, {}).get(name, NOTHING) for checks in seeds]


def _keeps_far(values: Sequence[Shown]) -> bool:
    """Return whether an array was wrong on each seed in many entries, by far, and steadily."""
    entries = [value.entries for value in values]
    tolerances = [value.tolerances for value in values]
    are_many = min(entries) >= FEW
    are_far = min(tolerances) >= BARELY
    if not (are_many and are_far):
        return False
    is_steady = min(entries) >= STEADY * max(entries)
    return is_steady and min(tolerances) >= FAR_FROM_NONE * statistics.median(tolerances)
