"""Names that nothing in their function reads: found, and told where right answers read them."""

import ast

import numpy as np
import pytest

from autograder.relations.unused import (
    OVERWRITTEN,
    PARAMETER,
    VARIABLE,
    KnownNames,
    Unused,
    forgotten,
    in_words,
    read_unused,
)
from autograder.sandbox.inside.submission import Submission
from autograder.sandbox.inside.unused import unused
from autograder.sandbox.inside.values import OF_SUBMISSIONS, Recorder


def names(script, is_method=False):
    (function,) = ast.parse(script).body
    return [bound.name for bound in unused(function, is_method)]


UNREAD = {
    "def f(a, b):\n    return a": ["b"],
    "def f(a, *, b=2):\n    return a": ["b"],
    "def f(a):\n    half = a / 2\n    return a": ["half"],
    "def f(a):\n    return sum(x for x, weight in a)": ["weight"],
    "def f(a):\n    for n, (x, loss) in a:\n        print(n, x)": ["loss"],
    "def f(a):\n    half: float = a / 2\n    return a": ["half"],
    "def f(a):\n    total = 0\n    for x in a:\n        total = x\n    return total": ["total"],
}
READ = (
    "def f(a, b):\n    return a + b",
    "def f(a):\n    rows, columns = a.shape\n    return a / rows",
    "def f(a, _):\n    for _ in a:\n        pass\n",
    "def f(a):\n    for i in range(3):\n        a()\n",
    "def f(a):\n    a += 1",
    "def f(a):\n    out = [0]\n    out[0] = a\n",
    "def f(a):\n    b = a\n    return locals()",
    "def f(a):\n    global b\n    b = a\n",
    "def f(a):\n    b = a\n    return lambda: b",
    "def f(a):\n    def g():\n        x = a\n    return g",  # told of `g`
    "def f(a):\n    b = a\n    del b\n",
    "def f(a):\n    total = 0\n    for x in a:\n        total += x\n    return total",
    "def f(a):\n    total = 0\n    for x in a:\n        total = total + x\n    return total",
    "def f(a):\n    for x in a:\n        last = x\n    return last",
    "def f(a):\n    b = 0\n    for x in a:\n        if x:\n            b = x\n    return b",
    "def f(a):\n    h = 0\n    a(h)\n    for x in a:\n        h = x\n    return h",
)


@pytest.mark.parametrize(("script", "expected"), UNREAD.items(), ids=UNREAD)
def test_a_name_that_nothing_reads_is_found(script, expected):
    """A parameter, a variable, a part of what a loop goes over."""
    assert names(script) == expected


@pytest.mark.parametrize("script", READ)
def test_a_name_that_may_be_read_is_none(script):
    """And those that are often left unread for a reason are none."""
    assert names(script) == []


def test_the_instance_of_a_method_is_no_parameter():
    """Many methods do not need it."""
    assert names("def f(self, a):\n    return 1", is_method=True) == ["a"]
    assert names("def f(self, a):\n    return 1") == ["self", "a"]


RIGHT = """
class Net:
    def cost(self, x, scale, debug):
        error = x - 1.0
        return error * scale
"""


def arrays_of(script, only_prints=False):
    submission = Submission(script.encode(), "submission.py")
    recorder = Recorder(OF_SUBMISSIONS)
    recorder.watch(submission)
    submission.Net().cost(np.ones(3), 2.0, None)
    return recorder.prints() if only_prints else recorder.as_arrays()


def told(script, ran=("Net.cost",)):
    known = KnownNames.of([arrays_of(RIGHT, only_prints=True)])
    return forgotten(read_unused(arrays_of(script)), ran, known)


def test_what_right_answers_read_and_a_submission_does_not_is_told():
    """Of functions that ran; not what a right answer leaves unread too."""
    wrong = RIGHT.replace("error * scale", "error")
    assert told(RIGHT) == []
    assert told(wrong) == [Unused("scale", "Net.cost", "line 3", PARAMETER)]
    assert told(wrong, ran=["Net.other"]) == []
    assert [one.name for one in told(RIGHT.replace("error * scale", "x * scale"))] == ["error"]
    other = RIGHT.replace("scale, debug", "scale, more").replace("error * scale", "error * 2")
    assert [one.name for one in told(other)] == ["scale"]


def test_nothing_is_told_where_two_functions_have_such_names():
    """Not all of it can be one mistake's doing."""
    known = KnownNames(frozenset({"f.a", "g.b"}))
    both = [Unused("a", "f", "line 1", PARAMETER), Unused("b", "g", "line 2", PARAMETER)]
    assert forgotten(both, "fg", known) == []
    assert forgotten(both, "f", known) == both[:1]


def test_it_is_said_as_a_fact():
    """With the lines where the names are given a value."""
    one = Unused("loss", "train", "line 64", VARIABLE)
    other = Unused("rate", "train", "cell 2, line 3", PARAMETER)
    lost = Unused("total", "train", "line 70", OVERWRITTEN)
    assert in_words([one]) == "`loss` (line 64) is never used in `train`."
    assert in_words([other, one]) == (
        "`rate` (cell 2, line 3) and `loss` (line 64) are never used in `train`."
    )
    assert in_words([lost, one]) == (
        "`loss` (line 64) is never used in `train`. `total` (line 70) gets another value in each "
        "pass of the loop, and only the last is used."
    )


ODD = (np.zeros(0), np.array(["a", "b", "c"]), np.array([["a"]]), np.array("a"), np.array([1.5]))


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("key", ["unused", "unused_lines"])
def test_names_out_of_form_are_none(key, odd):
    """Whatever a submission sends in their place."""
    arrays = arrays_of(RIGHT.replace("error * scale", "error"))
    assert len(read_unused(arrays)) == 2
    assert read_unused({**arrays, key: odd}) == []
    assert read_unused({}) == []
