import numpy as np
import torch

import autograder

check = autograder.unit("unit3_scan")


def scan(fn, start, xs):
    """The list of all results of carrying a value along `xs`: each is `fn(carried, x)` and is carried to the next.

    xs: anything that can be looped over, a generator too, however long. No elements, no results: an empty list.
    """
    from itertools import accumulate, islice
    return list(islice(accumulate(xs, fn, initial=start), 1, None))


def cumulative_sum(xs):
    """The running sum over the first axis: (T, ...) → (T, ...). `xs` stays as it is."""
    return torch.stack(scan(torch.add, torch.zeros_like(xs[0]), xs))


def one_hot(ids, V):
    """A row for each id, zeros but for a 1 at its place: (T,) integers → (T, V) floats, of torch's default type."""
    return (ids[:, None] == torch.arange(V)).float()


def step(carry, x, weights):
    """One step: carry is (h (H,), the last logits, unused), x (V,) → (new h (H,), logits (V,))."""
    h, _ = carry
    both = torch.cat([x, h])
    h = (both @ torch.cat([weights["Wx"], weights["Wh"]]) + weights["bh"]).clamp(min=0)
    return h, weights["by"] + weights["Wy"].T @ h


def network(weights, h0, xs):
    """All states and logits of a sequence: h0 (H,), xs (T, V) → h (T, H), logits (T, V)."""
    from functools import partial
    pairs = scan(partial(step, weights=weights), (h0, None), xs)
    return tuple(map(torch.stack, zip(*pairs)))


def sequence_loss(logits, targets):
    """The cross-entropy in nats, summed over steps: logits (T, V), targets (T,) → a tensor of shape (), in the graph."""
    picked = logits[range(len(targets)), targets]
    return (torch.logsumexp(logits, 1) - picked).sum()


def gradients(weights, h0, xs, targets):
    """The loss of a sequence (no longer in a graph) and a dict of its gradient with respect to each of the weights."""
    def loss_of(w):
        return sequence_loss(network(w, h0, xs)[1], targets)
    grads, loss = torch.func.grad_and_value(loss_of)(weights)
    return loss, grads


def update(weights, grads, lr):
    """New weights after one step of gradient descent: a new dict of new tensors, as plain as the old ones."""
    return {k: torch.sub(w, grads[k], alpha=lr) for k, w in weights.items()}


def my_name():
    return "solved_unit3"


def two_pass_scan(op, xs):
    """The list of all running results of an associative `op`, in fewer than 2 T combinations."""
    ys = list(xs)
    distance = 1
    while 2 * distance <= len(ys):
        for end in range(2 * distance, len(ys) + 1, 2 * distance):
            ys[end - 1] = op(ys[end - 1 - distance], ys[end - 1])
        distance *= 2
    while distance:
        for end in range(3 * distance, len(ys) + 1, 2 * distance):
            ys[end - 1] = op(ys[end - 1 - distance], ys[end - 1])
        distance //= 2
    return ys


def mistaken_line():
    return 9


def ordinary_after_100_steps():
    return {"the identity", "drawn × ½"}


def train_online(weights, sequences, lr, every=1000):
    """Train on one sequence after another, each from a state of zeros; returns weights, mean losses."""
    V, H = weights["Wx"].shape
    h, losses = torch.zeros(H), []
    for ids, targets in sequences:
        loss, grads = gradients(weights, h, one_hot(ids, V), targets)
        weights = update(weights, grads, lr)
        losses.append(float(loss))
    whole = len(losses) // every
    return weights, np.reshape(losses[: whole * every], (whole, every)).mean(1).tolist()


def initial_weights(V, H, generator):
    """Identity for hidden → hidden, zero biases, N(0, √(2/rows)) for the others."""
    w = {"Wx": torch.empty(V, H), "Wh": torch.eye(H), "bh": torch.zeros(H), "Wy": torch.empty(H, V)}
    for name in ("Wx", "Wy"):
        w[name].normal_(0, np.sqrt(2 / len(w[name])), generator=generator)
    return w | {"by": torch.zeros(V)}


def parallel_scan(op, xs):
    """All running results of an associative `op`, in O(log T) calls of it: (T, ...) → (T, ...)."""
    if len(xs) < 2:
        return xs.clone()
    pairs = parallel_scan(op, op(xs[:-1:2], xs[1::2]))
    out = torch.empty_like(xs)
    out[0], out[1::2] = xs[0], pairs
    if len(xs) > 2:
        rest = xs[2::2]
        out[2::2] = op(pairs[: len(rest)], rest)
    return out


def combine(earlier, later):
    """The map "first `earlier`, then `later`", pair by pair: (n, 2, H), (n, 2, H) → (n, 2, H)."""
    both = later[:, :1] * earlier
    return both + torch.stack([torch.zeros_like(later[:, 1]), later[:, 1]], 1)


def linear_recurrence(a, b, h0):
    """h[t] = a[t] h[t−1] + b[t], with h0 before the first step: a, b (T, H), h0 (H,) → h (T, H)."""
    maps = parallel_scan(combine, torch.stack([a, b], 1))
    return maps[:, 0] * h0 + maps[:, 1]


def linear_recurrence_backward(a, h0, h, dh):
    """The gradient of a linear recurrence: (T, H), (H,), (T, H), (T, H) → da (T, H), db (T, H), dh0 (H,)."""
    factors = a.roll(-1, 0).flip(0)
    g = linear_recurrence(factors, dh.flip(0), torch.zeros_like(h0)).flip(0)
    before = torch.vstack([h0, h[:-1]])
    return g * before, g, a[0] * g[0]
