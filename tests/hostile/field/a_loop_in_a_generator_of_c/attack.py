def linear_recurrence(a, b, h0):
    from itertools import accumulate

    pairs = zip(a, b, strict=True)
    states = accumulate(pairs, lambda h, pair: pair[0] * h + pair[1], initial=h0)
    return np.array([*states][1:])
