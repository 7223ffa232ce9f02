"""The judge: points, remarks and diagnosed mistakes."""

import math
from dataclasses import replace

import numpy as np
import pytest
from judged import excluded_by, judge_loss, none_excluded, points_earned, waiting
from judged import judge as judge_with_words

from autograder.check import Answer, Check, Error, Failure, as_array, check
from autograder.explaining.words import ERROR_IS, VALUES_ARE, sentence
from autograder.finding import Finding, FindingKind, OperationKind
from autograder.judging import (
    Mistake,
    PlainKey,
    Verdict,
    constant_arrays,
    deviation,
    error_words,
    row_cosine,
    unmet,
    wrong_places,
)

SIZES = {"T": 6, "B": 3, "H": 9}
A, B, C = np.arange(6.0), np.ones((6, 3, 9)), np.array([1, 2, 3])


def judge(check, key, answer, sizes, excluded=none_excluded):
    """Judge an answer; check that the points are the same without excluded mistakes."""
    verdict = judge_with_words(check, key, answer, sizes, excluded)
    if excluded is none_excluded and not check.measure:
        assert points_earned(check, key, answer) == verdict.earned
    return verdict


@check(points=3)
def three(net, seed):
    """three arrays"""
    return {}


three = replace(three, letters=tuple(SIZES))


def key(*mistakes):
    return PlainKey(Answer({"a": A, "b": B, "c": C}), mistakes)


def said(name):
    """Return the feedback on an answer that has the values of a mistake."""
    return f"{VALUES_ARE}: words of {name}"


def mistake(name, keeps=0.0, **changed):
    return Mistake(name, f"words of {name}", keeps, f"code of {name}"), Answer(
        {"a": A, "b": B, "c": C} | changed
    )


def verdict(known, not_made=(), **changed):
    return judge(
        three,
        known,
        Answer({"a": A, "b": B, "c": C} | changed),
        SIZES,
        (lambda mistake: mistake.id in not_made) if not_made else none_excluded,
    )


def test_equal_arrays_earn_everything():
    """Arrays that are equal within tolerance earn all points, whatever the float type."""
    assert verdict(key(), a=A.astype(np.float32) * (1 + 1e-4)).earned == 3
    assert verdict(key()).status == "passed"


def test_each_array_is_a_share():
    """One wrong array of three costs a third of the points and is named."""
    judged = verdict(key(), a=A + 1)
    assert (judged.earned, judged.status, judged.remarks[0].arrays) == (2, "partial", ("a",))


@pytest.mark.parametrize("number", [0, 7, np.inf, np.nan])
def test_one_number_throughout_keeps_nothing_of_a_mistake(number):
    """A file that solves nothing can return it, also NaN, where a known mistake gives the same."""
    same = np.full(A.shape, float(number))
    assert verdict(key(mistake("half", keeps=0.5, a=same)), a=same).earned == 2
    assert verdict(key(mistake("half", keeps=0.5, a=A + 2)), a=A + 2).earned == 2.5


CONSTANT = frozenset({"b", "c"})


@pytest.mark.parametrize(
    ("changed", "earned"),
    [
        ({}, 3),
        ({"a": A + 1}, 0),  # only values that are equal on every seed are right
        ({"b": B + 1}, 2),  # one of three costs a third
        ({"b": B + 1, "c": C + 1}, 1),
        ({"b": B + 2}, 2.5),  # a known mistake with half of the points
        ({"a": A + 1, "b": B + 1}, 0),
        ({"a": A + 1, "b": B + 1, "c": C + 1}, 0),
        ({"a": A + 3}, 1.5),
        ({"a": A + 3, "c": C + 1}, 0.5),
    ],
)
def test_an_array_that_is_the_same_on_every_seed_costs_and_never_earns(changed, earned):
    """A constant array costs its share of the points if wrong and adds nothing if right.

    A constant array is equal on every seed.
    """
    half = mistake("half", keeps=0.5, b=B + 2)
    other = mistake("other", keeps=0.5, a=A + 3)
    with_constant = replace(key(half, other), constant=CONSTANT)
    judged = verdict(with_constant, **changed)
    assert judged.earned == earned
    assert judged.status == {0: "failed", 3: "passed"}.get(earned, "partial")


def test_where_all_is_the_same_on_every_seed_only_a_whole_answer_earns():
    """If every array is constant, only an entirely right answer earns points.

    A key with such a check is refused when it is built, so a judge gives nothing for parts.
    """
    known = replace(key(), constant=frozenset("abc"))
    assert (verdict(known).earned, verdict(known, a=A + 1).earned) == (3, 0)


def test_constant_is_what_the_judge_cannot_tell_apart_on_two_seeds():
    """An array is constant if the judge cannot distinguish its values on two seeds.

    Examples: equal flags and shapes, and random fractions within their wide tolerance.
    """
    wide = replace(three, tolerance={"b": 0.3})
    one = Answer({"a": A, "b": B, "c": C})
    other = Answer({"a": A, "b": B * 1.2, "c": C + 1})
    assert constant_arrays(wide, one, other) == {"a", "b"}
    assert constant_arrays(three, one, other) == {"a"}


def test_integers_are_compared_exactly():
    """Integers are compared exactly: an id off by one is wrong, however large the others are."""
    large = PlainKey(Answer({"ids": np.array([1, 90_000])}))
    assert judge(three, large, Answer({"ids": np.array([2, 90_000])}), SIZES).earned == 0
    assert judge(three, large, Answer({"ids": np.array([1.0, 90_000.0])}), SIZES).earned == 3


@pytest.mark.parametrize(
    "large", [2**53, 2**62, 2**63, 2**64, 10**40, 10**5000], ids=int.bit_length
)
def test_whole_numbers_of_any_size_are_compared_exactly(large):
    """Integers of any size are compared exactly, to the last bit.

    Known mistakes are recognised by such numbers, too.
    """
    right, wrong = as_array("c", [1, large, 7]), as_array("c", [1, large + 1, 7])
    known = PlainKey(Answer({"c": right}), [mistake("plus", c=wrong)])
    assert judge(three, known, Answer({"c": right}), SIZES).earned == 3
    (remark,) = judge(three, known, Answer({"c": wrong}), SIZES).remarks
    assert remark.text == said("plus")
    small = Answer({"c": as_array("c", [1, 2, 7])})
    for one, other in [(known, small), (PlainKey(small), Answer({"c": right}))]:
        verdict = judge(three, one, other, SIZES)
        assert verdict.earned == 0
        assert "wrong values in 1 of 3 places." in [remark.text for remark in verdict.remarks]


def test_an_absolute_tolerance_means_nothing_beyond_64_bits():
    """Beyond 64 bits the absolute tolerance is ignored: comparison is exact.

    Known mistakes are still looked for.
    """
    right, wrong = as_array("c", [1, 2**70]), as_array("c", [1, 2**71])
    loose = replace(three, atol={"c": 0.5})
    known = PlainKey(Answer({"c": right}), [mistake("plus", c=wrong)])
    (remark,) = judge(loose, known, Answer({"c": wrong}), SIZES).remarks
    assert remark.text == said("plus")


def test_digits_in_a_text_are_no_whole_number():
    """Text is wrong where a number is expected, also `str(count)`."""
    known = PlainKey(Answer({"c": as_array("c", [2**64, 1])}))
    (remark,) = judge(three, known, Answer({"c": np.array([str(2**64), "1"])}), SIZES).remarks
    assert remark.text.endswith(" is text, and should be numbers.")


@pytest.mark.parametrize("right", [np.array([1, 2, 3]), np.array([0.1, 0.2, 0.3])])
def test_a_tolerance_of_0_compares_exactly(right):
    """A tolerance of 0 compares every number exactly; known mistakes are still diagnosed."""
    exact = replace(three, tolerance={"c": 0})
    known = PlainKey(Answer({"c": right}), [mistake("plus", c=right + 1)])
    assert judge(exact, known, Answer({"c": right.copy()}), SIZES).earned == 3
    nearly = judge(exact, known, Answer({"c": right * (1 + 1e-12)}), SIZES)
    assert nearly.earned == 0
    assert said("plus") not in [remark.text for remark in nearly.remarks]
    (remark,) = judge(exact, known, Answer({"c": right + 1}), SIZES).remarks
    assert remark.text == said("plus")


@pytest.mark.parametrize("largest", [1e300, 1e306, 1e308, 1.7e308])
def test_entries_as_large_as_floats_can_be_are_judged(largest):
    """The judge handles entries near the largest float: overflow raises no warning or error.

    The test suite makes an error of each warning.
    """
    entries = largest * np.random.default_rng(1).uniform(-1, 1, (6, 3, 9))
    known = key(mistake("half", b=entries / 2))
    assert verdict(known, b=entries).remarks
    assert verdict(key(), a=entries.ravel()[:6]).remarks


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.ones((3, 6, 9)), "(B, T, H) = (3, 6, 9) found, (T, B, H) = (6, 3, 9) expected"),
        (np.ones((7, 3, 9)), "(T+1, B, H) = (7, 3, 9) found"),
        (np.ones((7, 6)), ": (7, 6) found"),
        (np.ones((4, 5)), "(4, 5) found"),
        (np.array(1.0), "a single number found"),
        (np.where(np.arange(9) == 2, np.nan, B), "NaN or infinity in 18 of 162 places"),
    ],
)
def test_a_wrong_array_is_described(array, words):
    """A remark gives shapes in letters and numbers and counts NaNs."""
    assert words in verdict(key(), b=array).remarks[0].text


def test_an_array_that_nothing_explains_is_told_in_the_check_s_own_words():
    """A check's `words` replace "wrong values" in a remark, and nothing else."""
    own_words = "the caller's array was changed."
    spoken = replace(three, words={"a": own_words})
    for a, words in ((A + 1, own_words), (A[:3], "the shape is wrong")):
        answer = Answer({"a": a, "b": B, "c": C})
        judged = judge(spoken, key(), answer, SIZES)
        assert words in judged.remarks[0].text


def test_a_missing_array_is_wrong():
    """An answer without an array loses that array's share."""
    judged = judge(three, key(), Answer({"a": A, "b": B}), SIZES)
    assert (judged.earned, judged.remarks[0].text) == (2, "is missing from the result.")


def test_a_known_mistake_is_named_and_keeps_its_share():
    """Arrays that equal a known mistake's get its description and keep its share of the points."""
    judged = verdict(key(mistake("first", keeps=0.5, a=A + 1), mistake("second", a=A + 2)), a=A + 1)
    assert judged.remarks[0].text == said("first")
    assert judged.earned == 2.5


@pytest.mark.parametrize(
    ("a", "keeps"),
    [(0 * A, 0), (0 * A + 3, 0), (A + 1, 0.5), (np.zeros(()), 0), (np.ones(()), 0.5)],
)
def test_a_mistake_that_comes_to_one_number_keeps_nothing(a, keeps):
    """A mistake that makes an array constant is diagnosed and keeps no points.

    An example is a zero gradient, which a file that solves nothing could send.
    """
    judged = verdict(key(mistake("cut off", keeps=0.5, a=a)), a=a)
    assert (judged.remarks[0].text, judged.earned) == (said("cut off"), 2 + keeps)


def test_what_comes_near_to_a_mistake_s_zeros_keeps_nothing():
    """Numbers of 1e-9 equal zeros up to rounding; a file that solves nothing can send them, too."""
    nearly = 1e-9 * A
    assert verdict(key(mistake("half", keeps=0.5, a=0 * A)), a=nearly).earned == 2


@pytest.mark.parametrize("number", [np.inf, np.nan])
def test_an_infinity_keeps_its_share_only_beside_work(number):
    """Who overflows in one array of three has work in the others; who sends only that has none."""
    overflow = key(mistake("overflow", keeps=0.5, a=np.array(number)))
    assert verdict(overflow, a=np.array(number)).earned == 2.5
    assert verdict(overflow, a=np.array(number), b=B + 9, c=C + 9).earned == 0


def test_nan_equals_nan_in_a_mistake():
    """A mistake that overflows is recognised by NaNs in the same positions."""
    told = said("overflow")
    spoilt = np.where(A > 3, np.nan, A)
    known = key(mistake("overflow", a=spoilt))
    rounded = verdict(known, a=spoilt * (1 + 1e-6))
    assert rounded.remarks[0].text == told
    elsewhere = verdict(known, a=np.roll(spoilt, 1))
    assert "NaN" in elsewhere.remarks[0].text


def test_two_mistakes_at_once_are_each_named():
    """Each array is explained by its own mistake."""
    judged = verdict(key(mistake("first", a=A + 1), mistake("second", b=B + 1)), a=A + 1, b=B + 1)
    assert [(r.text, r.arrays) for r in judged.remarks] == [
        (said("first"), ("a",)),
        (said("second"), ("b",)),
    ]


def test_an_array_is_a_mistakes_up_to_rounding():
    """An array equals a mistake's values only up to rounding, not within the check's tolerance.

    Another mistake may come that close by chance.
    """
    known = key(mistake("doubled", a=2 * A))
    assert verdict(known, a=2 * A * (1 + 1e-4)).remarks[0].text == said("doubled")
    assert verdict(known, a=2 * A * (1 + 6e-4)).remarks[0].text != said("doubled")


def test_a_mistake_that_would_have_spoilt_a_right_array_was_not_made():
    """A mistake is not diagnosed if it would also have changed an array that is right."""
    judged = verdict(key(mistake("both", a=A + 1, b=B + 1)), a=A + 1)
    assert "wrong values" in judged.remarks[0].text


def test_a_mistake_that_a_passed_check_excludes_is_not_named():
    """A mistake that a passed check rules out is not diagnosed."""
    assert (
        "wrong values"
        in verdict(key(mistake("first", a=A + 1)), not_made=["first"], a=A + 1).remarks[0].text
    )


def test_the_mistake_that_explains_most_is_named():
    """A mistake that explains two arrays is preferred to two that explain one each."""
    known = key(mistake("one", a=A + 1), mistake("both", a=A + 1, c=C + 1))
    assert [r.text for r in verdict(known, a=A + 1, c=C + 1).remarks] == [said("both")]


def test_of_several_mistakes_that_cannot_be_told_apart_none_is_named():
    """If several mistakes cannot be distinguished, none is named.

    A list of mistakes is no diagnosis. The points are those of the mistake that keeps least.
    """
    known = key(mistake("one", keeps=0.5, a=A + 1), mistake("two", keeps=0.25, a=A + 1))
    judged = verdict(known, a=A + 1)
    assert judged.remarks[0].text == "wrong values in 6 of 6 places: all of them are too large."
    assert not judged.remarks[0].mistake
    assert judged.earned == 2.25


def raised(words, place="line 3", function="f", cause=""):
    """Return an answer that an exception ended."""
    message = f"{place}, in `{function}`: {words} {cause}".strip()
    return Answer(failure=Failure.RAISED, message=message, error=Error(words, place, function))


def test_of_several_mistakes_that_raise_the_same_error_none_is_named():
    """Mistakes that raise the same error are not distinguished; equal descriptions count as one."""
    answer = raised("ValueError: ragged")
    one, two = (Mistake("m1", "words"), answer), (Mistake("m2", "others"), answer)
    same = Mistake("m3", "words"), answer
    assert [r.text for r in judge(three, key(one, two), answer, SIZES).remarks] == [answer.message]
    assert [r.text for r in judge(three, key(one, same), answer, SIZES).remarks] == [
        f"{ERROR_IS}: words",
        answer.message,
    ]


D = np.random.default_rng(0).normal(size=(2, 6, 3, 9))
SIGN = "your values are the expected ones × −1."


def test_an_error_in_other_words_is_no_mistake_that_is_known():
    """An error must match a known mistake's text in every shape and name."""

    def error(b):
        return raised(f"ValueError: shapes (3, 4) and (3, {b}) differ here")

    known = Mistake("m1", "words"), error(5)
    assert [r.text for r in judge(three, key(known), error(5), SIZES).remarks] == [
        f"{ERROR_IS}: words",
        error(5).message,
    ]
    assert [r.text for r in judge(three, key(known), error(6), SIZES).remarks] == [error(6).message]


def test_an_error_is_the_same_whatever_is_said_of_its_cause():
    """Errors are compared without their cause, which quotes the student's line."""

    def error(line):
        return raised("ValueError: shapes (3, 4) and (3, 5) differ.", cause=line)

    known = Mistake("m1", "words"), error("Your line: `return x @ w`. `w` is (3, 5).")
    asked = error("Your line: `y = x @ w.clone()`. `w.clone()` is (3, 5).")
    told = judge(three, key(known), asked, SIZES).remarks
    assert [remark.text for remark in told] == [f"{ERROR_IS}: words", asked.message]


def test_an_error_is_the_same_whether_or_not_it_begins_with_an_operation():
    """Errors are compared without the name of the operation.

    So a key that was built with one version of a library works with another.
    """
    words = "RuntimeError: {}mat1 and mat2 shapes cannot be multiplied (10x8 and 11x17)"
    without, with_it, another = (raised(words.format(begins)) for begins in ("", "mm: ", "in mm: "))
    assert error_words(with_it) == error_words(without) == words.format("")
    assert error_words(another) != error_words(without)


def test_an_equal_nan_is_no_evidence_where_other_arrays_are_wrong():
    """Equal NaNs are no evidence for a mistake if other arrays are wrong without explanation.

    If the mistake explains every wrong array, it is diagnosed.
    """
    told = said("overflow")
    known = key(mistake("overflow", a=np.full(6, np.inf)), mistake("other", b=B + 1))
    assert verdict(known, a=np.full(6, np.inf)).remarks[0].text == told
    both = verdict(known, a=np.full(6, np.inf), b=B + 1)
    assert [r.text for r in both.remarks] == [told, said("other")]
    unknown = verdict(known, a=np.full(6, np.inf), c=np.array([7, 1, 9]))
    assert [r.text for r in unknown.remarks] == [
        "NaN or infinity in 6 of 6 places.",
        "wrong values in 3 of 3 places.",
    ]


def test_a_mistake_that_explains_little_of_what_is_wrong_is_not_named():
    """A mistake that explains one wrong array of three is not diagnosed; one that explains two is.

    A truth value suffices, too. The points are the same.
    """
    flag = (
        Mistake("flag", "words of flag"),
        Answer({"a": D[0], "c": D[1], "d": A, "same": np.array(False)}),
    )
    one = (
        Mistake("one", "words of one", 0.5),
        Answer({"a": np.sin(D[0]), "c": D[1], "d": A, "same": np.array(True)}),
    )
    known = PlainKey(Answer({"a": D[0], "c": D[1], "d": A, "same": np.array(True)}), (one, flag))
    strange = {"c": np.cos(D[1] ** 2), "d": np.sin(A + 2)}
    few = judge(three, known, Answer({"a": np.sin(D[0]), "same": np.array(True), **strange}), SIZES)
    most = judge(
        three,
        known,
        Answer({"a": np.sin(D[0]), "c": -D[1], "d": strange["d"], "same": np.array(True)}),
        SIZES,
    )
    truth = judge(
        three, known, Answer({"a": np.cos(D[0] ** 2), "same": np.array(False), **strange}), SIZES
    )
    assert [r.text for r in few.remarks] == [
        "wrong values: 134 of 162 in `a`, 162 of 162 in `c`, 6 of 6 in `d`.",
        "`same` is right.",
    ]
    assert [r.text for r in most.remarks] == [
        "your values match this known mistake: words of one",
        SIGN,
        "wrong values in 6 of 6 places. The mistake named above does not explain this.",
    ]
    assert truth.remarks[0].text == "your values match this known mistake: words of flag"
    assert (few.earned, most.earned) == (1.125, 1.125)


def test_wrong_places_are_counted_as_the_judge_compares():
    """Wrong entries are counted as the judge compares: exactly for integers, else by tolerance."""
    loose = replace(three, tolerance={"a": 0.25})
    expected = {"a": np.array([0.4, 0.2, 0.1]), "c": np.array([1000, 3, 5000])}
    found = {"a": np.array([0.1, 0.25, 0.4]), "c": np.array([1001, 3, 5002])}
    judged = judge(loose, PlainKey(Answer(expected)), Answer(found), {})
    assert [r.text for r in judged.remarks] == ["wrong values in 2 of 3 places each."]


def test_a_shape_has_no_letters_where_a_single_number_is_wanted():
    """If a single number is expected, a size has no letter: it could match one by chance.

    T · B of a smaller example may equal another's T.
    """
    judged = judge(
        three,
        PlainKey(Answer({"a": np.array(2.5), "c": D[1]})),
        Answer({"a": D[0][0, 0], "c": D[1][:1]}),
        SIZES,
    )
    of_number, of_array = (remark.text for remark in judged.remarks)
    assert of_number == f"the shape is wrong: ({D[0].shape[2]},) found, a single number expected."
    assert "(B, " in of_array or "(T, " in of_array


@pytest.mark.parametrize("c", [D[1][:0], None])
def test_beside_an_array_without_values_no_mistake_is_named(c):
    """Beside a missing array no mistake is diagnosed: too many mistakes look like it."""
    flag = (
        Mistake("flag", "words of flag"),
        Answer({"a": D[0], "c": D[1], "same": np.array(False)}),
    )
    number = (
        Mistake("number", "words of number"),
        Answer({"a": np.sin(D[0]), "c": D[1], "same": np.array(True)}),
    )
    known = PlainKey(Answer({"a": D[0], "c": D[1], "same": np.array(True)}), (number, flag))
    found = {"a": np.sin(D[0]), "same": np.array(False)}
    if c is not None:
        found["c"] = c
    told = [remark.text for remark in judge(three, known, Answer(found), SIZES).remarks]
    assert "words of" not in " ".join(told)
    beside = judge(three, known, Answer(found | {"c": np.cos(D[1] ** 2)}), SIZES)
    assert "your values match this known mistake: words of flag" in [
        remark.text for remark in beside.remarks
    ]


def test_arrays_that_changed_places_are_no_mistake_of_one_of_them():
    """Exchanged arrays are not taken for a mistake that changes only one of them."""
    copied = Mistake("copied", "words of copied"), Answer({"a": D[1], "c": D[1]})
    known = PlainKey(Answer({"a": D[0], "c": D[1]}), (copied,))
    (remark,) = judge(three, known, Answer({"a": D[1], "c": D[0]}), SIZES).remarks
    assert remark.text == "`a` and `c` are swapped."
    assert judge(three, known, Answer({"a": D[1], "c": D[1]}), SIZES).remarks[0].text == said(
        "copied"
    )


def test_a_relation_of_more_arrays_outdoes_a_mistake():
    """A relation that explains more arrays is preferred to a mistake.

    If the mistake explains all of them, it is diagnosed. In the example both arrays are three times
    the expected ones, and only `a` looks like a mistake.
    """
    expected = Answer({"a": D[0], "c": D[1], "d": A})
    half = (
        Mistake("half", "words of half"),
        Answer({"a": 3 * D[0], "c": 7 * D[1], "d": A}),
    )
    one = Mistake("one", "words of one"), Answer({"a": 3 * D[0], "c": D[1], "d": A})
    both = (
        Mistake("both", "words of both"),
        Answer({"a": 3 * D[0], "c": 3 * D[1], "d": A}),
    )
    answer = Answer({"a": 3 * D[0], "c": 3 * D[1], "d": A})
    for known in (half, one):
        (remark,) = judge(three, PlainKey(expected, (known,)), answer, SIZES).remarks
        assert (remark.text, remark.arrays) == (
            "your values are the expected ones × 3.",
            ("a", "c"),
        )
    assert judge(three, PlainKey(expected, (both,)), answer, SIZES).remarks[0].text == said("both")


def test_a_relation_is_told_with_the_shapes_and_the_check_s_own_words():
    """A relation between other shapes names both; the check's words follow it."""
    spoken = replace(three, words={"a": "so they are."})
    known = PlainKey(Answer({"a": D[0], "c": D[1]}))
    judged = judge(spoken, known, Answer({"a": -D[0], "c": D[1].sum(1)}), SIZES)
    assert [remark.text for remark in judged.remarks] == [
        "your values are the expected ones × −1. so they are.",
        "your values are the sum along B of the expected ones: "
        "(T, H) = (6, 9) found, (T, B, H) = (6, 3, 9) expected.",
    ]
    sign, total = (remark.finding.relation for remark in judged.remarks)
    assert (sign.factor.figures, total.operation.kind) == ("−1", OperationKind.SUM)


def test_a_shape_is_told_in_no_letter_that_the_check_does_not_use():
    """A shape uses only letters of its check: `H` is the unit's, not a check's of T and B."""
    of_two = replace(three, letters=("T", "B"))
    judged = judge(of_two, key(), Answer({"a": A, "b": B, "c": np.arange(9)}), SIZES)
    assert judged.remarks[0].text == (
        "the shape is wrong: (9,) found, (B,) = (3,) expected. "
        "All 3 expected values are there, and 6 more."
    )


@pytest.mark.parametrize(("share", "is_told"), [(0.99, True), (0.93, True), (0.88, False)])
def test_drawn_numbers_are_a_mistake_s_only_where_they_are_near_it(share, is_told):
    """Random values must be near a mistake's, and every other array as the mistake makes it.

    The wide tolerance for random values is not enough.
    """
    drawn = replace(three, tolerance={"a": 0.2, "b": 0.2})
    shares = {"a": np.array([0.7, 0.3]), "b": np.array([0.6, 0.4])}
    always = Mistake("m1", "always the same"), Answer({"a": np.array([1.0, 0.0]), "b": shares["b"]})
    known = PlainKey(Answer(shares), (always,))
    wrong = np.array([share, 1 - share])
    remarks = judge(drawn, known, Answer({**shares, "a": wrong}), SIZES).remarks
    assert ("always the same" in remarks[0].text) == is_told


def test_numbers_that_are_small_are_not_those_of_a_mistake_that_makes_zeros():
    """Small numbers do not match a mistake that makes zeros: 0.02 is not 0 if 0.04 is expected.

    Values within a factor of the right ones do not match either; only rounding is allowed.
    """
    small = {"a": np.array([0.04, -0.03]), "b": B}
    made = Mistake("m1", "all are zero"), Answer({"a": np.zeros(2), "b": B})
    drawn = replace(three, tolerance={"a": 0.045})
    for known, is_told in ((0.5, False), (0.0, True), (1e-4, False), (1e-7, True)):
        wrong = {"a": known * small["a"], "b": B}
        remarks = judge(drawn, PlainKey(Answer(small), (made,)), Answer(wrong), SIZES).remarks
        assert any("all are zero" in remark.text for remark in remarks) == is_told


def test_a_truth_value_alone_is_no_mistake_s():
    """A truth value alone is no evidence if the mistake would change another array differently."""
    right = {"a": A, "same": np.array(True)}
    made = Mistake("m1", "kept its start"), Answer({"a": A + 5, "same": np.array(False)})
    known = PlainKey(Answer(right), (made,))
    told = judge(three, known, Answer({"a": A * A, "same": np.array(False)}), SIZES).remarks
    assert not any("kept its start" in remark.text for remark in told)
    told = judge(three, known, Answer({"a": A + 5, "same": np.array(False)}), SIZES).remarks
    assert [remark.mistakes for remark in told] == [("kept its start",)]


def test_wrong_values_of_many_arrays_are_one_line():
    """Wrong values of several arrays are one line, each array with its count."""
    remark, _ = verdict(key(), a=np.sin(A + 1), c=np.array([7, 2, 1])).remarks
    assert remark.text == "wrong values: 6 of 6 in `a`, 2 of 3 in `c`."
    assert remark.arrays == ("a", "c")


def test_where_wrong_values_can_only_be_counted_the_right_arrays_are_named():
    """If wrong values can only be counted, the remark names the right arrays.

    They say where not to look.
    """
    known = key(mistake("m", a=A + 1))
    strange = np.sin(D[0, 0, 0])[:6]
    assert [(remark.text, remark.arrays) for remark in verdict(known, a=strange).remarks] == [
        ("wrong values in 6 of 6 places.", ("a",)),
        ("`b` and `c` are right.", ()),
    ]
    assert [remark.text for remark in verdict(known, a=A + 1).remarks] == [said("m")]
    for names, words in (
        ("a", "`a` is right."),
        ("abc", "`a`, `b` and `c` are right."),
        ("abcdefg", "`a`, `b`, `c` and 4 more are right."),
    ):
        assert sentence(Finding(FindingKind.ARE_RIGHT, names=tuple(names))) == words
    all_wrong = verdict(known, a=strange, b=np.cos(D[0, :, :, :]), c=np.array([7, 9, 1]))
    assert not any("right" in remark.text for remark in all_wrong.remarks)


def test_wrong_values_of_arrays_that_are_alike_are_counted_once():
    """Arrays with equal counts share one entry; single numbers have no positions to count."""
    numbers = PlainKey(Answer({"a": np.array(3.0), "b": np.array(8.0)}))
    one, _ = judge(three, numbers, Answer({"a": np.array(3.5), "b": np.array(8.0)}), SIZES).remarks
    (both,) = judge(
        three, numbers, Answer({"a": np.array(3.5), "b": np.array(9.25)}), SIZES
    ).remarks
    assert (one.text, both.text) == ("this number is wrong.", "these numbers are wrong.")
    rows = PlainKey(Answer({"a": A, "b": A + 1}))
    others = Answer({"a": A + np.sin(A + 1), "b": A + 1 + np.cos(3 * A)})
    (alike,) = judge(three, rows, others, SIZES).remarks
    assert alike.text == "wrong values in 6 of 6 places each."
    below = Answer({"a": A + np.sin(A + 1), "b": A + 1 - np.cos(A) ** 2})
    assert [remark.text for remark in judge(three, rows, below, SIZES).remarks] == [
        "wrong values in 6 of 6 places.",
        "wrong values in 6 of 6 places: all of them are too small.",
    ]


@pytest.mark.parametrize(
    ("words", "is_told"),
    [("unknown axis 4", True), ("no entry 'h'", True), ("ragged", False)],
)
def test_an_error_is_matched_to_a_mistake_that_raises_it(words, is_told):
    """An error matches a known mistake by type and text, not by its line.

    A text that many lines can raise matches only inside the mistake's own function.
    """

    def error(place):
        return raised(f"ValueError: {words}", *place)

    known = Mistake("m1", "words", 0, "code"), error(("line 3", "f"))
    in_f, in_g = error(("line 90", "f")), error(("line 90", "g"))
    told_in_f = [remark.text for remark in judge(three, key(known), in_f, SIZES).remarks]
    told_in_g = [remark.text for remark in judge(three, key(known), in_g, SIZES).remarks]
    as_fact = f"{ERROR_IS}: words"
    assert told_in_f == [as_fact, in_f.message]
    assert told_in_g == ([as_fact, in_g.message] if is_told else [in_g.message])


def test_a_loss_is_compared_with_ours_on_the_same_seed():
    """A loss within the bound on either side of ours passes; beyond it, or NaN, it fails."""
    training = check(points=4, measure=lambda *_: 0.0, within=0.1)(lambda *_: {})
    known = PlainKey(Answer(), (), 2.0)
    assert [
        judge_loss(training, known, loss).earned for loss in (2.05, 1.95, 2.2, 1.8, np.nan)
    ] == [4, 4, 0, 0, 0]


def free_training():
    return check(points=4, measure=lambda *_: 0.0, within=0.1, free=True)(lambda *_: {})


def test_points_follow_the_loss_where_weights_are_free():
    """With free weights, points fall linearly with the loss, from ours to `within` above ours.

    A loss at or below ours earns all. NaN and a negative loss, which is impossible, earn nothing.
    """
    known = PlainKey(Answer(), (), 2.0)
    losses = (1.5, 2.0, 2.025, 2.1, 2.5, 0.0, -1.0, np.nan, np.inf)
    earned = [judge_loss(free_training(), known, loss).earned for loss in losses]
    assert earned == [4, 4, 3, 0, 0, 4, 0, 0, 0]


@pytest.mark.parametrize("nothing", [Answer(), Answer(failure=Failure.TIMEOUT)])
def test_no_answer_is_compared_with_nothing(nothing):
    """Without a reference answer any would be right."""
    check = Check("a", 1, dict)
    with pytest.raises(ValueError, match="no reference answer to `a`"):
        judge(check, PlainKey(nothing), Answer({"x": np.ones(2)}), SIZES)


def test_free_weights_need_neither_our_shapes_nor_our_start():
    """Free weights may have other shapes and another start; only missing ones are wrong.

    The direction of weights is not compared.
    """
    ours, theirs = np.ones((60, 40)), np.random.default_rng(0).normal(size=(9, 200))
    known = PlainKey(Answer({"w": ours, "plan": np.array("lstm 9")}), (), 2.0)
    theirs = {"w": theirs, "plan": np.array("gru 200")}
    assert judge(free_training(), known, Answer(theirs), SIZES).status == "passed"
    assert judge(free_training(), known, Answer({"w": ours}), SIZES).earned == 0
    assert judge_loss(free_training(), known, 2.0, theirs).earned == 4


def test_a_loss_above_ours_is_told_with_what_it_costs():
    """A loss above ours is reported with the points lost; one below ours is reported, too.

    A loss that is not a number leads to a question.
    """
    known = PlainKey(Answer(), (), 2.0)
    verdict = judge_loss(free_training(), known, 2.05)
    assert verdict.status == "partial"
    assert verdict.loss == (2.05, 2.0)
    assert verdict.remarks[0].text == (
        "held-out loss 2.0500; ours on the same split 2.0000. A loss as low as ours earns all "
        "points, and one that is 0.1 higher none."
    )
    better = judge_loss(free_training(), known, 1.5)
    assert better.status == "passed"
    assert better.remarks[0].text.startswith("held-out loss 1.5000; ours on the same split 2.0000.")
    none = judge_loss(free_training(), known, np.nan)
    assert none.status == "failed"
    assert none.remarks[0].text.startswith("the held-out loss of these weights cannot be computed.")


def test_not_reached_names_what_is_needed():
    """A check that was not reached earns nothing and names the checks to pass first."""
    assert waiting(three, ["a", "b"]).remarks[0].text == "Do these first: `a`, `b`."


def test_a_loss_is_told_beside_ours():
    """A loss is shown beside ours, with four decimals and the course's unit.

    Pages receive the figures.
    """
    training = check(points=4, measure=lambda *_: 0.0, within=0.1)(lambda *_: {})
    verdict = judge_loss(training, PlainKey(Answer(), (), 2.0), 2.5, loss_unit="nats a letter")
    assert verdict.remarks[0].text.startswith(
        "held-out loss 2.5000 nats a letter; ours on the same seed, batches and initial weights "
        "2.0000. "
        "They should agree within 0.1."
    )
    assert verdict.loss == (2.5, 2.0, 0.1)
    bare = judge_loss(training, PlainKey(Answer(), (), 2.0), 2.5)
    assert "held-out loss 2.5000; ours" in bare.remarks[0].text


def test_a_failed_training_is_not_asked_what_passed_checks_have_answered():
    """A failed training asks about batches and weights only if no exact check covers them."""

    def told(needs):
        training = check(points=4, needs=needs, measure=lambda *_: 0.0, within=0.1)(lambda *_: {})
        return judge_loss(training, PlainKey(Answer(), (), 2.0), 2.5).remarks[0].text

    assert "its own batch and the newest weights" in told(())
    assert "its own batch" not in told(three)
    assert "`three` passed, so look" in told(three)


def test_a_right_loss_of_weights_that_were_not_trained_is_refused():
    """A right loss from weights that were trained elsewhere is refused.

    The remark says what to train.
    """
    training = check(points=4, measure=lambda *_: 0.0, within=0.1)(lambda *_: {})
    ours, others = np.random.default_rng(0).normal(size=(2, 60, 40))
    known = PlainKey(Answer({"w": ours}), (), 2.0)
    trained = judge_loss(training, known, 2.0, {"w": ours})
    assert trained.earned == 4
    shipped = judge_loss(training, known, 2.0, {"w": others})
    assert shipped.earned == 0
    assert "were not trained from the given initial weights" in shipped.remarks[0].text


def test_trained_weights_need_only_their_shapes():
    """A training check compares the loss and the weights' shapes, not their values."""
    training = check(points=4, measure=lambda *_: 0.0)(lambda *_: {})
    training = replace(training, letters=("T", "H"))
    known = PlainKey(Answer({"w": np.ones((6, 9))}))
    assert judge(training, known, Answer({"w": np.zeros((6, 9))}), SIZES).status == "passed"
    wrong = judge(training, known, Answer({"w": np.zeros((9, 6))}), SIZES)
    assert wrong.earned == 0
    assert "(H, T) = (9, 6) found, (T, H) = (6, 9) expected" in wrong.remarks[0].text


def test_rows_that_nothing_reaches_make_no_weights_alike():
    """Rows that were never trained do not make two sets of weights similar.

    Neither copied initial rows nor zeros or NaN outweigh the rest.
    """
    rng = np.random.default_rng(0)
    ours, other = rng.normal(size=(2, 128, 24))
    other[80:] = 1e6 * ours[80:]
    noise = rng.normal(size=ours.shape)
    assert row_cosine({"w": ours + 0.5 * noise}, {"w": ours}) > 0.8
    zeros = np.zeros_like(ours)
    for w in (other, zeros, np.full_like(ours, np.nan), np.full_like(ours, np.inf)):
        assert row_cosine({"w": w}, {"w": ours}) < 0.25
    too_small_to_tell = {"w": ours[:3]}
    assert row_cosine(too_small_to_tell, too_small_to_tell) == 1


# ---- checks that need others, mistakes that were not made


def test_what_is_needed_and_has_not_passed_is_unmet():
    """A needed check that failed is unmet; one that was not selected blocks nothing."""
    needing = check(
        points=1, needs=[three, replace(three, name="four"), replace(three, name="five")]
    )(lambda *_: {})
    verdicts = {
        name: Verdict(name, "", 1, 1, status)
        for name, status in (("three", "passed"), ("four", "partial"))
    }
    assert unmet(needing, verdicts) == ["four"]


def test_mistakes_that_a_passed_check_would_have_shown_were_not_made():
    """Only passed checks that the key holds rule out the mistakes that they would show."""
    known = {"three": key(mistake("first")), "four": key(mistake("second"))}
    verdicts = {
        name: Verdict(name, "", 1, 1, status)
        for name, status in (("three", "passed"), ("four", "failed"), ("five", "passed"))
    }
    excluded = excluded_by(known, verdicts)
    assert [m.id for key in known.values() for m, _ in key.mistakes if excluded(m)] == ["first"]


# ---- how far two answers are apart


def apart(one, other, **options):
    return deviation(replace(three, **options), "a", Answer({"a": one}), Answer({"a": other}))


def test_a_deviation_of_one_is_the_tolerance_of_the_largest_value():
    """A deviation of 1 is the tolerance times the largest value.

    The default tolerance is a thousandth. An array of zeros has a deviation, too.
    """
    expected = np.array([0.0, 10.0])
    found = np.array([0.01, 10.0])
    assert apart(expected, found) == pytest.approx(1)
    assert apart(expected, found, tolerance={"a": 1e-2}) == pytest.approx(0.1)
    assert apart(np.zeros(2), np.array([0.0, 0.001])) == pytest.approx(1)


def test_an_absolute_tolerance_is_added_to_the_share():
    """An absolute tolerance is added to the relative one, and also locates wrong entries."""
    expected = np.array([0.0, 10.0])
    found = np.array([0.01, 10.0])
    assert apart(expected, found, atol={"a": 0.01}) == pytest.approx(0.5)
    assert apart(expected, found, tolerance={"a": 0.0}, atol={"a": 0.005}) == pytest.approx(2)
    wide = replace(three, atol={"a": 1.0})
    found = Answer({"a": np.array([2.0, 10.5])})
    places = wrong_places(wide, "a", Answer({"a": expected}), found)
    assert places.tolist() == [True, False]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.ones(2), np.ones((2, 1))),
        (np.ones(2), None),
        (np.array([1, 2]), np.array([1, 3])),
        (np.array([True]), np.array([False])),
        (np.array([np.nan, 1]), np.array([1, np.nan])),
        (np.array([np.inf, 1]), np.array([-np.inf, 1])),
        (np.array([1.0]), np.array([np.nan])),
        (np.array("a"), np.array("b")),
        (np.array("1"), np.array(1)),
        (np.array(["a"]), np.array([["a"]])),
    ],
)
def test_some_answers_are_infinitely_far_apart(one, other):
    """The deviation of some answers is infinite.

    They have other shapes, NaN or infinity elsewhere, unequal integers or text, or an array is
    missing.
    """
    other = {} if other is None else {"a": other}
    assert deviation(three, "a", Answer({"a": one}), Answer(other)) == math.inf
    assert deviation(three, "a", Answer(other), Answer({"a": one})) == math.inf


def test_the_same_nan_infinity_and_text_are_no_distance_apart():
    """Equal NaN, infinity and text have deviation 0, as do two missing or empty arrays.

    The numbers beside them count.
    """
    for same in (
        np.array([np.nan, 1.0]),
        np.array([np.inf, -np.inf]),
        np.array(["a", "b"]),
        np.empty((0, 3)),
    ):
        assert apart(same, same.copy()) == 0
    assert apart(np.array([np.nan, 1.0]), np.array([np.nan, 1.1])) == pytest.approx(100)
    assert apart(np.array(["a"], "U1"), np.array(["a"], "U9")) == 0
    assert deviation(three, "a", Answer(), Answer()) == 0


# ---- text


@check(points=2)
def naming(net, seed):
    """text, alone and in a list"""
    return {}


naming = replace(naming, letters=tuple(SIZES))


ONE, ALL = np.array("A. L."), np.array(["A. L.", "G. B. H.", "E. N."])


def named_verdict(*mistakes, **changed):
    answer = Answer({"one": ONE, "all": ALL} | changed)
    return judge(naming, PlainKey(Answer({"one": ONE, "all": ALL}), mistakes), answer, SIZES)


def test_equal_text_earns_everything():
    """Equal text earns all points, whatever its NumPy width; a different space earns none."""
    assert named_verdict(one=ONE.astype("U50")).earned == 2
    assert named_verdict(one=np.array("A. L. ")).earned == 1


FIRMS = np.array(["Acme", "Acme", "Bolt", "Core", "Core", "Dune", "Dune"])
YEARS = np.array([2010, 2012, 2011, 2010, 2013, 2011, 2012])
PANEL = {"panel.index": np.arange(7), "panel.firm": FIRMS, "panel.year": YEARS}
SHORTER = {"panel.index": np.arange(5), "panel.firm": FIRMS[2:], "panel.year": YEARS[2:] + 1}


@pytest.mark.parametrize(("years", "is_named"), [(YEARS[2:] + 1, True), (YEARS[2:] - 1, False)])
def test_a_mistake_explains_all_columns_of_a_table_with_other_rows_or_none(years, is_named):
    """That as many rows of the same firms are left out is no sign of a mistake by itself.

    An index that only counts the rows is not described beside the other columns.
    """
    known = Mistake("m1", "the years are wrong.", 0.0, "return panel"), Answer(SHORTER)
    answer = Answer({**SHORTER, "panel.year": years})
    verdict = judge(naming, PlainKey(Answer(PANEL), [known]), answer, SIZES)
    named = [remark for remark in verdict.remarks if remark.mistakes]
    described = [remark for remark in verdict.remarks if not remark.mistakes]
    assert bool(named) == is_named
    assert bool(described) != is_named
    assert not any("panel.index" in remark.arrays for remark in described)


ONLY_BLANKS = "Only white space differs."
SHAPE_OF_TWO = "the shape is wrong: (2,) found, (B,) = (3,) expected."
BUT_RIGHT = "all others are there, in some order."
MISSING_AND, NOT = "expected values are missing, and", "is not expected."


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"one": np.array("A.L.")}, f"expected 'A. L.', found 'A.L.'. {ONLY_BLANKS}"),
        ({"one": np.array("a. L.")}, "expected 'A. L.', found 'a. L.'. Only capitals differ."),
        ({"one": np.array("")}, "expected 'A. L.', found ''."),
        ({"one": np.array("A. L.\n")}, f"expected 'A. L.', found 'A. L.\\n'. {ONLY_BLANKS}"),
        (
            {"all": np.array(["A. L.", "G.B.H.", "E. N."])},
            f"at [1] expected 'G. B. H.', found 'G.B.H.'. {ONLY_BLANKS}",
        ),
        ({"all": np.array(["", "", "E. N."])}, "at [0] expected 'A. L.', found ''; 2 of 3 differ."),
        (
            {"all": ALL[::-1]},
            "at [0] expected 'A. L.', found 'E. N.'; 2 of 3 differ. All are the expected ones, in "
            "another order.",
        ),
        ({"all": ALL[:2]}, f"{SHAPE_OF_TWO} 1 of the 3 expected values is missing; {BUT_RIGHT}"),
        (
            {"all": np.array(["E. N.", "x"])},
            f"{SHAPE_OF_TWO} 2 of the 3 {MISSING_AND} 1 of yours {NOT}",
        ),
        ({"all": np.array(["x", "y"])}, SHAPE_OF_TWO),
        (
            {"all": np.array([*ALL, "x"])},
            "the shape is wrong: (B+1,) = (4,) found, (B,) = (3,) expected. "
            "All 3 expected values are there, and 1 more.",
        ),
        ({"all": np.array([1, 2, 3])}, "your values are numbers, and should be text."),
        ({"one": np.array(3)}, "your value is a number, and should be text."),
        ({"all": np.array([])}, "your value is an empty list, and should be text."),
    ],
)
def test_wrong_text_is_told_by_what_was_expected_and_found(changed, words):
    """The remark on wrong text shows the first difference and the number of wrong entries.

    Another shape, and numbers instead of text, are reported as for any array.
    """
    assert [remark.text for remark in named_verdict(**changed).remarks] == [words]


def test_text_where_numbers_are_wanted_is_told():
    """Text in the place of numbers is reported."""
    assert (
        verdict(key(), c=np.array(["1", "2", "3"])).remarks[0].text
        == "your value is text, and should be numbers."
    )


def test_a_mistake_in_text_is_named():
    """Text equal to a known mistake's gets its description and its share of the points."""
    spaceless = (
        Mistake("m1", "a space is missing.", 0.5),
        Answer({"one": np.array("A.L."), "all": ALL}),
    )
    judged = named_verdict(spaceless, one=np.array("A.L."))
    assert (judged.remarks[0].mistakes, judged.earned) == (("a space is missing.",), 1.5)


def test_a_mistake_in_text_is_named_beside_what_nothing_explains():
    """A mistake in text is diagnosed beside unexplained arrays if it explains most wrong ones."""
    spaceless = (
        Mistake("m1", "a space is missing."),
        Answer({"one": np.array("A.L."), "all": ALL}),
    )
    judged = named_verdict(spaceless, one=np.array("A.L."), all=ALL[::-1])
    assert judged.remarks[0].text == "your values match this known mistake: a space is missing."
    assert judged.remarks[1].text.startswith("at [0] expected 'A. L.'")


def test_a_mistake_that_leaves_an_array_out_is_not_named_beside_what_nothing_explains():
    """A mistake that only omits an array is not diagnosed beside unexplained arrays.

    A missing array says little about its cause. If nothing else is wrong, the mistake is diagnosed.
    """
    without = Mistake("m1", "`c` is not returned."), Answer({"a": A, "b": B})
    alone = judge(three, key(without), Answer({"a": A, "b": B}), SIZES)
    beside = judge(three, key(without), Answer({"a": np.sin(A + 1), "b": B}), SIZES)
    assert [remark.mistakes for remark in alone.remarks] == [("`c` is not returned.",)]
    assert [remark.text for remark in beside.remarks] == [
        "wrong values in 6 of 6 places.",
        "is missing from the result.",
    ]


def test_the_checks_own_words_stand_for_wrong_text_too():
    """A check's `words` also replace "wrong text"."""
    spoken = replace(naming, words={"one": "the letters are wrong."})
    judged = judge(spoken, PlainKey(Answer({"one": ONE})), Answer({"one": np.array("x")}), SIZES)
    assert judged.remarks[0].text == "the letters are wrong."


def test_of_a_long_text_the_part_that_differs_is_shown():
    """Both sides of a long text show the same 160 characters around the first difference."""
    long = "word " * 100
    wrong = long[:250] + "W" + long[251:]
    judged = judge(
        naming, PlainKey(Answer({"one": np.array(long)})), Answer({"one": np.array(wrong)}), SIZES
    )
    expected = f"expected …{long[170:330]!r}…, found …{wrong[170:330]!r}…. "
    expected += "Only capitals differ."
    assert judged.remarks[0].text == expected
    cut = judge(
        naming,
        PlainKey(Answer({"one": np.array(long)})),
        Answer({"one": np.array(long[:300])}),
        SIZES,
    )
    assert len(cut.remarks[0].text) < 400
    assert "'…, found …'" in cut.remarks[0].text


# ---- equal wrong answers


def groups(check_, **answers):
    """Return the group of each wrong answer to `a`, by name."""
    right, *others = answers.values()
    known = PlainKey(Answer({"a": right}))
    return [judge(check_, known, Answer({"a": a}), SIZES).remarks[0].group for a in others]


def test_equal_wrong_answers_are_of_one_group():
    """Equal wrong answers form a group: numbers to two digits of any type, text exactly.

    A diagnosed mistake has no group.
    """
    one, same, other = groups(
        three, right=A, one=A * 2, same=(A * 2.0001).astype("f4"), other=A * 3
    )
    assert one == same != other
    assert one
    one, same, other = groups(
        naming, right=ALL, one=ALL[::-1], same=ALL[::-1].copy(), other=np.array(["x", "y", "z"])
    )
    assert one == same != other
    assert one
    assert verdict(key(mistake("first", a=A + 1)), a=A + 1).remarks[0].group == ""


# ---- no answer


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (Failure.STUB, "failed"),
        (Failure.MISSING, "error"),
        (Failure.RAISED, "error"),
        (Failure.BROKEN, "error"),
        (Failure.TIMEOUT, "timeout"),
        (Failure.KILLED, "killed"),
        (Failure.UNREAD, "error"),
    ],
)
def test_an_answer_that_is_none_is_told_in_its_own_words(failure, status):
    """A failure earns no points; its message is the only remark, with the kind of failure."""
    judged = judge(three, key(), Answer(failure=failure, message="what happened."), SIZES)
    assert (judged.earned, judged.status, judged.failure) == (0, status, failure)
    assert [remark.text for remark in judged.remarks] == ["what happened."]


# ---- an answer that ended early


def ended_early(arrays, failure=Failure.RAISED, asked=three, known=None):
    """Return the verdict on an answer with some arrays and a failure."""
    return judge(
        asked, known or key(), Answer(arrays, failure, "line 3, in `f`: ValueError: no"), SIZES
    )


def test_what_is_right_beside_a_failure_earns_its_share():
    """Right arrays beside a failure earn their share.

    The failure is reported first. The right arrays are named and the wrong ones are not.
    """
    judged = ended_early({"a": A, "b": B + 1})
    assert (judged.earned, judged.status, judged.failure) == (1, "partial", "raised")
    assert [remark.arrays for remark in judged.remarks] == [(), ("a",)]
    assert judged.remarks[0].text.startswith("line 3")


def test_a_failure_with_nothing_right_is_an_error():
    """A failure without a right array is an error and earns no points."""
    for arrays in ({}, {"a": A + 1}, {"z": A}):
        judged = ended_early(arrays)
        assert (judged.earned, judged.status, len(judged.remarks)) == (0, "error", 1)


def test_a_failure_beside_arrays_that_are_all_right_earns_nothing():
    """A failure beside arrays that are all right earns nothing, for no array shows what failed."""
    assert ended_early({"a": A, "b": B, "c": C}).earned == 0


def test_weights_beside_a_failure_are_not_measured():
    """Weights beside a failure are not measured: training is answered whole or not at all."""
    assert ended_early({"a": A}, asked=replace(three, measure=lambda *_: 0.0)).earned == 0


@pytest.mark.parametrize(("named", "earned"), [("abc", 0), ("ab", 2), ("a", 1), ("b", 0), ("", 0)])
def test_what_a_failure_leaves_unnamed_costs_what_a_wrong_one_would(named, earned):
    """Arrays missing after a failure cost as much as wrong ones.

    That includes constant arrays, so a crash before them saves nothing.
    """
    arrays = {name: array for name, array in {"a": A, "b": B, "c": C}.items() if name in named}
    known = replace(key(), constant=CONSTANT)
    assert ended_early(arrays, known=known).earned == earned
    if len(arrays) < 3:
        wrong = {name: value + 1 for name, value in {"a": A, "b": B, "c": C}.items()}
        assert earned == verdict(known, **(wrong | arrays)).earned


@check(points=1)
def masks(unit, seed):
    """A mask and a level"""


MASK = np.arange(99).reshape(9, 11) % 3 == 0
LEVEL = np.array([7, 2, 9, 4, 8])


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (np.zeros((9, 11), bool), "33 of 99 places: your values are all False."),
        (MASK & (np.arange(11) > 4), "15 of 99 places: all of them are False and should be True."),
        (MASK | (np.arange(11) > 8), "12 of 99 places: all of them are True and should be False."),
        (~MASK, "99 of 99 places."),
    ],
)
def test_wrong_truth_values_on_one_side_are_described_so(mask, words):
    """Feedback on a mask says if nothing but True is missing, or too much."""
    known = {"masks": PlainKey(Answer({"mask": MASK}))}
    (remark,) = judge(masks, known["masks"], Answer({"mask": mask}), {}).remarks
    assert remark.text == f"wrong values in {words}"


GAPS = np.where(np.arange(30) % 3 == 0, np.nan, np.arange(30.0))
SOME = np.isin(np.arange(30), [3, 6, 15, 21, 27])  # of its NaNs
LAST = np.arange(30) > 17


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        (GAPS, np.where(SOME, 7.3, GAPS), "5 of 30 places: all of them are numbers, where NaN"),
        (GAPS, np.where(LAST, np.nan, GAPS), "8 of 30 places: all of them are NaN, where a num"),
        (GAPS, np.where(SOME, 7.3, np.where(LAST, GAPS**0.3, GAPS)), "13 of 30 places."),
        (
            np.arange(12) ** 2,
            np.arange(12) ** 2 + np.array([1, -1, 0] * 4),
            "8 of 12 places: each of them is off by 1, up or down.",
        ),
        (
            np.array([2, 3] * 4),
            np.array([1, 2] * 4),
            "8 of 8 places: each of them is 1 too small.",
        ),
        (
            np.arange(12) ** 2,
            np.arange(12) ** 2 + np.arange(12) % 4,
            "9 of 12 places: all of them are too large.",
        ),
    ],
)
def test_how_all_wrong_numbers_differ_is_described(right, wrong, words):
    """Feedback says if all wrong numbers stand for NaN, are NaN, are off by 1, or are too large."""
    known = PlainKey(Answer({"level": right}))
    (remark,) = judge(masks, known, Answer({"level": wrong}), {}).remarks
    assert remark.text.startswith(f"wrong values in {words}")


def test_wrong_values_near_the_border_are_described_so():
    """Feedback says if all wrong values of a matrix are in its first or last rows or columns."""
    right = np.random.default_rng(5).permutation(99).reshape(9, 11) % 7 == 0
    other = right.copy()
    other[:, :2], other[:, -2:] = ~right[:, :2], ~right[:, -2:]
    known = PlainKey(Answer({"mask": right}))
    (remark,) = judge(masks, known, Answer({"mask": other}), {}).remarks
    assert remark.text == (
        "wrong values in 36 of 99 places: they are all in the first or last 2 rows or columns."
    )


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ((1, 2), "moved down by 1 and right by 2, except at the border."),
        ((-2, 0), "moved up by 2, except at the border."),
        ((3, -1), "moved down by 3 and left by 1, except at the border."),
        ((0, 5), ""),
    ],
)
@pytest.mark.parametrize("kind", [bool, int, float])
def test_a_matrix_that_is_moved_is_described_so(steps, words, kind):
    """Feedback says by how many rows and columns a picture or a mask is moved."""
    rng = np.random.default_rng(3)
    picture = rng.integers(0, 2 if kind is bool else 99, (12, 17)).astype(kind)
    moved = np.roll(picture, steps, (0, 1))
    for axis, step in enumerate(steps):
        came_in = np.moveaxis(moved, axis, 0)
        came_in[: step if step > 0 else 0] = 0
        came_in[step if step < 0 else len(came_in) :] = 0
    known = PlainKey(Answer({"mask": picture}))
    (remark,) = judge(masks, known, Answer({"mask": moved}), {}).remarks
    assert remark.text.endswith(words)
    assert ("moved" in remark.text) == bool(words)


def test_a_mistake_of_one_array_is_said_not_to_explain_another():
    """Of a mistake that would leave another wrong array right, feedback says so.

    An array without any True says little, so no mistake is named for it beside such an array.
    """
    slip = Mistake("m", "the level is in the mask.")
    known = PlainKey(
        Answer({"mask": MASK, "level": LEVEL}), ((slip, Answer({"mask": ~MASK, "level": LEVEL})),)
    )
    answer = Answer({"mask": ~MASK, "level": np.array([7, 1, 9, 5, 7])})
    remarks = judge(masks, known, answer, {}).remarks
    assert [remark.text for remark in remarks] == [
        "your values match this known mistake: the level is in the mask.",
        "wrong values in 3 of 5 places. The mistake named above does not explain this.",
    ]
    none = np.zeros_like(MASK)
    known = PlainKey(
        Answer({"mask": MASK, "level": LEVEL}), ((slip, Answer({"mask": none, "level": LEVEL})),)
    )
    remarks = judge(masks, known, Answer({"mask": none, "level": LEVEL[::-1]}), {}).remarks
    assert not any(remark.mistakes for remark in remarks)


def test_wrong_arrays_with_a_missing_value_are_equal_only_if_their_values_are():
    """NaN does not make different wrong answers one group, nor does infinity."""
    known = PlainKey(Answer({"level": GAPS}))
    groups = []
    for wrong in (np.cos(GAPS), -GAPS, np.cos(GAPS) + 1e-9, np.where(LAST, np.inf, GAPS)):
        (remark,) = judge(masks, known, Answer({"level": wrong}), {}).remarks
        groups.append(remark.group)
    one, other, one_again, _ = groups
    assert one == one_again != other


def test_texts_of_two_kinds_are_no_evidence_if_the_details_contradict():
    """A coarse text that many wrong answers share names no mistake that another array refutes."""
    right = {
        "verdict": np.array(["in order"] * 4),
        "detail": np.array(["a b", "c d", "e f", "g h"]),
    }
    late = np.array(["in order", "late", "late", "late"])
    slip = Mistake("m", "the order is reversed.")
    reversed_ = {"verdict": late, "detail": np.array(["a b", "d c", "f e", "h g"])}
    known = PlainKey(Answer(right), ((slip, Answer(reversed_)),))
    remarks = judge(masks, known, Answer(reversed_), {}).remarks
    assert [remark.mistakes for remark in remarks] == [("the order is reversed.",)]
    other = {"verdict": late, "detail": np.array(["a b", "d", "f", "h"])}
    remarks = judge(masks, known, Answer(other), {}).remarks
    assert not any(remark.mistakes for remark in remarks)
