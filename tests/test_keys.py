"""This course's keys are the same on another processor."""

import re
import subprocess
import sys

import pytest
import this_course
from this_course import COURSE, EACH_UNIT, ROOT
from threadpoolctl import threadpool_info

from autograder.grading.key_file import load_key, same_key


@pytest.mark.parametrize("name", EACH_UNIT)
def test_a_key_made_on_another_processor_is_the_same(name, key_elsewhere):
    """A key is the same with floats moved by up to 1e-4 of their largest value.

    That holds if a mistake leaves only rounding, too.
    """
    unit, key = this_course.unit(name), load_key(COURSE.key(name))
    assert same_key(unit, key, key_elsewhere(key, unit.checks))
    assert not same_key(unit, key, {})


# a processor of the benchmark → its kernels of BLAS, which may be those of this machine
KERNELS = {
    "of 2008, without AVX": "Nehalem",
    "of 2011, with AVX": "Sandybridge",
    "of 2013, with AVX2": "Haswell",
}


@pytest.mark.proof
def test_right_answers_earn_all_on_other_processors():
    """Right answers earn all points with other instruction sets, BLAS kernels and float orders.

    Here one unit of NumPy is tried.
    """
    command = [sys.executable, "benchmarks/kernels.py", "unit4"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    differing = re.findall(r"a processor (.*): (\d+) of \d+ arrays differ", done.stdout)
    assert len(differing) == 3
    here = {one.get("architecture") for one in threadpool_info()}
    others = [int(count) for name, count in differing if KERNELS[name] not in here]
    assert len(others) >= 2
    assert all(others), "no worker computes as another processor does"
