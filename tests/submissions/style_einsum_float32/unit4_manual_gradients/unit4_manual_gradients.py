# %%
import numpy as np
from numpy import einsum

F = np.float32


def one_hot(ids, V):
    return (np.arange(V) == np.asarray(ids)[..., None]).astype(F)


# %%
def sigmoid(x):
    x = np.asarray(x, dtype=float)
    out = np.empty_like(x)
    up = x >= 0
    out[up] = 1 / (1 + np.exp(-x[up]))
    out[~up] = np.exp(x[~up]) / (1 + np.exp(x[~up]))
    return out


def sigmoid_d(x):
    s = sigmoid(x)
    return s - s**2


relu = lambda x: x * (x > 0)  # noqa: E731
relu_d = lambda x: np.heaviside(x, 0)  # noqa: E731


# %%
def softmax(scores, axis=-1):
    shifted = np.subtract(scores, np.max(scores, axis=axis, keepdims=True))
    return np.exp(shifted - np.logaddexp.reduce(shifted, axis=axis, keepdims=True))


def softmax_d(scores):
    p = softmax(scores)
    return einsum("i,ij->ij", p, np.eye(len(p)) - p)


# %%
def x_entropy(probabilities, truth):
    return -np.log(probabilities[np.argmax(truth)])


def x_entropy_d(probabilities, truth):
    out = np.zeros(len(truth))
    at = int(np.argmax(truth))
    out[at] = -1 / probabilities[at]
    return out


# %%
def cross_entropy(logits, targets):
    logits = np.asarray(logits, F)
    T, B, V = logits.shape
    total = np.logaddexp.reduce(logits, axis=2)
    right = logits[np.arange(T)[:, None], np.arange(B), targets]
    grad = np.exp(logits - total[..., None])
    grad[np.arange(T)[:, None], np.arange(B), targets] -= 1
    return float((total - right).sum() / B), grad / B


# %%
def forward(params, x, h0):
    states = [np.asarray(h0, F)]
    inputs = einsum("tbv,vh->tbh", one_hot(x, len(params["Wx"])), params["Wx"].astype(F))
    for step in inputs:
        states.append(relu(step + einsum("bi,ij->bj", states[-1], params["Wh"].astype(F)) + params["bh"]).astype(F))
    states = np.stack(states)
    return einsum("tbh,hv->tbv", states[1:], params["Wy"].astype(F)) + params["by"].astype(F), states


def backward(params, x, h, dlogits):
    T = len(x)
    dz = np.zeros_like(h[1:])
    coming = 0
    for t in range(T - 1, -1, -1):
        dz[t] = (einsum("bv,hv->bh", dlogits[t], params["Wy"]) + coming) * relu_d(h[t + 1])
        coming = einsum("bj,ij->bi", dz[t], params["Wh"])
    return {
        "by": einsum("tbv->v", dlogits),
        "Wy": einsum("tbh,tbv->hv", h[1:], dlogits),
        "bh": einsum("tbh->h", dz),
        "Wh": einsum("tbi,tbj->ij", h[:-1], dz),
        "Wx": einsum("tbv,tbh->vh", one_hot(x, len(params["Wx"])), dz),
    }, coming


# %%
def numerical_gradient(f, w, eps=1e-5):
    directions = np.eye(w.size).reshape(-1, *w.shape) * eps
    return np.array([f(w + d) - f(w - d) for d in directions]).reshape(w.shape) / (2 * eps)


def gradient_100_steps_back():
    return 131.5


def my_name():
    return "style_einsum_float32"


def error_along(loss, params, grads, direction, eps):
    """The relative error of `grads` along `direction`, |a − n| / max(|a|, |n|), with a by hand and n by a central difference."""
    by_hand = sum(np.vdot(grads[name], direction[name]) for name in direction)

    def at(distance):
        return loss({name: params[name] + distance * direction[name] for name in direction})

    measured = (at(eps) - at(-eps)) / (2 * eps)
    return abs(by_hand - measured) / max(abs(by_hand), abs(measured))


def mistaken_line():
    return 11


def clip(grads, bound):
    flat = np.concatenate([np.ravel(g) for g in grads.values()])
    length = np.linalg.norm(flat)
    factor = bound / length if length > bound else 1
    return {k: v * factor for k, v in grads.items()}, length


def sgd(params, grads, lr):
    out = {}
    for key, value in params.items():
        out[key] = np.subtract(value, np.multiply(lr, grads[key]))
    return out


# %%
def train(params, batches, lr, bound):
    losses = []
    for ids, wanted in batches:
        logits, states = forward(params, ids, np.zeros((ids.shape[1], params["bh"].size)))
        value, slope = cross_entropy(logits, wanted)
        clipped = clip(backward(params, ids, states, slope)[0], bound)[0]
        params = sgd(params, clipped, lr)
        losses += [value]
    return params, np.array(losses)


def sample(params, start, length, temperature, rng):
    state = np.zeros((1, params["bh"].size))
    out = np.zeros(length, dtype=int)
    for i in start:
        logits, states = forward(params, [[i]], state)
        state = states[-1]
    for n in range(length):
        p = softmax(np.asarray(logits[-1, 0], float) / temperature)
        out[n] = min(np.searchsorted(np.cumsum(p), rng.random()), len(p) - 1)
        logits, states = forward(params, [[out[n]]], state)
        state = states[-1]
    return out
