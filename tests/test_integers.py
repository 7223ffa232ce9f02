"""Right answers stay right with the 32-bit integers that NumPy before 2 makes on Windows."""

import numpy as np
import pytest
import this_course
from this_course import COURSE, EACH_UNIT

from autograder.practice.practise import practise
from autograder.sandbox.inside.submission import Submission

arange = np.arange


class Drawing(np.random.Generator):
    """Draws as NumPy 1 does on Windows: C integers, as in a permutation, have 32 bits.

    `integers` and `choice` draw 64 bits there, too.
    """

    def permutation(self, x, axis=0):
        drawn = super().permutation(x, axis)
        return drawn.astype(np.int32) if isinstance(x, int) else drawn


@pytest.fixture
def narrow_integers(monkeypatch):
    """Make 32-bit integers wherever NumPy 1 on Windows does by default."""

    def narrow_arange(*arguments, **named):
        made = arange(*arguments, **named)
        asked = "dtype" in named or made.dtype != np.int64
        return made if asked else made.astype(np.int32)

    monkeypatch.setattr(np, "arange", narrow_arange)
    generator = np.random.default_rng
    monkeypatch.setattr(
        np.random, "default_rng", lambda seed=None: Drawing(generator(seed).bit_generator)
    )


@pytest.mark.parametrize("name", EACH_UNIT)
def test_a_solution_earns_all_points_with_integers_of_32_bits(name, narrow_integers):
    """Every exact check of each unit passes with 32-bit integers."""
    unit = this_course.unit(name)
    exact = [check for check in unit.checks if not check.measure]
    solution = COURSE.solution(name)
    verdicts = practise(unit, exact, Submission(solution.read_bytes(), solution.name))
    wrong = [one for one in verdicts if one.status not in ("passed", "recorded")]
    assert {one.name: one.remarks for one in wrong} == {}
