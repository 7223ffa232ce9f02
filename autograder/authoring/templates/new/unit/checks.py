"""Checks of {{ unit }}: each runs the student's function on random inputs and names the results."""

import numpy as np

from autograder.check import UnitSettings, check, named

SETTINGS = UnitSettings(packages=("numpy",), sizes={"N": 6})


@check(points=2)
def centring(numbers, seed):
    """`centre` moves numbers so that their mean is 0"""
    return named("centred", numbers.centre(np.random.default_rng(seed).normal(3, 2, 6)))
