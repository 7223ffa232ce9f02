"""How likely an array that has nothing to do with the expected one would equal a given one.

The chance is that of one entry, to the power of the number of entries that are independent of each
other. Both are taken on the safe side: entries that are equal in size count once, and those that
equal most others not at all; an entry is met by chance as often as two entries of the array agree,
or as the nearness of the fit would have it. Of texts, words count.
"""

import math
import re

import numpy as np

# of an array that has nothing to do with the expected one: that anything is found to explain it
CHANCE = 1e-6
NEAREST = 1e-4  # of an array's largest value: what differs by more does not fit
# chances of an entry to be met as near as this array's rounding lets one see
LEAST, LEAST_IN_SINGLE = 1e-12, 1e-6
# random entries are at most so many times denser around the fit than over the array's spread
DENSITY = 10.0
CELLS = 1000.0  # values are the same where they are in one of so many cells of the spread
FEW = 8  # distinct entries that say whether all are multiples of one number
PARTS = np.arange(1.0, 101.0)  # 1, 1/2, … 1/100: entries may be multiples of these numbers
WORD = re.compile(r"\w+|\W")  # of a text; a sign or a space is one too
# chances that a word is met which no expected text holds: of each of its letters, and the least
OF_LETTER, OF_WORD = 0.25, 1e-3

Array = np.ndarray


def largest(array: Array) -> float:
    """Return the size of an array's largest entry; 0 of an empty one. NaN does not count."""
    sizes = np.abs(array)
    size = float(sizes.max(initial=0.0))
    if not size >= 0:  # NaN
        size = float(np.fmax.reduce(sizes, axis=None, initial=0.0))
    return size


def furthest_apart(one: Array, other: Array) -> float:
    """Return the largest difference of two arrays; infinity where only one has NaN in a place."""
    differences = np.abs(one - other)
    furthest = float(differences.max(initial=0.0))
    if furthest >= 0:  # no NaN
        return furthest
    both_nan = np.isnan(one) & np.isnan(other)
    is_alike = np.array_equal(np.isnan(differences), both_nan)
    return largest(differences) if is_alike else math.inf


def tolerance(array: Array) -> float:
    """Return by how much entries may differ from an array's and count as equal."""
    return NEAREST * largest(array)


def fits(predicted: Array, found: Array) -> bool:
    """Return whether two arrays of one shape are equal up to rounding, NaN in the same places."""
    return furthest_apart(predicted, found) <= tolerance(found)


@np.errstate(over="ignore", invalid="ignore")  # entries may be as large as floats can be
def chance_log10(predicted: Array, found: Array, fitted: int = 0) -> float:
    """Bound the chance that random entries are as near to the predicted ones as those found.

    Returns its logarithm to base 10.

    predicted, found: arrays of one shape.
    fitted: how many numbers of the prediction were taken from the found entries.
    """
    telling = (found != 0) | (predicted != 0)  # zeros are met too often to say anything
    telling &= ~np.isnan(found)
    predicted = predicted[telling]  # (entries,)
    found = found[telling]
    spread = _spread(found) if found.size else 0.0
    if not spread:
        return 0.0
    counts = _counts_of_equal(found, spread)
    independent = counts.size - fitted
    if independent <= 0:
        return 0.0
    furthest = furthest_apart(predicted, found)
    chances_of_one_entry = (
        DENSITY * furthest / spread,  # that it is as near
        _chance_of_equal(counts),
        _on_a_grid(found),
        _least(found),
    )
    chance_of_one_entry = min(max(chances_of_one_entry), 1.0)
    return independent * math.log10(chance_of_one_entry)


def _counts_of_equal(found: Array, spread: float) -> Array:
    """Count the entries that are equal in size, for each size but the commonest.

    Ignore the most common value, such as 1 in all rows that are never written.

    found: (entries,). Returns (sizes,).
    """
    cells_per_unit = CELLS / spread
    cells = np.round(np.abs(found) * cells_per_unit)
    _, counts = np.unique(cells, return_counts=True)
    commonest = int(counts.argmax())
    if counts[commonest] == 1:
        return counts
    return np.delete(counts, commonest)


def _chance_of_equal(counts: Array) -> float:
    """Return the chance that two entries are equal; 0 where no two are.

    counts: how many entries there are of each size.
    """
    if counts.sum() <= counts.size:
        return 0.0
    shares = counts / counts.sum()
    return float(shares @ shares)


def chance_of_places_log10(places: Array) -> float:
    """Return the chance that places drawn at random are those of a rule.

    As its logarithm to base 10.

    places: which of all places are drawn, as truth values.
    """
    drawn = int(places.sum())
    others = places.size - drawn
    orders = _log_factorial(places.size)
    ways = orders - _log_factorial(drawn) - _log_factorial(others)
    return -ways / math.log(10)


def _log_factorial(number: int) -> float:
    """Return ln(1 · 2 · … · number)."""
    return math.lgamma(number + 1)


def orders_log10(count: int) -> float:
    """Return how many orders a number of things has, as its logarithm to base 10."""
    return _log_factorial(count) / math.log(10)


def chance_of_text_log10(right: Array, found: Array) -> float:
    """Bound the chance that texts made of random words are those found.

    Words that are wrong in the same texts count once, however many letters they have: one decision
    may have put them there. In a single text each wrong word counts. A word that is only left out
    does not count.

    right, found: arrays of text. Returns the logarithm to base 10.
    """
    vocabulary: set[str] = set()
    for text in right.ravel().tolist():
        vocabulary.update(WORD.findall(text))
    chances: dict[object, float] = {}  # of each decision
    for word, texts in _wrong_words(right, found).items():
        decision = word if found.size == 1 else tuple(texts)
        chance = _chance_of_word_log10(word, vocabulary)
        chances[decision] = min(chance, chances.get(decision, 0.0))
    return math.fsum(chances.values())


def _chance_of_word_log10(word: str, vocabulary: set[str]) -> float:
    """Return the chance that a wrong word is this one. vocabulary: of the expected texts."""
    if word in vocabulary:
        return -math.log10(len(vocabulary))
    of_letters: float = OF_LETTER ** len(word)
    return math.log10(max(of_letters, OF_WORD))


def _wrong_words(right: Array, found: Array) -> dict[str, list[int]]:
    """Return the words that are not where they are expected, and in which texts they are so.

    All are, if the shape is another.
    """
    found_texts: list[str] = found.ravel().tolist()
    right_texts: list[str] = [""] * len(found_texts)
    if right.shape == found.shape:
        right_texts = right.ravel().tolist()
    texts_of: dict[str, list[int]] = {}
    for number, text in enumerate(found_texts):
        for word in _words_not_expected(right_texts[number], text):
            texts_of.setdefault(word, []).append(number)
    return texts_of


def _words_not_expected(right: str, found: str) -> set[str]:
    """Return the words in whose places others stand; of two lengths, those that one lacks."""
    words, right_words = WORD.findall(found), WORD.findall(right)
    if len(words) != len(right_words):
        return set(words).difference(right_words)
    pairs = zip(words, right_words, strict=True)
    return {word for word, right_word in pairs if word != right_word}


def _spread(found: Array) -> float:
    """Return how far entries are from each other: between the quartiles, or of a few their size."""
    distinct = np.unique(found)
    count = distinct.size
    if count < 5:
        return largest(distinct)
    lower_quartile = distinct[count // 4]
    upper_quartile = distinct[3 * count // 4]
    return float(upper_quartile - lower_quartile)


def _on_a_grid(found: Array) -> float:
    """Return the chance of an entry where all are multiples of one number; else 0.

    Counts are multiples of 1, and shares are of 1/n.

    found: (entries,).
    """
    parts = _parts_that_all_are_multiples_of(found)
    if parts is None:
        return 0.0
    span = float(np.ptp(found)) if found.size > 1 else largest(found)
    points_of_the_grid = 1 + parts * span
    return 1 / points_of_the_grid


def _parts_that_all_are_multiples_of(found: Array) -> float | None:
    """Return the least n so that the first distinct entries are multiples of 1/n; None if none."""
    few = np.unique(found)[:FEW]
    multiples = np.outer(PARTS, few)  # (parts, entries)
    from_whole = np.abs(multiples - np.round(multiples))
    rounding = 1e-9 * np.maximum(1, np.abs(multiples))
    all_whole = np.all(from_whole <= rounding, axis=1)  # (parts,)
    if not all_whole.any():
        return None
    first = int(all_whole.argmax())
    return float(PARTS[first])


def _least(found: Array) -> float:
    """Return the least chance of an entry that an array's precision lets one see."""
    in_single = found.astype(np.float32)
    return LEAST_IN_SINGLE if np.array_equal(found, in_single) else LEAST


def differ(right: Array, other: Array) -> Array:
    """Return where two arrays of one shape differ by more than rounding.

    NaN differs from each number, and not from NaN.
    """
    is_near = np.abs(other - right) <= tolerance(right)
    is_near |= np.isnan(right) & np.isnan(other)
    differs: Array = ~is_near
    return differs
