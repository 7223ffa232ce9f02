"""This course's keys are the same on another processor, and rounding decides about no mistake."""

import pytest
import this_course
from this_course import COURSE

from autograder.grading.key_file import SAME, load_key, same_key
from autograder.grading.keys import cannot_spoil, checks_to_run, solution_of, spoilt_names
from autograder.judging import deviation
from autograder.sandbox.inside.runner import run_experiment
from autograder.sandbox.inside.submission import Submission, names_run


@pytest.mark.parametrize("name", COURSE.units)
def test_a_key_made_on_another_processor_is_the_same(name, key_elsewhere):
    """A key is the same with floats moved by up to 1e-4 of their largest value.

    That is so where a mistake leaves only rounding, too.
    """
    unit, key = this_course.unit(name), load_key(COURSE.key(name))
    assert same_key(unit, key, key_elsewhere(key, unit.checks))
    assert not same_key(unit, key, {})


def answer(unit, check, submission):
    """What a submission answers to a check on the public seed."""
    reset = unit.experiments.reset
    return run_experiment(check, submission, COURSE.public_seed, reset, only_once=True)


def names_that_run(unit, check, script):
    """The names of the solution's definitions that a check runs."""
    submission = Submission(script.encode(), "solution.py")
    answer(unit, check, submission)
    return frozenset(names_run(submission))


@pytest.mark.parametrize("name", COURSE.units)
def test_rounding_lists_no_mistake_and_takes_none_off(name):
    """Whether a mistake is listed under a check hangs on the tolerance: none stands near it.

    A check that does not run what a mistake spoils sees nothing of it.
    """
    unit, key = this_course.unit(name), load_key(COURSE.key(name))
    solution = solution_of(unit)
    spoilt = spoilt_names(solution)
    checks = checks_to_run(unit, data=())
    ran = {check.name: names_that_run(unit, check, solution.plain()) for check in checks}
    asked = 0
    for mistake, _, _ in solution.mistakes:
        submission = Submission(solution.with_mistake(mistake.id).encode(), "solution.py")
        for check in checks:
            if cannot_spoil(spoilt.get(mistake.id), ran[check.name]):
                continue
            ours = key[check.name].expected
            its = answer(unit, check, submission)
            apart = max((deviation(check, array, ours, its) for array in ours.arrays), default=0.0)
            about = (check.name, mistake.text)
            assert its.failure or not 1 - 2 * SAME < apart < 1 + 2 * SAME, about
            asked += 1
    assert asked >= len(solution.mistakes)
