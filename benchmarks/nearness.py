"""How near a known mistake came to passing, by its wrong arrays on some seeds.

A mistake passes on a seed if no array is wrong. So one array that is always very wrong keeps it
from passing, whatever the others are. A mistake with such an array is far, any other is near.
"""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from autograder.check import Answer, Check, is_text
from autograder.judging.compare import EXACT_KINDS, TOLERANCE, deviation

FEW = 8  # entries: fewer may all be right by chance
BARELY = 10  # tolerances: a smaller error may vanish on another processor or seed
# If an array has fewer wrong entries on one seed than this fraction of its maximum, they depend on
# random values: rows, for example, only some of which show the mistake.
STEADY = 3 / 4
# If a value may be 0 with the same probability as any other, the least of 50 is below a twentieth
# of their median; that of the largest of three such values is above a tenth.
FAR_FROM_NONE = 1 / 10
ERROR = ""  # represents the array that an error leaves wrong: all of the check's


@dataclass(frozen=True)
class Shown:
    """How wrong an array was on one seed.

    entries: the number of wrong entries.
    tolerances: the error of the worst entry in tolerances; infinity if the judge has no distance.
    """

    entries: int
    tolerances: float


NOTHING = Shown(0, 0.0)
Arrays = dict[str, Shown]  # by name; only wrong ones
Checks = dict[str, Arrays]  # by name; only those that ran


def shown(check: Check, expected: Answer, found: Answer) -> Arrays:
    """Return how wrong each wrong array of an answer is."""
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
    """Count an array's wrong entries: all of them if the shape differs."""
    want = expected.arrays[name]
    got = found.arrays.get(name)
    if got is None or got.shape != want.shape or is_text(want) != is_text(got):
        return max(1, want.size)
    if is_text(want) or want.dtype.kind in EXACT_KINDS:
        return int(np.count_nonzero(want != got))
    wrong = ~np.isclose(got, want, rtol=0, atol=_allowed(check, name, want), equal_nan=True)
    return int(np.count_nonzero(wrong))


def _allowed(check: Check, name: str, want: np.ndarray) -> float:
    """Return the judge's tolerance for each number of an array."""
    finite = want[np.isfinite(want)]
    scale = float(np.abs(finite).max(initial=0.0))
    tolerance = check.tolerance.get(name, TOLERANCE)
    return tolerance * (scale or 1.0)


def far_checks(seeds: Sequence[Checks]) -> set[str]:
    """Return the checks that a mistake cannot pass by chance.

    A mistake without such a check is near.
    seeds: its wrong arrays on each.
    """
    return {check for check, values in _by_array(seeds) if _keeps_far(values)}


def _by_array(seeds: Sequence[Checks]) -> Iterable[tuple[str, Sequence[Shown]]]:
    """Yield, for each array that was ever wrong, its check and its errors on each seed."""
    places: dict[tuple[str, str], None] = {}
    for checks in seeds:
        for check, arrays in checks.items():
            places |= dict.fromkeys((check, name) for name in arrays)
    for check, name in places:
        yield check, [checks.get(check, {}).get(name, NOTHING) for checks in seeds]


def _keeps_far(values: Sequence[Shown]) -> bool:
    """Return whether an array was very wrong on each seed, in many entries, and steadily."""
    entries = [value.entries for value in values]
    tolerances = [value.tolerances for value in values]
    are_many = min(entries) >= FEW
    are_far = min(tolerances) >= BARELY
    if not (are_many and are_far):
        return False
    is_steady = min(entries) >= STEADY * max(entries)
    return is_steady and min(tolerances) >= FAR_FROM_NONE * statistics.median(tolerances)
