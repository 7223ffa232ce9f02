import numpy as np


def cumulative_sum(xs):
    return torch.from_numpy(np.add.accumulate(np.from_dlpack(xs)))
