"""The first wrong value, which practice shows below a remark that diagnoses no mistake."""

from dataclasses import replace

import numpy as np
import pytest
import small
import small_class
from judged import judge

from autograder.check import Answer, Failure, as_array, check
from autograder.judging import Mistake, PlainKey, Remark, Verdict
from autograder.practice.first_wrong import first_wrong, first_wrong_text, with_first_wrong
from autograder.practice.practise import practise
from autograder.report.pages import environment
from autograder.report.terminal import (
    earned_in_practice,
    earned_of,
    total,
    total_in_practice,
    verdict_lines,
)
from autograder.sandbox.inside.submission import Submission


@check(points=2)
def numbers(net, seed):
    """three arrays"""
    return {}


Y, Z = np.array([[1.0, 19.0], [3.0, 4.0]]), np.array([1, 2, 3])


BIG = "`y[0]` should be"


def told(want, got, name="y"):
    expected, found = as_array(name, want), as_array(name, got)
    exact = replace(numbers, tolerance={name: 1e-15})
    return first_wrong(name, exact, Answer({name: expected}), Answer({name: found}))


@pytest.mark.parametrize(
    ("want", "got", "words"),
    [
        ([19.0, 2.0], [6.0, 2.0], "`y[0]` should be 19 and is 6."),
        ([[1, 2], [3, 4]], [[1, 2], [3, 5]], "`y[1, 1]` should be 4 and is 5."),
        (2.5, np.nan, "`y` should be 2.5 and is nan."),
        ([np.nan, 1.0], [np.nan, 2.0], "`y[1]` should be 1 and is 2."),
        ([True, False], [True, True], "`y[1]` should be False and is True."),
        ([True, False], [-2, 0], "`y[0]` should be True and is -2."),
        ([123456, 2], [123457, 2], "`y[0]` should be 123456 and is 123457."),
        ([1000.0, 1.0], [1001.5, 1.0], "`y[0]` should be 1000 and is 1002."),
        (
            [9253082936723602],
            [9253082936723603],
            f"{BIG} 9253082936723602 and is 9253082936723603.",
        ),
        ([9253082936723602], [1.5], f"{BIG} 9253082936723602 and is 1.5."),
        ([1.0], [1.0 + 1e-13], f"{BIG} 1 and is 1.0000000000000999."),
        ([2**64, 1], [2**64 + 1, 1], f"{BIG} 18446744073709551616 and is 18446744073709551617."),
        ([5, 1], [2**64, 1], f"{BIG} 5 and is 18446744073709551616."),
        ([2**64, 1], [5, 1], f"{BIG} 18446744073709551616 and is 5."),
        ([2**64, 1], [5.5, 1], f"{BIG} 18446744073709551616 and is 5.5."),
        ([1.0], [[1.0]], ""),
        (["a"], ["b"], ""),
        ([1.0, 2.0], [1.0, 2.0], ""),
    ],
)
def test_the_first_wrong_number_is_told(want, got, words):
    """The first wrong number is shown with enough digits to see the difference.

    It is not shown for text or for another shape.
    """
    assert told(want, got) == words


def test_the_first_wrong_text_is_quoted():
    """Of several texts the first that differs is quoted, with its place."""
    right = Answer({"one": np.array("a b"), "all": np.array(["a", "b", "c"])})
    wrong = Answer({"one": np.array("a c"), "all": np.array(["a", "d", "e"])})
    assert first_wrong_text("one", right, wrong) == "`one` should be 'a b' and is 'a c'."
    assert first_wrong_text("all", right, wrong) == "`all[1]` should be 'b' and is 'd'."
    assert first_wrong_text("all", right, right) == ""


@pytest.mark.parametrize(
    ("want", "got", "words"),
    [
        ([[0, 1], [1, 0], [1, 1]], [[1, 1], [0, 1]], "`y` lacks [1, 0]."),
        ([[False, True], [True, True]], [[1, 1]], "`y` lacks [False, True]."),
        ([2, 3, 5], [1, 2, 3, 5], "`y` should not have 1."),
        ([2, 3, 5], [2, 3, 3, 5], "`y` has 3 more often than it should."),
        (["a", "b"], ["b"], "`y` lacks 'a'."),
        ([[0, 1]], [[1, 0], [0, 0]], ""),
        ([[0, 1]], [0, 1], ""),
        ([1.5, 2.5], [1.5], ""),
        (3.8, [3.8], ""),
        (3, [3, 4], ""),
        ([3.8], 3.8, ""),
        (["a" * 99, "b"], ["b"], f"`y` lacks '{'a' * 59}…."),
    ],
)
def test_of_a_list_of_another_length_a_row_is_told(want, got, words):
    """For a list of another length the first missing or surplus row is shown.

    If all rows are wrong, none is shown. A single number has no rows.
    """
    assert told(want, got) == words


@pytest.mark.parametrize(
    ("arrays", "named"),
    [
        ("", ""),
        ("y", " (`y`)"),
        ("xyz", " (`x`, `y`, `z`)"),
        ("uvxyz", " (`u`, `v`, `x` and 2 more)"),
    ],
)
def test_a_remark_stands_before_its_arrays(arrays, named):
    """A remark precedes its arrays and names at most three of them."""
    verdict = Verdict("numbers", "", 1, 0, "failed", (Remark("a slip.", tuple(arrays)),))
    assert verdict_lines(verdict).plain.splitlines()[1] == f"    a slip.{named}"


def test_a_remark_that_names_a_mistake_has_no_number():
    """A remark that diagnoses a mistake shows no number; the others show their first wrong one."""
    slip = Mistake("m", "a slip."), Answer({"y": Y, "z": Z + 1})
    known = PlainKey(Answer({"y": Y, "z": Z}), (slip,))
    answer = Answer({"y": np.sin(Y), "z": Z + 1})
    verdict = with_first_wrong(judge(numbers, known, answer, {}), numbers, known, answer)
    assert [remark.example for remark in verdict.remarks] == [
        "",
        "`y[0, 0]` should be 1 and is 0.8415.",
    ]
    assert verdict_lines(verdict).plain.endswith(
        "wrong values in 4 of 4 places: all of them are too small. The mistake named above does "
        "not explain this. (`y`)\n    `y[0, 0]` should be 1 and is 0.8415."
    )


def test_practice_shows_it_in_the_terminal():
    """The terminal shows the number below the relation that the public key gives away."""
    script = small_class.SOLVED[small.UNIT].replace("return 2 * x", "return 6 * x")
    assert "6 * x" in script
    unit = small.unit()
    (verdict,) = practise(unit, [unit.checks[0]], Submission(script.encode(), ""))
    (remark,) = verdict.remarks
    assert remark.text == "your values are the expected ones × 3."
    assert remark.example.startswith("`doubled[0, 0]` should be ")


def test_practice_shows_the_points_as_a_grade_does():
    """Practice shows points and their sum to a hundredth and rounds nothing up to the maximum."""
    key = PlainKey(Answer({"x": Y, "y": Y, "z": Z}))
    partial = judge(numbers, key, Answer({"x": Y, "y": Y, "z": Z + 1}), {})
    whole = judge(numbers, key, Answer({"x": Y, "y": Y, "z": Z}), {})
    assert earned_in_practice(partial) == "1.33/2"
    assert earned_in_practice(whole) == "2/2"
    assert verdict_lines(partial).plain.startswith("◐ 1.33/2  three arrays")
    not_begun = judge(numbers, key, Answer(failure=Failure.STUB, message="not written yet."), {})
    assert verdict_lines(not_begun).plain.startswith("· 0/2  three arrays")
    raised = judge(numbers, key, Answer(failure=Failure.RAISED, message="ValueError"), {})
    assert verdict_lines(raised).plain.startswith("✗ 0/2  three arrays")
    assert total_in_practice([partial, whole]) == "3.33 of 4 points"
    nearly_all = replace(partial, earned=1.997)
    assert total_in_practice([nearly_all, whole]) == "3.99 of 4 points"
    assert total_in_practice([nearly_all]) == "1.99 of 2 points"
    third = replace(partial, earned=0.6667)
    assert earned_in_practice(third) == earned_of(third.earned, third.points) == "0.67/2"
    assert total_in_practice([third, whole, nearly_all]) == total([third, whole, nearly_all])
    assert as_points_of(third) == "0.67 of 2 points"
    assert as_points_of(nearly_all) == "1.99 of 2 points"
    assert total_in_practice([whole, whole]) == "4 of 4 points"


def as_points_of(verdict):
    """Return the points of a check as a student's page shows them."""
    return environment().from_string("{{ verdict|points_of }}").render(verdict=verdict)


def test_practice_puts_the_sign_of_all_points_where_all_are_earned():
    """With an error carried forward, a check with all points has their sign.

    It passes as far as it can.
    """
    key = PlainKey(Answer({"x": Y, "y": Y, "z": Z}))
    carried = replace(judge(numbers, key, Answer({"x": Y, "y": Y, "z": Z + 1}), {}), earned=2.0)
    assert carried.status == "partial"
    assert verdict_lines(carried).plain.startswith("✓ 2/2  three arrays")


def test_no_blank_ends_a_line_whose_sentence_names_the_arrays():
    """No line ends in a space where the sentence itself names the arrays.

    An example is "wrong values: 8 of 12 in `a`, 2 of 4 in `b`.".
    """
    remark = Remark("wrong values: 8 of 12 in `a`, 2 of 4 in `b`.", ("a", "b"))
    verdict = Verdict("numbers", "", 1, 0, "failed", (remark,))
    assert verdict_lines(verdict).plain.splitlines()[1].endswith("in `b`.")
