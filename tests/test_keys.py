"""This course's keys are the same on another processor, and rounding decides about no mistake."""

import pytest
import this_course
from this_course import COURSE

from autograder.grading.key_file import SAME, load_key, same_key
from autograder.grading.keys import checks_to_run, solution_of
from autograder.judging import deviation
from autograder.sandbox.inside.runner import run_experiment
from autograder.sandbox.inside.submission import Submission


@pytest.mark.parametrize("name", COURSE.units)
def test_a_key_made_on_another_processor_is_the_same(name, key_elsewhere):
    """A key is the same with floats moved by up to 1e-4 of their largest value.

    That is so where a mistake leaves only rounding, too.
    """
    unit, key = this_course.unit(name), load_key(COURSE.key(name))
    assert same_key(unit, key, key_elsewhere(key, unit.checks))
    assert not same_key(unit, key, {})


@pytest.mark.parametrize("name", COURSE.units)
def test_rounding_lists_no_mistake_and_takes_none_off(name):
    """Whether a mistake is listed under a check hangs on the tolerance: none stands near it."""
    unit, key = this_course.unit(name), load_key(COURSE.key(name))
    solution = solution_of(unit)
    for mistake, _, _ in solution.mistakes:
        spoilt = Submission(solution.with_mistake(mistake.id).encode(), "solution.py")
        for check in checks_to_run(unit, data=()):
            ours = key[check.name].expected
            its = run_experiment(check, spoilt, COURSE.public_seed, unit.experiments.reset)
            apart = max((deviation(check, array, ours, its) for array in ours.arrays), default=0.0)
            assert its.failure or not 1 - 2 * SAME < apart < 1 + 2 * SAME, (
                check.name,
                mistake.text,
            )
