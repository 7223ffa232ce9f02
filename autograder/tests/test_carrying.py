"""Errors carried forward: work that is consistent with a diagnosed early mistake earns points."""

from dataclasses import replace

import pytest
import small

from autograder.authoring.build import build
from autograder.check import Answer, Failure
from autograder.explaining.words import VALUES_ARE
from autograder.grading import small_changes
from autograder.grading.answer_maker import AnswerMaker
from autograder.grading.keys import build_key, solution_of
from autograder.grading.listed import NotAnswered
from autograder.grading.made_key import MadeKey
from autograder.grading.one import grade_one
from autograder.grading.policy import Policy, grade_of
from autograder.grading.provenance import Provenance
from autograder.grading.results import Result
from autograder.grading.store import AnswerStore
from autograder.practice.practise import practise
from autograder.sandbox.client import Server
from autograder.sandbox.inside.submission import Submission

EXPERIMENTS = """
    import numpy as np

    from autograder.check import check, named


    def numbers(seed):
        return np.random.default_rng(seed).normal(size=5)


    @check(points=2)
    def scaling(net, seed):
        "`scale` is twice its argument"
        return named("scaled", net.scale(numbers(seed)))


    @check(points=4, needs=scaling)
    def shifting(net, seed):
        "`shift` scales and adds 1"
        x = numbers(seed)
        return named("shifted squares", net.shift(x), net.shift(x**2))


    @check(points=3, needs=shifting)
    def adding(net, seed):
        "`total` adds up what is shifted"
        return named("total", net.total(numbers(seed)))
"""
SOLUTION = """
    # %%
    def scale(x):
        "Twice `x`."
        ### BEGIN SOLUTION
        return 2 * x
        # mistake: return 3 * x
        #   this is three times.
        # mistake: return 0 * x
        #   nothing is left.
        # mistake: return 2 * abs(x)
        #   the sign is lost early.
        ### END SOLUTION


    # %%
    def shift(x):
        "Twice `x`, and 1 more."
        ### BEGIN SOLUTION
        return scale(x) + 1
        # mistake: return scale(x) - 1
        #   1 was taken away.
        # mistake: return 1 - scale(x)
        #   the sign is another.
        # mistake: return abs(scale(x)) + 1
        #   the sign is lost late.
        ### END SOLUTION


    # %%
    def total(x):
        "The sum of what is shifted."
        ### BEGIN SOLUTION
        return shift(x).sum()
        # mistake: return shift(x).mean()
        #   this is the mean.
        ### END SOLUTION
"""
THREE, NOTHING, EARLY, LESS, SIGN, LATE, MEAN = (f"m0{number}" for number in range(1, 8))
UNEXPLAINED = "\ndef scale(x): return 2.5 * x\n"
FOUR = "\ndef scale(x): return 4 * x\n"  # the values after two small changes of the solution


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Write a unit of three checks. Each needs the one before."""
    return small.write_course(
        tmp_path_factory.mktemp("carrying") / "course", "chain", EXPERIMENTS, SOLUTION
    )


@pytest.fixture(scope="module")
def running(course):
    with Server(course) as server:
        yield server


@pytest.fixture(scope="module")
def made(course, running):
    """Return the key of a seed, built on first use."""
    return MadeKey(
        course, small.SEED, {}, AnswerStore(None), lambda: running, small.listed(course, running)
    )


@pytest.fixture
def graded(course, running, made):
    """Grade the solution with some mistakes, or with other text at its end: verdicts by name."""

    def run(*mistakes, end="", key=made):
        script = solution_of(course).with_mistake(*mistakes) + end
        return {
            v.name: v for v in grade_one(running, script.encode(), "ada.py", small.SEED, key, {})
        }

    return run


def points(verdicts):
    return [verdict.earned for verdict in verdicts.values()]


def test_what_is_consistent_with_an_early_mistake_counts(graded):
    """The early check loses its points and the later ones earn theirs, but none of them passes."""
    verdicts = graded(THREE)
    assert points(verdicts) == [0, 4, 3]
    assert [verdict.status for verdict in verdicts.values()] == ["failed", "partial", "partial"]
    assert [verdict.carried for verdict in verdicts.values()] == [0, 4, 3]
    (told,) = verdicts["shifting"].remarks
    assert told.text == (
        "your answer to `scaling` is wrong. This one is consistent with it, so it earns its points."
    )


def test_a_key_that_carries_nothing_judges_as_before(graded, running):
    """With a key without carried answers, the checks that need a wrong one are not reached."""
    key = build_key(running, small.SEED, {})
    assert [verdict.status for verdict in graded(THREE, key=key).values()] == [
        "failed",
        "not_reached",
        "not_reached",
    ]


def test_the_wrong_check_is_named_and_not_one_that_follows_from_it(graded, made):
    """A check that cannot be carried forward names the wrong check that it needs.

    It does not name a check whose answer only follows from the wrong one.
    """

    class NotToTheLast:
        def __getitem__(self, name):
            return made[name]

        def carry(self, check, *mistakes):
            return None if check.name == "adding" else made.carry(check, *mistakes)

    verdicts = graded(THREE, key=NotToTheLast())
    assert points(verdicts) == [0, 4, 0]
    assert verdicts["adding"].remarks[0].text == (
        "Not judged: it needs `scaling`, which did not pass."
    )


def test_of_what_is_not_written_no_comparison_is_spoken_of(graded):
    """The remark on an unwritten exercise mentions no comparison, with or without a mistake."""
    verdicts = graded(THREE, end="\ndef shift(x):\n    raise NotImplementedError()\n")
    assert [remark.text for remark in verdicts["shifting"].remarks] == [
        "`shift` is not written yet."
    ]


def test_a_second_mistake_is_named_beside_the_first(graded):
    """A second mistake is diagnosed beside the first, and work consistent with both counts."""
    verdicts = graded(THREE, LESS)
    assert points(verdicts) == [0, 0, 3]
    assert [remark.text for remark in verdicts["shifting"].remarks] == [
        "your error in `scaling` costs nothing here: the solution that this is compared with has "
        "it, too.",
        f"{VALUES_ARE}: 1 was taken away.",
    ]
    assert points(graded(THREE, MEAN)) == [0, 4, 0]


def test_an_answer_that_does_not_use_what_is_wrong_is_explained_without_it(graded):
    """Feedback compares an answer with and without the early mistake and keeps the better reading.

    The points are the same.
    """
    verdicts = graded(THREE, end="\ndef shift(x): return 2 * x - 1\n")
    assert points(verdicts) == [0, 0, 0]
    first, second = verdicts["shifting"].remarks
    assert first.text == (
        "your answer to `scaling` is wrong, and your points allow for that. The remarks below "
        "compare with the right answer, because that shows more of what went wrong here."
    )
    assert second.mistakes == ("1 was taken away.",)


def test_what_nothing_explains_is_not_carried(graded):
    """An unexplained early answer is not carried forward: no values can be expected from it."""
    verdicts = graded(end=UNEXPLAINED)
    assert [verdict.status for verdict in verdicts.values()] == [
        "failed",
        "not_reached",
        "not_reached",
    ]
    verdicts = graded(THREE, end="\ndef shift(x): return scale(x) + 2\n")
    assert [verdict.status for verdict in verdicts.values()] == ["failed", "failed", "not_reached"]


def test_a_slip_that_nobody_listed_is_carried_too(graded):
    """An unlisted mistake is carried if one small change of the solution gives its values."""
    verdicts = graded(end=FOUR)
    assert points(verdicts) == [0, 4, 3]
    assert [verdict.carried for verdict in verdicts.values()] == [0, 4, 3]
    assert verdicts["shifting"].remarks[0].text.startswith("your answer to `scaling` is wrong.")


def test_a_slip_is_carried_on_a_machine_of_any_speed(course, running, graded, monkeypatch):
    """The key stores which small changes gave an answer, so no clock decides a grade."""
    listed = small.listed(course, running)
    monkeypatch.setattr(small_changes, "SECONDS", 1e-6)
    monkeypatch.setattr(small_changes, "SECONDS_ONCE_LATE", 1e-6)
    slow = MadeKey(course, small.SEED, {}, AnswerStore(None), lambda: running, listed)
    assert points(graded(end=FOUR, key=slow)) == points(graded(end=FOUR)) == [0, 4, 3]


def test_where_a_listed_change_does_not_answer_nothing_is_judged_with_less(
    course, running, graded, monkeypatch
):
    """If a listed change gives no answer, the submission is left for the next run."""
    listed = small.listed(course, running)
    key = MadeKey(course, small.SEED, {}, AnswerStore(None), lambda: running, listed)
    monkeypatch.setattr("autograder.grading.answer_maker.run_listed", lambda *_: None)
    with pytest.raises(NotAnswered, match="did not answer `scaling` in time"):
        graded(end=FOUR, key=key)


def test_where_a_listed_mistake_does_not_answer_nothing_is_judged_with_less(
    course, running, graded, monkeypatch
):
    """If a listed mistake gives no answer, the submission is left for the next run.

    The mistake answered when the key was built; one that never ended was recorded as too slow then.
    """
    listed = small.listed(course, running)
    key = MadeKey(course, small.SEED, {}, AnswerStore(None), lambda: running, listed)
    late = Answer(failure=Failure.TIMEOUT)
    made = AnswerMaker.made

    def made_late(maker, check, script, text=None):
        found = made(maker, check, script, text)
        return replace(found, answer=late) if "return 3 * x" in script else found

    monkeypatch.setattr(AnswerMaker, "made", made_late)
    monkeypatch.setattr(AnswerMaker, "all_made", lambda *_: {})
    with pytest.raises(NotAnswered, match="known mistake"):
        graded(THREE, key=key)


def test_where_one_early_mistake_does_not_answer_below_nothing_is_judged_with_less(
    course, running, graded, monkeypatch
):
    """If our solution with one listed mistake is late in a later check, the next run judges."""
    listed = small.listed(course, running)
    key = MadeKey(course, small.SEED, {}, AnswerStore(None), lambda: running, listed)
    made = AnswerMaker.made

    def made_late(maker, check, script, text=None):
        found = made(maker, check, script, text)
        is_late = check.name == "shifting" and "return 2 * x" not in script
        return replace(found, answer=Answer(failure=Failure.TIMEOUT)) if is_late else found

    monkeypatch.setattr(AnswerMaker, "made", made_late)
    with pytest.raises(NotAnswered, match="with an earlier mistake did not answer `shifting`"):
        graded(THREE, key=key)


def test_where_an_early_mistake_is_late_on_the_public_seed_nothing_is_judged_with_less(
    course, running, graded, monkeypatch
):
    """Which arrays still say something is found there, once for all: the next try finds it."""
    listed = small.listed(course, running)
    key = MadeKey(course, small.SEED, {}, AnswerStore(None), lambda: running, listed)
    made = AnswerMaker.made
    makers = []  # the first one is that of the secret seed

    def made_late(maker, check, script, text=None):
        makers.append(maker)
        found = made(maker, check, script, text)
        is_public = maker is not makers[0]
        is_late = is_public and check.name == "shifting" and "return 2 * x" not in script
        return replace(found, answer=Answer(failure=Failure.TIMEOUT)) if is_late else found

    monkeypatch.setattr(AnswerMaker, "made", made_late)
    with pytest.raises(NotAnswered, match="with an earlier mistake did not answer `shifting`"):
        graded(THREE, key=key)
    monkeypatch.setattr(AnswerMaker, "made", made)
    assert points(graded(THREE, key=key)) == points(graded(THREE))


def test_a_known_mistake_is_named_beside_a_slip(graded):
    """A known mistake is diagnosed beside a small error, and work consistent with both counts."""
    verdicts = graded(LESS, end=FOUR)
    assert points(verdicts) == [0, 0, 3]
    assert verdicts["shifting"].remarks[1].mistakes == ("1 was taken away.",)


def test_an_array_in_which_a_slip_hides_a_later_mistake_earns_nothing(graded):
    """An array in which an early error hides a later mistake earns nothing.

    In numbers above 0, for example, a lost sign cannot be seen.
    """
    end = "\ndef scale(x): return 2 + x\n"
    assert points(graded(end=end)) == points(graded(LATE, end=end)) == [0, 2, 3]


def test_a_mistake_that_hides_others_earns_nothing_later(graded):
    """If an early mistake hides a later one, even a correct later answer earns nothing."""
    assert points(graded(NOTHING)) == points(graded(NOTHING, SIGN)) == [0, 0, 0]


def graded_otherwise(folder, experiments, solution, mistake):
    """Grade a mistake in a course with other experiments or another solution."""
    unit = small.write_course(folder / "course", "chain", experiments, solution)
    script = solution_of(unit).with_mistake(mistake)
    with Server(unit) as server:
        key = MadeKey(
            unit, small.SEED, {}, AnswerStore(None), lambda: server, small.listed(unit, server)
        )
        return grade_one(server, script.encode(), "ada.py", small.SEED, key, {})


OF_ROWS = EXPERIMENTS.replace(
    'named("scaled", net.scale(numbers(seed)))',
    'named("scaled rows", net.scale(numbers(seed)), net.scale(np.ones((2, 5)) * seed))',
)


@pytest.mark.parametrize(
    ("raising", "status"), [("3 * x.reshape(5)", "partial"), ("2 * x.reshape(5)", "passed")]
)
def test_a_known_mistake_that_raises_an_error_is_carried(tmp_path, raising, status):
    """A known mistake that raises an error is recognised by it and carried forward.

    Later checks are compared with the solution that contains the mistake.
    """
    solution = SOLUTION.replace("3 * x", raising)
    scaling, *later = graded_otherwise(tmp_path, OF_ROWS, solution, THREE)
    assert scaling.failure == Failure.RAISED
    assert [verdict.status for verdict in later] == [status, status]
    assert [verdict.earned for verdict in later] == [4, 3]
    said = [verdict.remarks for verdict in later]
    assert all(said) if status == "partial" else not any(said)


@pytest.mark.parametrize("words", ["nothing is left.", "this is three times."])
def test_how_mistakes_are_worded_decides_no_points(tmp_path, words):
    """Two mistakes that raise the same error are both carried, whatever their author wrote."""
    solution = SOLUTION.replace("return 3 * x", "return 3 * x.reshape(5)")
    solution = solution.replace("return 0 * x", "return x.reshape(5) * 3")
    solution = solution.replace("nothing is left.", words)
    verdicts = graded_otherwise(tmp_path, OF_ROWS, solution, THREE)
    assert [verdict.earned for verdict in verdicts] == [0, 4, 3]
    named = [mistake for remark in verdicts[0].remarks for mistake in remark.mistakes]
    assert named == (["this is three times."] if words == "this is three times." else [])


def test_what_is_the_same_on_every_seed_after_a_mistake_earns_nothing(tmp_path):
    """Values that an early mistake makes equal on every seed earn nothing.

    A file that solves nothing could send them. Feedback does not say that they count.
    """
    others = SOLUTION[SOLUTION.index("# mistake: return 1 - scale(x)") :]
    only_less = SOLUTION.replace(others[: others.index("### END")], "")
    verdicts = graded_otherwise(tmp_path, EXPERIMENTS, only_less, NOTHING)
    assert [verdict.status for verdict in verdicts] == ["failed", "not_reached", "not_reached"]
    hidden = (
        "your answer to `scaling` is wrong, so this one cannot be checked yet. Correct that first."
    )
    assert [remark.text for remark in verdicts[1].remarks] == [hidden]


def test_what_comes_after_a_hidden_check_counts(tmp_path):
    """A check whose answer hides a lost sign earns nothing; the checks after it can earn."""
    of_one = EXPERIMENTS.replace("shifted squares", "shifted").replace(", net.shift(x**2)", "")
    verdicts = graded_otherwise(tmp_path, of_one, SOLUTION, EARLY)
    assert [verdict.status for verdict in verdicts] == ["failed", "not_reached", "partial"]
    assert [verdict.earned for verdict in verdicts] == [0, 0, 3]


def test_an_array_that_hides_a_later_mistake_earns_nothing(graded):
    """An array that hides a later mistake earns nothing, and the other half of the check counts.

    Of values above 0 the early mistake hides nothing; of all others a mistake cannot be seen.
    Feedback says that not all points are earned.
    """
    remarks = [remark.text for remark in graded(EARLY)["shifting"].remarks]
    assert remarks == [
        "your answer to `scaling` is wrong. This one is consistent with it. It earns only some "
        "of the points: because of the earlier mistake, wrong code would return the same values in "
        "the other arrays."
    ]
    assert points(graded(EARLY)) == points(graded(EARLY, LATE)) == [0, 2, 3]
    assert points(graded(EARLY, LESS)) == [0, 0, 3]


def test_what_is_right_all_the_same_passes(graded):
    """A correct later function that does not call the wrong one passes."""
    verdicts = graded(THREE, end="\ndef shift(x): return 2 * x + 1\n")
    assert [verdict.status for verdict in verdicts.values()] == ["failed", "passed", "passed"]
    assert points(verdicts) == [0, 4, 3]
    assert verdicts["shifting"].carried == 0


def test_a_right_submission_costs_nothing_more(course, running):
    """For a correct submission no answers of known mistakes are computed."""
    key = MadeKey(
        course, small.SEED, {}, AnswerStore(None), lambda: running, small.listed(course, running)
    )
    script = solution_of(course).plain().encode()
    assert sum(v.earned for v in grade_one(running, script, "ada.py", small.SEED, key, {})) == 9
    assert key.computed == len(course.checks)


def test_a_policy_says_what_carried_points_count(graded):
    """A policy sets the share of carried points; the default is all of them."""
    result = Result("ada", "chain", "", Provenance(seed=1), tuple(graded(THREE).values()), 0.0)
    assert grade_of(result, Policy()).points == 7
    grade = grade_of(result, replace(Policy(), carried=0.5))
    assert (grade.points, grade.words) == (3.5, "50% of follow-through credit counts")


@pytest.fixture(scope="module")
def practised(course):
    """Practise with a public key: the solution with some mistakes or other text at its end."""
    small.with_calls(course)
    build(course.course, ["chain"])

    def run(*mistakes, end=""):
        script = solution_of(course).with_mistake(*mistakes) + end
        return practise(course, course.checks, Submission(script.encode(), "ada.py"))

    return run


def test_practice_tries_both_readings_too(practised, graded):
    """Practice also tries both readings, by the public key, which holds only single mistakes."""
    end = "\ndef shift(x): return 2 * x - 1\n"
    _, told, _ = practised(THREE, end=end)
    in_a_grade = graded(THREE, end=end)["shifting"]
    assert [remark.text for remark in told.remarks] == [r.text for r in in_a_grade.remarks]


def test_a_students_key_carries_one_known_mistake(practised):
    """The public key holds the consequences of each known mistake and none of small changes."""
    assert [v.earned for v in practised(THREE)] == [0, 4, 3]
    assert [v.earned for v in practised(THREE, MEAN)] == [0, 4, 0]
    for end in (UNEXPLAINED, FOUR):
        assert [v.status for v in practised(end=end)] == ["failed", "not_reached", "not_reached"]


ALIKE = """
    import numpy as np

    from autograder.check import check, named


    def numbers(seed):
        return np.random.default_rng(seed).normal(size=(3, 5))


    @check(points=2)
    def multiplying(net, seed):
        "`product` takes three factors"
        x, y, _ = numbers(seed)
        return named("product", net.product(x, y, y))


    @check(points=3, needs=multiplying)
    def of_two(net, seed):
        "`negative` of two that are the same"
        x, y, _ = numbers(seed)
        return named("negative", net.negative(x, y, y))


    @check(points=4, needs=multiplying)
    def of_three(net, seed):
        "`negative` of three"
        return named("negative", net.negative(*numbers(seed)))
"""
OF_FACTORS = """
    # %%
    import numpy as np


    def product(x, y, z):
        "The sine of `x`, times `y`, times `z`."
        ### BEGIN SOLUTION
        return np.sin(x) * y * z
        ### END SOLUTION


    # %%
    def negative(x, y, z):
        "The product, with the other sign."
        ### BEGIN SOLUTION
        return -product(x, y, z)
        # mistake: return product(x, y, z)
        #   the sign is missing.
        ### END SOLUTION
"""


def test_explanations_that_differ_later_carry_nothing(tmp_path):
    """Two explanations that predict different later values carry nothing forward.

    Which of two equal factors is missing, for example, shows only in later checks.
    """
    unit = small.write_course(tmp_path / "course", "factors", ALIKE, OF_FACTORS)
    script = solution_of(unit).plain().replace("np.sin(x) * y * z", "np.sin(x) * z")
    with Server(unit) as server:
        key = MadeKey(
            unit, small.SEED, {}, AnswerStore(None), lambda: server, small.listed(unit, server)
        )
        verdicts = grade_one(server, script.encode(), "ada.py", small.SEED, key, {})
    assert [verdict.earned for verdict in verdicts] == [0, 3, 0]
    assert [verdict.status for verdict in verdicts] == ["failed", "partial", "not_reached"]


IN_PLACE = """
    import numpy as np

    from autograder.check import Watched, check, named, same_after


    @check(points=2)
    def stepping(net, seed):
        "`step` subtracts, in a new array"
        rng = np.random.default_rng(seed)
        net = Watched(net)
        stepped = net.step(rng.normal(size=5), rng.normal(size=5))
        return named("stepped", stepped) | same_after(net)


    @check(points=3, needs=stepping)
    def walking(net, seed):
        "`walk` takes all steps"
        rng = np.random.default_rng(seed)
        net = Watched(net)
        start, steps = rng.normal(size=5), rng.normal(size=(3, 5))
        return named("moved", net.walk(start.copy(), steps) - start) | same_after(net)
"""
WALK = """
    def step(w, g):
        "w after a step of -g."
        ### BEGIN SOLUTION
        return w - g
        # mistake: w -= g; return w
        #   `w` was changed in place.
        ### END SOLUTION


    # %%
    check("stepping")


    # %%
    def walk(w, steps):
        "w after all steps."
        ### BEGIN SOLUTION
        for g in steps:
            w = step(w, g)
            # mistake: step(w, g)
            #   the result was dropped.
        return w
        ### END SOLUTION


    # %%
    check("walking")
"""


def test_an_array_that_the_early_mistake_leaves_as_it_is_earns(tmp_path):
    """A step in place hides whether its result is kept; where all steps lead is right as ever."""
    stepping, walking = graded_otherwise(tmp_path, IN_PLACE, WALK, "m01")
    assert (stepping.status, walking.status) == ("partial", "partial")
    assert walking.earned == walking.carried == 3


UNDONE = """
    import numpy as np

    from autograder.check import check, named


    def numbers(seed):
        return np.random.default_rng(seed).normal(size=5)


    @check(points=1)
    def scaling(net, seed):
        "`scale` is twice its argument"
        return named("scaled", net.scale(numbers(seed)))


    @check(points=2, needs=scaling)
    def doubling(net, seed):
        "`double` scales, and keeps the sign"
        return named("doubled", net.double(numbers(seed)))
"""
TRIVIAL = """
    # %%
    def scale(x):
        "Twice `x`."
        ### BEGIN SOLUTION
        return 2 * x
        # mistake: return x
        #   nothing was scaled.
        # mistake: return 3 * x
        #   this is three times.
        ### END SOLUTION


    # %%
    def double(x):
        "Twice `x`."
        ### BEGIN SOLUTION
        return scale(x)
        # mistake: return -scale(x)
        #   the sign is another.
        ### END SOLUTION
"""


def test_an_early_mistake_does_not_let_an_emptied_exercise_earn(tmp_path, monkeypatch):
    """After a `scale` that returns its argument, an unsolved `double` earns nothing."""
    unit = small.write_course(tmp_path / "course", "doubles", UNDONE, TRIVIAL)
    with Server(unit) as server:

        def earned(scale, double):
            text = f"def scale(x): return {scale}\ndef double(x): return {double}\n"
            key = MadeKey(
                unit, small.SEED, {}, AnswerStore(None), lambda: server, small.listed(unit, server)
            )
            verdicts = grade_one(server, text.encode(), "ada.py", small.SEED, key, {})
            return [verdict.earned for verdict in verdicts]

        for seconds in (1.0, 1e-6):  # as on a machine of any speed
            monkeypatch.setattr("autograder.grading.answer_maker.SECONDS", seconds, raising=False)
            assert earned("x", "x") == [0, 0]
            assert earned("3 * x", "x") == [0, 0]
            assert earned("3 * x", "scale(x)") == [0, 2]


def test_an_emptied_exercise_earns_no_part_for_a_mistake_that_keeps_points(tmp_path):
    """After `scale` changes the sign, returning the argument equals a mistake that keeps half."""
    solution = TRIVIAL.replace("return x\n", "return -x\n").replace(
        "# mistake: return -scale(x)", "# mistake (keeps 0.5): return -scale(x)"
    )
    unit = small.write_course(tmp_path / "course", "doubles", UNDONE, solution)
    with Server(unit) as server:

        def earned(scale, double):
            text = f"def scale(x): return {scale}\ndef double(x): return {double}\n"
            key = MadeKey(
                unit, small.SEED, {}, AnswerStore(None), lambda: server, small.listed(unit, server)
            )
            verdicts = grade_one(server, text.encode(), "ada.py", small.SEED, key, {})
            return [verdict.earned for verdict in verdicts]

        assert earned("2 * x", "-scale(x)") == [1, 1]
        assert earned("3 * x", "-scale(x)") == [0, 1]
        assert earned("-x", "x") == [0, 0]


COUNTING = """
    import numpy as np

    from autograder.check import check, named


    @check(points=2)
    def scaling(net, seed):
        "`scale` is twice its argument"
        return named("scaled", net.scale(np.random.default_rng(seed).normal(size=5)))


    @check(points=4, needs=scaling)
    def counting(net, seed):
        "`count` says how many are positive"
        x = np.random.default_rng(seed).normal(size=99)
        return named("of_all of_none", net.count(x), net.count(x[:0]))
"""
COUNT = """
    # %%
    def scale(x):
        "Twice `x`."
        ### BEGIN SOLUTION
        return 2 * x
        # mistake: return 3 * x
        #   this is three times.
        ### END SOLUTION


    # %%
    def count(x):
        "How many are positive."
        ### BEGIN SOLUTION
        return float((scale(x) > 0).sum())
        # mistake: return float(len(x))
        #   all were counted.
        ### END SOLUTION
"""


def test_practice_gives_what_a_grade_gives_where_the_early_mistake_changes_nothing(tmp_path):
    """Practice and grade agree where the early mistake changes nothing.

    An array that is equal on every seed earns nothing, and a second mistake is diagnosed.
    """
    unit = small.with_calls(small.write_course(tmp_path / "course", "counts", COUNTING, COUNT))
    build(unit.course, ["counts"])
    script = solution_of(unit).with_mistake("m01", "m02")
    _, told = practise(unit, unit.checks, Submission(script.encode(), "ada.py"))
    assert (told.earned, told.status) == (0, "failed")
    assert told.remarks[-1].mistakes == ("all were counted.",)
