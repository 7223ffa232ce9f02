"""Experiments on words: their answers are text."""

from autograder.check import check, named

NAMES = ("ada lovelace", "grace brewster hopper", "emmy noether", "sofja kowalewskaja", "mary somerville")


@check(points=3)
def shortening(net, seed):
    """`initials` is the first letters, in capitals, each with a full stop"""
    names = [NAMES[(seed + i) % len(NAMES)] for i in range(3)]
    return named("first all", net.initials(names[0]), [net.initials(name) for name in names])
