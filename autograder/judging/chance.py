"""The probability that an unrelated array equals a given one.

It is that of one entry, to the power of the number of independent entries. Both are conservative:
entries of equal size count once, and those of the most common size not at all; an entry matches by
chance as often as two entries of the array agree, or as often as the nearness of the fit allows. In
texts, words count.
"""

import math
import re

import numpy as np

# probability that any explanation is found for an unrelated array
CHANCE = 1e-6
NEAREST = 1e-4  # fraction of an array's largest value: larger differences do not fit
# least and greatest probability that an entry matches as closely as this array's rounding shows
LEAST, LEAST_IN_SINGLE = 1e-12, 1e-6
# the density of random entries around the fit is at most this many times their average density
DENSITY = 10.0
CELLS = 1000.0  # values are equal if they are in one of this many cells of the spread
FEW = 8  # distinct entries that decide whether all are multiples of one number
PARTS = np.arange(1.0, 101.0)  # 1, 1/2, … 1/100: entries may be multiples of these numbers
WORD = re.compile(r"\w+|\W")  # tokens of a text; a sign or a space is one, too
# probabilities of a word that no expected text contains: for each of its letters, and the minimum
OF_LETTER, OF_WORD = 0.25, 1e-3

Array = np.ndarray


def largest(array: Array) -> float:
    """Return the size of an array's largest entry; 0 for an empty one. NaN is ignored."""
    sizes = np.abs(array)
    size = float(sizes.max(initial=0.0))
    if not size >= 0:  # NaN
        size = float(np.fmax.reduce(sizes, axis=None, initial=0.0))
    return size


def furthest_apart(one: Array, other: Array) -> float:
    """Return the largest difference of two arrays; infinity if only one has NaN at an index."""
    differences = np.abs(one - other)
    furthest = float(differences.max(initial=0.0))
    if furthest >= 0:  # no NaN
        return furthest
    both_nan = np.isnan(one) & np.isnan(other)
    is_alike = np.array_equal(np.isnan(differences), both_nan)
    return largest(differences) if is_alike else math.inf


def tolerance(array: Array) -> float:
    """Return the difference up to which entries count as equal to an array's."""
    return NEAREST * largest(array)


def fits(predicted: Array, found: Array) -> bool:
    """Return whether two arrays of one shape are equal up to rounding, NaN at the same indices."""
    return furthest_apart(predicted, found) <= tolerance(found)


@np.errstate(over="ignore", invalid="ignore")  # entries may be as large as floats can be
def chance_log10(predicted: Array, found: Array, fitted: int = 0) -> float:
    """Bound the probability that random entries are as near to the predicted ones.

    Returns its logarithm to base 10.
    predicted, found: arrays of one shape.
    fitted: the number of parameters of the prediction taken from the found entries.
    """
    telling = (found != 0) | (predicted != 0)  # zeros are too common to be evidence
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
        DENSITY * furthest / spread,  # that it is this near
        _chance_of_equal(counts),
        _on_a_grid(found),
        _least(found),
    )
    chance_of_one_entry = min(max(chances_of_one_entry), 1.0)
    return independent * math.log10(chance_of_one_entry)


def _counts_of_equal(found: Array, spread: float) -> Array:
    """Count the entries of equal size, for each size except the most common one.

    That one is ignored, such as 1 in all rows that are never written.
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
    """Return the probability that two entries are equal; 0 if no two are.

    counts: the number of entries of each size.
    """
    if counts.sum() <= counts.size:
        return 0.0
    shares = counts / counts.sum()
    return float(shares @ shares)


def chance_of_places_log10(places: Array) -> float:
    """Return the probability that randomly drawn positions are those of a rule.

    As its logarithm to base 10.
    places: which of all positions are drawn, as truth values.
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
    """Return the number of orders of some things, as its logarithm to base 10."""
    return _log_factorial(count) / math.log(10)


def chance_of_text_log10(right: Array, found: Array) -> float:
    """Bound the probability that texts of random words are those found.

    Words that are wrong in the same texts count once, however many letters they have: one decision
    may have put them there. In a single text each wrong word counts. A missing word does not count.
    right, found: arrays of text. Returns the logarithm to base 10.
    """
    vocabulary: set[str] = set()
    for text in right.ravel().tolist():
        vocabulary.update(WORD.findall(text))
    chances: dict[object, float] = {}  # for each decision
    for word, texts in _wrong_words(right, found).items():
        decision = word if found.size == 1 else tuple(texts)
        chance = _chance_of_word_log10(word, vocabulary)
        chances[decision] = min(chance, chances.get(decision, 0.0))
    return math.fsum(chances.values())


def _chance_of_word_log10(word: str, vocabulary: set[str]) -> float:
    """Return the probability that a wrong word is this one. vocabulary: of the expected texts."""
    if word in vocabulary:
        return -math.log10(len(vocabulary))
    of_letters: float = OF_LETTER ** len(word)
    return math.log10(max(of_letters, OF_WORD))


def _wrong_words(right: Array, found: Array) -> dict[str, list[int]]:
    """Return the words that are not where they are expected, and the texts with each.

    If the shape differs, these are all words.
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
    """Return the words replaced by others; for texts of two lengths, those that one lacks."""
    words, right_words = WORD.findall(found), WORD.findall(right)
    if len(words) != len(right_words):
        return set(words).difference(right_words)
    pairs = zip(words, right_words, strict=True)
    return {word for word, right_word in pairs if word != right_word}


def _spread(found: Array) -> float:
    """Return the spread of entries: between the quartiles, or for a few entries their size."""
    distinct = np.unique(found)
    count = distinct.size
    if count < 5:
        return largest(distinct)
    lower_quartile = distinct[count // 4]
    upper_quartile = distinct[3 * count // 4]
    return float(upper_quartile - lower_quartile)


def _on_a_grid(found: Array) -> float:
    """Return the probability of an entry if all are multiples of one number; else 0.

    Counts are multiples of 1, and fractions of 1/n.
    found: (entries,).
    """
    parts = _parts_that_all_are_multiples_of(found)
    if parts is None:
        return 0.0
    span = float(np.ptp(found)) if found.size > 1 else largest(found)
    points_of_the_grid = 1 + parts * span
    return 1 / points_of_the_grid


def _parts_that_all_are_multiples_of(found: Array) -> float | None:
    """Return the least n for which the first distinct entries are multiples of 1/n, or None."""
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
    """Return the least probability of an entry that an array's precision can show."""
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
