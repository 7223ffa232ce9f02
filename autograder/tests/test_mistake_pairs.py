"""Two known mistakes at once: which pairs a key holds, and the feedback on both."""

import numpy as np
import pytest
import small

from autograder.authoring.build import build
from autograder.check import Answer
from autograder.explaining.describe import pairs_that_give
from autograder.explaining.words import sentence
from autograder.finding import FindingKind
from autograder.grading import mistake_pairs
from autograder.grading.key_file import load_key, save_key
from autograder.grading.made_key import MadeCheckKey, MadeKey
from autograder.grading.one import grade_one
from autograder.grading.store import AnswerStore
from autograder.judging import Mistake, PlainKey
from autograder.judging.key import pair_of_mistakes
from autograder.judging.prints import NO_CHANGES, WIDTH, ChangedAnswers, print_of
from autograder.judging.variants import WrongAnswer
from autograder.practice.practise import practise
from autograder.sandbox.client import Server
from autograder.sandbox.inside.submission import Submission

EXPERIMENTS = """
    import numpy as np

    from autograder.check import check, named


    def drawn(seed):
        return np.random.default_rng(seed).normal(size=(6, 5))


    @check(points=2)
    def scaling(net, seed):
        "`scaled` subtracts and divides"
        return named("scaled", net.scaled(drawn(seed)))


    @check(points=4, needs=scaling)
    def stepping(net, seed):
        "`step` uses `scaled`"
        return named("states shift", *net.step(drawn(seed)))
"""
SOLUTION = """
    # %%
    import numpy as np

    def scaled(x):
        "Columns of mean 0."
        ### BEGIN SOLUTION
        return 2 * (x - x.mean(0))
        # mistake: return x - x.mean(0)
        #   they are not doubled.
        ### END SOLUTION

    def step(x):
        "Running sums of tanh, and the largest of each column."
        ### BEGIN SOLUTION
        z = np.tanh(scaled(x)) + 1
        # mistake: z = np.tanh(scaled(x))
        #   nothing is added.
        states = z.cumsum(0)
        # mistake: states = z.cumsum(1)
        #   the sums run along the columns.
        shift = x.max(0)
        # mistake: shift = x.max(1)
        #   the largest of each row is taken.
        return states, shift
        ### END SOLUTION
"""
NOTHING_ADDED, OTHER_AXIS, OF_ROWS = "m02", "m03", "m04"
BOTH = ("nothing is added.", "the sums run along the columns.")
OURS = """
import numpy as np

def scaled(x):
    return (x - np.mean(x, 0)) / 0.5

def step(x):
    z = 1 + np.tanh(scaled(x))
    return np.add.accumulate(z, 0), np.amax(x, axis=0)
"""
WITH_BOTH = OURS.replace("1 + np", "np").replace("(z, 0)", "(z, 1)")


@pytest.fixture(scope="module")
def unit(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    written = small.with_calls(small.write_course(folder, "steps", EXPERIMENTS, SOLUTION))
    build(written.course, [written.name])
    return written


@pytest.fixture
def grade(unit, tmp_path):
    """Return a function that grades a script."""
    with Server(unit) as server:
        store = AnswerStore(tmp_path / "answers.sqlite")
        key = MadeKey(unit, small.SEED, {}, store, lambda: server, small.listed(unit, server))

        def graded(script):
            return grade_one(server, script.encode(), "ada.py", small.SEED, key, {})

        yield graded
        key.close()


def told(verdict):
    return [(remark.text, remark.arrays, remark.finding.kind) for remark in verdict.remarks]


def test_a_key_holds_pairs_that_give_what_neither_mistake_gives(unit):
    """A key holds pairs whose values differ from those of each single mistake.

    It omits two mistakes that change different arrays, and those that an earlier check shows.
    """
    key = load_key(unit.course.key(unit.name))
    assert key["scaling"].mistake_pairs.changes == ()
    pairs = [pair.id for pair in key["stepping"].mistake_pairs.changes]
    assert pairs == [f"{NOTHING_ADDED} {OTHER_AXIS}"]


def test_two_mistakes_at_once_are_told_by_the_words_of_both(grade):
    """Two mistakes at once get both descriptions, in a program unlike the solution.

    The points are the same as without the diagnosis.
    """
    scaling, stepping = grade(WITH_BOTH)
    assert scaling.status == "passed"
    text = f"your values match two known mistakes made at once: {BOTH[0]} And: {BOTH[1]}"
    assert told(stepping) == [(text, ("states",), FindingKind.TWO_MISTAKES)]
    assert stepping.remarks[0].mistakes == BOTH
    alone = grade(OURS.replace("1 + np", "np"))[1]
    assert told(alone) == [
        (
            "your values match this known mistake: nothing is added.",
            ("states",),
            FindingKind.MISTAKE,
        )
    ]


def test_two_mistakes_in_one_statement_are_told_where_they_change_different_words(tmp_path):
    """Two mistakes in one statement are both diagnosed if they change different words of it."""
    experiments = """
        import numpy as np

        from autograder.check import check, named


        @check(points=1)
        def adding(net, seed):
            "`added` adds up"
            x = np.random.default_rng(seed).normal(size=(6, 5))
            return named("added", net.added(x, 2 * x))
    """
    solution = """
        # %%
        def added(x, y):
            "Twice the sums."
            ### BEGIN SOLUTION
            return 2 * (x + y).cumsum(0)
            # mistake: return 2 * (x - y).cumsum(0)
            #   it is the difference.
            # mistake: return 2 * (x + y).cumsum(1)
            #   the axis is another.
            # mistake: return 2 * (x + y).cumsum(-2) ** 2
            #   it is squared.
            ### END SOLUTION
    """
    unit = small.with_calls(small.write_course(tmp_path / "course", "sums", experiments, solution))
    tried = mistake_pairs.scripts_of_pairs(small.solution_of(unit), ["m01 m02", "m02 m03"])
    ((pair, together),) = tried
    assert pair.id == "m01 m02"
    assert "    return 2 * (x - y).cumsum(1)\n" in together.script


def test_what_is_said_of_a_pair_changes_no_point(grade, monkeypatch):
    """Without pairs in the key the points are the same."""
    earned = [verdict.earned for verdict in grade(WITH_BOTH)]
    monkeypatch.setattr(MadeCheckKey, "mistake_pairs", NO_CHANGES)
    verdicts = grade(WITH_BOTH)
    assert [verdict.earned for verdict in verdicts] == earned
    assert told(verdicts[1])[0][2] != FindingKind.TWO_MISTAKES


def test_a_pair_beside_a_third_mistake_is_told_for_its_arrays(grade):
    """Beside a third mistake, a pair is diagnosed for its arrays.

    The third is named for the array that only it changes.
    """
    stepping = grade(WITH_BOTH.replace("(x, axis=0)", "(x, axis=1)"))[1]
    by_arrays = {remark.arrays: remark.mistakes for remark in stepping.remarks}
    assert by_arrays == {("shift",): ("the largest of each row is taken.",), ("states",): BOTH}


def test_practice_tells_a_pair_as_a_grade_does(unit, grade):
    """Practice diagnoses a pair by the public key, without the solution."""
    implementation = Submission(WITH_BOTH.encode(), "ada.py")
    practised = practise(unit, unit.checks, implementation)
    assert told(practised[1]) == told(grade(WITH_BOTH)[1])
    assert practised[1].remarks[0].mistakes == BOTH


def test_pairs_run_only_where_nothing_else_explains(grade, monkeypatch):
    """Pairs run only if nothing else explains the answer.

    Neither a right answer nor a single mistake runs one.
    """

    def in_pairs(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("autograder.grading.answer_maker.AnswerMaker.in_pairs", in_pairs)
    grade(OURS)
    grade(OURS.replace("1 + np", "np"))
    with pytest.raises(ZeroDivisionError):
        grade(WITH_BOTH)


def test_a_pair_that_is_late_is_not_told_and_costs_no_grade(grade, monkeypatch):
    """A pair that times out is not diagnosed, and the submission is not graded again.

    Points do not depend on pairs.
    """
    monkeypatch.setattr("autograder.grading.answer_maker.run_listed", lambda *_: None)
    monkeypatch.setattr(MadeCheckKey, "small_changes", NO_CHANGES)
    stepping = grade(WITH_BOTH)[1]
    assert stepping.status == "failed" or stepping.earned
    assert FindingKind.TWO_MISTAKES not in {remark.finding.kind for remark in stepping.remarks}


def test_of_very_many_pairs_some_are_tried(unit, monkeypatch):
    """If there are very many pairs, a fixed number of them is tried, evenly spread.

    So no clock decides.
    """
    solution = small.solution_of(unit)
    key = load_key(unit.course.key(unit.name))
    check = unit.checks[1]
    tried = mistake_pairs.pairs_to_be_tried(solution, check, check.needs, key)
    assert [pair.id for pair, _ in tried] == ["m02 m03", "m02 m04", "m03 m04"]
    monkeypatch.setattr(mistake_pairs, "MOST", 2)
    tried = mistake_pairs.pairs_to_be_tried(solution, check, check.needs, key)
    assert [pair.id for pair, _ in tried] == ["m02 m03", "m03 m04"]


# ---- which description


RNG = np.random.default_rng(5)
RIGHT = {"a": RNG.normal(size=(4, 5)), "b": RNG.normal(size=(4, 5))}
SPOILT = RNG.normal(size=(4, 5))
KNOWN = [(Mistake(f"m0{number}", f"slip {number}."), Answer()) for number in (1, 2, 3, 4)]


def pairs_of(*ids):
    """Return pairs that all give the same wrong `a`."""
    prints = np.zeros((len(ids), len(RIGHT), WIDTH))
    prints[:, 0] = print_of(SPOILT, False)
    return ChangedAnswers(tuple(map(pair_of_mistakes, ids)), tuple(RIGHT), prints)


def words(*ids, ruled_out=()):
    found = RIGHT | {"a": SPOILT}
    answer = WrongAnswer(RIGHT, found, ["a"], ["a"])
    of_arrays = pairs_that_give(answer, pairs_of(*ids), lambda one: one.id in ruled_out, KNOWN)
    return [sentence(finding) for finding in of_arrays.values()]


def test_pairs_that_give_the_same_are_told_by_what_they_have_in_common():
    """If several pairs have equal values, only their common mistake is named, if there is one."""
    said = "your values match two known mistakes made at once"
    assert words("m01 m02") == [f"{said}: slip 1. And: slip 2."]
    assert words("m01 m02", "m01 m03") == [f"{said}. One of them: slip 1."]
    assert words("m01 m02", "m03 m04") == []


def test_a_pair_is_not_told_of_which_one_was_not_made():
    """A pair is not diagnosed if one of its mistakes was not made.

    That mistake would have failed a passed check, or is not known to change this one.
    """
    assert words("m01 m02", ruled_out={"m02"}) == []
    assert words("m01 m02", "m01 m03", ruled_out={"m02"}) != []
    assert words("m01 m09") == []


def test_a_public_key_holds_pairs_as_they_were(tmp_path):
    """A public key stores pairs by the ids of both mistakes."""
    path = tmp_path / "key"
    pairs = pairs_of("m01 m02", "m01 m03")
    save_key(path, {"stepping": PlainKey(Answer(RIGHT), mistake_pairs=pairs)})
    again = load_key(path)["stepping"].mistake_pairs
    assert again.changes == pairs.changes
    assert (again.prints == pairs.prints).all()
