def scan(fn, start, xs):
    return [fn(start, x) for x in xs]


def cumulative_sum(xs):
    return xs
