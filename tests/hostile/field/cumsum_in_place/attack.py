import numpy as np


def cumulative_sum(xs):
    return xs.clone().cumsum_(0)
