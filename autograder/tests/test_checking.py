"""The judge: points, remarks, and which mistake is named."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import ROOT

from autograder.check import Answer, check, named
from autograder.course import UnknownUnit, find_unit, load_unit
from autograder.judging import CheckKey, Mistake, judge, judge_loss, not_reached

SIZES = {"T": 6, "B": 3, "H": 9}
A, B, C = np.arange(6.0), np.ones((6, 3, 9)), np.array([1, 2, 3])


@check(points=3)
def three(net, seed):
    """three arrays"""
    return {}


def key(*mistakes):
    return CheckKey(Answer({"a": A, "b": B, "c": C}), mistakes)


def mistake(name, keeps=0.0, **changed):
    return Mistake(name, f"words of {name}", keeps, f"code of {name}"), Answer({"a": A, "b": B, "c": C} | changed)


def verdict(known, not_made=(), **changed):
    return judge(three, known, Answer({"a": A, "b": B, "c": C} | changed), SIZES, lambda: set(not_made))


def test_equal_arrays_earn_everything():
    """Equal within tolerance, whatever the float type: all points."""
    assert verdict(key(), a=A.astype(np.float32) * (1 + 1e-4)).earned == 3
    assert verdict(key()).status == "passed"


def test_each_array_is_a_share():
    """One wrong array of three costs a third, and is named."""
    judged = verdict(key(), a=A + 1)
    assert (judged.earned, judged.status, judged.remarks[0].arrays) == (2, "partial", ("a",))


def test_integers_are_compared_exactly():
    """An id that is off by one is wrong, however large the others are."""
    large = CheckKey(Answer({"ids": np.array([1, 90_000])}))
    assert judge(three, large, Answer({"ids": np.array([2, 90_000])}), SIZES).earned == 0
    assert judge(three, large, Answer({"ids": np.array([1.0, 90_000.0])}), SIZES).earned == 3


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.ones((3, 6, 9)), "(B, T, H) = (3, 6, 9) found, (T, B, H) = (6, 3, 9) wanted"),
        (np.ones((7, 3, 9)), "(T+1, B, H) = (7, 3, 9) found"),
        (np.ones((4, 5)), "(4, 5) found"),
        (np.array(1.0), "a single number found"),
        (np.where(np.arange(9) == 2, np.nan, B), "NaN or infinity in 18 of 162 places"),
    ],
)
def test_a_wrong_array_is_described(array, words):
    """Shapes are told in letters and numbers, NaN by how many."""
    assert words in verdict(key(), b=array).remarks[0].text


def test_an_array_that_nothing_explains_is_told_in_the_check_s_own_words():
    """`words` of the check stand in for "wrong values", and in for nothing else."""
    spoken = replace(three, words={"a": "the caller's array was changed."})
    for a, words in ((A + 1, "the caller's array was changed."), (A[:3], "the shape is another")):
        judged = judge(spoken, key(), Answer({"a": a, "b": B, "c": C}), SIZES)
        assert words in judged.remarks[0].text


def test_a_missing_array_is_wrong():
    """An answer without an array loses that share."""
    judged = judge(three, key(), Answer({"a": A, "b": B}), SIZES)
    assert (judged.earned, judged.remarks[0].text) == (2, "is missing from the result.")


def test_a_known_mistake_is_named_and_keeps_its_share():
    """Arrays that equal a known mistake's are explained by its words."""
    judged = verdict(key(mistake("first", keeps=0.5, a=A + 1), mistake("second", a=A + 2)), a=A + 1)
    assert judged.remarks[0].text == "words of first"
    assert judged.earned == 2.5


def test_nan_equals_nan_in_a_mistake():
    """A mistake that overflows is recognised by the same NaNs in the same places."""
    spoilt = np.where(A > 3, np.nan, A)
    assert verdict(key(mistake("overflow", a=spoilt)), a=spoilt.copy()).remarks[0].text == "words of overflow"


def test_two_mistakes_at_once_are_each_named():
    """Each array is explained by its own mistake."""
    judged = verdict(key(mistake("first", a=A + 1), mistake("second", c=C + 1)), a=A + 1, c=C + 1)
    assert [(r.text, r.arrays) for r in judged.remarks] == [("words of first", ("a",)), ("words of second", ("c",))]


def test_a_mistake_that_would_have_spoilt_a_right_array_was_not_made():
    """`a` matches the mistake, but `b`, which it would have spoilt too, is right: no hint."""
    judged = verdict(key(mistake("both", a=A + 1, b=B + 1)), a=A + 1)
    assert "wrong values" in judged.remarks[0].text


def test_a_mistake_that_a_passed_check_excludes_is_not_named():
    """Evidence of other checks counts."""
    assert "wrong values" in verdict(key(mistake("first", a=A + 1)), not_made=["first"], a=A + 1).remarks[0].text


def test_the_mistake_that_explains_most_is_named():
    """One mistake that explains two arrays is better than two that explain one each."""
    known = key(mistake("one", a=A + 1), mistake("both", a=A + 1, c=C + 1))
    assert [r.text for r in verdict(known, a=A + 1, c=C + 1).remarks] == ["words of both"]


def test_the_same_program_gets_both_words():
    """Two mistakes that cannot be told apart here are both offered."""
    text = verdict(key(mistake("one", a=A + 1), mistake("two", a=A + 1)), a=A + 1).remarks[0].text
    assert text == "words of one Or: words of two"


def test_an_error_is_matched_to_a_mistake_that_raises_it():
    """Type and first words of the error count, the line it was raised at does not."""
    raised = Mistake("m1", "words", 0, "code"), Answer(failure="raised", message="line 3, in `f`: ValueError: ragged")
    found = Answer(failure="raised", message="line 90, in `g`: ValueError: ragged")
    assert [r.text for r in judge(three, key(raised), found, SIZES).remarks] == ["words", found.message]


def test_a_loss_is_compared_with_ours_on_the_same_seed():
    """Within the bound on either side it passes; beyond, and for NaN, it does not."""
    training = check(points=4, measure=lambda *_: 0.0, within=0.1)(lambda *_: {})
    known = CheckKey(Answer(), (), 2.0)
    assert [judge_loss(training, known, loss).earned for loss in (2.05, 1.95, 2.2, 1.8, np.nan)] == [4, 4, 0, 0, 0]


def test_not_reached_names_what_is_needed():
    """It earns nothing and says what must pass first."""
    assert not_reached(three, ["a", "b"]).remarks[0].text == "runs once `a` and `b` pass."


@pytest.mark.parametrize("value", ["text", object(), [[1], [1, 2]], None, np.array([1j])])
def test_named_refuses_what_is_no_array_of_numbers(value):
    """The text names the array and what was found."""
    with pytest.raises(TypeError, match="`loss` should be an array of numbers"):
        named("loss", value)


def test_named_counts_its_values():
    """Too few values, or a dict without one of the names, are told."""
    with pytest.raises(TypeError, match="expected 2 values"):
        named("loss grad", (1.0,))
    with pytest.raises(TypeError, match="has no 'grad'"):
        named("loss grad", {"loss": 1.0})


def test_a_unit_is_found_by_its_beginning_and_the_nearest_is_suggested():
    """`unit4` is enough; a wrong name gets the nearest."""
    assert find_unit("unit4") == "unit4_manual_gradients"
    with pytest.raises(UnknownUnit, match="Did you mean `unit4_manual_gradients`"):
        find_unit("unit4_manual_gradient_")


def test_a_units_checks_are_those_of_its_module_in_order():
    """Needs point backwards, names are unique, titles are there."""
    unit = load_unit("unit4_manual_gradients")
    seen = []
    for each in unit.checks:
        assert set(each.needs) <= set(seen)
        assert each.title and each.name not in seen
        seen.append(each.name)


def test_descent_is_torchs_own():
    """With momentum and weight decay, set later too, with a closure, and with gradients that are kept as zeros."""
    torch = pytest.importorskip("torch")
    from autograder.check import import_checks

    descent = import_checks(ROOT / "checks", "descent").Descent

    ends = []
    for kind in (torch.optim.SGD, descent):
        w = torch.nn.Parameter(torch.linspace(-1, 1, 5))
        unused = torch.nn.Parameter(torch.ones(2))
        optimizer = kind([w, unused], 0.1, 0.5)
        for step in range(4):
            if step == 2:
                optimizer.param_groups[0] |= {"weight_decay": 0.3, "lr": 0.2}

            def closure(w=w, optimizer=optimizer, step=step):
                optimizer.zero_grad(set_to_none=step % 2 == 0)
                loss = (w**3).sum()
                loss.backward()
                return loss

            loss = optimizer.step(closure)
        ends.append((w.detach().clone(), loss.item(), unused.detach().clone()))
    assert torch.allclose(ends[0][0], ends[1][0], 1e-6)
    assert ends[0][1] == pytest.approx(ends[1][1])
    assert torch.equal(ends[0][2], ends[1][2])
