import numpy as np


def cumulative_sum(xs):
    return torch.cumsum(xs, 0)
