"""Small changes that mend a wrong answer: tried on the submission, and told as a fact."""

import json
from dataclasses import replace

import numpy as np
import pytest
import small

from autograder.grading import repairs
from autograder.grading.made_key import MadeKey
from autograder.grading.one import grade_one
from autograder.grading.repairs import MOST, Wrong, repaired
from autograder.grading.store import AnswerStore
from autograder.sandbox.worker import Worker
from autograder.source.repairs import words_of_slip
from autograder.source.small_changes import small_changes

FIT = """
def fit(x, y, weights, rate):
    slope, height = weights
    for i in range(len(x)):
        missed = rate * (height + slope * x[i] - y[i])
        slope, height = slope - missed * x[i], height - missed
    return np.array([slope, height])
"""
BEGINNING = "This check passes with one small change in `fit`"
SLIPS = {
    "another operator": ("slope * x[i] -", "slope / x[i] -", ": `/` stands where `*` should."),
    "another variable": ("slope - missed", "height - missed", ": one variable stands in the place"),
    "a minus too many": ("missed = rate", "missed = -rate", ")."),
    "a power too many": ("rate * (height", "rate**2 * (height", ")."),
}


def wrong(server, source):
    """A submission with its answer, and the solution's."""
    check = small.check("three_steps")
    with server.worker(small.solved().encode(), "solution.py") as worker:
        expected = worker.ask(check, small.SEED)
    with server.worker(source, "submission.py") as worker:
        answer = worker.ask(check, small.SEED)
    return Wrong(server, source, check, small.SEED, expected, answer)


def submission(fit):
    """A script whose last definition of `fit` is this one."""
    return (small.solved() + fit).encode()


@pytest.mark.parametrize(("right", "slip", "words"), SLIPS.values(), ids=SLIPS)
def test_a_slip_is_mended_and_told(server, right, slip, words):
    """With the line where it stands, wherever the search begins, and in the words of the slip."""
    source = submission(FIT.replace(right, slip))
    lines = source.decode().split("\n")
    (line,) = [number for number, text in enumerate(lines, 1) if slip in text][-1:]
    for first in ("", f"line {line}"):
        found = repaired(wrong(server, source), first, {"fit"})
        assert found.text.startswith(f"{BEGINNING} (line {line}: `")
        assert words in found.text


def test_what_was_left_out_is_put_back_where_the_place_is_known(server):
    """A factor that the function has under a name; elsewhere there would be too much to try."""
    source = submission(FIT.replace("rate * (height", "(height"))
    lines = source.decode().split("\n")
    (line,) = [number for number, text in enumerate(lines, 1) if "missed = (" in text][-1:]
    found = repaired(wrong(server, source), f"line {line}", {"fit"})
    assert found.text.endswith("a factor is left out.")
    assert repaired(wrong(server, source), "", {"fit"}) is None


def test_two_slips_are_not_mended_by_one_change(server):
    """Then nothing is said."""
    slips = FIT.replace("slope * x", "slope / x").replace("height - missed", "height + 2 * missed")
    assert repaired(wrong(server, submission(slips)), "", {"fit"}) is None


def test_only_functions_that_ran_are_changed(server):
    """As far as it is known which did."""
    source = submission(FIT.replace("slope * x[i] -", "slope / x[i] -"))
    assert repaired(wrong(server, source), "", {"double"}) is None


def test_in_a_notebook_the_cell_is_named(server):
    """As errors name it."""
    cells = [small.solved(), FIT.replace("slope * x[i] -", "slope / x[i] -")]
    book = {"cells": [{"cell_type": "code", "source": text} for text in cells]}
    found = repaired(wrong(server, json.dumps(book).encode()), "", {"fit"})
    assert "(cell 2, line 5: `missed" in found.text


def test_what_could_be_right_by_chance_is_not_told(server, monkeypatch):
    """As one truth value, which any change may turn round."""
    source = submission(FIT.replace("slope * x[i] -", "slope / x[i] -"))
    one = wrong(server, source)
    for answer in (one.expected, one.answer):
        weights = answer.arrays["weights"]
        answer.arrays["weights"] = np.array(bool(weights[0] > 0))
    monkeypatch.setattr(repairs, "is_right", lambda *_: True)
    monkeypatch.setattr(repairs, "wrong_arrays", lambda *_: ["weights"])
    monkeypatch.setattr(repairs, "MOST", 5)
    assert repaired(one, "", {"fit"}) is None


def test_so_many_are_tried_and_no_more(server, monkeypatch):
    """However long a function is."""
    asked = []
    ask = Worker.ask
    monkeypatch.setattr(Worker, "ask", lambda self, *a, **o: asked.append(1) or ask(self, *a, **o))
    long = FIT.replace("    return", "    slope = slope + 0 * 3 * 4 * 5 - 0\n" * 20 + "    return")
    slips = long.replace("slope * x", "slope / x").replace("height - missed", "height + missed")
    one = wrong(server, submission(slips))
    del asked[:]
    assert repaired(one, "", {"fit"}) is None
    assert len(asked) == MOST


HOSTILE = {
    "ends": "raise SystemExit",
    "kills itself": "import os; os.abort()",
    "never ends": "while True: pass",
}


@pytest.mark.parametrize("act", HOSTILE.values(), ids=HOSTILE)
def test_a_submission_that_notices_changes_no_verdict(server, act):
    """It is asked the same check again, with another file: what it does then is only told."""
    key = MadeKey(small.unit(), small.SEED, {}, AnswerStore(None), lambda: server)
    body = "\n".join(f"        {line}" for line in act.split("\n"))
    notices = f"    if 1 + 1 != 2:\n{body}\n    return"  # as soon as a number is another one
    noticing = FIT.replace("slope * x[i] -", "slope / x[i] -").replace("    return", notices)
    verdicts = grade_one(server, submission(noticing), "a.py", small.SEED, key, {})
    (verdict,) = [one for one in verdicts if one.name == "three_steps"]
    assert verdict.earned == 0


def test_words_tell_what_each_change_took_back():
    """Of each change of a script that another small change takes back."""
    text = small.solved()
    told = 0
    changes = small_changes(text)
    for change in changes:
        end = change.start + len(change.code.encode())
        before = text.encode()[change.start : change.end].decode()
        mending = replace(change, text=change.script, end=end, code=before)
        assert mending.script == text
        told += words_of_slip(mending) == change.words
    assert told > 0.9 * len(changes)
