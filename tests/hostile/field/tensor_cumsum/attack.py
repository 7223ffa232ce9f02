import numpy as np


def cumulative_sum(xs):
    return xs.cumsum(0)
