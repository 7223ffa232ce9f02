"""Known mistakes that show in part: told as what values are, and never named as made."""

from dataclasses import replace

import numpy as np
import pytest

from autograder.check import Answer, check
from autograder.judging import Mistake, PlainKey, judge

RNG = np.random.default_rng(0)
A, B, C = RNG.normal(size=(6, 3)), RNG.normal(size=9), RNG.normal(size=(2, 5))
MADE_A, MADE_B = np.tanh(A * A + 0.3), np.tanh(B * B + 0.3)
OTHER = RNG.normal(size=(2, 5))
SAID = "your values are those of this mistake, made here and not everywhere: "


@check(points=3)
def three(net, seed):
    """three arrays"""
    return {}


three = replace(three, letters=())


def mistake(name, **changed):
    return Mistake(name, f"words of {name}", code=name), Answer({"a": A, "b": B, "c": C} | changed)


BOTH = mistake("both", a=MADE_A, b=MADE_B)


def remarks(*known, not_made=(), **changed):
    """What is told of an answer, some of whose arrays are wrong."""
    right = {"a": A, "b": B, "c": C}
    verdict = judge(
        three,
        PlainKey(Answer(right), known),
        Answer(right | changed),
        {},
        lambda mistake: mistake.id in not_made,
    )
    return [(remark.text, remark.arrays, remark.mistake) for remark in verdict.remarks]


def test_a_mistake_that_shows_in_one_array_of_two_is_told_of_that_one():
    """It is not named: no code of a mistake stands at the remark, and it keeps no points."""
    assert remarks(BOTH, a=MADE_A) == [(f"{SAID}words of both", ("a",), "")]


def test_a_mistake_that_a_passed_check_would_have_shown_is_told_in_part():
    """It was made in another place than where that check looks."""
    told = remarks(BOTH, not_made=["both"], a=MADE_A, b=MADE_B)
    assert told == [(f"{SAID}words of both", ("a", "b"), "")]
    assert remarks(BOTH, a=MADE_A, b=MADE_B) == [("words of both", ("a", "b"), "both")]


@pytest.mark.parametrize(
    ("known", "changed"),
    [
        ([BOTH], {"a": MADE_A, "b": MADE_B + RNG.normal(size=9)}),
        ([BOTH, mistake("too", a=MADE_A, c=OTHER)], {"a": MADE_A}),
        ([mistake("both", a=0 * A + 0.5, b=MADE_B)], {"a": 0 * A + 0.5 + 1e-9 * A}),
        ([mistake("both", b=MADE_B, c=OTHER)], {"a": MADE_A, "b": MADE_B, "c": C + C * C}),
    ],
    ids=["wrong otherwise elsewhere", "two mistakes", "one number", "less than half"],
)
def test_nothing_is_told_that_may_not_be_so(known, changed):
    """An array that it spoils is wrong otherwise, another mistake fits, or chance could do it."""
    assert not any(text.startswith(SAID) for text, *_ in remarks(*known, **changed))
