"""Keys built lazily: equal to those built at once, with fewer runs."""

import os
from dataclasses import replace

import numpy as np
import pytest
import small
from test_one import crowded_processor

from autograder.check import Answer, Corpus, Failure
from autograder.course import load_unit, read_course
from autograder.data import unit_data
from autograder.grading import keys, one
from autograder.grading.answer_maker import AnswerMaker, SolutionProcess
from autograder.grading.key_file import load_key, save_key
from autograder.grading.keys import BrokenSolution, build_key, solution_of, spoilt_names
from autograder.grading.listed import NotAnswered
from autograder.grading.made_key import MadeKey
from autograder.grading.one import grade_one
from autograder.grading.store import AnswerStore, Made
from autograder.judging import same_answer
from autograder.sandbox.client import Server
from autograder.sandbox.worker import Worker


@pytest.fixture
def made(server, tmp_path):
    """Return an unbuilt key of the exact checks, and its store."""
    store = AnswerStore(tmp_path / "answers.sqlite")
    yield MadeKey(small.unit(), small.SEED, {}, store, lambda: server)
    store.close()


def graded(server, key, script):
    return {
        v.name: v for v in grade_one(server, script.encode(), "ada.py", small.SEED, key, data={})
    }


def without_seconds(verdicts):
    return [(v.name, v.earned, v.status, v.remarks) for v in verdicts.values()]


def test_a_right_submission_needs_the_solutions_answers_only(server, made):
    """A right submission needs one answer of the solution for each check and none of a mistake."""
    assert {v.status for v in graded(server, made, small.solved()).values()} == {"passed"}
    assert made.computed == len(made) == 3


def test_a_wrong_submission_needs_the_mistakes_of_the_definitions_that_its_check_runs(server, made):
    """A wrong submission needs only mistakes in definitions that its check runs.

    They are three for `running_sum` and none for `double`. A second submission with the same
    mistake needs nothing. One further answer is the solution's on another seed, for this check
    only.
    """
    script = small.solved() + "\ndef running_sum(x):\n    return np.cumsum(x, axis=1), x.sum(0)\n"
    verdicts = graded(server, made, script)
    assert "added up along the batch" in verdicts["summing"].remarks[0].text
    # the solution's for each check, one on another seed, and three mistakes of `running_sum`
    assert made.computed == 3 + 1 + 3
    before = made.computed
    graded(server, made, script)
    assert made.computed == before


def test_a_key_made_when_asked_for_judges_as_one_made_at_once(server, made, key, solution):
    """A lazily built key judges as a complete one: known mistakes, pairs, an unknown error.

    Nothing is carried forward.
    """
    identities = [mistake.id for mistake, _, _ in solution.mistakes]
    scripts = [solution.with_mistake(one) for one in identities]
    scripts += [solution.with_mistake(identities[0], identities[-1]), solution.stub]
    scripts += [small.solved() + "\ndef double(x):\n    return x / 3\n"]
    for script in scripts:
        assert without_seconds(graded(server, dict(made), script)) == without_seconds(
            graded(server, key, script)
        )
    assert made.keys() == key.keys()
    assert {name: made[name].constant for name in key} == {
        name: known.constant for name, known in key.items()
    }
    assert key["doubling"].constant == {"same_after"}
    for name, known in key.items():
        assert [m.id for m, _ in made[name].mistakes] == [m.id for m, _ in known.mistakes]


def test_the_solution_answers_all_checks_as_each_by_itself(server):
    """The solution answers all checks in one process as it does in separate ones.

    That covers each answer and the definitions that ran for it.
    """
    solution = solution_of(small.unit()).plain()
    process = SolutionProcess(solution, lambda: server)
    checks = [check for check in small.unit().checks if not check.measure]
    together = [process.made(check, small.SEED) for check in checks]
    process.end()
    for check, made in zip(checks, together, strict=True):
        alone = SolutionProcess(solution, lambda: server)
        own = alone.made(check, small.SEED)
        assert one.is_to_the_last_bit(made.answer, own.answer)
        assert made.names == own.names
        alone.end()
    assert together[0].names != together[1].names


def test_no_process_stays_once_a_submission_is_graded(server, made):
    """After grading, no process of the key stays open.

    A course of many units, or a pool of many seeds, would run out of open files.
    """

    def open_files():
        return len(os.listdir("/proc/self/fd"))

    before = open_files()
    assert made["doubling"].expected.arrays
    assert open_files() == before + 2
    made.end_processes()
    assert open_files() == before
    assert made["summing"].expected.arrays  # another process
    made.end_processes()


def test_where_the_process_of_the_solution_is_late_another_is_asked(server):
    """If the solution's process times out, there is no answer, and a new process takes the next."""
    process = SolutionProcess(solution_of(small.unit()).plain(), lambda: server)
    check = small.unit().checks[0]
    assert process.made(replace(check, seconds=0.0), small.SEED) is None
    assert not process.made(check, small.SEED).answer.failure
    process.end()


def test_where_its_server_has_ended_the_solution_is_asked_behind_the_next(server):
    """If a thread's server has ended, the solution runs in the next server.

    A thread whose server ends starts another, and all threads share the key.
    """
    check = small.unit().checks[0]
    servers = [server]
    process = SolutionProcess(solution_of(small.unit()).plain(), lambda: servers[-1])
    with Server(small.unit()) as short_lived:
        servers.append(short_lived)
        before = process.made(check, small.SEED)
    servers.pop()
    after = process.made(check, small.SEED)
    assert one.is_to_the_last_bit(before.answer, after.answer)
    process.end()


def test_an_answer_that_does_not_come_keeps_no_other_back(server, tmp_path):
    """A mistake whose script never ends is left out, and those after it are answered."""
    store = AnswerStore(tmp_path / "answers.sqlite")
    maker = AnswerMaker(small.unit(), small.SEED, store, lambda: server)
    other = AnswerMaker(small.unit(), small.SEED, AnswerStore(None), lambda: server)
    check = replace(maker.unit.checks[0], seconds=0.3)
    endless = small.solved() + "\ndef double(x):\n    while True:\n        pass\n"
    wrong = small.solved() + "\ndef double(x):\n    return x / 3\n"
    answers = maker.all_made(check, [endless, small.solved(), wrong])
    assert list(answers) == [small.solved(), wrong]
    for script, made in answers.items():
        alone = other.made(check, script)
        assert same_answer(check, made.answer, alone.answer)
        assert made.names == alone.names
    store.close()


def test_what_is_in_the_store_is_not_made_again(server, made, tmp_path, monkeypatch):
    """A second run with the same seed uses the store; another seed, or Python, has its own."""
    script = small.solved("m01")
    graded(server, made, script)
    again = AnswerStore(tmp_path / "answers.sqlite")
    key = MadeKey(small.unit(), small.SEED, {}, again, lambda: server)
    graded(server, key, script)
    assert key.computed == 0
    other = MadeKey(small.unit(), small.SEED + 2, {}, again, lambda: server)
    assert other["doubling"].expected.arrays
    assert other.computed == 1
    monkeypatch.setattr("platform.python_version_tuple", lambda: ("3", "99", "0"))
    newer = MadeKey(small.unit(), small.SEED, {}, again, lambda: server)
    assert newer["doubling"].expected.arrays
    assert newer.computed == 1
    again.close()


def test_training_is_measured_when_the_check_is_reached(server, tmp_path):
    """A training check trains the solution once, when it is reached, and stores the loss."""
    unit = small.unit()
    data = unit_data(unit)
    store = AnswerStore(tmp_path / "answers.sqlite")
    key = MadeKey(unit, small.SEED, data, store, lambda: server)
    stub = grade_one(server, b"", "ada.py", small.SEED, key, data)
    assert stub[-1].status == "not_reached"
    exact = [check for check in unit.checks if not check.measure]
    assert key.computed <= len(exact)  # their size is known before they run
    solved = small.solved().encode()
    verdicts = grade_one(server, solved, "ada.py", small.SEED, key, data)
    assert {verdict.status for verdict in verdicts} == {"passed"}
    all_data = {name: [corpus] for name, corpus in data.items()}
    whole = build_key(server, small.SEED, all_data)
    assert key["fitting@line"].loss == pytest.approx(whole["fitting@line"].loss)
    store.close()


def test_a_mistake_belongs_to_the_definition_it_stands_in(solution):
    """A mistake belongs to the definition around it, by the name that the statement binds."""
    spoilt = spoilt_names(solution)
    names = {mistake.code: spoilt[mistake.id] for mistake, _, _ in solution.mistakes}
    assert names["return x * x"] == {"double"}
    assert names["sums = np.cumsum(x, axis=1)"] == {"running_sum"}
    assert len(spoilt) == len(solution.mistakes)


SAME_ON_EVERY_SEED = """
    from autograder.check import check, named

    @check(points=1)
    def counting(net, seed):
        \"\"\"`count` counts\"\"\"
        return named("three none", net.count("abc"), net.count(""))
"""


def test_a_check_that_is_the_same_on_every_seed_is_refused(tmp_path):
    """A constant check is refused, with what to do: a file that solves nothing could pass it."""
    unit = small.write_course(
        tmp_path, "counting", SAME_ON_EVERY_SEED, "def count(text):\n    return len(text)\n"
    )
    with (
        Server(unit) as server,
        pytest.raises(BrokenSolution, match="All answers to `counting` of counting are the"),
    ):
        build_key(server, small.SEED, data={})


NEAR_THE_TOLERANCE = """
    from autograder.check import check, named

    @check(points=1)
    def halving(net, seed):
        \"\"\"`halve` halves\"\"\"
        return named("one two", net.halve(seed + 1.0), net.halve(seed + 2.0))
"""
HALVE = """
def halve(x):
    ### BEGIN SOLUTION
    return x / 2
    # mistake: return x / {divisor}
    #   this is a little less than half.
    ### END SOLUTION
"""


def halving(folder, divisor):
    """Write a course with one unit and one mistake: division by a number close to 2."""
    solution = HALVE.format(divisor=divisor)
    return small.write_course(folder, "halving", NEAR_THE_TOLERANCE, solution)


def test_a_mistake_that_rounding_decides_about_is_refused_in_a_file(tmp_path):
    """A mistake close to the tolerance is refused when a key's file is built.

    Another processor might decide otherwise and call the file out of date. The tolerance is a
    thousandth of the largest value.
    """
    with Server(halving(tmp_path / "near", 2.0024)) as server:
        words = "the mistake .* differs from the solution by 1.20 of the tolerance"
        with pytest.raises(BrokenSolution, match=words):
            build_key(server, small.SEED, data={}, for_a_file=True)
        assert len(build_key(server, small.SEED, data={})["halving"].mistakes) == 1
    with Server(halving(tmp_path / "far", 2.01)) as server:
        key = build_key(server, small.SEED, data={}, for_a_file=True)
        assert len(key["halving"].mistakes) == 1


def test_small_changes_are_tried_anew_where_their_code_has_changed(tmp_path, monkeypatch):
    """A changed line inside a region makes `build` try the small changes again; prose does not.

    `make figures` compares the stored ones with new ones.
    """
    unit = halving(tmp_path / "course", 2.01)
    solution = unit.course.solution(unit.name)
    checks = unit.course.checks / f"{unit.name}.py"
    file = tmp_path / "halving.safetensors"
    tried = []
    try_changes = keys.try_changes

    def counted(*arguments):
        tried.append(arguments)
        return try_changes(*arguments)

    monkeypatch.setattr(keys, "try_changes", counted)

    def made(seed=small.SEED):
        """Return the small changes in the unit's present key, and whether they were tried."""
        tried.clear()
        stored = load_key(file) if file.exists() else {}
        now = load_unit(read_course(unit.course.folder), unit.name)
        with Server(now) as server:
            key = build_key(server, seed, data={}, for_a_file=True, stored=stored)
        save_key(file, key)
        return key["halving"].small_changes, bool(tried)

    def edit(path, old, new):
        text = path.read_text()
        assert text.count(old) == 1
        path.write_text(text.replace(old, new))

    first, was_tried = made()
    assert was_tried
    assert first.changes
    again, was_tried = made()
    assert not was_tried
    assert again.changes == first.changes
    assert (again.prints == first.prints).all()
    edit(solution, "def halve", "# A half of a number.\n\ndef halve")
    assert made()[1] is False
    edit(solution, "return x / 2\n", "return x / 2.0\n")
    assert made()[1] is True
    edit(solution, "    ### BEGIN SOLUTION\n", "    x = x + 0.0\n    ### BEGIN SOLUTION\n")
    outside, was_tried = made()
    assert was_tried
    edit(
        solution,
        "    x = x + 0.0\n    ### BEGIN SOLUTION\n",
        "    ### BEGIN SOLUTION\n    x = x + 0.0\n",
    )
    inside, was_tried = made()
    assert was_tried
    assert len(inside.changes) > len(outside.changes)
    edit(checks, "seed + 2.0", "seed + 3.0")
    changed, was_tried = made()
    assert was_tried
    assert not np.array_equal(changed.prints, first.prints)
    assert made(seed=small.SEED + 1)[1] is True


ENDS_ITSELF = """
def halve(x):
    ### BEGIN SOLUTION
    return x / 2
    # mistake: raise SystemExit
    #   this leaves.
    # mistake: import os; os._exit(3)
    #   this ends the process.
    # mistake: return x / 3
    #   this is a third.
    ### END SOLUTION
"""


def test_a_mistake_that_ends_its_process_takes_none_of_the_others_along(tmp_path):
    """A mistake that ends its process does not affect the others in the same process."""
    with Server(small.write_course(tmp_path, "halving", NEAR_THE_TOLERANCE, ENDS_ITSELF)) as server:
        mistakes = build_key(server, small.SEED, data={})["halving"].mistakes
    failures = [answer.failure for _, answer in mistakes]
    assert failures == [Failure.RAISED, Failure.KILLED, ""]


NOT_MEASURED = """
    import numpy as np
    from autograder.check import check, named

    def loss(solution, weights, text):
        return len(text) / (weights["w"].sum() - 3)[5]

    @check(points=1, measure=loss, within=0.1)
    def fitting(net, seed, text):
        \"\"\"`fit` fits\"\"\"
        return named("w", np.full(2, net.fit(text)))
"""


def test_a_loss_that_cannot_be_measured_is_told_with_its_error(tmp_path):
    """A loss that cannot be measured raises its error, so that no NaN gets into a public key."""
    unit = small.write_course(
        tmp_path, "fitting", NOT_MEASURED, "def fit(text):\n    return float(len(text))\n"
    )
    text = Corpus("words", "abc", "de")
    words = "`fitting` cannot be measured on words: .*IndexError"
    with Server(unit) as server:
        with pytest.raises(BrokenSolution, match=words):
            build_key(server, small.SEED, {"fitting": [text]})
        key = MadeKey(unit, small.SEED, {"fitting": text}, AnswerStore(None), lambda: server)
        with pytest.raises(BrokenSolution, match=words):
            assert key["fitting"].loss


TWICE = """
    import numpy as np

    from autograder.check import check, named


    @check(points=1)
    def of_any(net, seed):
        "`grown`, of numbers of both signs"
        return named("grown", net.grown(np.random.default_rng(seed).normal(size=6)))


    @check(points=1)
    def of_positive(net, seed):
        "`grown`, of positive numbers"
        return named("grown", net.grown(np.random.default_rng(seed).random(6)))
"""
GROWN = """
    # %%
    import numpy as np


    # %%
    def grown(x):
        ### BEGIN SOLUTION
        return x + np.abs(x)
        # mistake: return x + x
        #   the sign was lost.
        ### END SOLUTION
"""


def test_a_late_mistake_that_a_check_does_not_show_rules_nothing_out(tmp_path, monkeypatch):
    """A mistake that is late and that a check does not show rules nothing out.

    It gave the solution's answer when the key was built, so the timeout is no evidence.
    """
    unit = small.write_course(tmp_path, "growth", TWICE, GROWN)
    solution = solution_of(unit)
    (mistake,) = [mistake for mistake, _, _ in solution.mistakes]
    with Server(unit) as server:
        listed = small.listed(unit, server)
        key = MadeKey(unit, small.SEED, {}, AnswerStore(None), lambda: server, listed)
        assert key["of_any"].spoilt_by(mistake)
        assert not key["of_positive"].spoilt_by(mistake)
        made = AnswerMaker.made

        def made_late(maker, check, script, text=None):
            found = made(maker, check, script, text)
            is_ours = script == solution.plain()
            return found if is_ours else replace(found, answer=Answer(failure=Failure.TIMEOUT))

        monkeypatch.setattr(AnswerMaker, "made", made_late)
        slow = MadeKey(unit, small.SEED, {}, AnswerStore(None), lambda: server, listed)
        with pytest.raises(NotAnswered, match="known mistake"):
            slow["of_positive"].spoilt_by(mistake)


HALVING = """
    import numpy as np
    from autograder.check import check, named

    @check(points=1, seconds=0.2)
    def halving(unit, seed):
        \"\"\"`halve` halves\"\"\"
        return named("half", unit.halve(np.array([seed, 2.0])))
"""
ENDLESS_ON_ANOTHER_SEED = """
def halve(x):
    ### BEGIN SOLUTION
    while x[0] != SEED:
        pass
    return x / 2
    ### END SOLUTION
"""


def test_where_our_solution_is_late_on_another_seed_nothing_is_judged(tmp_path):
    """A late answer does not say which arrays are the same on every seed."""
    solution = ENDLESS_ON_ANOTHER_SEED.replace("SEED", str(small.SEED))
    unit = small.write_course(tmp_path, "halving", HALVING, solution)
    with Server(unit) as server:
        key = MadeKey(unit, small.SEED, {}, AnswerStore(None), lambda: server)
        assert key["halving"].expected.arrays
        with pytest.raises(NotAnswered, match="our solution did not answer `halving` in time"):
            assert key["halving"].constant


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (Answer(failure=Failure.TIMEOUT), [NotAnswered, BrokenSolution, BrokenSolution]),
        (Answer(failure=Failure.RAISED, message="ValueError"), [BrokenSolution, BrokenSolution]),
    ],
)
def test_a_missing_reference_answer_serves_nobody(tmp_path, monkeypatch, answer, raised):
    """It is refused for the second submission as for the first: any answer would equal it.

    Of late answers the first may be the machine's doing, and the second one ends the run.
    """
    solution = ENDLESS_ON_ANOTHER_SEED.replace("SEED", str(small.SEED))
    unit = small.write_course(tmp_path, "halving", HALVING, solution)
    with Server(unit) as server:
        key = MadeKey(unit, small.SEED, {}, AnswerStore(None), lambda: server)
        made = AnswerMaker.made
        monkeypatch.setattr(AnswerMaker, "made", lambda *_: Made(answer))
        for error in raised:
            with pytest.raises(error):
                assert key["halving"].expected
        monkeypatch.setattr(AnswerMaker, "made", made)
        assert key["halving"].expected.arrays


TIMED = """
    import numpy as np
    from autograder.check import check, named

    @check(points=1, seconds=0.3)
    def halving(unit, seed):
        \"\"\"`halve` halves\"\"\"
        return named("half", unit.halve(np.random.default_rng(seed).normal(size=4)))
"""
LATE = """
import time

def computed(x):
    began = time.process_time()
    while time.process_time() < began + 0.2:
        pass
    return x

def halve(x):
    ### BEGIN SOLUTION
    return x / 2
    # mistake: return computed(x) / 3
    #   this is a third.
    ### END SOLUTION
"""


def test_a_busy_machine_writes_no_late_mistake_into_a_file(tmp_path):
    """If others use the processor while a mistake runs, a key for a file is refused."""
    unit = small.write_course(tmp_path, "halving", TIMED, LATE)
    with (
        crowded_processor(others=0),
        Server(unit) as server,
        crowded_processor(),
        pytest.raises(BrokenSolution, match="Build again"),
    ):
        build_key(server, small.SEED, data={}, for_a_file=True)


@pytest.mark.parametrize(("late", "ended"), [(3, Failure.NONE), (4, Failure.TIMEOUT)])
def test_a_slow_disk_writes_no_late_mistake_into_a_file(tmp_path, monkeypatch, late, ended):
    """A mistake that is late for another reason runs again; a mistake that is always late is so.

    late: the runs of the mistake that are late.
    """
    unit = small.write_course(tmp_path, "halving", TIMED, LATE)
    ask, runs = Worker.ask, []

    def slow_at_first(self, check, seed, **others):
        answer = ask(self, check, seed, **others)
        is_of_mistake = answer.arrays and np.allclose(answer.arrays["half"] * 3, drawn(seed))
        if is_of_mistake:
            runs.append(answer)
            if len(runs) <= late:
                return Answer(failure=Failure.TIMEOUT, message="waited, and was stopped.")
        return answer

    def drawn(seed):
        return np.random.default_rng(seed).normal(size=4)

    monkeypatch.setattr(Worker, "ask", slow_at_first)
    with crowded_processor(others=0), Server(unit) as server:
        key = build_key(server, small.SEED, data={}, for_a_file=True)
    ((_, answer),) = key["halving"].mistakes
    assert answer.failure == ended
