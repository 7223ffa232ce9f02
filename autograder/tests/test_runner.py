"""Experiments next to the submission.

Whatever it does becomes part of an answer, with its own lines named.
"""

import io
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest
import small

from autograder.check import (
    Check,
    Experiments,
    UnitSettings,
    Watched,
    check,
    named,
    same_after,
)
from autograder.grading.keys import solution_of
from autograder.sandbox.inside import locations
from autograder.sandbox.inside.cells import cells, syntax_tree
from autograder.sandbox.inside.namespaces import Namespaces
from autograder.sandbox.inside.runner import answer_requests, failed, run_experiment, warm
from autograder.sandbox.inside.submission import Submission
from autograder.sandbox.inside.wire import MAX_MESSAGE, Message, encode, receive, text_array


@check(points=1)
def asking(net, seed):
    """`f` of the seed"""
    return named("y", net.f(seed))


@check(points=1, measure=lambda net, weights, text: len(text) + weights["w"].sum())
def training(net, seed, text):
    """`train` on a text"""
    return named("w", net.train(text))


def submission(text, name="ada.py"):
    return Submission(textwrap.dedent(text).encode(), name)


def answer(script, asked=asking, **options):
    return run_experiment(asked, submission(script), 3, lambda seed: None, **options)


# ---- one experiment


def test_an_answer_is_what_the_experiment_returns_as_arrays():
    """Values that an experiment returns unnamed become arrays, text too."""
    assert answer("def f(seed): return [seed, 1]").arrays["y"].tolist() == [3, 1]
    plain = replace(asking, experiment=lambda net, seed: {"y": 1.5, "name": "A."})
    found = answer("", plain)
    assert found.arrays["y"] == 1.5
    assert found.arrays["name"].tolist() == "A."


def test_random_numbers_are_reset_before_each_experiment():
    """The check's seed resets random numbers before any code of the submission runs."""
    asked = []
    run_experiment(asking, submission("def f(seed): return 1"), 3, asked.append)
    assert asked == [3]


def test_a_check_that_trains_is_given_its_text_and_no_other_is():
    """Only a training check receives the text, as its last argument."""
    assert answer("def train(text): return len(text)", training, text="abc").arrays["w"] == 3
    assert answer("def f(seed): return seed", text="abc").arrays["y"] == 3


def test_numbers_out_of_range_warn_nobody():
    """Overflow warns nobody, even where warnings are errors: the values are judged."""
    found = answer("import numpy as np\ndef f(seed): return np.log(np.zeros(2)) * 0")
    assert not found.failure
    assert np.isnan(found.arrays["y"]).all()


@pytest.mark.parametrize(
    ("text", "failure", "words"),
    [
        ("def g(seed): pass", "missing", "`f` is not defined."),
        ("def f(seed:", "broken", "`f` could not be read. line 1: SyntaxError"),
        ("def f(seed): raise NotImplementedError", "stub", "`f` is not written yet."),
        (
            ("def f(seed): return g()\ndef g(): raise NotImplementedError()"),
            "stub",
            "`g` is not written yet.",
        ),
        (
            ("def f(seed): raise NotImplementedError('no way')"),
            "raised",
            "line 1, in `f`: NotImplementedError: no way",
        ),
        ("x = 1\n\ndef f(seed):\n    return 1 / 0", "raised", "line 4, in `f`: ZeroDivisionError"),
        ("# %%\nx = 1\n# %%\ndef f(seed): 1 / 0", "raised", "line 4, in `f`: ZeroDivisionError"),
        (
            ("def f(seed): return None"),
            "raised",
            "TypeError: `y` should be a number or an array of numbers, found NoneType",
        ),
        ("def f(seed): raise SystemExit(3)", "raised", "line 1, in `f`: SystemExit: 3"),
        ("def f(seed): raise ValueError", "raised", "line 1, in `f`: ValueError"),
        (
            "import absent_package\ndef f(seed): return absent_package.x",
            "raised",
            "line 1, outside any function: ModuleNotFoundError: No module named 'absent_package'. "
            "This unit is graded without it.",
        ),
        (
            ("class E(BaseException): pass\ndef f(seed): raise E('mine')"),
            "raised",
            "line 2, in `f`: E: mine",
        ),
        (
            ("import json\ndef f(seed): return json.loads('{')"),
            "raised",
            "line 2, in `f`: JSONDecodeError",
        ),
    ],
)
def test_whatever_a_submission_raises_is_told_by_its_own_line(text, failure, words):
    """An exception is reported with its kind, the file's innermost line, function and error.

    No frame of a library is shown.
    """
    found = answer(text)
    assert (found.failure, found.arrays) == (failure, {})
    assert found.message.startswith(words), found.message


def test_a_library_that_is_not_written_yet_is_no_stub():
    """A `NotImplementedError` from a library is an ordinary error, not a stub."""
    found = answer("import asyncio\ndef f(seed): return asyncio.AbstractEventLoop().time()")
    assert (found.failure, found.message) == ("raised", "line 2, in `f`: NotImplementedError")


def test_a_notebooks_lines_are_told_by_cell():
    """Lines of a notebook are reported by cell, as a person counts them."""
    book = (
        b'{"cells": [{"cell_type": "code", "source": "x = 1"}, {"cell_type": "code", "source": '
        b'"\\ndef f(s): 1/0"}]}'
    )
    found = run_experiment(asking, Submission(book, "ada.ipynb"), 3, lambda seed: None)
    assert found.message == "cell 2, line 2, in `f`: ZeroDivisionError: division by zero"


def test_what_is_raised_is_cut_at_a_limit():
    """The text of an exception is cut at a limit."""
    assert len(answer("def f(seed): raise ValueError('x' * 10**6)").message) == MAX_MESSAGE


def test_ctrl_c_ends_practice():
    """Ctrl-C ends practice and is no answer."""
    with pytest.raises(KeyboardInterrupt):
        answer("def f(seed): raise KeyboardInterrupt")


def raised_in(path, function="f"):
    """Return an error whose innermost frame is in a file at that path."""
    names = {}
    exec(compile(f"def {function}(): return 1 / 0", str(path), "exec"), names)
    try:
        names[function]()
    except ZeroDivisionError as error:
        return error


def test_frames_of_the_kit_the_checks_and_libraries_are_passed_over(tmp_path):
    """Frames of the kit, the checks and libraries are skipped, and the student's file is left.

    A folder whose name only begins like one of these is a student's.
    """
    mine = "line 1, in `f`: ZeroDivisionError: division by zero"
    checks = replace(
        asking,
        experiment=eval(compile("lambda net, seed: {}", f"{tmp_path}/checks/one.py", "eval")),
    )
    plain = "ZeroDivisionError: division by zero"
    for theirs in (locations.ENGINE, *locations.STANDARD_LIBRARY):
        assert failed(raised_in(f"{theirs}/one.py"), checks).message == plain
    of_checks = failed(raised_in(f"{tmp_path}/checks/one.py"), checks).message
    assert of_checks == f"The check cannot use what was returned ({plain})."
    for like_theirs in (
        f"{locations.ENGINE}-course",
        tmp_path / "checks-of-mine",
        tmp_path / "assignments",
    ):
        assert failed(raised_in(f"{like_theirs}/one.py"), checks).message == mine
    assert failed(raised_in("/tmp/ipykernel_12/345.py"), checks).message.startswith(
        "line 1 of the cell, in `f`"
    )


# ---- warming


def test_cells_of_the_stub_are_not_parsed_again():
    """A server parses the stub's cells before it forks, so a submission parses only new cells."""
    unit = small.unit()
    solution = solution_of(unit)
    stub, plain = (cells(text.encode()) for text in (solution.stub, solution.plain()))
    syntax_tree.cache_clear()
    warm(unit.experiments, solution.stub.encode())
    before = syntax_tree.cache_info().misses
    Submission(solution.plain().encode(), "ada.py")
    new = {cell.text for cell in plain} - {cell.text for cell in stub}
    assert 2 < syntax_tree.cache_info().misses - before == len(new) < len(plain) / 2


def test_warming_begins_each_exact_experiment_and_no_training():
    """Warming starts each exact experiment and no training.

    So the imports of an experiment, and the unit's own warming, are done once.
    """
    done = []

    def beginning(net, seed):
        done.append("begun")
        return named("y", net.f(seed))

    begun = Check("begun", 1, beginning)
    trains = replace(training, experiment=lambda *_: done.append("trained"))
    warm(Experiments((begun, trains), UnitSettings(warm=lambda: done.append("warm"))))
    assert done == ["warm", "begun"]
    assert "submission" not in sys.modules


# ---- the whole life of a worker


def conversation(source, *questions, checks=(asking, training), name="ada.py"):
    """Return what a worker writes in reply to some questions about a submission."""
    submitted = Message({"name": name}, {"source": text_array(textwrap.dedent(source))})
    frames = [encode(message) for message in (submitted, *questions)]
    inbox = io.BytesIO(b"".join(frames))
    outbox = io.BytesIO()
    experiments = Experiments(tuple(checks), UnitSettings())
    answer_requests(inbox, outbox, experiments, Namespaces([]))
    outbox.seek(0)
    return [receive(outbox) for _ in questions]


def question(check_, token="t", role="experiment", seed=3, **arrays):
    return Message({"check": check_.name, "seed": str(seed), "token": token, "role": role}, arrays)


def test_each_question_is_answered_under_its_own_token():
    """Each question is answered in order, with its own token and seed."""
    one, two = conversation(
        "def f(seed): return seed", question(asking, "a", seed=1), question(asking, "b", seed=2)
    )
    assert (one.fields["token"], one.arrays["y"]) == ("a", 1)
    assert (two.fields["token"], two.arrays["y"]) == ("b", 2)


def test_text_is_answered_as_text():
    """An experiment that returns a string is answered as text."""
    (reply,) = conversation("def f(seed): return ['A.', 'B.']", question(asking))
    assert reply.arrays["y"].tolist() == ["A.", "B."]


def test_a_file_that_cannot_be_read_fails_each_check_and_ends_nothing():
    """An unreadable file fails each check, and the worker goes on."""
    replies = conversation("def f(:\n\0", question(asking, "a"), question(asking, "b"))
    assert [(reply.fields["token"], reply.fields["failure"]) for reply in replies] == [
        ("a", "broken"),
        ("b", "broken"),
    ]
    assert "not text" in replies[0].fields["message"]


def test_a_worker_trains_and_measures():
    """A worker returns trained weights and measures the held-out text without training on it."""
    source = "def train(text): return [len(text), 1.0]"
    (trained,) = conversation(source, question(training, text=text_array("abc")))
    assert trained.arrays["w"].tolist() == [3, 1]
    weights = {"w.w": trained.arrays["w"], "text": text_array("held out")}
    (measured,) = conversation("", question(training, role="measure", **weights))
    assert measured.arrays["loss"] == len("held out") + 4


def test_a_check_that_does_not_train_is_never_measured():
    """A check without training is never measured, whatever role a question has."""
    (reply,) = conversation("def f(seed): return seed", question(asking, role="measure"))
    assert reply.arrays.keys() == {"y"}


# ---- one exception among several functions


@check(points=4)
def several(net, seed):
    """Four functions, one array each, and one of two"""
    out = named("a b", net.a(seed), 2 * net.b(seed) + 1)
    return out | named("c d", net.pair(net.a(seed))) | named("changed", [seed])


FOUR = "def a(x): return x\ndef b(x): return x + 1\ndef pair(x): return x, -x\n"


@pytest.mark.parametrize(
    "change, left",
    [
        # a value made from a missing one is missing
        (
            "def a(x): raise ValueError('planted')",
            "b changed",
        ),
        ("def b(x): return x / 0", "a c d changed"),
        ("def b(x): raise NotImplementedError()", "a c d changed"),
        # it answers, and the experiment stops where it looks into the answer
        (
            "def pair(x): return x",
            "a b",
        ),
    ],
)
def test_where_one_function_raises_the_others_answer(change, left):
    """Values that do not depend on a raising function are named, and the failure is reported."""
    found = answer(FOUR + change, several)
    assert found.failure
    assert " ".join(found.arrays) == left
    whole = answer(FOUR, several).arrays
    assert all(found.arrays[name] == whole[name] for name in found.arrays)


@check(points=4, seconds=0.4)
def watched(net, seed):
    """Three functions, whose arguments stay as they are"""
    net = Watched(net)
    return named("a", net.a(net.b(seed))) | named("p", net.pair(seed)[0]) | same_after(net)


@pytest.mark.parametrize(
    "raises", ["raise ValueError('planted')", "import time; time.sleep(0.2); return x / 0"]
)
def test_the_others_answer_where_arguments_are_watched_and_time_passes(raises):
    """A missing argument is not looked into; only computing uses up the time for a second run."""
    found = answer(f"{FOUR}def b(x): {raises}", watched)
    assert found.failure == "raised"
    assert found.arrays["p"] == 3


def test_where_no_function_answers_nothing_is_named():
    """If no function answers, the experiment's own names are no answer of the submission's."""
    found = answer("def a(x): raise ValueError('planted')\nb = pair = a\n", several)
    assert found.failure == "raised"
    assert not found.arrays


def test_what_was_named_before_an_exception_is_there():
    """Values named before an exception are kept, even from within a generator.

    No function of the submission returned there.
    """

    def looping(net, seed):
        out = {}
        for n in (1, 2, 3):
            out |= named(f"sum_{n}", sum(net.numbers(n)))
        return out

    script = "def numbers(n):\n    yield 1\n    if n == 3: raise ValueError('planted')\n"
    found = answer(script, replace(several, experiment=looping))
    assert list(found.arrays) == ["sum_1", "sum_2"]
    assert "planted" in found.message


def test_a_missing_function_is_one_that_raises():
    """A missing function counts as one that raises: its name is reported, the others answer."""
    found = answer(FOUR.replace("def b", "def bb"), several)
    assert (found.failure, list(found.arrays)) == ("missing", ["a", "c", "d", "changed"])


def test_weights_of_a_training_that_failed_are_left_out():
    """Weights of a failed training are dropped: a training check is answered whole or not."""

    def half(net, seed, text):
        return named("w", 1.0) | named("v", net.train(text))

    found = answer(
        "def train(text): raise ValueError('planted')", replace(training, experiment=half), text="x"
    )
    assert found.failure
    assert not found.arrays


def test_an_experiment_that_took_long_is_not_run_again():
    """After a quarter of a check's time, a failure is reported without a second run.

    A second run might not end in time.
    """
    script = (
        "import time\nruns = []\ndef a(x):\n    runs.append(x)\n"
        "    until = time.process_time() + 0.02\n    while time.process_time() < until: pass\n"
        "    raise ValueError('planted')\n"
    )
    for seconds, runs in ((0.04, 1), (60.0, 2)):
        its = submission(script)
        run_experiment(replace(several, seconds=seconds), its, 3, lambda seed: None)
        assert its.runs[:1] == [3]
        assert len(its.runs) == (1 if runs == 1 else 3)


def test_an_experiment_on_a_variant_of_the_solution_is_not_run_again():
    """An experiment on a variant of the solution is not run again after a failure.

    Nobody needs the answers of the variant's other functions.
    """
    script = "runs = []\ndef a(x):\n    runs.append(x)\n    raise ValueError('planted')\n"
    its = submission(script)
    found = run_experiment(several, its, 3, lambda seed: None, only_once=True)
    assert its.runs == [3]
    assert "planted" in found.message
