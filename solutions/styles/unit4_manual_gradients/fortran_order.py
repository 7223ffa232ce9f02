"""Arrays in Fortran order, transposed views, negative strides; batch last inside, as in the columns of a textbook."""


def relu(z):
    return np.asfortranarray(np.fmax(z, 0))


def relu_d(z):
    return np.greater(np.asfortranarray(z), 0)


def sigmoid(z):
    flipped = np.asarray(z)[::-1]
    return np.exp(-np.logaddexp(0, -flipped))[::-1]


def softmax(z):
    columns = np.moveaxis(z, -1, 0)  # (V, ...)
    e = np.exp(columns - columns.max(axis=0))
    return np.moveaxis(e / e.sum(axis=0), 0, -1)


def softmax_d(z):
    p = softmax(z)[:, None]
    return np.asfortranarray(np.diagflat(p) - p @ p.T).T


def forward(params, x, h0):
    Wx, Wh, Wy = (params[name].T for name in ("Wx", "Wh", "Wy"))
    h = np.empty((h0.shape[1], h0.shape[0], len(x) + 1), order="F")  # (H, B, T+1)
    h[:, :, 0] = h0.T
    for t in range(len(x)):
        h[:, :, t + 1] = relu(Wx[:, x[t]] + Wh @ h[:, :, t] + params["bh"][:, None])
    logits = np.empty((len(x), len(Wy), h0.shape[0]), order="F")  # (T, V, B)
    for t in range(len(x)):
        logits[t] = Wy @ h[:, :, t + 1] + params["by"][:, None]
    return logits.transpose(0, 2, 1), h.transpose(2, 1, 0)


def backward(params, x, h, dlogits):
    H, D = h.transpose(2, 1, 0), dlogits.transpose(2, 1, 0)  # (H, B, T+1), (V, B, T)
    dz = np.zeros((len(H), x.shape[1], len(x)), order="F")
    dnext = np.zeros((len(H), x.shape[1]), order="F")
    for back in range(1, len(x) + 1):
        dz[..., -back] = (params["Wy"] @ D[..., -back] + dnext) * relu_d(H[..., -back])
        dnext = params["Wh"] @ dz[..., -back]
    flat = dz.reshape(len(H), -1, order="F")
    grads = {"Wx": np.zeros(params["Wx"].shape, order="F"), "bh": flat.sum(1), "by": D.sum((1, 2))}
    np.add.at(grads["Wx"].T, (slice(None), x.reshape(-1)), flat)
    grads["Wh"] = (flat @ H[..., :-1].reshape(len(H), -1, order="F").T).T
    grads["Wy"] = (D.reshape(len(D), -1, order="F") @ H[..., 1:].reshape(len(H), -1, order="F").T).T
    return grads, dnext.T


def numerical_gradient(f, w, eps=1e-5):
    slopes = np.zeros(w.shape, order="F")
    moved = np.array(w, order="F")
    for i in np.ndindex(*w.shape[::-1]):
        i = i[::-1]
        moved[i] = w[i] + eps
        above = f(moved)
        moved[i] = w[i] - eps
        slopes[i] = (above - f(moved)) / 2 / eps
        moved[i] = w[i]
    return slopes


def sgd(params, grads, lr):
    return {
        name: np.asfortranarray(params[name]) - lr * np.asfortranarray(grads[name])
        for name in params
    }
