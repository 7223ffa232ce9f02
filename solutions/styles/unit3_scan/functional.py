"""`accumulate`, `reduce`, `partial`, `operator` and lambdas; `torch.func` for the gradient."""

import operator
from functools import partial, reduce
from itertools import accumulate, islice


def scan(fn, start, xs):
    return list(islice(accumulate(xs, fn, initial=start), 1, None))


cumulative_sum = lambda xs: torch.stack(scan(operator.add, torch.zeros(xs.shape[1:]), xs))
one_hot = lambda ids, V: (ids[:, None] == torch.arange(V)).float()
sequence_loss = lambda logits, targets: sum(map(F.cross_entropy, logits, targets))


def network(weights, h0, xs):
    return tuple(
        map(torch.stack, zip(*scan(partial(step, weights=weights), (h0, h0), xs), strict=True))
    )


def gradients(weights, h0, xs, targets):
    grads, loss = torch.func.grad_and_value(
        lambda w: sequence_loss(network(w, h0, xs)[1], targets)
    )(weights)
    return loss, grads


def update(weights, grads, lr):
    return dict(
        zip(weights, map(lambda name: weights[name].sub(grads[name] * lr), weights), strict=True)
    )


def train_online(weights, sequences, lr, every=1000):
    losses = []

    def one(w, pair):
        ids, targets = pair
        loss, grads = gradients(
            w, torch.zeros(w["Wh"].shape[0]), one_hot(ids, len(w["by"])), targets
        )
        losses.append(loss.item())
        return update(w, grads, lr)

    weights = reduce(one, sequences, weights)
    groups = zip(*[iter(losses)] * every, strict=False)
    return weights, [sum(group) / every for group in groups]


def parallel_scan(op, xs):
    return reduce(
        lambda ys, d: torch.cat([ys[:d], op(ys[: len(ys) - d], ys[d:])]),
        distances_below(len(xs)),
        xs,
    )


def distances_below(T):
    """1, 2, 4, … below T."""
    return [1 << k for k in range((T - 1).bit_length())]


def linear_recurrence_backward(a, h0, h, dh):
    turned = partial(torch.flip, dims=[0])
    g = turned(linear_recurrence(turned(a.roll(-1, 0)), turned(dh), torch.zeros(h0.shape)))
    return g * torch.cat((h0.unsqueeze(0), h))[:-1], g, operator.mul(a[0], g[0])


def two_pass_scan(op, xs):
    return list(accumulate(xs, op))
