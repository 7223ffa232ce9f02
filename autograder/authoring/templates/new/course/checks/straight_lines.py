"""Experiments on straight lines.

A check runs the student's functions on random inputs and returns named results. It never compares.
The engine runs it on the solution, too, and on the solution with each known mistake, and compares.
"""

import numpy as np

from autograder.check import UnitSettings, check, named

SIZES = {"N": 5}  # messages about shapes use these letters
SETTINGS = UnitSettings(packages=("numpy",), sizes=SIZES)  # what a submission may import


def numbers(seed, *shape):
    return np.random.default_rng(seed).normal(0, 1, shape)


# The docstring is the line that students see.


@check(points=2)
def predicting(line, seed):
    """`predict` gives the heights of a line at `x`"""
    return named("heights", line.predict(numbers(seed, 2), numbers(seed + 1, SIZES["N"])))


@check(points=3, needs=predicting)
def three_steps(line, seed):
    """`fit` takes one step of gradient descent for each pair"""
    x, y = numbers(seed, 2, 3)
    rate = np.random.default_rng(seed).uniform(0.2, 0.4)
    return named("weights", line.fit(x, y, numbers(seed + 1, 2), rate))


# A check that trains has two functions. The experiment gets what the dataset's file says, and
# returns weights. `measure` evaluates these weights on held-out data with your code.


def points_of(text):
    return np.array([line.split() for line in text.splitlines()], float).T  # (2, N)


def held_out_error(solution, trained, text):
    x, y = points_of(text)
    return float(((solution.predict(trained["weights"], x) - y) ** 2).mean())


@check(
    points=3,
    needs=three_steps,
    measure=held_out_error,
    within=0.01,  # how far from the solution's error on the same seed; `autograder calibrate` measures what right answers need
    kept="it shows that the parts work together on real points",  # validate would ask why: other checks catch all that this one catches
)
def learning(line, seed, text):
    """`fit` finds the line in a cloud of points"""
    x, y = points_of(text)
    order = np.random.default_rng(seed).permutation(len(x))
    return named("weights", line.fit(x[order], y[order], numbers(seed, 2), 0.1))
