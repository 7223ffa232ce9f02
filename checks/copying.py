"""Strings for unit 5's search for copied text: pieces planted so that each mistake shows."""

from collections.abc import Callable
from time import perf_counter, process_time

import numpy as np

Pair = tuple[str, str]  # a text and a source

LETTERS = "aAbBcCdDe (.\n"
ONLY_IN_TEXTS = "uvwx"
ONLY_IN_SOURCES = "mnop"


def run(rng: np.random.Generator, shortest: int, longest: int, letters: str = LETTERS) -> str:
    """Draw a string of some length, both ends included."""
    length = rng.integers(shortest, longest + 1)
    return "".join(rng.choice([*letters], length))


def apart(rng: np.random.Generator, letters: str) -> str:
    """Draw a few letters that stand in texts only, or in sources only."""
    return run(rng, 3, 9, letters)


def text_of(rng: np.random.Generator, *pieces: str) -> str:
    """Return a text of pieces that are kept apart by letters of no source."""
    return joined(rng, ONLY_IN_TEXTS, pieces)


def source_of(rng: np.random.Generator, *pieces: str) -> str:
    """Return a source of pieces that are kept apart by letters of no text."""
    return joined(rng, ONLY_IN_SOURCES, pieces)


def joined(rng: np.random.Generator, letters: str, pieces: tuple[str, ...]) -> str:
    parts = [apart(rng, letters)]
    for piece in pieces:
        parts += [piece, apart(rng, letters)]
    return "".join(parts)


def planted(rng: np.random.Generator) -> Pair:
    """Plant a piece in a text and a source that share shorter ones by chance."""
    piece = run(rng, 9, 14)
    text = run(rng, 10, 30) + piece + run(rng, 10, 30)
    source = run(rng, 30, 60) + piece + run(rng, 30, 60)
    return text, source


def as_long(rng: np.random.Generator) -> Pair:
    """Plant two pieces of one length, in the source in the other order."""
    length = int(rng.integers(5, 10))
    first = run(rng, length, length)
    second = run(rng, length, length)
    return text_of(rng, first, second), source_of(rng, second, first)


def overlapping(rng: np.random.Generator) -> Pair:
    """Plant a piece, and a longer one that begins inside of it."""
    shared = run(rng, 2, 4)
    before = run(rng, 6, 9)
    after = run(rng, 14, 18)
    text = text_of(rng, before + shared + after)
    return text, source_of(rng, before + shared, shared + after)


def other_capitals(rng: np.random.Generator) -> Pair:
    """Plant a piece, and a longer one whose capitals are small letters and the other way round."""
    piece = run(rng, 6, 9, "aAbBcC")
    longer = piece + run(rng, 4, 6, "aAbBcC")
    return text_of(rng, longer), source_of(rng, piece, longer.swapcase())


def other_white_space(rng: np.random.Generator) -> Pair:
    """Plant a piece, and a longer one with the end of a line where the text has a space."""
    piece = run(rng, 6, 9, "abcd")
    longer = run(rng, 4, 6, "abcd")
    text = " \n" + text_of(rng, f"{piece} {longer}")
    return text, source_of(rng, piece, f"{piece}\n{longer}")


def whole_text(rng: np.random.Generator) -> Pair:
    """Copy a whole text."""
    text = run(rng, 20, 40)
    return text, source_of(rng, text)


def whole_source(rng: np.random.Generator) -> Pair:
    """Copy a whole source."""
    source = run(rng, 20, 40)
    return text_of(rng, source), source


def last_characters(rng: np.random.Generator) -> Pair:
    """Copy the end of a text."""
    end = run(rng, 5, 9)
    return text_of(rng) + end, source_of(rng, end)


def last_character(rng: np.random.Generator) -> Pair:
    """Copy the last character of a text, and nothing else."""
    end = run(rng, 1, 1)
    return text_of(rng) + end, source_of(rng, end)


def whole_page(rng: np.random.Generator) -> Pair:
    """Copy a text that is longer than Python's stack is deep."""
    text = run(rng, 1100, 1200)
    return text, source_of(rng, text)


KINDS = {
    "planted": (planted, planted, planted),
    "first_of_two": (as_long, as_long, as_long),
    "overlapping": (overlapping, overlapping),
    "letter_for_letter": (other_capitals, other_white_space),
    "to_the_end": (whole_text, whole_source, last_characters, last_character, whole_page),
}


def nothing_in_common(rng: np.random.Generator) -> list[Pair]:
    """Draw pairs that share no character."""
    text = text_of(rng)
    source = source_of(rng)
    return [(text, source), ("", source), (text, ""), ("", "")]


SEARCHES = 120  # for each character of the text; right answers take 1 to 20, to try all pieces 340


def seconds_of_a_search(text: str, source: str) -> float:
    """Return how long `piece in source` takes here and now.

    Timed in tens. A busy machine makes some of them slow: nine of ten are slower than this.
    """
    pieces = [text[i : i + 8] for i in range(len(text))]
    of_ten = []
    for first in range(0, len(pieces), 10):
        begin = perf_counter()
        for piece in pieces[first : first + 10]:
            piece in source  # noqa: B015  # what is measured
        of_ten.append(perf_counter() - begin)
    return float(np.quantile(of_ten, 0.1)) / 10


def is_fast_enough(function: Callable[[str, str], object], rng: np.random.Generator) -> bool:
    """Return whether a search for copied text takes no longer than so many searches by `in`."""
    text = run(rng, 600, 600)
    source = run(rng, 3000, 3000)
    limit = SEARCHES * len(text) * seconds_of_a_search(text, source)
    # Processor time, so that a busy machine costs nobody a point. Its clock may tick in hundredths,
    # which are little beside the limit of a fifth of a second and too much for single searches.
    begin = process_time()
    function(text, source)
    return process_time() - begin < limit
