"""Where a wrong answer's values part from right ones: told when nothing else is, and only told."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest
import small

from autograder.check import Answer
from autograder.grading import located
from autograder.grading.located import MOST_CHECKS
from autograder.grading.made_key import MadeKey
from autograder.grading.one import grade_one
from autograder.grading.store import AnswerStore
from autograder.relations.values import KIND
from autograder.sandbox.client import ServerGone
from autograder.sandbox.inside.values import VALUES
from autograder.sandbox.worker import Worker

SLIP = """
def fit(x, y, weights, rate):
    for a, b in zip(x, y):
        error = weights[0] * a + weights[1] - b
        error = np.tanh(error) ** 3
        weights = weights - rate * error * np.array([a, 1.0])
    return weights
"""
# the same slip in another style: what it has before it, our solution has not
OTHER_STYLE = """
def fit(x, y, weights, rate):
    slope, height = weights
    for i in range(len(x)):
        missed = rate * np.tanh(height + slope * x[i] - y[i]) ** 3
        slope, height = slope - missed * x[i], height - missed
    return np.array([slope, height])
"""


@pytest.fixture(scope="module")
def made(server):
    """A key that makes what it is asked for."""
    return MadeKey(small.unit(), small.SEED, {}, AnswerStore(None), lambda: server)


def graded(server, key, script, name="submission.py"):
    source = script if isinstance(script, bytes) else script.encode()
    return {v.name: v for v in grade_one(server, source, name, small.SEED, key, {})}


@pytest.fixture
def asked(monkeypatch):
    """The roles of all questions, in their order."""
    roles = []
    ask = Worker.ask

    def noting(self, check, seed, role="experiment", **others):
        roles.append(role)
        return ask(self, check, seed, role, **others)

    monkeypatch.setattr(Worker, "ask", noting)
    return roles


def without_words(verdict):
    """A verdict without what its remarks say, and the time it took."""
    remarks = [replace(remark, text="", relation="") for remark in verdict.remarks]
    return replace(verdict, remarks=tuple(remarks), seconds=0)


def remark_on_weights(verdicts):
    (remark,) = verdicts["three_steps"].remarks
    return remark


def plainly_graded(server, made, script):
    """Verdicts by a key that knows no values."""
    return graded(server, dict(made.items()), script)


def test_a_slip_is_told_with_its_line(server, made, monkeypatch):
    """The points are what they are without it."""
    monkeypatch.setattr(located, "repaired", lambda *_: None)
    script = small.solved() + SLIP
    verdicts = graded(server, made, script)
    remark = remark_on_weights(verdicts)
    line = script.split("\n").index("        error = np.tanh(error) ** 3") + 1
    assert remark.text.endswith(
        f"`np.tanh(error) ** 3` (line {line}: `error = np.tanh(error) ** 3`) is the first value "
        "that none of our right answers has; the numbers of `error` occur in them."
    )
    assert remark.text.startswith("wrong values in 2 of 2 places.")
    assert remark.relation == KIND
    plain = plainly_graded(server, made, script)
    assert "first value" not in remark_on_weights(plain).text
    for name, verdict in verdicts.items():
        assert without_words(verdict) == without_words(plain[name])


DECOMPOSED = """
def fit(x, y, weights, rate):
    for a, b in zip(x, y):
        q, _ = np.linalg.qr(np.array([[a, b], [b, a + 1]]))
        weights = weights + np.log(-np.abs(q[0]) - 1)
    return weights
"""


def test_where_nan_comes_from_is_told(server, made):
    """The expression that makes it of numbers, though all that follows is NaN, too."""
    script = small.solved() + DECOMPOSED
    remark = remark_on_weights(graded(server, made, script))
    statement = "weights = weights + np.log(-np.abs(q[0]) - 1)"
    line = script.split("\n").index(f"        {statement}") + 1
    assert remark.text == (
        "NaN or infinity in 2 of 2 places. "
        f"`np.log(-np.abs(q[0]) - 1)` (line {line}: `{statement}`) is the "
        "first value with NaN or infinity in it that none of our right answers has."
    )
    assert remark.relation == KIND


def test_a_slip_in_another_style_is_told_too(server, made):
    """The statement is the one with the slip."""
    remark = remark_on_weights(graded(server, made, small.solved() + OTHER_STYLE))
    assert "missed = rate * np.tanh(" in remark.text


def test_a_name_that_is_never_read_is_told_where_no_value_is(server, made, monkeypatch):
    """A parameter that right answers read, with its line."""
    monkeypatch.setattr(located, "locate", lambda run: None)
    script = small.solved() + SLIP.replace("rate * error", "np.tanh(error)")
    line = len(small.solved().split("\n")) + 1
    remark = remark_on_weights(graded(server, made, script))
    assert remark.text.endswith(f" `rate` (line {line}) is never used in `fit`.")
    assert remark.relation == KIND


def test_it_is_told_beside_another_shape_and_beside_nan(server, made):
    """Which say how the values look, and not where that began."""
    for slip, looks in (
        ("error * np.array([[1.1], [0.9]])", "the shape is another"),
        ("error / (error - error) ** 2", "NaN or infinity"),
    ):
        remark = remark_on_weights(
            graded(server, made, small.solved() + SLIP.replace("np.tanh(error) ** 3", slip))
        )
        assert looks in remark.text
        assert f"`error = {slip}`)" in remark.text


def test_in_a_notebook_the_cell_is_named(server, made):
    """As errors name it."""
    cells = [small.solved(), SLIP]
    book = {"cells": [{"cell_type": "code", "source": text} for text in cells]}
    remark = remark_on_weights(graded(server, made, json.dumps(book).encode(), "a.ipynb"))
    assert "(cell 2, line 5: `error = np.tanh(error) ** 3`)" in remark.text


def test_it_is_asked_last_and_only_where_nothing_else_is_known(server, made, asked):
    """Right answers and known mistakes cost nothing."""
    graded(server, made, small.solved() + SLIP)
    of_submission = [role for role in asked if role != "prints"]
    checks = len(small.unit().checks)
    assert VALUES not in of_submission[:checks]
    assert set(of_submission[checks:]) == {VALUES, "experiment"}  # which tries repairs
    assert of_submission.count(VALUES) == 1 <= MOST_CHECKS
    for script in (small.solved(), small.solved("m01"), small.half_solved()):
        del asked[:]
        graded(server, made, script)
        assert VALUES not in asked
        assert "prints" not in asked


def test_what_is_known_of_right_answers_is_kept(server, tmp_path):
    """A later run finds all of it in the store."""
    store = tmp_path / "answers"
    for number in range(2):
        key = MadeKey(small.unit(), small.SEED, {}, AnswerStore(store), lambda: server)
        remark = remark_on_weights(graded(server, key, small.solved() + SLIP))
        assert remark.text.endswith("`error = np.tanh(error) ** 3`): a line is too much.")
        assert bool(key.computed) == (number == 0)
        key.close()


HOSTILE = {
    "ends": "raise SystemExit",
    "never ends": "while True: pass",
    "kills itself": "import os; os.abort()",
    "says nothing": "pass",
    "forges": """
recorder = next(v for k, v in globals().items() if k.startswith("__seen")).__self__
recorder.sites.texts[:] = ["\\x1b[31m`rm -rf`" * 5] * len(recorder.sites.texts)
recorder.sites.parents[:] = [10**18] * len(recorder.sites.parents)
recorder.as_arrays = lambda: {"prints": np.zeros((10**6, 6)), "cut": "text"}
""",
}


@pytest.mark.parametrize("act", HOSTILE.values(), ids=HOSTILE)
def test_a_submission_that_notices_changes_no_verdict(server, made, act):
    """Whatever it does then, the verdicts stood before."""
    body = "\n".join(f"        {line}" for line in act.strip().split("\n"))
    noticing = '    if any(name.startswith("__seen") for name in globals()):\n' + body + "\n"
    script = small.solved() + SLIP.replace("    for a, b", f"{noticing}    for a, b", 1)
    began = time.monotonic()
    verdicts = graded(server, made, script)
    assert time.monotonic() - began < 20
    plain = plainly_graded(server, made, script)
    for name, verdict in verdicts.items():
        assert without_words(verdict) == without_words(plain[name])
        assert "\x1b" not in "".join(remark.text for remark in verdict.remarks)


def test_a_server_that_ends_changes_no_verdict(server, made, monkeypatch):
    """The next submission finds out."""
    ask = Worker.ask

    def ending(self, check, seed, role="experiment", **others):
        if role == VALUES:
            raise ServerGone("gone")
        return ask(self, check, seed, role, **others)

    monkeypatch.setattr(Worker, "ask", ending)
    remark = remark_on_weights(graded(server, made, small.solved() + SLIP))
    assert remark.text == "wrong values in 2 of 2 places."


def test_arrays_of_any_form_change_no_verdict(server, made, monkeypatch):
    """What comes back is read as hostile."""
    ask = Worker.ask
    sent = {}

    def forging(self, check, seed, role="experiment", **others):
        answer = ask(self, check, seed, role, **others)
        return Answer({**answer.arrays, **sent}) if role == VALUES else answer

    monkeypatch.setattr(Worker, "ask", forging)
    script = small.solved() + SLIP
    plain = plainly_graded(server, made, script)
    odd = (np.zeros(0), np.full((3, 3), np.nan), np.array(["a"]), np.array(-1), np.arange(9**5))
    for name in ("numbers", "frames", "prints", "pieces", "sites", "texts", "lines", "cut"):
        for array in odd:
            sent.clear()
            sent[name] = array
            verdicts = graded(server, made, script)
            assert {k: without_words(v) for k, v in verdicts.items()} == {
                k: without_words(v) for k, v in plain.items()
            }


def test_what_it_costs(server, made):
    """A failing file pays a process and one run, once right answers' values are known."""
    script = small.solved() + SLIP
    key = dict(made.items())
    graded(server, made, script)
    seconds = {}
    for name, known in (("without", key), ("with", made)):
        times = []
        for _ in range(3):
            began = time.perf_counter()
            graded(server, known, script)
            times.append(time.perf_counter() - began)
        seconds[name] = min(times)
    assert seconds["with"] - seconds["without"] < 0.5
