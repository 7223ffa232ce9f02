"""Small changes that fix a wrong answer: tried on the submission and reported as a fact."""

import json
import re
import time
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import small

from autograder.check import Answer
from autograder.explaining import repairs
from autograder.explaining.repairs import MOST, MOST_CHANGED, Expected, Wrong, mending
from autograder.explaining.words import code_quoted, slip_in_words, what_mended
from autograder.grading.made_key import MadeKey
from autograder.grading.one import grade_one
from autograder.grading.store import AnswerStore
from autograder.judging import wrong_arrays
from autograder.sandbox.client import Server
from autograder.sandbox.definitions import script_of
from autograder.sandbox.worker import Worker
from autograder.slip import Slip, SlipKind
from autograder.source.edits import Edit
from autograder.source.places_moved import places_moved
from autograder.source.restorations import calls_in, restorations
from autograder.source.small_changes import TAKES_AXIS, Source, small_changes


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Let a search finish, on a busy machine, too."""
    monkeypatch.setattr(repairs, "MOST_SECONDS", 300.0)


def repaired(one, functions):
    """Return the repair of an answer, or "" if there is none."""
    found = mending(one, functions)
    return what_mended(found) if found else ""


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
    "an index": (
        "y[i])",
        "y[i - 1])",
        ": a term should not be there, or a value is off by one, or an index is wrong.",
    ),
    "a sign of an index": (
        "* x[i], height",
        "* x[-i], height",
        ": a minus should not be there, or an index is wrong.",
    ),
    "an index that is not counted": (
        "y[i])",
        "y[1])",
        ": an index is wrong.",
    ),
    "another operator": ("slope * x[i] -", "slope / x[i] -", ": `/` stands where `*` should."),
    "another variable": (
        "slope - missed",
        "height - missed",
        ": one variable stands where another",
    ),
    "a minus too many": (
        "missed = rate",
        "missed = -rate",
        ": a minus should not be there, or the two sides of a `-` are swapped.",
    ),
    "a power too many": (
        "rate * (height",
        "rate**2 * (height",
        ": a power should not be there, or an exponent is wrong.",
    ),
}


def wrong(server, source):
    """Return a submission with its answer and the solution's."""
    asked = []
    with server.worker(small.solved().encode(), "solution.py") as worker:
        for name in ("three_steps", "doubling"):
            check = small.check(name)
            asked.append(Expected(check, worker.ask(check, small.SEED)))
    first, *passed = asked
    with server.worker(source, "submission.py") as worker:
        answer = worker.ask(first.check, small.SEED)
    opened = partial(server.worker, name="submission.py")
    return Wrong(opened, source, small.SEED, first, answer, passed)


def submission(fit):
    """Return a script with this definition of `fit` at its end."""
    return (small.solved() + fit).encode()


@pytest.mark.parametrize(("right", "slip", "words"), SLIPS.values(), ids=SLIPS)
def test_a_slip_is_mended_and_told(server, right, slip, words):
    """A repair is reported with its line and the description of the error."""
    source = submission(FIT.replace(right, slip))
    lines = source.decode().split("\n")
    (line,) = [number for number, text in enumerate(lines, 1) if slip in text][-1:]
    found = repaired(wrong(server, source), {"fit"})
    assert found.startswith(f"{BEGINNING} (line {line}, where you wrote `")
    assert words in found


IN_PLACE = """
def fit(x, y, weights, rate):
    weights = np.array(weights, dtype=float)
    for i in range(len(x)):
        missed = rate * (weights[1] + weights[0] * x[i] - y[i])
        weights -= np.array([missed * x[i], missed])
    return weights
"""


def test_an_assignment_that_should_have_changed_a_value_is_mended(server):
    """A lost assignment is repaired, with operators other than `+=`, too."""
    source = submission(IN_PLACE.replace("weights -= np", "weights = np"))
    told = repaired(wrong(server, source), ["fit"])
    assert "`weights = np.array([missed * x[i], missed])`): `=` stands where `-=` should" in told


WITHOUT = "This check passes without a part of `fit`"
TOO_MUCH = "Look for what should not be there."


@pytest.mark.parametrize(
    "statement",
    [
        "return np.tan(np.array([slope, height]))",
        "return np.array([slope, height]).round(1)",
    ],
)
def test_of_what_is_too_much_the_line_is_told_and_what_it_means(server, statement):
    """A superfluous part is reported as a line: without it the check passes.

    A check may pass without a part that it does not test, so the report claims no more.
    """
    source = submission(FIT.replace("return np.array([slope, height])", statement))
    lines = source.decode().split("\n")
    (line,) = [number for number, text in enumerate(lines, 1) if statement in text]
    told = repaired(wrong(server, source), {"fit"})
    assert told == f"{WITHOUT} (line {line}, where you wrote `{statement}`). {TOO_MUCH}"


def test_a_part_of_an_object_is_not_left_out(server):
    """An attribute is not left out of an object, which may be wrong elsewhere."""
    of_class = """
class Fit:
    def __init__(self):
        self.last = lambda values: np.tan(values)

    def run(self, values):
        return self.last(values)
"""
    statement = "return Fit().run(np.array([slope, height]))"
    source = submission(FIT.replace("return np.array([slope, height])", statement) + of_class)
    assert repaired(wrong(server, source), ["Fit.run"]) == ""
    found = repaired(wrong(server, source), ["Fit.__init__"])
    assert found.startswith(
        "This check passes without a part of `Fit.__init__` (line 89, where you wrote `"
    )


def test_what_was_left_out_is_put_back(server):
    """A missing factor that the function holds under a name is inserted."""
    source = submission(FIT.replace("rate * (height", "(height"))
    found = repaired(wrong(server, source), {"fit"})
    assert found.endswith("a factor is left out.")


def test_what_was_left_out_is_put_back_in_any_place(server):
    """A missing factor is inserted at any position if there are enough wrong numbers."""
    one = wrong(server, submission("\ndef double(x):\n    x = np.asarray(x)\n    return x\n"))
    check = small.check("doubling")
    with server.worker(one.source, "submission.py") as worker:
        answer = worker.ask(check, small.SEED)
    found = repaired(replace(one, expected=one.passed[0], answer=answer, passed=()), ["double"])
    assert found == ("This check passes with one small change in `double`.")


MISSED = "rate * (height + slope * x[i] - y[i])"
PUT_BACK = {
    "an entry": (
        "",
        "slope - missed * x[i]",
        "slope - missed",
        "a factor is left out",
    ),
    "a number": (
        "",
        MISSED,
        MISSED.replace("height + slope * x[i]", "height + slope * x[i] * 2"),
        "there is a factor of 2 too many",
    ),
    "an axis": (
        "0.0",
        "np.array([slope, height])",
        "np.array([[slope, 0.0], [0.0, height]]).sum()",
        "a function works along the wrong axis",
    ),
    "a method": (
        "x.ravel()[0]",
        "np.array([slope, height])",
        "np.array([[slope], [height]])",
        "`ravel` is left out",
    ),
}


@pytest.mark.parametrize(("held", "right", "slip", "words"), PUT_BACK.values(), ids=PUT_BACK)
def test_what_is_put_back_is_what_the_submission_holds_elsewhere(server, held, right, slip, words):
    """Insertions come from the submission itself, entries and methods included.

    The number 2 and signs need not occur in it.
    """
    fit = FIT.replace("    return", f"    height = height + 0 * {held or 0}\n    return")
    source = submission(fit.replace(right, slip))
    lines = source.decode().split("\n")
    (line,) = [number for number, text in enumerate(lines, 1) if slip in text][-1:]
    found = repaired(wrong(server, source), {"fit"})
    assert found.startswith(f"{BEGINNING} (line {line}, where you wrote `")
    assert words in found


def test_a_change_that_only_goes_round_a_slip_is_not_told_beside_one_that_takes_it_back(server):
    """A change that only avoids an error is not reported beside one that removes it.

    A condition that never runs the wrong branch only avoids it.
    """
    branch = """
    if len(x) > 1:
        return fit(x[1:], y[1:], fit(x[:1], y[:1], weights, rate / 2), rate)
    slope, height = weights
"""
    source = submission(FIT.replace("\n    slope, height = weights\n", branch))
    found = repaired(wrong(server, source), {"fit"})
    assert "rate / 2" in found


def test_a_condition_that_many_slips_may_mend_goes_round_something(server):
    """A condition that several changes repair only avoids an error; nothing is reported.

    Within a single line, too, any condition that skips the branch would do.
    """
    step = "slope - missed * x[i], height - missed"
    fit = FIT.replace(step, f"(slope, height) if len(x) == 3 else ({step})")
    assert repaired(wrong(server, submission(fit)), {"fit"}) == ""
    turned = FIT.replace(step, f"({step}) if not (len(x) - 1) else (slope, height)")
    found = repaired(wrong(server, submission(turned)), {"fit"})
    assert found == f"{BEGINNING}."


def test_the_body_of_a_condition_is_none(server):
    """The body of a condition is not taken for the condition, whatever its layout.

    A condition without blanks is recognised.
    """
    slip = MISSED.replace("slope * x[i]", "slope / x[i]")
    body = FIT.replace(f"missed = {MISSED}", f"if len(x): missed = {slip}")
    found = repaired(wrong(server, submission(body)), {"fit"})
    assert found.endswith(
        f"(line 83, where you wrote `if len(x): missed = {slip}`): `/` stands where `*` should."
    )
    head = FIT.replace("    return", "    if(len(x) == 3): slope, height = 0.0, 1.0\n    return")
    # without its body the check passes as well
    told = repaired(wrong(server, submission(head)), {"fit"})
    assert told.startswith(f"{WITHOUT} (line 85, where you wrote `if(len(x) == 3)")


def test_of_several_lines_none_is_told(server):
    """If changes in several lines fix an answer, no line is named."""
    twice = "missed = rate * (height + slope * x[i] - y[i])\n        missed = missed / 2.0"
    source = submission(FIT.replace("missed = rate * (height + slope * x[i] - y[i])", twice))
    assert repaired(wrong(server, source), {"fit"}) == ""


def test_functions_that_a_lambda_makes_are_changed_too(server):
    """Lambdas are changed, too; they run without a name."""
    source = submission(FIT + "\ndouble = np.vectorize(lambda x: 3 * x)\n")
    check = small.check("doubling")
    one = wrong(server, source)
    with server.worker(source, "submission.py") as worker:
        answer = worker.ask(check, small.SEED)
    asked = one.passed[0]
    found = repaired(replace(one, expected=asked, answer=answer, passed=()), [""])
    assert found.endswith("`double = np.vectorize(lambda x: 3 * x)`): a number is wrong.")


INITIALS = """
def initials(name):
    letters = []
    for word in name.split():
        letters.append(word[1].upper() + ".")
    return " ".join(letters)
"""


def test_an_answer_in_text_is_mended_too():
    """A text answer is repaired, too, if several letters agree, which chance does not produce."""
    unit = small.unit(small.WORDS)
    (check,) = unit.checks
    source = (small.solved(name=small.WORDS) + INITIALS).encode()
    with Server(unit) as server:
        with server.worker(small.solved(name=small.WORDS).encode(), "solution.py") as worker:
            expected = worker.ask(check, small.SEED)
        with server.worker(source, "submission.py") as worker:
            answer = worker.ask(check, small.SEED)
        opened = partial(server.worker, name="submission.py")
        one = Wrong(opened, source, small.SEED, Expected(check, expected), answer)
        assert repaired(one, ["initials"]).endswith("): an index is wrong.")


def test_of_an_expression_in_several_lines_the_statement_is_told(server):
    """For an expression over several lines the statement is named, not its first line."""
    in_lines = "rate * (\n            height\n            - slope * x[i] - y[i]\n        )"
    source = submission(FIT.replace(MISSED, in_lines))
    lines = source.decode().split("\n")
    (line,) = [number for number, text in enumerate(lines, 1) if "missed = rate * (" in text][-1:]
    found = repaired(wrong(server, source), {"fit"})
    statement = "missed = rate * ( height - slope * x[i] - y[i] )"
    assert (
        found
        == f"{BEGINNING} (line {line}, where you wrote `{statement}`): `-` stands where `+` should."
    )


def test_two_slips_are_not_mended_by_one_change(server):
    """Two errors are not fixed by one change, so nothing is reported."""
    slips = FIT.replace("slope * x", "slope / x").replace("height - missed", "height + 2 * missed")
    assert repaired(wrong(server, submission(slips)), {"fit"}) == ""


def test_only_functions_that_ran_are_changed(server):
    """Only functions that ran are changed, if it is known which did."""
    source = submission(FIT.replace("slope * x[i] -", "slope / x[i] -"))
    assert repaired(wrong(server, source), {"double"}) == ""


def test_in_a_notebook_the_cell_is_named(server):
    """In a notebook the cell is named, as errors name it."""
    cells = [small.solved(), FIT.replace("slope * x[i] -", "slope / x[i] -")]
    book = {"cells": [{"cell_type": "code", "source": text} for text in cells]}
    found = repaired(wrong(server, json.dumps(book).encode()), {"fit"})
    assert "(cell 2, line 5, where you wrote `missed" in found


def test_one_wrong_number_alone_is_not_told(server, monkeypatch):
    """A repair of a single wrong number is not reported: some change may match it by chance."""
    one = wrong(server, submission(FIT.replace("slope * x[i] -", "slope / x[i] -")))
    assert repaired(one, {"fit"})
    monkeypatch.setattr(repairs, "wrong_places", lambda *_: np.array([True, False]))
    assert repaired(one, {"fit"}) == ""


def test_what_is_left_to_chance_is_not_told(server):
    """For a random submission no change is reported.

    It may be right when it is asked again, with any change.
    """
    moody = FIT.replace("rate * (height", "rate * (1 + (len(CALLS) == 2)) * (height")
    moody = moody.replace("\n    slope, height", "\n    CALLS.append(1)\n    slope, height")
    one = wrong(server, submission(f"CALLS = [1]\n{moody}"))
    assert wrong_arrays(one.expected.check, one.expected.answer, one.answer)
    right = replace(one, source=submission(FIT))
    assert repaired(right, {"fit"}) == ""


def test_a_change_that_mends_by_chance_is_not_told(server):
    """A change that fixes an answer by chance fails on other seeds and is not reported."""
    drawn = "int(100 * abs(float(np.sum(x))))"
    tells = submission(FIT.replace("    for i", f"    raise ValueError({drawn})\n    for i"))
    with server.worker(tells, "submission.py") as worker:
        message = worker.ask(small.check("three_steps"), small.SEED).message
    (number,) = re.findall(r"ValueError: (\d+)", message)
    slip = (
        f"    drawn = {drawn} + 1\n"
        f"    rate = rate if drawn == {number} else 2 * rate + 1\n"
        "    for i"
    )
    one = wrong(server, submission(FIT.replace("    for i", slip)))
    assert repaired(one, ["fit"]).startswith(BEGINNING)
    known = replace(one, right=small.solved())
    assert repaired(known, ["fit"]) == ""


@pytest.mark.parametrize(
    ("tolerance", "off", "is_off"),
    [
        (0.5, (0.9, -0.9, 0.5, -0.5), False),
        (0.5, (0.9, 0.1, 0.5, 0.2), True),
        (1e-4, (0.9, 0.1, 0.5, 0.2), False),  # rounding errors of any size are no randomness
    ],
)
def test_draws_that_are_all_off_to_one_side_are_wrong_ones(tolerance, off, is_off):
    """Random values that are all off to one side are wrong, though each passes alone."""
    check = replace(small.check(), tolerance={"x": tolerance})
    right = Answer({"x": np.array([0.2, 1.0])})
    answers = []
    for share in off:
        drawn = right.arrays["x"] + np.array([0.0, share * tolerance])
        answers.append((Expected(check, right), Answer({"x": drawn})))
    assert repairs.is_off_on_the_mean(check, answers) == is_off
    longer = Answer({"x": np.zeros(3)})
    assert not repairs.is_off_on_the_mean(check, [*answers, (Expected(check, longer), longer)])


@pytest.mark.parametrize(("right", "is_told"), [(FIT, True), ("\ndef fit():\n    pass\n", False)])
def test_where_a_right_answer_does_not_tell_nothing_is_confirmed(server, right, is_told):
    """If the right answer proves nothing, nothing is reported: it may fail on another seed."""
    one = wrong(server, submission(FIT.replace("y[i])", "y[i - 1])")))
    known = replace(one, right=submission(right).decode())
    assert bool(repaired(known, ["fit"])) == is_told


def test_a_change_that_spoils_another_check_is_not_told(server):
    """A change that fails another check is not reported.

    Here `fit` calls a function of another check.
    """
    source = submission(
        FIT.replace("rate * (height", "double(rate) * 0.25 * (height") + "\n"
        "def double(x):\n    return 2 * x\n"
    )
    found = repaired(wrong(server, source), {"double"})
    assert found == ""


ROWS = """
class Rows:
    def rows(self, x: np.ndarray, n: int = 3) -> np.ndarray:
        y = x[:, None] - x[None, :1]
        y[0, 0] = 3
        self.a, b = *x, x.T[0]
        for i in range(3):
            y += np.exp(
                x,  # of each row
            ) + np.sum(x,) + x.ravel() + np.sum(
                x,  # of all
            )
            if i:
                break
        c = max(a for a in x) + [a for a in x][0]
        d = yield x
        (np
         .abs)(x)
        e: float = x * b
        f = lambda z: z * b
        match x:
            case np.pi:
                c = -c
        return {"y": y, **{"z": x}}
"""


def test_whatever_is_put_back_is_code():
    """An insertion always parses.

    Otherwise the previous definition, which may be right, would run instead.
    """
    source = Source(ROWS, TAKES_AXIS)
    (definition,) = source.definitions(range(30))
    calls = calls_in([definition], source)
    changes = [*restorations(definition, source, calls)]
    for change in changes[::7]:  # of some 6,000
        assert script_of(change.script.encode()), change.code
        assert change.replaced not in ("np.ndarray", "int", "self")
    words = {slip_in_words(change.slip) for change in changes}
    assert {
        *("`exp` is left out", "`ravel` is left out", "`reversed` is left out"),
        *("a function works along the wrong axis", "an axis is not kept", "a minus is left out"),
        *("a transpose is missing", "a factor is left out", "a product with a matrix is left out"),
        "`break` stands where `continue` should",
    } <= words
    # a method's object may be missing, too
    assert any(change.code == "np.exp((x))" and change.replaced == "x" for change in changes)
    around_owner = "def f(x):\n    return np.log(x.sum())\n"
    source = Source(around_owner, TAKES_AXIS)
    (definition,) = source.definitions([2])
    codes = {change.script for change in restorations(definition, source, calls)}
    assert around_owner.replace("x.sum", "np.exp((x)).sum") in codes
    assert not any("\n" in word for word in words)
    changed = {(change.replaced, change.code) for change in changes}
    assert {("x * b", "(-(x * b))"), ("z * b", "(-(z * b))")} <= changed


def test_what_is_called_by_a_very_long_name_is_not_put_back():
    """Very long names are not inserted: a file may be full of them."""
    chain = "x" + ".n(1)" * 300
    source = Source(f"def f(x):\n    return {chain} + x.{'m' * 300}()\n", frozenset())
    (definition,) = source.definitions([2])
    found = calls_in([definition], source)
    assert all(len(call.before) <= 50 and len(slip_in_words(call.slip)) <= 70 for call in found)


def test_an_index_that_is_no_number_is_no_place_of_a_loop():
    """A dict key or an added axis is not taken for a loop index."""
    source = Source("def f(x):\n    for t in x:\n        x['a'], x[None], x[1]\n", frozenset())
    (definition,) = source.definitions([3])
    made = places_moved(definition, source)
    assert [change.code for change in made] == ["-(1)", "t", "t + 1", "t - 1"]


def test_only_what_has_a_value_is_changed_in_place():
    """Only names that already have a value are changed in place."""
    source = Source("def f(a):\n    b = 2\n    a = b\n    a[b] = 1\n", frozenset())
    (definition,) = source.definitions([2, 3, 4])
    in_place = [change.code for change in places_moved(definition, source) if "=" in change.code]
    assert in_place == [
        f"{name} {sign} ({value})"
        for name, value in (("a", "b"), ("a[b]", "1"))
        for sign in ("+=", "-=", "*=")
    ]


def test_a_change_that_is_no_code_is_not_told(server, monkeypatch):
    """A change that does not parse is not reported, though an earlier definition passes."""
    text = submission(FIT).decode()
    broken = [Edit(text, len(text) - 9, len(text), "(", "f")]
    one = wrong(server, submission(FIT.replace("slope * x[i] -", "slope / x[i] -")))
    monkeypatch.setattr(repairs, "groups_of_changes", lambda *_: [iter(broken)])
    assert repaired(one, {"fit"}) == ""


def test_changes_of_one_line_that_never_end_do_not_stop_the_search(server, monkeypatch):
    """After two changes of a line that run out of time, changes of other lines are still tried."""
    source = submission(FIT.replace("slope * x[i] -", "slope / x[i] -"))
    text = script_of(source).text

    def edit(old, new):
        start = text.encode().rindex(old.encode())
        return Edit(text, start, start + len(old), new, "fit", Slip(SlipKind.TERM))

    first = "slope, height = weights"
    endless = [edit(first, f"while {number}: pass") for number in range(1, 11)]
    mends = edit("slope / x[i] -", "slope * x[i] -")
    tried = [iter([*endless, mends])]
    monkeypatch.setattr(repairs, "groups_of_changes", lambda *_: tried)
    found = repaired(wrong(server, source), {"fit"})
    assert "where you wrote `missed = rate * (height + slope / x[i] - y[i])`" in found


def test_what_a_right_answer_calls_is_put_back_too(server):
    """A call in the solution may be inserted, even if the file never makes it."""
    slip = "np.array([[slope], [height]])"
    source = submission(FIT.replace("np.array([slope, height])", slip))
    lines = source.decode().split("\n")
    (line,) = [number for number, text in enumerate(lines, 1) if slip in text]
    one = wrong(server, source)
    assert repaired(one, {"fit"}) == ""
    right = small.solved() + "\ndef g(x):\n    return x.ravel()\n"
    found = repaired(replace(one, right=right), {"fit"})
    assert (
        found == f"{BEGINNING} (line {line}, where you wrote `return {slip}`): `ravel` is left out."
    )


def test_so_many_are_tried_and_no_more(server, monkeypatch):
    """A fixed number of changes is tried, however long a function is."""
    asked = []
    ask = Worker.ask
    monkeypatch.setattr(Worker, "ask", lambda self, *a, **o: asked.append(1) or ask(self, *a, **o))
    long = FIT.replace("    return", "    slope = slope + 0 * 3 * 4 * 5 - 0\n" * 20 + "    return")
    slips = long.replace("slope * x", "slope / x").replace("height - missed", "height + missed")
    one = wrong(server, submission(slips))
    del asked[:]
    assert repaired(one, {"fit"}) == ""
    # the unchanged submission counts, and equal changes do not
    assert MOST_CHANGED < len(asked) <= MOST + 1
    monkeypatch.setattr(repairs, "MOST", 20)
    del asked[:]
    assert repaired(one, {"fit"}) == ""
    assert len(asked) == 21


SLOW = """
_quick = fit


def fit(x, y, weights, rate):
    import time

    ends = time.process_time() + 0.2
    while time.process_time() < ends:
        pass
    marks = [1 + 2, 3 + 4, 5 + 6, 7 + 8]
    if marks == [3, 7, 11, 15]:
        return np.array([0.1, 0.2])
    return MENDED
"""


@pytest.mark.parametrize("mended", ["np.array([0.3, 0.4])", "_quick(x, y, weights, rate)"])
def test_a_file_whose_changes_are_slow_holds_nobody_up(server, monkeypatch, mended):
    """A search ends after a number of seconds, also while a result is being confirmed.

    So a file with slow changes holds nobody up.
    """
    one = wrong(server, submission(SLOW.replace("MENDED", mended)))
    monkeypatch.setattr(repairs, "MOST_SECONDS", 1.0)
    began = time.monotonic()
    assert repaired(one, {"fit"}) == ""
    assert time.monotonic() - began < 30  # all changes would take a minute


HOSTILE = {
    "ends": "raise SystemExit",
    "kills itself": "import os; os.abort()",
    "never ends": "while True: pass",
}


@pytest.mark.parametrize("act", HOSTILE.values(), ids=HOSTILE)
def test_a_submission_that_notices_changes_no_verdict(server, act):
    """A submission that notices the repeated check changes no verdict, only feedback."""
    key = MadeKey(
        small.unit(),
        small.SEED,
        {},
        AnswerStore(None),
        lambda: server,
        small.listed(small.unit(), server),
    )
    body = "\n".join(f"        {line}" for line in act.split("\n"))
    notices = f"    if 1 + 1 != 2:\n{body}\n    return"  # as soon as one number is wrong
    noticing = FIT.replace("slope * x[i] -", "slope / x[i] -").replace("    return", notices)
    verdicts = grade_one(server, submission(noticing), "a.py", small.SEED, key, {}, mend=True)
    (verdict,) = [one for one in verdicts if one.name == "three_steps"]
    assert verdict.earned == 0


NAMES = {
    SlipKind.REPLACED: ("+", "-"),
    SlipKind.OPTION: ("axis",),
    SlipKind.SIDES_SWAPPED: ("-",),
    SlipKind.ARGUMENTS_SWAPPED: ("f",),
    SlipKind.ARGUMENT_FOR_RESULT: ("f",),
    SlipKind.APPLIED_TO_TOO_MUCH: ("f",),
    SlipKind.APPLIED_TO_TOO_LITTLE: ("f",),
}


def test_what_a_change_makes_is_what_its_counterpart_mends():
    """A change and the change that undoes it are each other's counterparts.

    Both have a text for feedback.
    """
    slips = {change.slip for change in small_changes(small.solved())}
    assert len({slip.kind for slip in slips}) > 10
    only_mended = (SlipKind.CALL, SlipKind.DIVISOR)
    for slip in slips:
        mended = slip.taken_back()
        assert mended.taken_back() == slip or mended.kind in only_mended
    for kind in SlipKind:
        if kind is not SlipKind.LISTED:
            slip = Slip(kind, NAMES.get(kind, ()))
            assert slip_in_words(slip)
            assert slip_in_words(slip.taken_back())
    mended = Slip(SlipKind.REPLACED, ("+", "-")).taken_back()
    assert slip_in_words(mended) == "`-` stands where `+` should"


@pytest.mark.parametrize(
    ("slice", "cut"),
    [(":", ["1:", "2:", ":-1"]), ("1:", ["1:-1"]), ("::2", []), ("::", []), (":3", ["1:3", "2:3"])],
)
def test_a_slice_is_cut_at_an_end_that_it_has_not(slice, cut):
    """A slice is cut only at an end that it lacks; one with a step stays as it is."""
    source = Source(f"def f(x):\n    return x[{slice}]\n", frozenset())
    (definition,) = source.definitions([2])
    made = places_moved(definition, source)
    assert [change.code for change in made] == cut


ODD = {
    "a comment at column 0": "# here\n",
    "a text at column 0": '    """\nof two lines\n    """\n',
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_words_are_true_however_the_code_is_laid_out(server, odd):
    """Descriptions hold whatever the layout: the sides of a minus are swapped, nothing more."""
    fit = FIT.replace("height + slope * x[i] - y[i]", "y[i] - height - slope * x[i]")
    fit = fit.replace("    slope, height = weights\n", f"{odd}    slope, height = weights\n")
    found = repaired(wrong(server, submission(fit)), {"fit"})
    assert "`missed = rate * (y[i] - height" in found


def test_lone_carriage_returns_are_not_counted_wrongly(server):
    """After lone carriage returns no line is named: editors count them differently from Python."""
    fit = FIT.replace("slope * x[i] -", "slope / x[i] -") + "# a\r# b\n"
    assert repaired(wrong(server, submission(fit)), {"fit"}) == ""


def test_quoted_code_keeps_the_blanks_of_its_texts():
    """Two blanks in a text are two blanks in feedback; a statement of several lines is one line."""
    assert code_quoted('row = "  " * depth') == '`row = "  " * depth`'
    assert code_quoted("f(\n    a,\n    b,\n)") == "`f( a, b, )`"
