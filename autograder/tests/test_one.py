"""Grading one submission: a failed check costs no other, and untrained weights earn nothing."""

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import small

from autograder.check import Answer, Failure
from autograder.data import corpus
from autograder.explaining.words import VALUES_ARE
from autograder.finding import Finding, FindingKind
from autograder.grading import one
from autograder.grading.judge import Judge
from autograder.grading.keys import build_key, solution_of
from autograder.grading.one import AskedCheck, Measurer, Postponed, grade_one
from autograder.grading.provenance import Provenance
from autograder.grading.results import Result
from autograder.judging import PlainKey, Remark, Verdict
from autograder.report.summary import Group, mistakes, to_look_at
from autograder.report.terminal import class_summary
from autograder.sandbox.client import Server
from autograder.sandbox.worker import Worker

POISONS = (
    "np.cumsum = np.tanh",
    "np.random.seed = None",
    "np.random.default_rng = None",
    "np.multiply = np.add = np.linalg.norm = None",
    "np.seterr(all='raise')",
    "builtins = __import__('builtins'); builtins.min = builtins.max = lambda *_: 0",
    "builtins = __import__('builtins'); builtins.abs = builtins.any = lambda *_: 0",
)


RESULT = Result("ada", small.UNIT, "", Provenance(), (), 0.0)


def not_passed(verdicts):
    return {verdict.name: verdict.status for verdict in verdicts if verdict.status != "passed"}


@pytest.mark.parametrize("poison", POISONS)
def test_what_one_check_spoils_costs_no_other(grade, poison):
    """Right answers that alter NumPy for later checks keep every point."""
    spoiling = f"\n_right = double\ndef double(x):\n    a = _right(x)\n    {poison}\n    return a\n"
    verdicts = grade(small.solved() + spoiling)
    assert len(verdicts) == 3
    assert not_passed(verdicts.values()) == {}


# right in a fresh process, else wrong; or the other way round
GUESS = """
asked, _right = [], running_sum
def double(x):
    asked.append(1)
    return 2 * x
def running_sum(x):
    sums, total = _right(x)
    return (sums, total) if bool(asked) == {first} else {wrong}
"""


@pytest.mark.parametrize(
    ("wrong", "earned"), [("(sums + 1, total + 1)", 0), ("(sums, total + 1)", 2)]
)
def test_a_submission_has_one_guess(grade, wrong, earned):
    """A submission that answers a repeated question differently gets the worse answer."""
    verdict = grade(small.solved() + GUESS.format(first=False, wrong=wrong))["summing"]
    assert (verdict.earned, verdict.two_answers) == (earned, True)
    assert "this check ran twice and got two different answers" in verdict.remarks[-1].text
    assert verdict.remarks[0].arrays
    (told,) = to_look_at([replace(RESULT, verdicts=(verdict,))])
    assert told[1] == "two different answers to the same question in summing"
    assert (
        "ada: two different answers to the same question in summing"
        in class_summary([replace(RESULT, verdicts=(verdict,))]).plain
    )


def test_of_two_answers_the_second_may_be_the_worse(grade):
    """Part of the points at first and none in a new process: the answer earns none."""
    halves = GUESS.format(first=False, wrong="(sums, total + 1)").replace(
        "(sums, total) if", "(0 * sums, 0 * total) if"
    )
    verdict = grade(small.solved() + halves)["summing"]
    assert (verdict.earned, verdict.two_answers) == (0, True)


def test_an_answer_after_a_failure_is_the_first(grade):
    """After a failure, the answer of a new process is the first one.

    An earlier check may have caused the failure. A wrong answer that stays the same is one answer.
    """
    raises = GUESS.format(first=False, wrong="1 / 0")
    assert not_passed(grade(small.solved() + raises).values()) == {}
    wrong = grade(small.solved() + "\ndef running_sum(x):\n    return x + 1, x[0]\n")["summing"]
    assert wrong.status == "failed"
    assert not wrong.two_answers


def test_a_hang_costs_one_check(grade):
    """An endless loop fails its check, and no other: the one that needs it is right."""
    verdicts = grade(small.solved() + "\ndef double(x):\n    while True: pass\n")
    assert not_passed(verdicts.values()) == {"doubling": "timeout"}
    assert verdicts["doubling"].seconds > 5


def test_a_sleeper_is_stopped_after_what_a_unit_lets_one_wait(grade):
    """A sleeping check is stopped after the unit's limit of waiting, before its time on the clock.

    So is one that computes a little in between.
    """
    for nap in (
        "time.sleep(100)",
        "[sum(range(1000)) + bool(time.sleep(0.05)) for _ in range(2000)]",
    ):
        verdict = grade(
            small.solved() + f"\nimport time\ndef double(x):\n    {nap}\n    return 2 * x\n"
        )["doubling"]
        assert verdict.status == "timeout"
        assert verdict.seconds < 15  # its time on the clock is 20
        assert (
            "waited for 3 seconds without computing anything and was stopped"
            in verdict.remarks[0].text
        )


@contextmanager
def crowded_processor(others=7):
    """Bind this process and its children to one processor that others use, too."""
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(mine)})
    endless = [sys.executable, "-c", "while True: pass"]
    # each in its own session, because the kernel first shares the processor between sessions
    burning = [subprocess.Popen(endless, start_new_session=True) for _ in range(others)]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()
        os.sched_setaffinity(0, mine)


def test_a_check_that_others_crowd_out_is_told_from_one_that_waits():
    """A check that others crowd out is distinguished from one that waits.

    It computes for a fifth of a second and takes more than a second on the clock.
    """
    source = small.solved() + (
        "\nimport time\n_double = double\ndef double(x):\n"
        "    began = time.process_time()\n"
        "    while time.process_time() < began + 0.2:\n        pass\n"
        "    return _double(x)\n"
    )
    check = small.check(seconds=0.3)
    with crowded_processor(others=0), Server(small.unit()) as server:
        for _ in range(30):
            with server.worker(source.encode(), "x.py") as worker:
                answer = worker.ask(check, small.SEED)
            if not worker.crowded:  # else other programs left no processor to the tests
                break
        assert not answer.failure
        assert worker.crowded == 0
        with crowded_processor(), server.worker(source.encode(), "x.py") as worker:
            assert worker.ask(check, small.SEED).failure == Failure.TIMEOUT
            assert worker.crowded == 1


def test_one_that_waits_while_others_stand_in_line_is_postponed(server, key):
    """A waiting check is postponed after a second if others are queued, else it is graded."""
    source = (
        small.solved() + "\nimport time\ndef double(x):\n    time.sleep(1.2)\n    return 2 * x\n"
    )
    with pytest.raises(Postponed):
        grade_one(server, source.encode(), "x.py", small.SEED, key, {}, hurry=True)
    verdicts = grade_one(server, source.encode(), "x.py", small.SEED, key, {})
    assert verdicts[0].status == "passed"


def test_a_measurement_that_others_crowded_out_is_repeated(server, key, monkeypatch):
    """If our own measuring is late because of others, the submission is graded again, alone."""
    monkeypatch.setattr(Measurer, "crowded", 1)
    for wish in ({"hurry": True}, {"complete": True}):
        with pytest.raises(Postponed) as postponed:
            grade_one(server, small.solved().encode(), "x.py", small.SEED, key, {}, **wish)
        assert postponed.value.crowded


GUESSES = """
import time
def double(x):
    time.sleep(2.4)
    return {double}
def running_sum(x):
    return {sums}, x.sum(0)
"""


def test_a_submission_that_is_postponed_has_no_second_guess(server, key):
    """A postponed submission gets no second guess.

    The worse answer counts, and the verdict says so.
    """
    sums = "np.cumsum(x, axis=0)"
    wrong, right = (
        small.solved() + GUESSES.format(double=double, sums=sums) for double in ("3 * x", "2 * x")
    )
    with pytest.raises(Postponed) as postponed:
        grade_one(server, wrong.encode(), "x.py", small.SEED, key, {}, hurry=True)
    earlier = postponed.value.verdicts
    again = grade_one(server, right.encode(), "x.py", small.SEED, key, {}, earlier=earlier)
    assert (again[0].earned, again[0].two_answers) == (0, True)
    assert again[1].status == "passed", "it is right, though it needs the first"
    # an earlier timeout does not count, because the machine may have been busy
    late = {"doubling": replace(earlier["doubling"], failure=Failure.TIMEOUT)}
    again = grade_one(server, right.encode(), "x.py", small.SEED, key, {}, earlier=late)
    assert again[0].status == "passed"


@pytest.mark.parametrize("failure", [Failure.TIMEOUT, Failure.RAISED])
def test_few_checks_that_take_too_long_are_asked_again(server, key, monkeypatch, failure):
    """A submission that sleeps in each check is asked only its first one again.

    The same holds if the second run, without what raised an exception, is the late one. A single
    stall of the machine costs nothing.
    """
    asked = []
    late = Answer(failure=failure, message="late.")
    monkeypatch.setattr(
        Worker, "ask", lambda worker, check, *_, **__: asked.append(check.name) or counted(worker)
    )

    def counted(worker):
        worker.asked, worker.timeouts = 2, worker.timeouts + 1
        return late

    checks = [replace(check, needs=()) for check in small.unit().checks if not check.measure]
    with server.worker(b"", "x.py") as worker:
        for check in checks:
            question = one.AskedCheck(check, 1, None, key[check.name], Judge(key, {}))
            one.try_twice(worker, question)
    assert asked == [checks[0].name, checks[0].name, checks[1].name, checks[2].name]


def test_an_error_within_a_library_is_told_with_the_students_line(grade):
    """An error inside a library is reported with the submission's line that called it."""
    script = small.solved() + "\ndef double(x):\n    return np.linalg.inv(x)\n"
    said = grade(script)["doubling"].remarks[0].text
    assert said.startswith(f"line {len(script.splitlines())}, in `double`: LinAlgError: ")


def test_numbers_too_wide_for_the_wire_cost_their_check(grade):
    """128-bit floats are refused with a message, and the other checks are graded."""
    wide = "\n_right = fit\ndef fit(*a): return np.longdouble(1) * _right(*a)\n"
    verdicts = grade(small.solved() + wide)
    assert not_passed(verdicts.values()) == {"three_steps": "error"}
    remark = verdicts["three_steps"].remarks[0]
    assert "`weights` holds float128 numbers; return float64" in remark.text


# ---- weights that were not trained


# pairs cover few of the weights' directions, so the initial values remain in all others
EXPERIMENTS = """
    import numpy as np

    from autograder.check import UnitSettings, check, named

    SETTINGS = UnitSettings(packages=("numpy",))
    SPREAD, TRUE = (np.random.default_rng(9).normal(size=shape) for shape in ((3, 40), (40, 30)))


    def first_weights(seed):
        return np.random.default_rng(seed).normal(size=(40, 30))


    def pairs(text):
        x = np.array([line.split() for line in text.splitlines()[1:-1]], float) @ SPREAD / 10
        return x, x @ TRUE


    def held_out_error(ours, trained, text):
        x, y = pairs(text)
        return float(((x @ trained["weights"] - y) ** 2).mean())


    @check(points=1)
    def two_steps(net, seed):
        \"\"\"`train` takes a step for each pair\"\"\"
        x, y = np.random.default_rng(seed).normal(size=(2, 2, 5))
        return named("weights", net.train(x, y, np.ones((5, 5))))


    @check(points=3, needs=two_steps, measure=held_out_error, within=0.05, seconds=20)
    def training(net, seed, text):
        \"\"\"`train` learns\"\"\"
        return named("weights", net.train(*pairs(text), first_weights(seed)))
"""
SOLUTION = """
    import numpy as np


    def train(xs, ys, weights):
        for x, y in zip(xs, ys):
            weights = weights - 0.1 * np.outer(x, x @ weights - y)
        return weights
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Grade a script of a course with a large weight matrix: text to verdicts."""
    rows = np.random.default_rng(0).normal(size=(600, 3)).round(3)
    text = "\n".join(" ".join(map(str, row)) for row in rows.tolist())
    folder = tmp_path_factory.mktemp("matrix")
    unit = small.write_course(folder, "matrices", EXPERIMENTS, SOLUTION, text=text)
    known = corpus(unit.course)
    with Server(unit) as server:
        key = build_key(server, small.SEED, {"training": [known]})

        def run(script):
            data = {"training": known}
            return grade_one(server, script.encode(), "ada.py", small.SEED, key, data)

        run.server, run.corpus = server, known
        yield run


def plain():
    return SOLUTION.replace("\n    ", "\n")


def test_training_passes_by_its_loss(trained):
    """Our own solution passes the training check."""
    assert not_passed(trained(plain())) == {}


def test_weights_that_came_with_the_file_are_not_training(trained):
    """Weights trained elsewhere with our loss earn nothing, and the remark says why."""
    check = trained.server.unit.checks[1]
    with trained.server.worker(plain().encode(), "elsewhere.py") as worker:
        weights = worker.ask(check, 77, text=trained.corpus.train).arrays["weights"]
    script = plain() + f"\n_known = np.array({weights.round(3).tolist()})\n_honest = train\n"
    # the exact training steps are right; only the run on the corpus is not
    script += "def train(xs, ys, weights):\n"
    script += "    return _known if weights.size > 25 else _honest(xs, ys, weights)\n"
    verdicts = trained(script)
    assert not_passed(verdicts) == {"training": "failed"}
    assert "these weights were not trained from the given" in verdicts[1].remarks[0].text


def test_training_in_another_order_of_rounding_is_training(trained):
    """Training in float32, the style that drifts most, still passes."""
    script = plain() + "\n_double = train\ndef train(xs, ys, weights):\n"
    script += "    return _double(*(a.astype(np.float32) for a in (xs, ys, weights)))\n"
    assert not_passed(trained(script)) == {}


def test_one_process_measures_all_that_a_submission_has_trained(trained, monkeypatch):
    """One process measures all trained weights, from the initial ones, and ends with grading."""
    check = trained.server.unit.checks[1]
    key = PlainKey(Answer())
    question = AskedCheck(check, small.SEED, trained.corpus, key, Judge({}, {}))
    with trained.server.worker(plain().encode(), "ada.py") as worker:
        answer = worker.ask(check, small.SEED, text=trained.corpus.train)
    commands = []
    command = trained.server.command

    def noted(message, descriptors=()):
        if message["do"] != "clock":  # the one that is asked when an answer is slow
            commands.append(message["do"])
        return command(message, descriptors)

    monkeypatch.setattr(trained.server, "command", noted)
    with Measurer(trained.server) as measurer:
        assert commands == []
        first = measurer.loss(question, answer, trained.corpus)
        assert measurer.loss(question, answer, trained.corpus) == first > 0
    assert commands == ["work", "end"]


def test_a_mistake_is_one_group_however_it_is_told():
    """A mistake is one group, by the author's description, whatever text precedes it."""
    words = "the sum ran over rows."
    results = []
    for student, text in (("ada", words), ("ben", f"{VALUES_ARE}: {words}")):
        found = Finding(FindingKind.MISTAKE, ("x",), mistakes=(words,), code="x.sum(0)")
        remark = Remark(text, ("x",), found)
        verdict = Verdict("doubling", "t", 2, 0, "failed", (remark,))
        results.append(replace(RESULT, student=student, verdicts=(verdict,)))
    assert mistakes(results) == [Group("doubling", words, ("ada", "ben"))]


def test_a_mistake_that_explains_a_part_is_not_counted_as_made():
    """A mistake that explains only a part of the wrong arrays is not counted as made.

    Another cause explains the rest, and may explain all.
    """
    found = Finding(FindingKind.MISTAKE, ("x",), mistakes=("words",), code="x.sum(0)")
    named = Remark("words", ("x",), found)
    other = Remark("wrong values in 3 of 4 places.", ("y",))
    verdict = Verdict("doubling", "t", 2, 0, "failed", (named, other))
    assert mistakes([replace(RESULT, verdicts=(verdict,))]) == []


# ---- one exception among several functions


def test_an_exception_costs_only_what_depends_on_it(tmp_path):
    """If one of a check's two functions raises, the other earns its half."""
    unit = small.write_course(tmp_path, "two", TWO_FUNCTIONS, TWO_ANSWERS)
    with Server(unit) as running:
        key = build_key(running, small.SEED, data={})
        script = solution_of(unit).plain() + "\ndef right(x): return x / None\n"
        (verdict,) = grade_one(running, script.encode(), "ada.py", small.SEED, key, data={})
    assert (verdict.earned, verdict.status) == (1, "partial")
    line = len(script.splitlines())
    assert verdict.remarks[0].text.startswith(f"line {line}, in `right`: TypeError")
    assert verdict.remarks[1].arrays == ("turned_left",)


TWO_FUNCTIONS = """
    import numpy as np

    from autograder.check import check, named


    @check(points=2)
    def turning(net, seed):
        "`left` and `right` turn a vector"
        x = np.random.default_rng(seed).normal(size=2)
        return named("turned_left turned_right", net.left(x), net.right(x))
"""
TWO_ANSWERS = """
    import numpy as np


    def left(x):
        return np.array([-x[1], x[0]])


    def right(x):
        return np.array([x[1], -x[0]])
"""
