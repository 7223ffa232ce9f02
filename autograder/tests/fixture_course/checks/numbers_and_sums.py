"""Experiments on numbers: exact ones, and one that trains."""

import numpy as np

from autograder.check import UnitSettings, check, named

from .helpers import numbers

SIZES = {"T": 6, "B": 3}
SETTINGS = UnitSettings(packages=("numpy",), sizes=SIZES)
T, B = SIZES.values()


@check(points=2, words={"same_after": "the argument was changed: work on a copy."})
def doubling(net, seed):
    """`double` is twice its argument"""
    x = numbers(seed, T, B)
    given = x.copy()
    return named("doubled same_after", net.double(given), np.array_equal(given, x))


@check(points=4, needs=doubling)
def summing(net, seed):
    """`running_sum` adds up along the first axis"""
    return named("sums total", net.running_sum(numbers(seed, T, B)))


@check(points=2)
def three_steps(net, seed):
    """`fit` takes one step of gradient descent for each pair"""
    x, y = numbers(seed, 2, 3)
    return named("weights", net.fit(x, y, numbers(seed + 1, 2), 0.3))


def pairs_of(text):
    """Pairs of numbers, a line each; the first and the last line may be cut."""
    return np.array([line.split() for line in text.splitlines()[1:-1]], float)


def held_out_error(ours, trained, text):
    """Mean squared error of the trained line on pairs that nobody trained on."""
    x, y = pairs_of(text).T
    return float(((trained["weights"][0] * x + trained["weights"][1] - y) ** 2).mean())


@check(
    points=3,
    needs=three_steps,
    measure=held_out_error,
    within=0.05,
    seconds=10,
    kept="it is the proof that learning works on real pairs",
)
def fitting(net, seed, text):
    """`fit` learns a line from pairs"""
    pairs = pairs_of(text)
    order = np.random.default_rng(seed).permutation(len(pairs))
    return named("weights", net.fit(pairs[order, 0], pairs[order, 1], numbers(seed, 2), 0.05))
