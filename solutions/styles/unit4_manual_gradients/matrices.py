"""Time and batch as one axis: one-hot rows, block matrices and large products in place of lookups and sums."""


def sigmoid_d(z):
    return (1 - np.tanh(z / 2) ** 2) / 4


def softmax_d(z):
    p = softmax(z)
    return (np.identity(len(p)) - p) * p[:, None]


def x_entropy(p, y):
    return -np.log(y @ p)


def x_entropy_d(p, y):
    return -np.diag(1 / p) @ y


def cross_entropy(logits, targets):
    T, B, V = logits.shape
    rows, places = logits.reshape(T * B, V), targets.reshape(-1)
    p = softmax(rows)
    top = rows.max(axis=1)
    own = rows[np.arange(T * B), places]
    loss = (top + np.log(np.exp(rows - top[:, None]).sum(axis=1)) - own).sum() / B
    p[np.arange(T * B), places] -= 1
    return loss, p.reshape(T, B, V) / B


def forward(params, x, h0):
    T, (B, H) = len(x), h0.shape
    stacked = np.vstack([params["Wx"], params["Wh"], params["bh"]])  # (V+H+1, H)
    identity = np.identity(len(params["Wx"]))
    h = [h0]
    for t in range(T):
        h.append(relu(np.hstack([identity[x[t]], h[t], np.ones((B, 1))]) @ stacked))
    flat = np.concatenate(h[1:])  # (TB, H)
    logits = np.hstack([flat, np.ones((T * B, 1))]) @ np.vstack([params["Wy"], params["by"]])
    return logits.reshape(T, B, -1), np.concatenate(h).reshape(T + 1, B, H)


def backward(params, x, h, dlogits):
    T, B, V = dlogits.shape
    active, out = relu_d(h[1:]).astype(float), np.zeros((T + 1, B, h.shape[-1]))
    dz = np.zeros((T, B, h.shape[-1]))
    direct = (dlogits.reshape(T * B, V) @ params["Wy"].T).reshape(T, B, -1)
    for t in range(T)[::-1]:
        dz[t] = (direct[t] + out[t + 1]) * active[t]
        out[t] = dz[t] @ params["Wh"].T
    inputs = np.concatenate([np.identity(len(params["Wx"]))[x], h[:-1], np.ones((T, B, 1))], axis=2)
    into = inputs.reshape(T * B, -1).T @ dz.reshape(T * B, -1)  # (V+H+1, H)
    dWx, dWh, dbh = np.split(into, [len(params["Wx"]), len(into) - 1])
    outputs = np.concatenate([h[1:], np.ones((T, B, 1))], axis=2).reshape(T * B, -1)
    onto = outputs.T @ dlogits.reshape(T * B, V)
    return {"Wx": dWx, "Wh": dWh, "bh": dbh[0], "Wy": onto[:-1], "by": onto[-1]}, out[0]


def clip(grads, bound):
    norm = np.linalg.norm(np.concatenate([g.reshape(-1) for g in grads.values()]))
    return {name: g / max(1, norm / bound) for name, g in grads.items()}, float(norm)


def numerical_gradient(f, w, eps=1e-5):
    unit = np.identity(w.size).reshape(-1, *w.shape)
    return np.array([f(w + eps * u) - f(w - eps * u) for u in unit]).reshape(w.shape) / (2 * eps)
