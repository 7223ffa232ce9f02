"""This course's keys are the same on another processor."""

import pytest
import this_course
from this_course import COURSE

from autograder.grading.key_file import load_key, same_key


@pytest.mark.parametrize("name", COURSE.units)
def test_a_key_made_on_another_processor_is_the_same(name, key_elsewhere):
    """A key is the same with floats moved by up to 1e-4 of their largest value.

    That is so where a mistake leaves only rounding, too.
    """
    unit, key = this_course.unit(name), load_key(COURSE.key(name))
    assert same_key(unit, key, key_elsewhere(key, unit.checks))
    assert not same_key(unit, key, {})
