"""Right values in a wrong place, and memory that nobody has filled: told as facts of the run."""

import numpy as np
import pytest

from autograder.relations.handed_on import handed_on, read_answer, unfilled
from autograder.relations.prints import KnownValues
from autograder.relations.records import read_records
from autograder.relations.values import Run
from autograder.sandbox.inside.submission import Submission
from autograder.sandbox.inside.values import OF_SUBMISSIONS, Recorder

RNG = np.random.default_rng(5)
X, W = RNG.normal(size=(6, 4)), RNG.normal(size=(4, 3))
BACK = """
import numpy as np

def everything(x, w):
    dz = np.tanh(x @ w)
    return {
        "dw": x.T @ dz,
        "db": dz.sum(0),
    }
"""
# row by row, so that what is `dz` there is never one value
OTHER_STYLE = """
import numpy as np

def everything(x, w):
    dw, db = np.zeros((4, 3)), np.zeros(3)
    for i in range(len(x)):
        d = np.tanh(x[i] @ w)
        dw, db = dw + np.outer(x[i], d), db + d
    return {"dw": dw, "db": db}
"""


def run(script):
    """What was noted of a script, and the prints of its answer."""
    submission = Submission(script.encode(), "submission.py")
    recorder = Recorder(OF_SUBMISSIONS)
    recorder.watch(submission)
    recorder.note_answer(submission.everything(X, W))
    return recorder.as_arrays()


def told(script, right=BACK, wrong=("dw", "db")):
    expected = run(right)
    known = KnownValues.of([expected["prints"]], answer=read_answer(expected))
    arrays = run(script)
    return handed_on(Run(read_records(arrays), known), read_answer(arrays), wrong)


def test_a_value_of_which_right_ones_are_made_is_told_where_it_is_handed_on():
    """With the last expression that has it; of arrays each of which has such a value."""
    wrong = BACK.replace("x.T @ dz", "dz")
    assert told(wrong, wrong=["dw"]) == (
        "`dw` has the values of `dz` (line 6: `return {`), of which right values are made in "
        "another place."
    )
    assert told(wrong, wrong=["dw", "db"]) == ""


def test_it_need_not_occur_in_right_answers():
    """What is made of it does."""
    wrong = BACK.replace("x.T @ dz", "dz")
    assert told(wrong, OTHER_STYLE, wrong=["dw"]) == told(wrong, wrong=["dw"])


def test_a_value_that_is_only_returned_is_not_told():
    """That part of a right loop has it, too, says nothing."""
    wrong = OTHER_STYLE.replace("range(len(x))", "range(3)")
    assert told(wrong, OTHER_STYLE) == ""


def test_of_right_answers_and_of_values_that_are_nowhere_right_nothing_is_told():
    """Nor of a layout, nor of values that say little."""
    for script in (
        BACK,
        OTHER_STYLE,
        BACK.replace("x.T @ dz", "(x.T @ dz).T"),
        BACK.replace("x.T @ dz", "x.T @ dz * 1.1"),
        BACK.replace("x.T @ dz", "np.zeros((4, 3))"),
    ):
        assert told(script) == ""
        assert told(script, OTHER_STYLE) == ""


def test_memory_that_is_returned_as_it_was_made_is_told():
    """Of a function that right answers have, too; not where something is made of it."""
    script = """
import numpy as np
def table(x):
    return np.empty(x.shape)
def everything(x, w):
    return {"dw": table(x)}
"""
    records = read_records(run(script))
    assert unfilled(records, ["table"]) == (
        "`np.empty(x.shape)` (line 4: `return np.empty(x.shape)`) is returned as it was made: "
        "nothing has been written into it."
    )
    assert unfilled(records, ["everything"]) == ""
    filled = script.replace("np.empty(x.shape)", "np.add(x, x, out=np.empty(x.shape))")
    assert unfilled(read_records(run(filled)), ["table"]) == ""


ODD = (np.zeros(0), np.array(["a"]), np.zeros((2, 3)), np.array("a"), np.full(300, "a"))


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("key", ["answer", "answer_prints"])
def test_an_answer_out_of_form_is_none(key, odd):
    """Whatever a submission sends in its place."""
    arrays = run(BACK)
    assert set(read_answer(arrays)) == {"dw", "db"}
    assert read_answer({**arrays, key: odd}) == {}
    assert read_answer({}) == {}
