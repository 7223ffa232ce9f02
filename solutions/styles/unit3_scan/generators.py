"""Generators and the walrus; in-place operations on copies of its own; a context for copies that record."""

from contextlib import contextmanager


def results(fn, carried, xs):
    for x in xs:
        yield (carried := fn(carried, x))


def scan(fn, start, xs):
    return [*results(fn, start, xs)]


def cumulative_sum(xs):
    own = xs.clone()
    for t in range(1, len(own)):
        own[t] += own[t - 1]
    return own


def step(carry, x, weights):
    z = weights["bh"].clone()
    z += x.matmul(weights["Wx"])
    z += carry[0].matmul(weights["Wh"])
    h = z.relu_()
    logits = h.matmul(weights["Wy"])
    logits += weights["by"]
    return h, logits


@contextmanager
def recording(weights):
    copies = {name: w.detach().clone().requires_grad_() for name, w in weights.items()}
    yield copies
    for copy in copies.values():
        copy.grad = None


def gradients(weights, h0, xs, targets):
    with recording(weights) as w:
        loss = sequence_loss(network(w, h0, xs)[1], targets)
        loss.backward()
        return loss.detach(), {name: value.grad.clone() for name, value in w.items()}


def update(weights, grads, lr):
    new = {name: w.detach().clone() for name, w in weights.items()}
    for name, w in new.items():
        w.sub_(grads[name], alpha=lr)
    return new


def losses(weights, sequences, lr):
    """The loss of each sequence, with the weights after it."""
    for ids, targets in sequences:
        V, H = weights["Wx"].size()
        loss, grads = gradients(weights, torch.zeros(H), one_hot(ids, V), targets)
        yield (weights := update(weights, grads, lr)), loss.item()


def train_online(weights, sequences, lr, every=1000):
    errors, sums = [], 0.0
    for n, (weights, loss) in enumerate(losses(weights, sequences, lr)):
        sums += loss / every
        if n % every == every - 1:
            errors.append(sums)
            sums = 0.0
    return weights, errors


def combine(earlier, later):
    out = later[:, :1] * earlier
    out[:, 1] += later[:, 1]
    return out


def linear_recurrence_backward(a, h0, h, dh):
    T = len(a)
    g = dh.flip(0).clone()
    factors = torch.ones_like(a)
    factors[1:] = a.flip(0)[: T - 1]
    g = linear_recurrence(factors, g, torch.zeros_like(h0)).flip(0)
    da = g.clone()
    da[1:] *= h[: T - 1]
    da[0] *= h0
    return da, g, (g[:1] * a[:1]).squeeze(0)


def pairs_of_a_round(first, distance, length):
    """The places of one round, each with the place before it that it takes over."""
    for later in range(first * distance - 1, length, 2 * distance):
        yield later - distance, later


def two_pass_scan(op, xs):
    own = [*xs]
    distances = [2**k for k in range(len(own).bit_length())]
    rounds = [(2, d) for d in distances] + [(3, d) for d in distances[::-1]]
    for first, distance in rounds:
        for earlier, later in pairs_of_a_round(first, distance, len(own)):
            own[later] = op(own[earlier], own[later])
    return own
