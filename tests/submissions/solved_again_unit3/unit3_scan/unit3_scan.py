import numpy as np
import torch

import autograder

check = autograder.unit("unit3_scan")


def scan(fn, start, xs):
    results = []
    carried = start
    for x in xs:
        carried = fn(carried, x)
        results.append(carried)
    return results


def cumulative_sum(xs):
    rows = scan(torch.add, torch.zeros_like(xs[0]), xs)
    return torch.stack(rows, dim=0)


def one_hot(ids, V):
    return (ids[:, None] == torch.arange(V)[None, :]).to(torch.get_default_dtype())


def step(carry, x, weights):
    old = carry[0]
    Wx, Wh, bh, Wy, by = (weights[k] for k in ("Wx", "Wh", "bh", "Wy", "by"))
    new = torch.einsum("v,vh->h", x, Wx) + torch.einsum("i,ij->j", old, Wh) + bh
    new = torch.where(new > 0, new, torch.zeros_like(new))
    return new, torch.einsum("h,hv->v", new, Wy) + by


def network(weights, h0, xs):
    from functools import partial

    results = scan(partial(step, weights=weights), (h0, None), xs)
    states = torch.stack([r[0] for r in results])
    logits = torch.stack([r[1] for r in results])
    return states, logits


def sequence_loss(logits, targets):
    steps = torch.arange(len(targets))
    return (logits.logsumexp(1) - logits[steps, targets]).sum()


def gradients(weights, h0, xs, targets):
    names = sorted(weights)
    mine = {k: weights[k].detach().clone().requires_grad_(True) for k in names}
    loss = sequence_loss(network(mine, h0, xs)[1], targets)
    loss.backward()
    return float(loss.detach()), {k: mine[k].grad for k in names}


def update(weights, grads, lr):
    new = {}
    for name in weights:
        new[name] = torch.sub(weights[name], grads[name], alpha=lr)
    return new


def my_name():
    return "solved_again_unit3"


def two_pass_scan(op, xs):
    """The list of all running results of an associative `op`, in fewer than 2 T combinations."""
    results = list(xs[:1])
    for x in xs[1:]:
        results.append(op(results[-1], x))
    return results


def mistaken_line():
    return 12


def ordinary_after_100_steps():
    return {"the identity", "drawn"}


def train_online(weights, sequences, lr, every=1000):
    V, H = weights["Wx"].shape
    zero = torch.zeros(H, dtype=weights["Wx"].dtype)
    means, bucket = [], []
    for ids, targets in sequences:
        loss, grads = gradients(weights, zero, one_hot(ids, V).to(zero), targets)
        weights = update(weights, grads, lr)
        bucket.append(float(loss))
        if len(bucket) == every:
            means.append(np.mean(bucket))
            bucket.clear()
    return weights, means


def initial_weights(V, H, generator):
    def uni(rows, cols):
        lim = (6 / rows) ** 0.5
        return torch.empty(rows, cols).uniform_(-lim, lim, generator=generator)

    return dict(Wx=uni(V, H), Wh=torch.eye(H), bh=torch.zeros(H), Wy=uni(H, V), by=torch.zeros(V))


def parallel_scan(op, xs):
    # recursive: halve
    T = xs.shape[0]
    if T == 1:
        return xs.clone()
    pairs = op(xs[0 : T - 1 : 2], xs[1:T:2])  # (T // 2, ...)
    odd = parallel_scan(op, pairs)  # results at 1, 3, 5, ...
    even = xs[:1]
    if T > 2:
        rest = op(odd[: (T - 1) // 2], xs[2::2])
        even = torch.cat([even, rest])
    if T % 2 == 0:
        return torch.stack([even, odd], 1).flatten(0, 1)
    return torch.cat([torch.stack([even[:-1], odd], 1).flatten(0, 1), even[-1:]])


def combine(earlier, later):
    a1, b1 = earlier.unbind(1)
    a2, b2 = later.unbind(1)
    return torch.stack((a1 * a2, torch.addcmul(b2, a2, b1)), dim=1)


def linear_recurrence(a, b, h0):
    AB = parallel_scan(combine, torch.stack([a, b], dim=1))
    return torch.addcmul(AB[:, 1], AB[:, 0], h0)


def linear_recurrence_backward(a, h0, h, dh):
    factors = torch.cat([a[1:], torch.zeros_like(a[:1])]).flipud()
    g = linear_recurrence(factors, dh.flipud(), torch.zeros_like(h0)).flipud()
    previous = torch.vstack([h0, h[:-1]])
    return g * previous, g, g[0] * a[0]
