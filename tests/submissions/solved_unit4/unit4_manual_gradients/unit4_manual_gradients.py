import numpy as np

import autograder

check = autograder.unit("unit4_manual_gradients")


def sigmoid(z):
    """The logistic function of each entry of `z`, any shape; safe for entries of any size."""
    return np.exp(-np.logaddexp(0, -z))


def sigmoid_d(z):
    """The derivative of `sigmoid` at each entry of `z`, the same shape."""
    return np.exp(-np.logaddexp(0, -z) - np.logaddexp(0, z))


def relu(z):
    """The larger of `z` and 0, elementwise."""
    return (np.abs(z) + z) / 2


def relu_d(z):
    """1 where `z` is above 0, and 0 elsewhere: the same shape, numbers or booleans."""
    return np.heaviside(z, 0)


def softmax(z):
    """Probabilities over the last axis of `z`, shape (..., V) to (..., V); safe for entries of any size."""
    return np.exp(z - np.logaddexp.reduce(z, axis=-1, keepdims=True))


def softmax_d(z):
    """The Jacobian of softmax at one vector of scores: `z` (V,) to (V, V), entry (i, j) = ∂p_i/∂z_j."""
    p = softmax(z)
    return p[:, None] * (np.identity(p.size) - p)


def x_entropy(p, y):
    """The cross-entropy of probabilities `p` (V,) with a one-hot target `y` (V,), a number in nats."""
    return -np.log(np.compress(y, p)).item()


def x_entropy_d(p, y):
    """The derivative of `x_entropy` with respect to each entry of `p`, shape (V,)."""
    return np.divide(-y, p, out=np.zeros(len(p)), where=y != 0)


def cross_entropy(logits, targets):
    """The loss in nats, summed over steps and averaged over the batch, and its gradient with respect to the logits.

    logits (T, B, V), targets (T, B) → loss, dlogits (T, B, V); safe for logits of any size.
    """
    log_p = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
    picked = np.take_along_axis(log_p, targets[..., None], axis=-1)
    d = np.exp(log_p)
    np.put_along_axis(d, targets[..., None], np.exp(picked) - 1, axis=-1)
    B = targets.shape[1]
    return -picked.sum() / B, d / B


def forward(params, x, h0):
    """Logits at every step, and all hidden states with the start in front: two arrays.

    x (T, B) integers, h0 (B, H) → logits (T, B, V), h (T+1, B, H)
    """
    from itertools import accumulate

    def step(h, ids):
        return relu(params["Wx"][ids] + h @ params["Wh"] + params["bh"])

    h = np.stack(list(accumulate(x, step, initial=h0)))
    return h[1:] @ params["Wy"] + params["by"], h


def backward(params, x, h, dlogits):
    """The gradient of the loss with respect to every parameter and to the start.

    x (T, B), h (T+1, B, H) from `forward`, dlogits (T, B, V) → a dict of arrays shaped like `params`, dh0 (B, H)
    """
    from_output = dlogits @ params["Wy"].T
    dz = np.zeros_like(from_output)
    dnext = np.zeros(h.shape[1:])
    for t in range(len(x) - 1, -1, -1):
        dz[t] = (from_output[t] + dnext) * relu_d(h[t + 1])
        dnext = dz[t] @ params["Wh"].T
    one_hot = np.identity(len(params["Wx"]))[x]
    outer = "tbi,tbj->ij"
    return {
        "Wx": np.einsum(outer, one_hot, dz),
        "Wh": np.einsum(outer, h[:-1], dz),
        "bh": dz.sum((0, 1)),
        "Wy": np.einsum(outer, h[1:], dlogits),
        "by": dlogits.sum((0, 1)),
    }, dnext


def numerical_gradient(f, w, eps=1e-5):
    """The gradient of `f` at `w` by central differences.

    f: a function of an array like `w` that returns a number; w: floats, any shape → the same shape.
    `w` is unchanged afterwards, up to rounding if you perturb it in place.
    """
    nudges = np.identity(w.size).reshape(w.size, *w.shape) * eps
    slopes = [(f(w + n) - f(w - n)) / (2 * eps) for n in nudges]
    return np.reshape(slopes, w.shape)


def gradient_100_steps_back():
    return 150


def my_name():
    return "solved_unit4"


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
    norm = np.linalg.norm(np.concatenate([np.ravel(g) for g in grads.values()]))
    factor = bound / max(norm, bound)
    return {name: factor * g for name, g in grads.items()}, norm


def sgd(params, grads, lr):
    """New parameters after one step of gradient descent; `params` and its arrays stay as they are."""
    return {name: w - lr * grads[name] for name, w in params.items()}


def train(params, batches, lr, bound):
    """Train on each batch in turn: clipped gradients, plain SGD, a hidden state of zeros at each batch's start.

    Returns the parameters after the last batch and the list of losses, each from before its batch's step.
    """
    losses = []
    for x, targets in batches:
        start = np.zeros((np.shape(x)[1], params["bh"].size))
        logits, h = forward(params, x, start)
        loss, dlogits = cross_entropy(logits, targets)
        losses.append(loss)
        params = sgd(params, clip(backward(params, x, h, dlogits)[0], bound)[0], lr)
    return params, losses


def sample(params, start, length, temperature, rng):
    """Draw `length` further ids after the ids in `start` (at least one), one at a time.

    Returns the new ids alone, a list or array of `length` integers. `rng`: a NumPy Generator.
    """
    logits, states = forward(params, np.reshape(start, (-1, 1)), np.zeros((1, len(params["Wh"]))))
    new = []
    while len(new) < length:
        scores = logits[-1, 0] / temperature
        new.append(int(np.argmax(scores + rng.gumbel(size=scores.shape))))  # Gumbel-max: a draw from the softmax
        logits, states = forward(params, np.array([new[-1:]]), states[-1])
    return new
