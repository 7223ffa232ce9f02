import numpy as np

import autograder

check = autograder.unit("unit4_manual_gradients")


def sigmoid(z):
    """The logistic function of each entry of `z`, any shape; safe for entries of any size."""
    return 0.5 * (1 + np.tanh(0.5 * z))


def sigmoid_d(z):
    """The derivative of `sigmoid` at each entry of `z`, the same shape."""
    return sigmoid(z) * (1 - sigmoid(z))


def relu(z):
    """The larger of `z` and 0, elementwise."""
    return np.maximum(z, 0)


def relu_d(z):
    """1 where `z` is above 0, and 0 elsewhere: the same shape, numbers or booleans."""
    return z > 0


def softmax(z):
    """Probabilities over the last axis of `z`, shape (..., V) to (..., V); safe for entries of any size."""
    e = np.exp(z)
    return e / e.sum(-1, keepdims=True)


def softmax_d(z):
    """The Jacobian of softmax at one vector of scores: `z` (V,) to (V, V), entry (i, j) = ∂p_i/∂z_j."""
    p = softmax(z)
    return np.diag(p) - np.outer(p, p)


def x_entropy(p, y):
    """The cross-entropy of probabilities `p` (V,) with a one-hot target `y` (V,), a number in nats."""
    return -(y * np.log(p)).sum()


def x_entropy_d(p, y):
    """The derivative of `x_entropy` with respect to each entry of `p`, shape (V,)."""
    return -y / p


def cross_entropy(logits, targets):
    """The loss in nats, summed over steps and averaged over the batch, and its gradient with respect to the logits.

    logits (T, B, V), targets (T, B) → loss, dlogits (T, B, V); safe for logits of any size.
    """
    B, V = logits.shape[1:]
    y = np.eye(V)[targets]
    z = logits - logits.max(-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(-1, keepdims=True))
    loss, dlogits = -(y * log_p).sum() / B, (np.exp(log_p) - y) / B
    return loss, dlogits


def forward(params, x, h0):
    """Logits at every step, and all hidden states with the start in front: two arrays.

    x (T, B) integers, h0 (B, H) → logits (T, B, V), h (T+1, B, H)
    """
    h = np.empty((len(x) + 1, *h0.shape))
    h[0] = h0
    for t in range(len(x)):
        z = params["Wx"][x[t]] + h[t] @ params["Wh"] + params["bh"]
        h[t + 1] = relu(z)
    logits = h[1:] @ params["Wy"] + params["by"]
    return logits, h


def backward(params, x, h, dlogits):
    """The gradient of the loss with respect to every parameter and to the start.

    x (T, B), h (T+1, B, H) from `forward`, dlogits (T, B, V) → a dict of arrays shaped like `params`, dh0 (B, H)
    """
    grads = {name: np.zeros_like(w) for name, w in params.items()}
    dnext = np.zeros_like(h[0])
    for t in reversed(range(len(x))):
        grads["Wy"] += h[t + 1].T @ dlogits[t]
        grads["by"] += dlogits[t].sum(0)
        dh = dlogits[t] @ params["Wy"].T + dnext
        dz = dh * (h[t + 1] > 0)
        grads["Wh"] += h[t].T @ dz
        grads["bh"] += dz.sum(0)
        np.add.at(grads["Wx"], x[t], dz)
        dnext = dz @ params["Wh"].T
    return grads, dnext


def numerical_gradient(f, w, eps=1e-5):
    """The gradient of `f` at `w` by central differences.

    f: a function of an array like `w` that returns a number; w: floats, any shape → the same shape.
    `w` is unchanged afterwards, up to rounding if you perturb it in place.
    """
    grad = np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        w_up, w_down = w.copy(), w.copy()
        w_up[i] += eps
        w_down[i] -= eps
        grad[i] = (f(w_up) - f(w_down)) / (2 * eps)
    return grad


def gradient_100_steps_back():
    return 131.5


def my_name():
    return "mistake_overflow"


def error_along(loss, params, grads, direction, eps):
    """The relative error of `grads` along `direction`, |a − n| / max(|a|, |n|), with a by hand and n by a central difference."""
    by_hand = 0.0
    up = {}
    down = {}
    for name, step in direction.items():
        by_hand += (grads[name] * step).sum()
        up[name] = params[name] + eps * step
        down[name] = params[name] - eps * step
    measured = (loss(up) - loss(down)) / (2 * eps)
    return abs(by_hand - measured) / max(abs(by_hand), abs(measured))


def mistaken_line():
    return 13


def clip(grads, bound):
    """Gradients scaled so that their global norm is at most `bound`, and the norm before.

    grads: a dict of arrays → a new dict of arrays, a number. `grads` itself stays as it is.
    """
    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
    scale = min(1.0, bound / norm)
    return {name: scale * g for name, g in grads.items()}, norm


def sgd(params, grads, lr):
    """New parameters after one step of gradient descent; `params` and its arrays stay as they are."""
    return {name: params[name] - lr * grads[name] for name in params}


def train(params, batches, lr, bound):
    """Train on each batch in turn: clipped gradients, plain SGD, a hidden state of zeros at each batch's start.

    Returns the parameters after the last batch and the list of losses, each from before its batch's step.
    """
    losses = []
    for x, targets in batches:
        h0 = np.zeros((x.shape[1], len(params["Wh"])))
        logits, h = forward(params, x, h0)
        loss, dlogits = cross_entropy(logits, targets)
        grads, _ = backward(params, x, h, dlogits)
        grads, _ = clip(grads, bound)
        params = sgd(params, grads, lr)
        losses.append(loss)
    return params, losses


def starting_weights(rng, V, H):
    """The lesson's first weights: identity for hidden → hidden, zero biases, N(0, √(2/rows)) for the others."""
    weights = {"Wx": rng.normal(0, np.sqrt(2 / V), (V, H)), "Wh": np.eye(H), "bh": np.zeros(H)}
    return weights | {"Wy": rng.normal(0, np.sqrt(2 / H), (H, V)), "by": np.zeros(V)}


def windows(ids, rng, T, B, count):
    """`count` batches of B windows cut anywhere: x (T, B), and the same shifted on by one (T, B)."""
    for _ in range(count):
        start = rng.integers(0, len(ids) - T, B)
        window = ids[start + np.arange(T + 1)[:, None]]  # (T+1, B)
        yield window[:-1], window[1:]


def sample(params, start, length, temperature, rng):
    """Draw `length` further ids after the ids in `start` (at least one), one at a time.

    Returns the new ids alone, a list or array of `length` integers. `rng`: a NumPy Generator.
    """
    h, ids = np.zeros((1, len(params["Wh"]))), []
    logits, states = forward(params, np.array(start)[:, None], h)
    while len(ids) < length:
        p = softmax(logits[-1, 0] / temperature)
        ids.append(int(rng.choice(len(p), p=p)))
        logits, states = forward(params, np.array([[ids[-1]]]), states[-1])
    return ids
    ### END SOLUTION
