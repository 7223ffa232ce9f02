"""Experiments on straight lines.

A check is an experiment: it runs what a student wrote on what a seed draws, and names what comes out. It never compares.
The same experiment is run on the solution, and on the solution with each known mistake in it; the engine compares.
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
    """`predict` is the height of a line"""
    return named("heights", line.predict(numbers(seed, 2), numbers(seed + 1, SIZES["N"])))


@check(points=3, needs=predicting)
def three_steps(line, seed):
    """`fit` takes one step of gradient descent for each pair"""
    x, y = numbers(seed, 2, 3)
    return named("weights", line.fit(x, y, numbers(seed + 1, 2), 0.3))


# A check that trains has two functions. The experiment is given a text to train on and returns weights. `measure` says how
# good these are on a text that nobody trained on: there the solution runs, and no submission.


def points_of(text):
    return np.array([line.split() for line in text.splitlines()], float).T  # (2, N)


def held_out_error(solution, trained, text):
    x, y = points_of(text)
    return float(((solution.predict(trained["weights"], x) - y) ** 2).mean())


@check(
    points=3,
    needs=three_steps,
    measure=held_out_error,
    within=0.01,  # how far from the solution's error on the same seed; `autograder calibrate` measures where it belongs
    kept="it shows that the parts work together on real points",  # as it catches no wrong variant that no other does
)
def learning(line, seed, text):
    """`fit` finds the line in a cloud of points"""
    x, y = points_of(text)
    order = np.random.default_rng(seed).permutation(len(x))
    return named("weights", line.fit(x[order], y[order], numbers(seed, 2), 0.1))
