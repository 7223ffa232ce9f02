"""Recursion, a class, plain loops; the file's own demonstrations stand between the exercises."""
import math
import dataclasses
import numpy
import numpy as np
import matplotlib.pyplot as plt  # only used below, where nothing is graded

print("hello from the top level")


@dataclasses.dataclass
class Network:
    params: dict

    def step(self, ids, h):
        p = self.params
        z = numpy.array([p["Wx"][i] for i in ids]) + h.dot(p["Wh"]) + p["bh"]
        return numpy.where(z > 0, z, 0.0)

    def run(self, x, h):
        if len(x) == 0:
            return [h]
        return [h, *self.run(x[1:], self.step(x[0], h))]

    def read_out(self, states):
        return [h.dot(self.params["Wy"]) + self.params["by"] for h in states]


def sigmoid(z):
    return numpy.vectorize(lambda v: 1 / (1 + math.exp(-v)) if v > -700 else 0.0)(z)


def sigmoid_d(z):
    a = sigmoid(z)
    return a * (1.0 - a)


def relu(z):
    return (z + abs(z)) / 2


def relu_d(z):
    return numpy.where(z > 0, 1, 0)


class Softmax:
    def __call__(self, z):
        z = numpy.moveaxis(numpy.asarray(z), -1, 0)
        e = numpy.exp(z - z.max(0))
        return numpy.moveaxis(e / e.sum(0), 0, -1)


softmax = Softmax()


def softmax_d(z):
    p = softmax(z)
    return numpy.array([[p[i] * ((i == j) - p[j]) for j in range(len(p))] for i in range(len(p))])


def x_entropy(p, y):
    return sum(-math.log(pi) for pi, yi in zip(p, y) if yi)


def x_entropy_d(p, y):
    return [-yi / pi for pi, yi in zip(p, y)]


def cross_entropy(logits, targets, verbose=False):
    T, B, V = logits.shape
    loss, d = 0.0, numpy.zeros((T, B, V))
    for t in range(T):
        for b in range(B):
            row = logits[t, b] - logits[t, b].max()
            log_total = math.log(numpy.exp(row).sum())
            loss += (log_total - row[targets[t, b]]) / B
            d[t, b] = numpy.exp(row - log_total) / B
            d[t, b, targets[t, b]] -= 1 / B
    return loss, d


def forward(params, x, h0):
    net = Network(params)
    states = net.run(list(x), h0)
    return numpy.array(net.read_out(states[1:])), numpy.array(states)


def backward(params, x, h, dlogits):
    g = {k: 0.0 * v for k, v in params.items()}

    def back(t, dnext):
        if t < 0:
            return dnext
        dh = dlogits[t].dot(params["Wy"].T) + dnext
        dz = dh * relu_d(h[t + 1])
        for b, i in enumerate(x[t]):
            g["Wx"][i] += dz[b]
            g["Wh"] += numpy.outer(h[t][b], dz[b])
            g["Wy"] += numpy.outer(h[t + 1][b], dlogits[t][b])
        g["bh"] += dz.sum(axis=0)
        g["by"] += dlogits[t].sum(axis=0)
        return back(t - 1, dz.dot(params["Wh"].T))

    dh0 = back(len(x) - 1, 0.0)
    return g, dh0


plt_was_here = [forward, backward]


def numerical_gradient(f, w, eps=1e-5):
    grad = numpy.zeros_like(w)
    for i in range(w.size):
        old = w.flat[i]
        w.flat[i] = old + eps
        up = f(w)
        w.flat[i] = old - eps
        down = f(w)
        w.flat[i] = old
        grad.flat[i] = (up - down) / (2 * eps)
    return grad


def gradient_100_steps_back():
    return 131.5


def my_name():
    return "style_classes_recursion"


def error_along(loss, params, grads, direction, eps):
    """The relative error of `grads` along `direction`, |a − n| / max(|a|, |n|), with a by hand and n by a central difference."""
    by_hand = sum(np.vdot(grads[name], direction[name]) for name in direction)

    def at(distance):
        return loss({name: params[name] + distance * direction[name] for name in direction})

    measured = (at(eps) - at(-eps)) / (2 * eps)
    return abs(by_hand - measured) / max(abs(by_hand), abs(measured))


def mistaken_line():
    return 13


def clip(grads, bound):
    norm = math.sqrt(sum(float(v) ** 2 for g in grads.values() for v in g.flat))
    return {k: g * (bound / norm if norm > bound else 1.0) for k, g in grads.items()}, norm


def sgd(params, grads, lr):
    new = {k: v.copy() for k, v in params.items()}
    for k in new:
        new[k] -= lr * grads[k]
    return new


def fast_loss(logits, targets):
    e = numpy.exp(logits - logits.max(2, keepdims=True))
    p = e / e.sum(2, keepdims=True)
    y = numpy.eye(p.shape[2])[targets]
    return -numpy.log((p * y).sum(2)).sum() / p.shape[1], (p - y) / p.shape[1]


def fast_backward(params, x, h, d):
    g = {k: numpy.zeros_like(v) for k, v in params.items()}
    back = numpy.zeros_like(h[0])
    for t in range(len(x))[::-1]:
        dz = (d[t] @ params["Wy"].T + back) * (h[t + 1] > 0)
        numpy.add.at(g["Wx"], x[t], dz)
        g["Wh"] += h[t].T @ dz
        g["Wy"] += h[t + 1].T @ d[t]
        g["bh"] += dz.sum(0)
        g["by"] += d[t].sum(0)
        back = dz @ params["Wh"].T
    return g


def train(params, batches, lr, bound):
    losses = []
    for x, y in batches:
        logits, h = forward(params, x, numpy.zeros((len(x[0]), len(params["bh"]))))
        loss, d = fast_loss(logits, y)
        g, _ = clip_fast(fast_backward(params, x, h, d), bound)
        params = sgd(params, g, lr)
        losses.append(loss)
    return [params, losses]


def clip_fast(grads, bound):
    norm = math.sqrt(sum((g * g).sum() for g in grads.values()))
    return {k: g * min(1.0, bound / norm) for k, g in grads.items()}, norm


def sample(params, start, length, temperature, rng):
    net, h = Network(params), numpy.zeros((1, len(params["bh"])))
    for i in start:
        h = net.step([i], h)
    ids = []
    for _ in range(length):
        scores = net.read_out([h])[0][0]
        noisy = scores / temperature + rng.gumbel(size=scores.shape)  # the Gumbel trick: its argmax is a draw
        ids.append(int(noisy.argmax()))
        h = net.step([ids[-1]], h)
    return ids


raise SystemExit("the end of my notes")
