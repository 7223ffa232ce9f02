import numpy as np

import autograder

check = autograder.unit("unit4_manual_gradients")


def sigmoid(z):
    """The logistic function of each entry of `z`, any shape; safe for entries of any size."""
    e = np.exp(-np.abs(z))
    return np.where(np.asarray(z) >= 0, 1 / (1 + e), e / (1 + e))


def sigmoid_d(z):
    """The derivative of `sigmoid` at each entry of `z`, the same shape."""
    s = sigmoid(z)
    return s * (1 - s)


def relu(z):
    """The larger of `z` and 0, elementwise."""
    return np.maximum(z, 0)


def relu_d(z):
    """1 where `z` is above 0, and 0 elsewhere: the same shape, numbers or booleans."""
    return (z > 0).astype(float)


def softmax(z):
    """Probabilities over the last axis of `z`, shape (..., V) to (..., V); safe for entries of any size."""
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def softmax_d(z):
    """The Jacobian of softmax at one vector of scores: `z` (V,) to (V, V), entry (i, j) = ∂p_i/∂z_j."""
    p = softmax(z)
    return p[:, None] * (np.eye(len(p)) - p)


def x_entropy(p, y):
    """The cross-entropy of probabilities `p` (V,) with a one-hot target `y` (V,), a number in nats."""
    return -np.log(p[np.argmax(y)])


def x_entropy_d(p, y):
    """The derivative of `x_entropy` with respect to each entry of `p`, shape (V,)."""
    return -y / p


def cross_entropy(logits, targets):
    """The loss in nats, summed over steps and averaged over the batch, and its gradient with respect to the logits.

    logits (T, B, V), targets (T, B) → loss, dlogits (T, B, V); safe for logits of any size.
    """
    T, B, V = logits.shape
    shifted = logits - logits.max(-1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    t, b = np.meshgrid(np.arange(T), np.arange(B), indexing="ij")
    loss = -logp[t, b, targets].sum() / B
    dlogits = np.exp(logp)
    dlogits[t, b, targets] -= 1
    return loss, dlogits / B


def forward(params, x, h0):
    """Logits at every step, and all hidden states with the start in front: two arrays.

    x (T, B) integers, h0 (B, H) → logits (T, B, V), h (T+1, B, H)
    """
    Wx, Wh, bh = params["Wx"], params["Wh"], params["bh"]
    hs = [h0]
    for ids in x:
        hs.append(relu(Wx[ids] + hs[-1] @ Wh + bh))
    h = np.stack(hs)
    return h[1:] @ params["Wy"] + params["by"], h


def backward(params, x, h, dlogits):
    """The gradient of the loss with respect to every parameter and to the start.

    x (T, B), h (T+1, B, H) from `forward`, dlogits (T, B, V) → a dict of arrays shaped like `params`, dh0 (B, H)
    """
    grads = {name: np.zeros_like(w) for name, w in params.items()}
    dnext = np.zeros_like(h[0])
    for t in range(len(x) - 1, -1, -1):
        grads["Wy"] += h[t + 1].T @ dlogits[t]
        grads["by"] += dlogits[t].sum(axis=0)
        dh = dlogits[t] @ params["Wy"].T + dnext
        dz = dh * (h[t + 1] > 0)
        grads["Wh"] += h[t].T @ dz
        grads["bh"] += dz.sum(axis=0)
        np.add.at(grads["Wx"], x[t], dz)
        dnext = dz @ params["Wh"].T
    return grads, dnext


def numerical_gradient(f, w, eps=1e-5):
    """The gradient of `f` at `w` by central differences.

    f: a function of an array like `w` that returns a number; w: floats, any shape → the same shape.
    `w` is unchanged afterwards, up to rounding if you perturb it in place.
    """
    grad = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        plus, minus = w.copy(), w.copy()
        plus[i] += eps
        minus[i] -= eps
        grad[i] = (f(plus) - f(minus)) / (2 * eps)
    return grad


def gradient_100_steps_back():
    return 6.0


def my_name():
    return "solved_again_unit4"


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
    """Gradients scaled so that their global norm is at most `bound`, and the norm before.

    grads: a dict of arrays → a new dict of arrays, a number. `grads` itself stays as it is.
    """
    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
    factor = bound / norm if norm > bound else 1.0
    return {k: g * factor for k, g in grads.items()}, norm


def sgd(params, grads, lr):
    """New parameters after one step of gradient descent; `params` and its arrays stay as they are."""
    return {k: params[k] - lr * grads[k] for k in params}


def train(params, batches, lr, bound):
    """Train on each batch in turn: clipped gradients, plain SGD, a hidden state of zeros at each batch's start.

    Returns the parameters after the last batch and the list of losses, each from before its batch's step.
    """
    H = params["Wh"].shape[0]
    losses = []
    for x, targets in batches:
        h0 = np.zeros((x.shape[1], H))
        logits, h = forward(params, x, h0)
        loss, dlogits = cross_entropy(logits, targets)
        grads, _ = backward(params, x, h, dlogits)
        grads, _ = clip(grads, bound)
        params = sgd(params, grads, lr)
        losses.append(loss)
    return params, losses


def sample(params, start, length, temperature, rng):
    """Draw `length` further ids after the ids in `start` (at least one), one at a time.

    Returns the new ids alone, a list or array of `length` integers. `rng`: a NumPy Generator.
    """
    h = np.zeros((1, params["Wh"].shape[0]))
    for i in start:
        logits, hs = forward(params, np.array([[i]]), h)
        h = hs[-1]
    new = []
    while len(new) < length:
        p = softmax(logits[-1, 0] / temperature)
        new.append(int(rng.choice(len(p), p=p)))
        logits, hs = forward(params, np.array([[new[-1]]]), h)
        h = hs[-1]
    return new
