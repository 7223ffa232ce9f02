"""Relations between wrong and right arrays: planted ones are found, random ones are not."""

import cProfile
import math
import pstats

import numpy as np
import pytest

from autograder.check import check
from autograder.explaining.words import relation_in_words
from autograder.finding import RelationKind
from autograder.relations import CHANCE, Letters, find_relations, letters_of
from autograder.relations.case import Case
from autograder.relations.changes import changes
from autograder.relations.places import but_for_one_in_each_row

LETTERS = Letters((("T", 6), ("B", 5), ("V", 13), ("H", 30)))
RNG = np.random.default_rng(0)
RIGHT = RNG.normal(size=(6, 5, 13))
TABLE, ROW, LOSS = RNG.normal(size=(6, 5)), RNG.normal(size=13), np.array(np.e)
OTHER = RNG.normal(size=(6, 5, 13))
CUT = np.maximum(RIGHT, 0)
# rows that nothing reaches
SPARSE = np.where(np.arange(13)[:, None] < 4, RNG.normal(size=(13, 9)), 0)
SHARES = np.exp(RIGHT) / np.exp(RIGHT).sum(-1, keepdims=True)


def told(right, wrong, **others):
    """Return the relation of one wrong array if all others are right."""
    expected = {"a": right, **others}
    return find_relations(expected, {"a": wrong, **others}, ["a"], LETTERS).get("a")


def words(relation):
    """Return the text that a student reads about a relation."""
    return f"{relation_in_words(relation)}." if relation else ""


def without(array, axis, *rows):
    return np.delete(array, rows, axis)


def changed(array, place, by):
    copied = array.copy()
    copied[place] = by(copied[place])
    return copied


def but_for_one(array):
    """Return an array with one wrong entry in each row, at different places."""
    places = RNG.integers(array.shape[-1], size=(*array.shape[:-1], 1))
    copied = array.copy()
    np.put_along_axis(copied, places, 7.7, axis=-1)
    return copied


GAPS = changed(ROW, [0, 4, 9], lambda _: np.nan)
MIXED = np.random.default_rng(3).permutation(13)
IMAGE = np.random.default_rng(3).integers(256, size=(9, 11))
WIDE = np.array([5, 22, 3, 231, 5604, 966467, 15796476, 1, 42])
SQUARE = RNG.normal(size=(4, 4))
SQUARES = RNG.normal(size=(3, 4, 4))
AT_4 = np.arange(5) == 4
AT_BORDER = np.pad(np.zeros((4, 3), bool), 1, constant_values=True)


def but_for_border(image):
    """Return an image whose border a filter left at 0 on three sides and doubled on the fourth."""
    filtered = np.zeros_like(image)
    filtered[1:-1, 1:-1] = image[1:-1, 1:-1]
    filtered[0] = 2 * image[0] + 1
    return filtered


ONE_HOT = np.eye(13)[RNG.integers(13, size=30)]
MASK = RNG.random(60) < 0.4

PLANTED = [
    (ONE_HOT, 1 - ONE_HOT, "your values are 0 where 1 is expected, and 1 where 0 is expected."),
    (MASK * 1, 1 - MASK, "your values are 0 where 1 is expected, and 1 where 0 is expected."),
    # factors and signs
    (RIGHT, 5 * RIGHT, "your values are the expected ones × 5, and B = 5."),
    (RIGHT, RIGHT / 5, "your values are the expected ones × 1/5, and B = 5."),
    (RIGHT, -6 * RIGHT, "your values are the expected ones × −6, and T = 6."),
    (RIGHT, 65 * RIGHT, "your values are the expected ones × 65, and B × V = 65."),
    (RIGHT, RIGHT * 13 / 5, "your values are the expected ones × 13/5, and V = 13, B = 5."),
    (RIGHT, RIGHT * 13 / 12, "your values are the expected ones × 13/12, and V = 13: V / (V − 1)."),
    (RIGHT, RIGHT / math.sqrt(13), "your values are the expected ones × 1/√13, and V = 13."),
    (RIGHT, RIGHT / math.log(2), "your values are the expected ones × 1 / ln 2."),
    (RIGHT, 2 * RIGHT, "your values are the expected ones × 2."),
    (RIGHT, RIGHT / 100, "your values are the expected ones × 1/100."),
    (RIGHT, 1000 * RIGHT, "your values are the expected ones × 1000."),
    (RIGHT, 30 * RIGHT, "your values are the expected ones × 30, and H = 30."),
    (RIGHT, 0.37 * RIGHT, "your values are the expected ones × 0.37."),
    (RIGHT, -RIGHT, "your values are the expected ones × −1."),
    (RIGHT, RIGHT / math.log(10), "your values are the expected ones × 1 / ln 10."),
    (RIGHT, np.degrees(RIGHT), "your values are the expected ones × 180/π."),
    (RIGHT, np.radians(RIGHT), "your values are the expected ones × π/180."),
    (LOSS, 5 * LOSS, "your values are the expected ones × 5, and B = 5."),
    (np.zeros(9), np.ones(9), "all your values are 1, and all expected ones are 0."),
    (
        np.full(9, 0.5),
        np.full(9, 2.5),
        "all your values are 2.5, and all expected ones are another number.",
    ),
    (
        np.full(9, 2.5),
        np.full(9, 2.5004),
        "all your values are the same, and all expected ones are another number.",
    ),
    (np.zeros(9), np.full(9, -2.5), "all your values are −2.5, and all expected ones are 0."),
    (RIGHT, np.full(RIGHT.shape, 2.5), "all your values are the same."),
    # terms
    (RIGHT, RIGHT + 1, "your values are the expected ones + 1."),
    (SPARSE, SPARSE + 1, "your values are the expected ones + 1."),
    (RIGHT, RIGHT - 5, "your values are the expected ones − 5, and B = 5."),
    (RIGHT, RIGHT + 0.37, "your values are the expected ones + 0.37."),
    (WIDE, WIDE + 1, "your values are the expected ones + 1."),
    (IMAGE, 255 - IMAGE, "each of your values and the expected one add up to 255."),
    (RIGHT, -2.5 - RIGHT, "each of your values and the expected one add up to −5/2."),
    (
        IMAGE,
        IMAGE + (OTHER.ravel()[:99].reshape(9, 11) > 0.2),
        "your values are the expected ones, but 44 of 99 are too large by 1.",
    ),
    (
        RIGHT,
        RIGHT - 0.5 * (OTHER > 0.3),
        "your values are the expected ones, but 149 of 390 are too small by 1/2.",
    ),
    (
        RIGHT,
        RIGHT + ROW,
        ("for each T and B your values differ from the expected ones by the same numbers."),
    ),
    (
        RIGHT,
        RIGHT * ROW,
        ("for each T and B your values are the expected ones times the same numbers."),
    ),
    (
        RIGHT,
        RIGHT * np.array([0.5, 1, 1, -1.25, 0.3718])[:, None],
        (
            "for each T and V your values are the expected ones times the same numbers: "
            "1/2, 1, 1, −5/4, 0.372."
        ),
    ),
    (
        RIGHT,
        RIGHT * np.array([1234.567, 400.01, 1 / 3, 5, 2.25])[:, None],
        (
            "for each T and V your values are the expected ones times the same numbers: "
            "1.23e+03, 400, 1/3, 5, 9/4."
        ),
    ),
    (
        RIGHT,
        (RIGHT + np.array([0.5, 0, 0, 1.25, 0.25])[:, None]).astype(np.float32),
        (
            "for each T and V your values differ from the expected ones by the same numbers: "
            "1/2, 0, 0, 5/4, 1/4."
        ),
    ),
    # orders
    (RIGHT, RIGHT[::-1], "your values are the expected ones reversed along T."),
    (RIGHT, -RIGHT[:, ::-1], "your values are (the expected ones reversed along B) × −1."),
    (RIGHT, np.roll(RIGHT, 1, 0), "your values are the expected ones moved on by one along T."),
    (RIGHT, np.roll(RIGHT, -1, 2), "your values are the expected ones moved back by one along V."),
    (RIGHT, RIGHT.swapaxes(0, 1), "your values are the expected ones with T and B swapped."),
    (
        RIGHT,
        RIGHT.transpose(2, 0, 1),
        ("your values are the expected ones with the axes in another order, (V, T, B)."),
    ),
    (RIGHT, np.sort(RIGHT, 0), "your values are the expected ones sorted along T."),
    (
        TABLE,
        TABLE.T.reshape(6, 5),
        ("your values are the expected ones laid out in another order, as `reshape` "),
    ),
    (
        TABLE,
        TABLE.reshape(5, 6),
        ("your values are the expected ones in another shape, with the numbers in the order "),
    ),
    (
        TABLE,
        TABLE.T.reshape(6, 5).T,
        ("your values are the expected ones laid out in another order, as "),
    ),
    (
        RIGHT,
        RIGHT.reshape(5, 6, 13),
        ("your values are the expected ones in another shape, with the numbers in the "),
    ),
    (
        RIGHT,
        RIGHT.reshape(30, 13),
        ("your values are the expected ones in another shape, with the numbers in the "),
    ),
    # shapes
    (RIGHT, RIGHT[1:], "your values are the expected ones without the first along T."),
    (RIGHT, RIGHT[:, :-1], "your values are the expected ones without the last along B."),
    (RIGHT, RIGHT[::2], "your values are each second of the expected ones along T."),
    (
        RIGHT,
        RIGHT[:, :, 1::3],
        ("your values are each third of the expected ones along V, from number 1 on, counted"),
    ),
    (
        RIGHT,
        RIGHT[:, :, 2:-3],
        ("your values are the expected ones without the first 2 and the last 3 along V."),
    ),
    (RIGHT[2:], RIGHT, "what is expected is your values without the first 2 along axis 0."),
    (
        ROW[1::4],
        ROW,
        ("what is expected is each 4th of your values, from number 1 on, counted from 0."),
    ),
    (
        RIGHT,
        RIGHT[[3, 0, 5, 2, 1, 4]],
        ("your values are the expected ones, with rows along T in another order."),
    ),
    (ROW, ROW[np.argsort(ROW)[::-1]], "your values are the expected ones, in another order."),
    # each row is an expected one
    (
        RIGHT,
        RIGHT[:, [0, 1, 2, 2, 3, 4, 4]],
        "your rows along B are the expected ones, with numbers 2 and 4 more than once (counted "
        "from 0).",
    ),
    (
        RIGHT,
        RIGHT[[0, 3, 3, 3, 5, 1]],
        "your rows along T are the expected ones, without numbers 2 and 4 and with number 3 more "
        "than once (counted from 0) and in another order.",
    ),
    (
        ROW,
        np.delete(ROW, 7),
        "your values along V are the expected ones, without number 7 (counted from 0).",
    ),
    # NaN is expected in some places, as in the first year of each firm
    (GAPS, 2 * GAPS, "your values are the expected ones × 2."),
    (GAPS, GAPS + 1, "your values are the expected ones + 1."),
    (GAPS, GAPS[::-1], "your values are the expected ones reversed along V."),
    (GAPS, np.exp(GAPS), "your values are the exponential of the expected ones."),
    (GAPS, GAPS[MIXED], "your values are the expected ones, in another order."),
    (
        GAPS,
        np.delete(GAPS, [1, 5]),
        "your values along V are the expected ones, without numbers 1 and 5 (counted from 0).",
    ),
    (GAPS, GAPS[1:], "your values are the expected ones without the first along V."),
    (
        GAPS,
        np.nan_to_num(GAPS),
        "your values are the expected ones, except where NaN is expected, they are 0.",
    ),
    (
        np.where(OTHER > 1, np.nan, RIGHT),
        changed(np.where(OTHER > 1, np.nan, RIGHT), 2, np.exp),
        "your values are the expected ones, except for number 2 along T, counted from 0.",
    ),
    # at the border
    (
        IMAGE,
        but_for_border(IMAGE),
        "your values are the expected ones, except at the border: all wrong ones are in the first "
        "or last row or column.",
    ),
    (
        RIGHT,
        np.where(AT_BORDER[:, :, None], RIGHT**3, RIGHT),
        "your values are the expected ones, except at the border: all wrong ones are in the first "
        "or last row along T or B.",
    ),
    # where some rows meet some columns
    (
        IMAGE,
        np.where((np.arange(9)[:, None] < 2) & (np.arange(11) < 5), IMAGE, IMAGE[::-1] + 1),
        "your values are the expected ones only where numbers 0 and 1 along axis 0 meet "
        "numbers 0 to 4 along axis 1, counted from 0.",
    ),
    (
        RIGHT,
        np.where(np.isin(np.arange(6), [1, 2, 5])[:, None, None] & AT_4[:, None], RIGHT, OTHER),
        "your values are the expected ones only where numbers 1, 2 and 5 along T meet number 4 "
        "along B, counted from 0.",
    ),
    # they add up to 1
    (
        SHARES,
        np.exp(RIGHT) / np.exp(RIGHT).sum(1, keepdims=True),
        "your values add up to 1 along B, but should add up to 1 along V.",
    ),
    (
        SHARES,
        np.exp(RIGHT) / np.exp(RIGHT).sum(),
        "your values add up to 1 over the whole array, but should add up to 1 along V.",
    ),
    # one or two numbers
    (LOSS, np.array(0.0), "your value is 0."),
    (np.array([0.3, 1.4]), np.zeros(2), "both your values are 0."),
    (
        RIGHT,
        RIGHT[[0, *range(6)]],
        ("your values are the expected ones with the first along T twice."),
    ),
    (RIGHT[1:], RIGHT, "what is expected is your values without the first along axis 0."),
    (RIGHT, RIGHT.ravel(), "your values are the expected ones in one long row."),
    (
        RIGHT,
        RIGHT[:, None],
        ("your values are the expected ones with one more axis, of size 1, at place 1."),
    ),
    (RIGHT, RIGHT.sum(0), "your values are the sum along T of the expected ones."),
    (RIGHT, RIGHT.mean(2), "your values are the mean along V of the expected ones."),
    (RIGHT, RIGHT[-1], "your values are the last along T of the expected ones."),
    (RIGHT.sum((0, 1)), RIGHT, "what is expected is the sum over T and B of your values."),
    (RIGHT.mean(0), RIGHT, "what is expected is the mean along T of your values."),
    # functions
    (RIGHT, np.exp(RIGHT), "your values are the exponential of the expected ones."),
    (np.log(np.abs(RIGHT)), np.abs(RIGHT), "your values are the exponential of the expected ones."),
    (SHARES, np.log(SHARES), "your values are the logarithm of the expected ones."),
    (SHARES, RIGHT, "what is expected is the softmax along V of your values."),
    (
        SHARES,
        np.exp(SHARES) / np.exp(SHARES).sum(-1, keepdims=True),
        ("your values are the softmax along V of the "),
    ),
    (SHARES, np.exp(RIGHT), "what is expected is the share of the sum along V of your values."),
    (RIGHT, RIGHT**2, "your values are the square of the expected ones."),
    (RIGHT**2, RIGHT, "what is expected is the square of your values."),
    (
        RIGHT,
        np.maximum(RIGHT, 0),
        ("your values are the expected ones, with 0 instead of negative numbers."),
    ),
    (
        np.maximum(RIGHT, 0),
        RIGHT,
        ("what is expected is your values, with 0 instead of negative numbers."),
    ),
    (SHARES, 1 - SHARES, "your values are 1 less the expected ones."),
    (RIGHT, np.cumsum(RIGHT, 0), "your values are the running sum along T of the expected ones."),
    (np.cumsum(RIGHT, 0), RIGHT, "what is expected is the running sum along T of your values."),
    (
        10 * RIGHT,
        np.trunc(10 * RIGHT),
        ("your values are the expected ones, without what follows the point."),
    ),
    # segments
    (
        RIGHT,
        changed(RIGHT, 0, np.exp),
        ("your values are the expected ones, except for the first along T."),
    ),
    (
        RIGHT,
        changed(RIGHT, (slice(None), -1), np.exp),
        ("your values are the expected ones, except for the last along B."),
    ),
    (
        RIGHT,
        changed(RIGHT, 2, np.exp),
        ("your values are the expected ones, except for number 2 along T, counted from 0."),
    ),
    (
        RIGHT,
        changed(RIGHT, slice(3), np.exp),
        ("your values are the expected ones, except for the first 3 along T."),
    ),
    (
        RIGHT,
        changed(RIGHT, slice(1, None), np.exp),
        ("only the first of your values along T are the expected ones; all others are wrong."),
    ),
    (
        RIGHT,
        changed(np.roll(RIGHT, 1, 0), 0, np.exp),
        ("your values are the expected ones moved on by one along T, except"),
    ),
    # positions
    (
        CUT,
        np.where(CUT == 0, RIGHT, CUT),
        ("what is expected is your values, with 0 instead of negative numbers."),
    ),
    (
        CUT,
        np.where(CUT == 0, 1, CUT),
        ("your values are the expected ones, except where 0 is expected, they are 1."),
    ),
    (
        CUT,
        np.where(CUT == 0, np.nan, CUT),
        ("your values are the expected ones, except where 0 is expected, they are NaN."),
    ),
    (
        np.array([3, 7, 0, 9, 5, 11, 0, 2, 8, 4, 10, 6]),
        np.array([3, 7, 1, 9, 5, 11, 1, 2, 8, 4, 10, 6]),
        "your values are the expected ones, except where 0 is expected, they are 1.",
    ),
    (
        RIGHT,
        np.where(RIGHT > 0, 9 * RIGHT**3, RIGHT),
        ("your values are the expected ones, except where a positive "),
    ),
    (RIGHT, np.where(OTHER > 0, RIGHT, 0), "your values are the expected ones, except for 0 in "),
    (
        RIGHT,
        np.where(OTHER > 0, RIGHT, -RIGHT),
        ("your values are the expected ones, with the other sign in "),
    ),
    # exceptions
    (
        RIGHT,
        but_for_one(RIGHT),
        ("your values are the expected ones, except in one place of each row along V."),
    ),
    (
        RIGHT,
        but_for_one(RIGHT * RNG.normal(size=(6, 5, 1))),
        ("in each row along V, all values except one are off by the same factor"),
    ),
    (
        TABLE,
        np.where(TABLE < 0.2, np.exp(TABLE), TABLE),
        ("your values are right where the expected ones are large, and wrong where small."),
    ),
    (
        TABLE,
        np.where(TABLE > 0.2, np.exp(TABLE), TABLE),
        ("your values are right where the expected ones are small, and wrong where large."),
    ),
    # a diagonal
    (
        SQUARE,
        np.where(np.eye(4, dtype=bool), SQUARE, SQUARE**2),
        ("your values are the expected ones on the diagonal, and wrong elsewhere."),
    ),
    (
        SQUARE,
        np.where(np.eye(4, dtype=bool), SQUARE**2, SQUARE),
        ("your values are the expected ones, except on the diagonal."),
    ),
    (
        SQUARES,
        np.where(np.eye(4, dtype=bool), SQUARES, SQUARES**2),
        ("your values are the expected ones on the diagonal along axis 1 and axis 2, and wrong"),
    ),
    # relations to itself
    (ROW, np.empty(0), "there are no values."),
    (RIGHT, 0 * RIGHT, "all your values are 0."),
    (RIGHT, 0 * RIGHT + 3, "all your values are the same."),
    (RIGHT, np.broadcast_to(RIGHT[:1], RIGHT.shape), "your values are the same for each T."),
    (
        RIGHT[:4],
        np.broadcast_to(RIGHT[:1], (4, 5, 13)),
        "your values are the same for each place along axis 0.",
    ),
]


def test_one_wrong_row_is_not_one_place_of_each():
    """One wrong row, which is also the same entry of each column, is reported as a row."""
    right = RNG.normal(size=(6, 13))
    found = right.copy()
    found[-1] = RNG.normal(size=13)
    assert words(told(right, found)) == (
        "your values are the expected ones, except for the last along T."
    )
    case = Case(right, found, {}, LETTERS)
    assert not list(but_for_one_in_each_row(case))


def test_of_two_numbers_a_place_is_told_and_no_size():
    """For two numbers, a position is reported and no size.

    One is the larger by chance, so a rule about size would fail on the next seed.
    """
    two = RNG.normal(size=2)
    for one, place in enumerate(("first", "last")):
        assert words(told(two[one], two)) == f"what is expected is the {place} of your values."
    many = RNG.normal(size=30)
    assert "the largest" in words(told(many.max(), many))


def test_few_zeros_and_ones_may_be_exchanged_by_chance():
    """A few zeros and ones may look exchanged by chance.

    Three among twelve can be placed in 220 ways. A single difference is no exchange.
    """
    few = np.eye(12)[[1, 4, 7]].sum(0)
    assert told(few, 1 - few) is None
    assert told(ONE_HOT, changed(1 - ONE_HOT, (3, 3), lambda x: 1 - x)) is None


def made_by(relation, right, wrong):
    """Return a relation's operation on the expected values, times the best factor.

    `reshape` can be done in several ways.
    """
    for change in changes(right.shape, wrong.shape, LETTERS):
        if change.operation != relation.operation:
            continue
        made = np.asarray(change.function(right), dtype=float)
        if relation.factor and made.size == wrong.size:
            one, other = np.nan_to_num(made).ravel(), np.nan_to_num(wrong).ravel()
            factor = (one @ other) / (one @ one)
            made = factor * made
        if made.shape == wrong.shape:
            yield made


@pytest.mark.parametrize(("right", "wrong", "text"), PLANTED, ids=range(len(PLANTED)))
def test_a_planted_relation_is_told(right, wrong, text):
    """A planted relation is reported, and applying it as data gives the wrong array.

    That holds in single precision if the array has several numbers.
    """
    relation = told(right, wrong)
    assert relation
    assert words(relation).startswith(text)
    if relation.kind is RelationKind.CHANGED:
        assert any(
            np.allclose(made, wrong, rtol=1e-9, atol=1e-12, equal_nan=True)
            for made in made_by(relation, right, wrong)
        )
    if right.size > 1:
        single = told(right.astype(np.float32), wrong.astype(np.float32))
        assert single and words(single).startswith(text), single


def test_large_integers_that_differ_in_few_places_are_in_no_other_order():
    """Integers are compared exactly, however large the largest of them is."""
    right = np.random.default_rng(7).integers(0, 4 * 10**11, 26)
    wrong = right + 5216 * (np.arange(26) % 2)
    for found in (wrong, wrong.astype(float)):
        relation = told(right, found)
        assert relation is None or relation.kind is not RelationKind.IN_ANOTHER_ORDER
    assert told(right, np.sort(right).astype(float)) is not None


def test_a_row_that_scattered_errors_spare_is_not_told():
    """Scattered errors that spare some rows by chance give no relation about rows."""
    scattered = TABLE.copy()
    scattered[[1, 2, 1, 4, 5, 5], [0, 1, 2, 3, 4, 0]] += [9.5, 8.1, 9.5, 7.4, 9.5, 8.8]
    assert told(TABLE, scattered) is None
    assert words(told(TABLE, changed(TABLE, 0, np.exp))).endswith(", except for the first along T.")


@pytest.mark.parametrize(
    ("size", "wrong", "is_told"), [(100, 4, True), (100, 30, False), (20, 10, True)]
)
def test_a_block_of_an_array_made_flat_is_not_told(size, wrong, is_told):
    """A block inside a flattened array is not reported; a few entries at an end are.

    No student knows where the parts of a flattened array begin.
    """
    right = np.random.default_rng(3).normal(size=size)
    relation = told(right, changed(right, slice(wrong), np.exp))
    assert bool(relation) == is_told


def test_the_values_of_another_array_are_told():
    """Values of another array are reported: unchanged, transposed, scaled or added."""
    assert words(told(RIGHT, OTHER, b=OTHER)) == "your values are those expected of `b`."
    assert words(told(RIGHT, -OTHER, b=OTHER)) == "your values are those expected of `b` × −1."
    assert words(told(TABLE, ROW, b=ROW)) == "your values are those expected of `b`."
    assert (
        words(told(RIGHT, RIGHT + OTHER, b=OTHER))
        == "your values are the expected ones plus those expected of `b`."
    )
    less = words(told(RIGHT, RIGHT - 5 * OTHER, b=OTHER))
    assert less == "your values are the expected ones less those expected of `b` × 5, and B = 5."


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (1, ""),
        (12, " × 12"),
        (1 / 12, " × 1/12"),
        (13 / 12, " × 13/12, and V = 13: V / (V − 1)"),
    ],
)
def test_a_factor_of_what_is_taken_away_is_told_whole(factor, said):
    """A factor of a subtracted term is reported without its minus sign, which `less` expresses.

    Neither a factor 1 nor the minus sign of a formula is written.
    """
    less = words(told(RIGHT, RIGHT - factor * OTHER, b=OTHER))
    assert less == f"your values are the expected ones less those expected of `b`{said}."


def test_values_that_are_wrong_where_another_array_has_a_sign_are_told():
    """A mask by another array's sign is reported with that array's name."""
    wrong = np.where(OTHER < 0, RIGHT**3, RIGHT)
    text = "your values are the expected ones, except where those expected of `b` are negative."
    assert words(told(RIGHT, wrong, b=OTHER)) == text


def test_a_lower_precision_is_told():
    """Lower precision is reported if a check asks for more than single or half."""
    for kind, said in (
        (np.float16, "half precision, `float16`."),
        (np.float32, "single precision, `float32`."),
    ):
        relation = told(RIGHT, RIGHT.astype(kind))
        assert words(relation) == f"your values are the expected ones in {said}"
        assert relation.kind.value in words(relation)


def test_each_second_of_a_part_is_not_said_to_be_of_all():
    """Values that begin late or end early are not called each second of the expected ones."""
    right = RNG.normal(size=20)
    for wrong in (right[0:6:2], right[0:10:2], right[4::2]):
        relation = told(right, wrong)
        assert relation is None or "each second" not in words(relation)
    assert "each second" in words(told(right, right[1::2]))


def test_values_on_a_grid_are_in_no_lower_precision():
    """Values rounded to halves, or to 256 shades, are not called half precision."""
    right = RNG.random(64)
    for grid, scale in ((1 / 256, 1), (0.5, 100)):
        relation = told(scale * right, np.round(scale * right / grid) * grid)
        assert relation is None or "precision" not in words(relation)


def test_whole_numbers_are_in_no_lower_precision():
    """Integers are never reported as half precision, since rounded numbers always fit it."""
    right = RNG.uniform(0, 300, (6, 5))
    for wrong in (np.round(right), np.floor(right), np.floor(right) + 2):
        relation = told(right, wrong)
        assert relation is None or "precision" not in words(relation)


def test_two_arrays_that_changed_places_are_told_so():
    """Two swapped arrays are reported once, whatever their shapes.

    A third array with the values of one of them is not part of the swap.
    """
    right = {"b": ROW, "a": RIGHT, "c": TABLE}
    wrong = {"b": RIGHT, "a": ROW, "c": ROW}
    found = find_relations(right, wrong, ["b", "a", "c"], LETTERS)
    assert words(found["a"]) == "`a` and `b` are swapped."
    assert words(found["b"]) == words(found["a"])
    assert words(found["c"]) == "your values are those expected of `b`."


def test_two_numbers_with_one_factor_are_evidence_of_it():
    """Two numbers with a common factor are evidence for it.

    One number may be five times another by chance in single precision, but not with three.
    """
    right = {
        name: np.array(value, np.float32)
        for name, value in (("a", 2.718), ("b", 0.577), ("c", 1.618))
    }
    wrong = {name: 5 * value for name, value in right.items()}
    assert find_relations(right, wrong, ["a"], LETTERS) == {}
    found = find_relations(right, wrong, ["a", "b", "c"], LETTERS)
    assert {name: words(relation) for name, relation in found.items()} == dict.fromkeys(
        "abc", "your values are the expected ones × 5, and B = 5."
    )


SHAPES = [(), (2,), (3,), (4,), (2, 2), (3, 4), (6, 5), (30,), (2, 3, 4), (6, 5, 3)]
DRAWS = [
    lambda rng, shape: rng.normal(size=shape),
    lambda rng, shape: rng.normal(size=shape).astype(np.float32),
    lambda rng, shape: rng.integers(0, 6, shape),
    lambda rng, shape: rng.integers(0, 2, shape),
    lambda rng, shape: np.maximum(rng.normal(size=shape), 0),
    lambda rng, shape: rng.random(shape),
    lambda rng, shape: rng.integers(0, 10, shape) / 24,
    lambda rng, shape: np.exp(3 * rng.normal(size=shape)),
    lambda rng, shape: 1000 + rng.normal(size=shape),
]


def random_pairs(rng):
    """Return a pair of unrelated arrays of any size and kind."""
    shape = SHAPES[rng.integers(len(SHAPES))]
    other_shape = shape
    if rng.random() < 0.3:
        other_shape = SHAPES[rng.integers(len(SHAPES))]
    draw = DRAWS[rng.integers(len(DRAWS))]
    expected = draw(rng, shape)
    if rng.random() >= 0.8:
        draw = DRAWS[0]
    return expected, draw(rng, other_shape)


def test_factors_run_along_axes_of_which_one_has_a_letter():
    """Factors along axes need a letter on one axis, else the check made the array."""
    factors = np.array([41.0, 820.0, 616.0, 2.0])
    assert told(OTHER[:4, :, 0], OTHER[:4, :, 0] * factors[:, None])  # (4, B)
    assert not told(OTHER[:4, :3, 0], OTHER[:4, :3, 0] * factors[:, None])


def test_random_arrays_are_related_to_nothing():
    """None of 2,000 random pairs has a relation, except that an array is constant.

    Being constant is a property of the array itself.
    """
    rng = np.random.default_rng(1)
    spoken = []
    for _ in range(2_000):
        right, wrong = random_pairs(rng)
        if relation := told(np.asarray(right), np.asarray(wrong), b=rng.normal(size=3)):
            spoken.append((words(relation), right, wrong))
    facts = ("all your values are", "your values are the same", "your value is 0", "both your")
    assert [one for one in spoken if not one[0].startswith(facts)] == []


def test_random_arrays_with_nan_in_the_same_places_are_related_to_nothing():
    """Equal positions of NaN, or NaN along a border, say nothing about the other entries."""
    rng = np.random.default_rng(2)
    spoken = []
    for _ in range(800):
        right, wrong = (np.asarray(array, float) for array in random_pairs(rng))
        places = rng.random(right.shape) < rng.choice([0.1, 0.4, 0.8])
        right = np.where(places, np.nan, right)
        if wrong.shape == right.shape:
            wrong = np.where(places, np.nan, wrong)
        if relation := told(right, wrong, b=rng.normal(size=3)):
            spoken.append((words(relation), right, wrong))
    facts = ("all your values are", "your values are the same", "your value is 0", "both your")
    assert [one for one in spoken if not one[0].startswith(facts)] == []


def test_a_table_in_another_order_is_so_in_all_its_columns():
    """A reordered table is reordered in all columns, also those of few numbers and of text.

    Each of those alone could match by chance.
    """
    order = [2, 0, 3, 1]
    right = {
        "table.index": np.array(["care", "farms", "mines", "trade"]),
        "table.n": np.array([7, 11, 1, 7]),
        "table.mean": np.array([47.47, 30.43, 21.8, 19.14]),
    }
    found = {name: column[order] for name, column in right.items()}
    found["table.other"] = right["table.other"] = np.array([1, 2, 3, 4])
    relations = find_relations(right, found, ["table.index", "table.n", "table.mean"], LETTERS)
    assert relations.keys() == {"table.index", "table.n", "table.mean"}
    assert {words(relation) for relation in relations.values()} == {
        "your values are the expected ones, in another order."
    }
    found["table.n"] = np.array([7, 7, 1, 11])
    relations = find_relations(right, found, ["table.index", "table.n", "table.mean"], LETTERS)
    assert relations.keys() == {"table.index", "table.mean"}


def test_dropped_rows_are_those_of_each_column():
    """Dropped or reversed rows apply to every column of a table."""
    right = {"firm": np.array(list("aabbbccdd")), "growth": ROW[:9]}
    for rows in ([0, 2, 3, 4, 6, 7, 8], [0, 1, 2, 3, 4, 5, 6], list(range(9))[::-1]):
        found = {name: column[rows] for name, column in right.items()}
        relations = find_relations(right, found, ["firm", "growth"], LETTERS)
        assert relations["firm"] == relations["growth"]


def test_a_size_that_a_check_writes_as_a_number_has_its_letter():
    """A size written as a number has its letter if the check uses no letters of its unit."""

    @check(points=1)
    def no_letter(net, seed):
        """no letter"""
        return net.fit(np.random.default_rng(seed).normal(3, 2, 11))

    assert letters_of(no_letter, {"N": 11, "K": 4}).pairs == (("N", 11),)
    factor = letters_of(no_letter, {"N": 11}).named(math.sqrt(11))
    assert (factor.number.figures, factor.number.known) == ("√11", ("N = 11",))


def test_priors_are_shares_of_one():
    """The priors of all relations of an array sum to at most 1.

    So the probability of any false report stays below the bound.
    """
    for shape in ((6, 5, 13), (6, 5), (13,), ()):
        assert sum(change.prior for change in changes(shape, shape, LETTERS)) <= 1
    assert CHANCE <= 1e-6


def test_a_letter_is_said_only_where_the_check_has_it():
    """A letter is used if the check, or a function that it calls, has it.

    No other letter may have the same size.
    """

    @check(points=1)
    def uses_one(net, seed):
        """one letter"""
        return helper(seed)

    letters = letters_of(uses_one, {"T": 6, "B": 5, "V": 7})
    assert letters.pairs == (("B", 5),)
    right, wrong = {"a": RIGHT}, {"a": 7 * RIGHT}
    assert (
        words(find_relations(right, wrong, ["a"], letters)["a"])
        == "your values are the expected ones × 7."
    )
    twice = Letters((("T", 7), ("B", 7)))
    assert (
        words(find_relations(right, wrong, ["a"], twice)["a"])
        == "your values are the expected ones × 7."
    )


B = 5


def helper(seed):
    return {"a": np.zeros(B) + seed}


def test_text_booleans_and_empty_arrays_are_not_searched():
    """Text, booleans, empty arrays, NaN and infinity are not searched for relations."""
    one_text = np.array(["a", "b"])
    other_text = np.array(["b", "a"])
    assert told(one_text, other_text) is None
    truth = np.array([True, False, True])
    assert told(truth, ~truth) is None
    nothing = np.full(13, np.nan)
    assert told(ROW, nothing) is None
    assert told(nothing, ROW) is None


def calls_of(work):
    """Return the number of Python and C calls of some work, equal on every machine."""
    work()  # imports and caches of the first run do not count
    profile = cProfile.Profile()
    profile.runcall(work)
    return pstats.Stats(profile).total_calls


def test_a_search_is_short():
    """A search for relations takes few calls; `benchmarks/failing_cost.py` times it."""
    wrong = {name: RNG.normal(size=(6, 5, 13)) for name in "abcd"}
    right = {name: RNG.normal(size=(6, 5, 13)) for name in "abcd"}
    assert calls_of(lambda: find_relations(right, wrong, [*wrong], LETTERS)) < 4 * 7_500


def test_minus_1_has_nothing_to_do_with_signs_where_no_negative_number_is_expected():
    """-1 is no sign error if no negative number is expected.

    It may stand for a node that is in no component.
    """
    labels = np.array([0, 3, 1, 0, 0, 5, 1, 2, 0, 2, 2, 7, 1, 0, 4])
    assert told(labels, -np.sign(labels)) is None


def test_whole_numbers_are_right_only_where_they_are_equal():
    """Integers are right only if they are equal, even beside a large one.

    A nearly equal array is no reordering either.
    """
    assert told(WIDE, 2 * WIDE - (WIDE > 60)) is None
    assert words(told(WIDE, WIDE + 1)) == "your values are the expected ones + 1."


def test_values_that_only_a_tight_tolerance_refuses_are_in_no_other_order():
    """Values that were to be rounded differ by less than a search can tell apart."""
    prices = np.array([3.0, 8.25, 17.5, 29.99, 41.4, 58.1, 77.7, 95.0])
    for right in (prices, np.sort(prices)):
        assert told(right, right + 0.004) is None


def test_whole_numbers_are_never_said_to_be_rounded():
    """Integers are never reported as rounded, even if a large one makes 1 look like rounding."""
    counts = np.array([5, 11, 22, 627, 5604, 966467, 15796476])
    for right, wrong in [(counts, counts + 1), (counts + 1, counts), (counts, counts + 1.0)]:
        relation = told(right, wrong)
        said = words(relation)
        assert "rounded" not in said
        assert "1 less" not in said


def test_few_numbers_have_the_relation_of_others():
    """Two numbers are × 1/8 by chance; beside many that are, they are reported with these."""
    noise = np.random.default_rng(5).normal(size=(4, 5))
    step = np.array([[0.0, 0.0, 692.0, 692.0, 0.0]] * 4)
    alone = find_relations({"step": step}, {"step": step / 8}, ["step"], LETTERS)
    assert not alone
    right, wrong = {"noise": noise, "step": step}, {"noise": noise / 8, "step": step / 8}
    both = find_relations(right, wrong, [*wrong], LETTERS)
    assert words(both["step"]) == words(both["noise"]) == "your values are the expected ones × 1/8."


def test_rounded_numbers_are_recognised_beside_halves():
    """Rounded values are reported as that, though some expected ones lie halfway.

    If all fractions are halves, rounding and rounding down cannot be told apart.
    """
    eighths = np.random.default_rng(4).integers(800, size=(9, 11)) / 8
    assert (eighths % 1 == 0.5).any()
    assert words(told(eighths, np.round(eighths))) == "your values are the expected ones, rounded."
    halves = np.random.default_rng(4).integers(800, size=(9, 11)) / 2
    assert "rounded" not in words(told(halves, np.round(halves)))


def test_whole_numbers_equal_what_is_said_of_them():
    """A factor must fit integers exactly, including the small ones beside large ones."""
    counts = np.array([5, 11, 22, 627, 5604, 966467, 15796476])
    assert words(told(counts, 3 * counts)) == "your values are the expected ones × 3."
    wrong = 3 * counts + np.array([1, 2, 0, 0, 5, 0, 0])
    assert "×" not in words(told(counts, wrong))
