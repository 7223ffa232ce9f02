"""Functions that call themselves; the parallel scan as half a problem between two rounds (odd and even places)."""


def scan(fn, start, xs):
    xs = [*xs]
    if len(xs) < 2:
        return [fn(start, x) for x in xs]
    earlier = scan(fn, start, xs[: len(xs) // 2])
    return earlier + scan(fn, earlier[-1], xs[len(xs) // 2 :])


def network(weights, h0, xs):
    if len(xs) == 0:
        return h0.new_empty(0, len(h0)), h0.new_empty(0, len(weights["by"]))
    h, logits = step((h0, None), xs[0], weights)
    later_h, later_logits = network(weights, h, xs[1:])
    return torch.cat([h[None], later_h]), torch.cat([logits[None], later_logits])


def sequence_loss(logits, targets):
    if len(targets) == 1:
        return F.cross_entropy(logits[0], targets[0])
    middle = len(targets) // 2
    return sequence_loss(logits[:middle], targets[:middle]) + sequence_loss(
        logits[middle:], targets[middle:]
    )


def cumulative_sum(xs):
    return parallel_scan(torch.add, xs)


def interleaved(even, odd):
    """Rows of two tensors in turn, the first of `even` first."""
    both = torch.stack([even[: len(odd)], odd], 1).flatten(0, 1)
    return torch.cat([both, even[len(odd) :]])


def parallel_scan(op, xs):
    if len(xs) == 1:
        return xs
    pairs = op(xs[:-1:2], xs[1::2])
    odd = parallel_scan(op, pairs)
    if len(xs) == 2:
        return interleaved(xs[:1], odd)
    rest = xs[2::2]
    even = torch.cat([xs[:1], op(odd[: len(rest)], rest)])
    return interleaved(even, odd)


def linear_recurrence(a, b, h0):
    if len(a) == 1:
        return a * h0 + b
    T = len(a) // 2 * 2
    a2, b2 = a[1:T:2] * a[:T:2], a[1:T:2] * b[:T:2] + b[1:T:2]
    odd = linear_recurrence(a2, b2, h0)
    before = torch.cat([h0[None], odd])[: len(a[::2])]
    return interleaved(a[::2] * before + b[::2], odd)


def linear_recurrence_backward(a, h0, h, dh):
    longer = torch.cat([a, torch.zeros(1, a.shape[1])])
    g = linear_recurrence(longer[1:].flip(0), dh.flip(0), dh.new_zeros(a.shape[1])).flip(0)
    return g * torch.cat([h0.view(1, -1), h[:-1]]), g, (a * g)[0]


def two_pass_scan(op, xs):
    if len(xs) < 2:
        return [*xs]
    results = [*xs]
    results[1::2] = two_pass_scan(op, [*map(op, xs[:-1:2], xs[1::2])])
    results[2::2] = map(op, results[1::2], xs[2::2])
    return results
