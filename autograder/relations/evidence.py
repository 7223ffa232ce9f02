"""How likely an array that has nothing to do with the expected one would fit a relation by chance.

The chance is that of one entry, to the power of the number of entries that are independent of each
other. Both are taken on the safe side: entries that are equal in size count once, and those that
equal most others not at all; an entry is met by chance as often as two entries of the array agree,
or as the nearness of the fit would have it.
"""

import math

import numpy as np

NEAREST = 1e-4  # of an array's largest value: what differs by more does not fit
# chances of an entry to be met as near as this array's rounding lets one see
LEAST, LEAST_IN_SINGLE = 1e-12, 1e-6
# random entries are at most so many times denser around the fit than over the array's spread
DENSITY = 10.0
CELLS = 1000.0  # values are the same where they are in one of so many cells of the spread
FEW = 8  # distinct entries that say whether all are multiples of one number
PARTS = np.arange(1.0, 101.0)  # 1, 1/2, … 1/100: numbers of which entries may be multiples

Array = np.ndarray


def fits(predicted: Array, found: Array) -> bool:
    """Whether two arrays of one shape are equal up to rounding."""
    largest = float(np.abs(found).max(initial=0.0))
    return bool(np.abs(predicted - found).max(initial=0.0) <= NEAREST * largest)


def chance_log10(predicted: Array, found: Array, fitted: int = 0) -> float:
    """Bound the chance that random entries are as near to the predicted ones as those found; its
    logarithm to base 10.

    fitted: how many numbers of the prediction were taken from the found entries.
    """
    told = (found != 0) | (predicted != 0)  # zeros are met too often to say anything
    predicted, found = predicted[told], found[told]
    if not found.size:
        return 0.0
    spread = _spread(found)
    if not spread:
        return 0.0
    apart = float(np.abs(predicted - found).max())
    _, counts = np.unique(np.round(np.abs(found) * (CELLS / spread)), return_counts=True)
    common = int(counts.argmax())
    if counts[common] > 1:  # as 1 in all rows that nothing reaches: it says as little as 0
        counts = np.delete(counts, common)
    shares = counts / max(1, counts.sum())
    alike = float(shares @ shares) if counts.sum() > counts.size else 0.0
    one = max(DENSITY * apart / spread, alike, _on_a_grid(found), _least(found))
    independent = counts.size - fitted
    return independent * math.log10(min(one, 1.0)) if independent > 0 else 0.0


def chance_of_places_log10(size: int, chosen: int) -> float:
    """The chance that so many of `size` places, drawn at random, are those of a rule; its logarithm
    to base 10.
    """
    ways = math.lgamma(size + 1) - math.lgamma(chosen + 1) - math.lgamma(size - chosen + 1)
    return -ways / math.log(10)


def _spread(found: Array) -> float:
    """How far entries are from each other: between the quartiles, or of a few their size."""
    distinct = np.unique(found)
    if distinct.size < 5:
        return float(np.abs(distinct).max())
    low, high = distinct[distinct.size // 4], distinct[(3 * distinct.size) // 4]
    return float(high - low)


def _on_a_grid(found: Array) -> float:
    """The chance of an entry where all are whole multiples of one number, as counts and shares are;
    else 0.
    """
    few = np.unique(found)[:FEW]
    multiples = np.outer(PARTS, few)
    whole = (
        np.abs(multiples - np.round(multiples)) <= 1e-9 * np.maximum(1, np.abs(multiples))
    ).all(1)
    if not whole.any():
        return 0.0
    parts = float(PARTS[int(whole.argmax())])
    span = float(np.ptp(found)) if found.size > 1 else float(np.abs(found).max())
    return 1 / (1 + parts * span)


def _least(found: Array) -> float:
    with np.errstate(over="ignore"):
        single = np.array_equal(found, found.astype(np.float32))
    return LEAST_IN_SINGLE if single else LEAST
