"""In-place operations on copies of its own, `out=` and buffers made once; the caller's arrays are never written to."""


def sigmoid(z):
    out = np.negative(z, dtype=float)
    np.clip(out, -700, 700, out=out)
    np.exp(out, out=out)
    out += 1
    np.reciprocal(out, out=out)
    return out


def sigmoid_d(z):
    out = sigmoid(z)
    out -= np.square(out)
    return out


def relu(z):
    out = np.array(z, copy=True)
    out[out < 0] = 0
    return out


def relu_d(z):
    return np.sign(relu(z))


def softmax(z):
    out = z.astype(float)
    out -= np.max(out, axis=-1, keepdims=True)
    np.exp(out, out=out)
    out /= np.sum(out, axis=-1, keepdims=True)
    return out


def softmax_d(z):
    p = softmax(z)
    jacobian = np.multiply.outer(-p, p)
    jacobian[np.diag_indices(len(p))] += p
    return jacobian


def x_entropy_d(p, y):
    slopes = np.zeros(len(p))
    slopes[y == 1] = -1 / p[y == 1]
    return slopes


def cross_entropy(logits, targets):
    batch = logits.shape[1]
    steps, columns = np.ogrid[: logits.shape[0], :batch]
    scores = logits - logits.max(axis=2, keepdims=True)
    loss = -scores[steps, columns, targets].sum()
    np.exp(scores, out=scores)
    sums = scores.sum(axis=2, keepdims=True)
    loss += np.log(sums).sum()
    scores /= sums
    scores[steps, columns, targets] -= 1
    scores /= batch
    return loss / batch, scores


def forward(params, x, h0):
    steps = x.shape[0]
    h = np.zeros((steps + 1,) + h0.shape)
    h[0, ...] = h0
    np.take(params["Wx"], x, axis=0, out=h[1:])
    h[1:] += params["bh"]
    for t in range(1, steps + 1):
        h[t] += h[t - 1] @ params["Wh"]
        np.maximum(h[t], 0, out=h[t])
    logits = h[1:] @ params["Wy"]
    logits += params["by"]
    return logits, h


def backward(params, x, h, dlogits):
    dz = np.matmul(dlogits, params["Wy"].T)
    dz[-1] *= h[-1] > 0
    for t in range(len(x) - 2, -1, -1):
        dz[t] += dz[t + 1] @ params["Wh"].T
        dz[t] *= h[t + 1] > 0
    grads = {name: np.zeros_like(array) for name, array in params.items()}
    for t, ids in enumerate(x):
        np.add.at(grads["Wx"], ids, dz[t])
        grads["Wh"] += h[t].T @ dz[t]
        grads["Wy"] += h[t + 1].T @ dlogits[t]
    grads["bh"] += dz.sum(axis=0).sum(axis=0)
    grads["by"] += dlogits.sum(axis=0).sum(axis=0)
    return grads, dz[0] @ params["Wh"].T


def numerical_gradient(f, w, eps=1e-5):
    own = w.astype(float)
    slopes = np.empty_like(own)
    flat, out = own.reshape(-1), slopes.reshape(-1)
    for i in range(flat.size):
        kept = flat[i]
        flat[i] = kept + eps
        out[i] = f(own)
        flat[i] = kept - eps
        out[i] -= f(own)
        flat[i] = kept
    slopes /= 2 * eps
    return slopes


def clip(grads, bound):
    own = {name: array.copy() for name, array in grads.items()}
    norm = np.linalg.norm([np.linalg.norm(array) for array in own.values()])
    if (factor := bound / norm) < 1:
        for array in own.values():
            array *= factor
    return own, norm


def sgd(params, grads, lr):
    new = {name: array.copy() for name, array in params.items()}
    for name in new:
        new[name] -= lr * grads[name]
    return new


def train(params, batches, lr, bound, h0=None):
    params = {name: array.copy() for name, array in params.items()}
    losses = []
    for x, targets in batches:
        logits, h = forward(
            params, x, np.zeros((x.shape[-1], params["Wh"].shape[0])) if h0 is None else h0
        )
        loss, dlogits = cross_entropy(logits, targets)
        losses.append(loss)
        grads, _ = clip(backward(params, x, h, dlogits)[0], bound)
        for name, array in params.items():
            array -= lr * grads[name]
    return params, losses


def error_along(loss, params, grads, direction, eps):
    own = {name: np.array(w, dtype=float) for name, w in params.items()}
    slopes = np.zeros(2)
    for name in own:
        slopes[0] += np.vdot(grads[name], direction[name])
        own[name] += eps * direction[name]
    slopes[1] += loss(own)
    for name in own:
        own[name] -= 2 * eps * direction[name]
    slopes[1] -= loss(own)
    slopes[1] /= 2 * eps
    return abs(slopes[0] - slopes[1]) / abs(slopes).max()
