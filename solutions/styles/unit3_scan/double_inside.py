"""Computes in float64, and hands float64 on."""

import math


def step(carry, x, weights):
    Wx, Wh, bh, Wy, by = (weights[name].double() for name in ("Wx", "Wh", "bh", "Wy", "by"))
    h = F.relu(x.double() @ Wx + carry[0].double() @ Wh + bh)
    return h, h @ Wy + by


def sequence_loss(logits, targets):
    return F.nll_loss(F.log_softmax(logits.double(), dim=-1), targets, reduction="sum")


def gradients(weights, h0, xs, targets):
    names = list(weights)
    own = [weights[name].detach().to(torch.float64).requires_grad_(True) for name in names]
    _, logits = network(dict(zip(names, own, strict=True)), h0.double(), xs.double())
    loss = sequence_loss(logits, targets)
    return float(loss), dict(zip(names, torch.autograd.grad(loss, own), strict=True))


def update(weights, grads, lr):
    return {name: weights[name].double() - lr * grads[name].double() for name in weights}


def parallel_scan(op, xs):
    for k in range(math.ceil(math.log2(len(xs)))):
        xs = torch.concatenate((xs[: 2**k], op(xs[: -(2**k)], xs[2**k :])))
    return xs


def combine(earlier, later):
    (a1, b1), (a2, b2) = earlier.double().movedim(1, 0), later.double().movedim(1, 0)
    return torch.stack((a1 * a2, torch.addcmul(b2, a2, b1)), dim=1)


def linear_recurrence(a, b, h0):
    pairs = parallel_scan(combine, torch.stack((a, b), dim=1).double())
    return torch.addcmul(pairs[:, 1], pairs[:, 0], h0.double()[None])


def linear_recurrence_backward(a, h0, h, dh):
    a, h0, h, dh = (tensor.double() for tensor in (a, h0, h, dh))
    later = torch.zeros_like(a)
    later[:-1] = a[1:]
    g = linear_recurrence(later.flip(0), dh.flip(0), 0 * h0).flip(0)
    before = torch.vstack([h0, h[:-1]])
    return g * before, g, g[0] * a[0]


def initial_weights(V, H, generator):
    shapes = {"Wx": (V, H), "Wy": (H, V)}
    drawn = {
        name: torch.zeros(shape, dtype=torch.float64)
        .normal_(0, math.sqrt(2 / shape[0]), generator=generator)
        .float()
        for name, shape in shapes.items()
    }
    return drawn | {"Wh": torch.eye(H), "bh": torch.zeros(H), "by": torch.zeros(V)}
