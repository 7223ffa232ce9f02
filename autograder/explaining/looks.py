"""The looks of wrong arrays, as data: shapes, content, the first difference of text, counts."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import product

import numpy as np

from autograder.check import Answer, Check, TooLarge, is_long, is_text, names_used
from autograder.explaining.tables import remaining, rows_of_table_apart, table_of
from autograder.finding import (
    Content,
    Finding,
    FindingKind,
    Look,
    LookKind,
    RowsThere,
    Shapes,
    Side,
)
from autograder.judging.chance import fits
from autograder.judging.compare import wrong_places
from autograder.judging.door import amount
from autograder.judging.key import CheckKey
from autograder.judging.points import Standard
from autograder.judging.variants import WrongAnswer
from autograder.relations.places import chance_of_being_among_log10

MOST_COMPARED = 10_000  # entries of lists whose rows are compared
EXACT = "iubU"  # dtypes whose rows are equal or not
LONGEST_QUOTE = 160  # characters of a text to show
SIDED = "biuf"  # dtypes whose values are on one side of others
FEWEST_ROWS_MOVED, MOST_MOVED = 6, 3  # rows or columns
FEWEST_SIDED = 4  # wrong values that are hardly all on one side by chance
AXES_OF_BORDER = 2
MOST_FROM_BORDER = 3  # rows or columns
OF_BORDER = -6.0  # log10 of the probability that random positions are all near the border


@dataclass(frozen=True)
class Comparison:
    """A wrong answer, what it was compared with, and what is wrong in it.

    key: of the check, which knows the answers of small changes.
    wrong: the arrays that differ from the solution's, in its order.
    sizes: letter → size, for shapes in words.
    """

    check: Check
    standard: Standard
    key: CheckKey
    answer: Answer
    wrong: Sequence[str]
    sizes: Mapping[str, int]

    @property
    def expected(self) -> Answer:
        """Return the solution's answer."""
        return self.standard.expected

    def wrong_answer(self, unexplained: Sequence[str]) -> WrongAnswer:
        """Return the arrays without the check. unexplained: those that no finding explains yet."""
        return WrongAnswer(self.expected.arrays, self.answer.arrays, self.wrong, unexplained)


def look_at(name: str, comparison: Comparison) -> Finding:
    """Describe how a wrong array looks."""
    want = comparison.expected.arrays[name]
    got = comparison.answer.arrays.get(name)
    group = ""
    if got is None and name in comparison.answer.too_large:
        look = _too_large(comparison.answer.too_large[name], want, comparison)
    elif got is None:
        look = Look(LookKind.MISSING)
    elif _is_other_content(want, got):
        look = Look(LookKind.OTHER_CONTENT, contents=(_content(got), _content(want)))
    elif got.shape != want.shape:
        look = _look_of_shapes(name, got, comparison)
    elif is_long(want) or is_long(got):
        look = _look_of_long(name, comparison)
        group = checksum(f"{got.shape} {got.tolist()}".encode())
    elif is_text(want):
        look = _look_of_text(name, comparison.check, want, got)
        group = checksum(f"{got.shape} {got.tolist()}".encode())
    else:
        look = _look_of_numbers(name, comparison)
        if look.kind in (LookKind.OWN_WORDS, LookKind.WRONG_VALUES):
            group = _group_of_numbers(got.astype(np.float64))
    return Finding(FindingKind.LOOK, (name,), look=look, group=group)


def _too_large(large: TooLarge, want: np.ndarray, comparison: Comparison) -> Look:
    """Return the size of an array that was dropped because it is too large."""
    shapes = None
    if large.shape != want.shape:
        shapes = two_shapes(large, want, comparison)
    return Look(LookKind.TOO_LARGE, shapes, amounts=(large.amount, amount(want)))


def _look_of_shapes(name: str, got: np.ndarray, comparison: Comparison) -> Look:
    """Return two shapes that differ, and how many rows are there; of a table those of the table."""
    expected, answered = comparison.expected.arrays, comparison.answer.arrays
    want = expected[name]
    shapes = two_shapes(got, want, comparison)
    table = table_of(name, expected)
    if not table or table != table_of(name, answered):
        return Look(LookKind.OTHER_SHAPE, shapes, rows=_rows_there(want, got))
    apart = rows_of_table_apart(table, expected, answered)
    there = None
    if apart and len(apart[0]) < len(want):
        there = RowsThere(len(apart[0]), len(want), len(apart[1]))
    return Look(LookKind.OTHER_SHAPE, shapes, rows=there, of_table=True)


def _rows_there(want: np.ndarray, got: np.ndarray) -> RowsThere | None:
    """Count the expected rows in a list of another length; None if there are none."""
    missing, others = rows_apart(want, got)
    is_any_there = len(missing) < len(want) if want.ndim else False
    if not is_any_there or not (missing or others):
        return None
    return RowsThere(len(missing), len(want), len(others), of_rows=want.ndim > 1)


def rows_apart(want: np.ndarray, got: np.ndarray) -> tuple[list[object], list[object]]:
    """List the expected rows that a list lacks, and its other rows.

    Rows of another shape and floats, which are seldom equal, give nothing.
    """
    have_rows = want.ndim > 0 and got.ndim > 0
    if not have_rows or want.shape[1:] != got.shape[1:]:
        return [], []
    if not (_is_comparable(want) and _is_comparable(got)):
        return [], []
    wanted, given = _names_of(want), _names_of(got)
    missing = remaining(want.tolist(), wanted, given)
    return missing, remaining(got.tolist(), given, wanted)


def _is_comparable(rows: np.ndarray) -> bool:
    """Return whether rows can be compared exactly, without rounding, and are few enough."""
    is_exact = rows.dtype.kind in EXACT and not is_long(rows)
    return is_exact and rows.size <= MOST_COMPARED


def _names_of(rows: np.ndarray) -> list[str]:
    """Return each row as text; a truth value is 0 or 1."""
    comparable = rows.astype(np.int8) if rows.dtype.kind == "b" else rows
    return [repr(row) for row in comparable.tolist()]


def _is_other_content(want: np.ndarray, got: np.ndarray) -> bool:
    """Return whether one of two arrays holds text, and the other numbers."""
    want_is_text = is_text(want) and not is_long(want)
    got_is_text = is_text(got) and not is_long(got)
    return want_is_text != got_is_text


def _look_of_long(name: str, comparison: Comparison) -> Look:
    """Count wrong whole numbers; at least one has more than 64 bits."""
    words = comparison.check.words.get(name)
    if words is not None:
        return Look(LookKind.OWN_WORDS, words=words)
    places = wrong_places(comparison.check, name, comparison.expected, comparison.answer)
    return Look(LookKind.WRONG_VALUES, counts=((int(places.sum()), places.size),))


def _look_of_text(name: str, check: Check, want: np.ndarray, got: np.ndarray) -> Look:
    words = check.words.get(name)
    if words:
        return Look(LookKind.OWN_WORDS, words=words)
    return _differing_text(want, got)


def _look_of_numbers(name: str, comparison: Comparison) -> Look:
    """Describe wrong numbers of the right shape."""
    check = comparison.check
    want = comparison.expected.arrays[name]
    got = comparison.answer.arrays[name]
    is_strange = ~np.isfinite(got.astype(np.float64))
    strange = int(np.count_nonzero(is_strange))
    if strange and np.isfinite(want.astype(np.float64)).all():
        return Look(LookKind.NOT_FINITE, counts=((strange, got.size),))
    if check.measure:
        return Look(LookKind.UNMEASURABLE)
    words = check.words.get(name)
    if words is not None:
        return Look(LookKind.OWN_WORDS, words=words)
    places = wrong_places(check, name, comparison.expected, comparison.answer)
    return Look(
        LookKind.WRONG_VALUES,
        counts=((int(places.sum()), got.size),),
        side=side_of(want, got, places),
        from_border=rows_from_border(places),
        moved=moved_by(want, got),
    )


BY_ONE = {
    Side.TOO_LARGE: Side.ONE_TOO_LARGE,
    Side.TOO_SMALL: Side.ONE_TOO_SMALL,
    None: Side.OFF_BY_ONE,
}


def side_of(want: np.ndarray, got: np.ndarray, wrong: np.ndarray) -> Side | None:
    """Return how all wrong values differ; None if in several ways, or if there are few.

    wrong: their positions, of the shape of both.
    """
    if want.dtype.kind not in SIDED or got.dtype.kind not in SIDED or got.size < FEWEST_SIDED:
        return None
    if want.dtype.kind == "b" and np.isin(got, (0, 1)).all():
        if got.all() or not got.any():
            return Side.ALL_TRUE if got.all() else Side.ALL_FALSE
        yours = got[wrong].astype(bool)
        return _one_of_two(yours, Side.TRUE, Side.FALSE)
    if want.dtype.kind == "b":  # other numbers are neither larger nor smaller than a truth value
        return None
    right = want[wrong].astype(np.float64)
    found = got[wrong].astype(np.float64)
    is_missing = np.isnan(found)
    if np.isnan(right).any() or is_missing.any():
        if np.array_equal(is_missing, np.isnan(right)) or not np.all(is_missing | np.isnan(right)):
            return None  # a wrong number stands beside a missing one
        return _one_of_two(is_missing, Side.NAN, Side.NUMBER)
    side = _one_of_two(found > right, Side.TOO_LARGE, Side.TOO_SMALL)
    are_integers = want.dtype.kind in "iu" and len(found) >= FEWEST_SIDED
    if are_integers and np.all(np.abs(found - right) == 1):
        return BY_ONE[side]
    return side


def _one_of_two(which: np.ndarray, if_all: Side, if_none: Side) -> Side | None:
    """Return one side if it holds of all of enough values, and the other if of none."""
    if len(which) < FEWEST_SIDED or which.any() != which.all():
        return None
    return if_all if which.all() else if_none


def rows_from_border(wrong: np.ndarray) -> int:
    """Return within how many rows or columns of the border all wrong entries of a matrix are.

    Returns 0 if they could be there by chance. wrong: their positions.
    """
    if wrong.ndim != AXES_OF_BORDER:
        return 0
    count = int(wrong.sum())
    for width in range(1, MOST_FROM_BORDER + 1):
        border = np.ones(wrong.shape, bool)
        border[width:-width, width:-width] = False
        if not border.all() and not np.any(wrong & ~border):
            return width if chance_of_being_among_log10(count, border) <= OF_BORDER else 0
    return 0


def moved_by(want: np.ndarray, got: np.ndarray) -> tuple[int, ...]:
    """Return by how many rows and columns a matrix is moved down and to the right; () if it is not.

    The rows and columns that come in at the border may hold anything.
    """
    if want.ndim != AXES_OF_BORDER or min(want.shape) < FEWEST_ROWS_MOVED:
        return ()
    if want.dtype.kind not in SIDED or got.dtype.kind not in SIDED:
        return ()
    right, found = want.astype(np.float64), got.astype(np.float64)
    steps = range(-MOST_MOVED, MOST_MOVED + 1)
    for down, across in sorted(product(steps, steps), key=lambda step: step[0] ** 2 + step[1] ** 2):
        there = found[_behind(down, found.shape[0]), _behind(across, found.shape[1])]
        before = right[_behind(-down, found.shape[0]), _behind(-across, found.shape[1])]
        if not fits(before, there):
            continue
        _, counts = np.unique(there, return_counts=True)
        chance_of_one = float(((counts / there.size) ** 2).sum())
        few = there.size * math.log10(chance_of_one) > OF_BORDER
        return () if few or not (down or across) else (down, across)
    return ()


def _behind(steps: int, size: int) -> slice:
    """Return the rows that rows moved by some steps reach: those from there on, or up to there."""
    return slice(steps, size) if steps >= 0 else slice(0, size + steps)


def two_shapes(got: np.ndarray | TooLarge, want: np.ndarray, comparison: Comparison) -> Shapes:
    """Return two shapes, with the letters that the check uses."""
    used = names_used(comparison.check)
    letters = tuple(pair for pair in comparison.sizes.items() if pair[0] in used)
    named = {size for _, size in letters}
    has_letters = bool(want.shape) and named.issuperset(want.shape)
    found_has_letters = True
    wanted_sizes = list(want.shape)
    for size in set(got.shape):
        # a letter's size matches by chance if the other shape has no letters, or fewer
        if not has_letters or got.shape.count(size) > max(1, wanted_sizes.count(size)):
            found_has_letters = False
    return Shapes(got.shape, want.shape, letters, found_has_letters)


def _content(array: np.ndarray) -> Content:
    """Return the kind of an array's content; an empty list holds neither numbers nor text."""
    if not array.size:
        return Content.EMPTY
    if is_text(array) and not is_long(array):
        return Content.TEXT
    return Content.NUMBERS if array.shape else Content.NUMBER


def _differing_text(want: np.ndarray, got: np.ndarray) -> Look:
    """Return where text differs first. Both arrays have the same shape."""
    side = _side_of_texts(want, got)
    if not want.shape:
        return Look(LookKind.TEXT, text=quoted_difference(want, got), side=side)
    differs = want != got
    places = np.argwhere(differs)
    first = tuple(places[0].tolist())
    count = len(places)
    return Look(
        LookKind.TEXT,
        text=quoted_difference(want[first], got[first]),
        index=first,
        counts=((count, want.size),) if count > 1 else (),
        side=side,
    )


def _side_of_texts(want: np.ndarray, got: np.ndarray) -> Side | None:
    """Return what all texts have in common, though they differ; None if it is little."""
    wanted: list[str] = want.ravel().tolist()
    given: list[str] = got.ravel().tolist()
    if Counter(wanted) == Counter(given):
        return Side.OTHER_ORDER
    if all(map(_are_equal_without_space, wanted, given)):
        return Side.WHITE_SPACE
    if all(one.lower() == other.lower() for one, other in zip(wanted, given, strict=True)):
        return Side.CAPITALS
    return None


def _are_equal_without_space(one: str, other: str) -> bool:
    return "".join(one.split()) == "".join(other.split())


def quoted_difference(want: object, got: object) -> tuple[str, str]:
    """Quote two texts around their first difference: found, expected."""
    expected = str(want)
    found = str(got)
    return _quoted(found, expected), _quoted(expected, found)


def _quoted(text: str, other: str) -> str:
    """Quote a text; of a long one, the part around the first difference."""
    if len(text) <= LONGEST_QUOTE:
        return repr(text)
    middle = min(_first_difference(text, other), len(text))
    start = max(0, middle - LONGEST_QUOTE // 2)
    end = start + LONGEST_QUOTE
    quoted = repr(text[start:end])
    if start:
        quoted = f"…{quoted}"
    if end < len(text):
        quoted = f"{quoted}…"
    return quoted


def _first_difference(text: str, other: str) -> int:
    """Return the first position where two texts differ; the end of `other` if they do not."""
    for place, (one, two) in enumerate(zip(text, other, strict=False)):
        if one != two:
            return place
    return len(other)


def _group_of_numbers(wrong: np.ndarray) -> str:
    """Return a checksum of values to two decimals.

    It is the same for everybody who made the same mistake in another style.
    """
    finite = np.abs(wrong[np.isfinite(wrong)])
    scale = finite.max(initial=0.0) or 1.0
    rounded = np.round(wrong / scale, 2)
    without_minus_zero = rounded + 0.0
    head = f"{wrong.shape} {scale:.1e}"
    return checksum(head.encode() + without_minus_zero.tobytes())


def checksum(content: bytes) -> str:
    """Return a short checksum: the same for equal wrong values."""
    digest = sha256(content).hexdigest()
    return digest[:12]
