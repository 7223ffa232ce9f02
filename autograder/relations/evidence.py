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
    """Bound the chance that random entries are as near to the predicted ones as those found.

    Returns its logarithm to base 10.

    fitted: how many numbers of the prediction were taken from the found entries.
    """
    telling = (found != 0) | (predicted != 0)  # zeros are met too often to say anything
    predicted, found = predicted[telling], found[telling]
    if not found.size:
        return 0.0
    spread = _spread(found)
    if not spread:
        return 0.0
    counts = _counts_of_equal(found, spread)
    independent = counts.size - fitted
    if independent <= 0:
        return 0.0
    furthest = float(np.abs(predicted - found).max())
    near_enough = DENSITY * furthest / spread
    of_one_entry = max(near_enough, _chance_of_equal(counts), _on_a_grid(found), _least(found))
    return independent * math.log10(min(of_one_entry, 1.0))


def _counts_of_equal(found: Array, spread: float) -> Array:
    """Count the entries that are equal in size, for each size but the commonest.

    The commonest says as little as 0 does, as where 1 stands in all rows that nothing reaches.
    """
    cells = np.round(np.abs(found) * (CELLS / spread))
    _, counts = np.unique(cells, return_counts=True)
    commonest = int(counts.argmax())
    if counts[commonest] > 1:
        counts = np.delete(counts, commonest)
    return counts


def _chance_of_equal(counts: Array) -> float:
    """Return the chance that two entries are equal; 0 where no two are.

    counts: how many entries there are of each size.
    """
    if counts.sum() <= counts.size:
        return 0.0
    shares = counts / counts.sum()
    return float(shares @ shares)


def chance_of_places_log10(size: int, chosen: int) -> float:
    """Return the chance that `chosen` of `size` places, drawn at random, are those of a rule.

    As its logarithm to base 10.
    """
    ways = math.lgamma(size + 1) - math.lgamma(chosen + 1) - math.lgamma(size - chosen + 1)
    return -ways / math.log(10)


def _spread(found: Array) -> float:
    """Return how far entries are from each other: between the quartiles, or of a few their size."""
    distinct = np.unique(found)
    count = distinct.size
    if count < 5:
        return float(np.abs(distinct).max())
    lower_quartile = distinct[count // 4]
    upper_quartile = distinct[3 * count // 4]
    return float(upper_quartile - lower_quartile)


def _on_a_grid(found: Array) -> float:
    """Return the chance of an entry where all are multiples of one number; else 0.

    Counts are multiples of 1, and shares are of 1/n.
    """
    few = np.unique(found)[:FEW]
    multiples = np.outer(PARTS, few)  # (parts, entries)
    from_whole = np.abs(multiples - np.round(multiples))
    is_whole = from_whole <= 1e-9 * np.maximum(1, np.abs(multiples))
    all_whole = is_whole.all(1)  # (parts,)
    if not all_whole.any():
        return 0.0
    parts = float(PARTS[int(all_whole.argmax())])
    span = float(np.ptp(found)) if found.size > 1 else float(np.abs(found).max())
    return 1 / (1 + parts * span)


def _least(found: Array) -> float:
    """Return the least chance of an entry that an array's precision lets one see."""
    with np.errstate(over="ignore"):
        single = np.array_equal(found, found.astype(np.float32))
    return LEAST_IN_SINGLE if single else LEAST
