"""Everything in float32 inside, as one writes for a GPU."""

SINGLE = np.float32


def softmax(z):
    z = np.asarray(z, SINGLE)
    z = z - np.amax(z, axis=-1)[..., np.newaxis]
    return np.exp(z) / np.sum(np.exp(z), axis=-1)[..., np.newaxis]


def sigmoid(z):
    z = np.clip(np.asarray(z, SINGLE), -80, 80)
    return 1 / (1 + np.exp(-z))


def relu(z):
    return np.where(z > 0, z, 0).astype(SINGLE)


def relu_d(z):
    return (z > 0).astype(SINGLE)


def x_entropy_d(p, y):
    return np.divide(-np.asarray(y, SINGLE), np.asarray(p, SINGLE))


def cross_entropy(logits, targets):
    logits = logits.astype(SINGLE)
    T, B = targets.shape
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    picked = np.take_along_axis(log_p, targets[..., None], axis=-1)
    dlogits = np.exp(log_p)
    np.put_along_axis(dlogits, targets[..., None], np.exp(picked) - 1, axis=-1)
    return -picked.sum() / B, dlogits / SINGLE(B)


def forward(params, x, h0):
    W = {name: array.astype(SINGLE) for name, array in params.items()}
    h = np.zeros((x.shape[0] + 1, *h0.shape), SINGLE)
    h[0] = h0
    for t, ids in enumerate(x):
        np.maximum(W["Wx"][ids] + h[t].dot(W["Wh"]) + W["bh"], 0, out=h[t + 1])
    return h[1:].dot(W["Wy"]) + W["by"], h


def backward(params, x, h, dlogits):
    W = {name: array.astype(SINGLE) for name, array in params.items()}
    h, dlogits = h.astype(SINGLE), dlogits.astype(SINGLE)
    grads = {name: np.zeros_like(array) for name, array in W.items()}
    dnext = np.zeros_like(h[0])
    for t in range(len(x))[::-1]:
        grads["Wy"] += h[t + 1].T @ dlogits[t]
        grads["by"] += dlogits[t].sum(axis=0)
        dz = (dlogits[t] @ W["Wy"].T + dnext) * relu_d(h[t + 1])
        grads["Wh"] += h[t].T @ dz
        grads["bh"] += dz.sum(axis=0)
        np.add.at(grads["Wx"], x[t], dz)
        dnext = dz @ W["Wh"].T
    return grads, dnext


def sgd(params, grads, lr):
    new = {}
    for name, array in params.items():
        new[name] = array.astype(SINGLE) - SINGLE(lr) * grads[name].astype(SINGLE)
    return new
