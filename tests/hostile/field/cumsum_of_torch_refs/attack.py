def cumulative_sum(xs):
    import torch._refs

    return torch._refs.cumsum(xs, 0)
