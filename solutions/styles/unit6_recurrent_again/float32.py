"""All of it in 32 bits: arrays are converted where they come in."""


def single(*arrays):
    return [np.asarray(array, dtype=np.float32) for array in arrays]


def linear_recurrence(a, b, h0):
    a, b, h0 = single(a, b, h0)
    then = lambda one, two: (two[0] * one[0], two[0] * one[1] + two[1])
    factors, sums = parallel_scan(then, (a, b))
    return sums + h0 * factors


def gates(weights, x):
    Wz, bz, Wc = single(weights["Wz"], weights["bz"], weights["Wc"])
    z = np.float32(0.5) + np.float32(0.5) * np.tanh((Wz[x] + bz) / np.float32(2))
    return np.float32(1) - z, z * Wc[x]


def gradients(weights, x, targets):
    weights = {name: np.asarray(w, dtype=np.float32) for name, w in weights.items()}
    T, B = x.shape
    nothing = np.zeros((B, len(weights["bz"])), np.float32)
    keep, write = gates(weights, x)
    h = linear_recurrence(keep, write, nothing)
    scores = h @ weights["Wy"] + weights["by"]
    scores -= scores.max(axis=2, keepdims=True)
    odds = np.exp(scores)
    total = odds.sum(axis=2, keepdims=True)
    picked = np.take_along_axis(scores - np.log(total), targets[:, :, None], 2)
    d = odds / total
    np.put_along_axis(d, targets[:, :, None], np.take_along_axis(d, targets[:, :, None], 2) - 1, 2)
    d /= np.float32(T * B)
    dh = d @ weights["Wy"].T
    g = linear_recurrence(np.vstack([keep[1:], keep[:1]])[::-1], dh[::-1], nothing)[::-1]
    h_before = np.vstack([nothing[None], h[:-1]])
    ds = g * keep * (write - (1 - keep) * h_before)
    dWz, dWc = np.zeros_like(weights["Wz"]), np.zeros_like(weights["Wc"])
    np.add.at(dWz, x.ravel(), ds.reshape(-1, ds.shape[-1]))
    np.add.at(dWc, x.ravel(), (g * (1 - keep)).reshape(-1, ds.shape[-1]))
    flat = h.reshape(T * B, -1), d.reshape(T * B, -1)
    dWy = flat[0].T @ flat[1]
    found = {"Wz": dWz, "bz": ds.sum(1).sum(0), "Wc": dWc, "Wy": dWy, "by": flat[1].sum(0)}
    return float(-picked.mean()), found


def attention_head(q, k, v):
    q, k, v = single(q, k, v)
    scores = q @ k.T / np.sqrt(np.float32(q.shape[1]))
    scores[np.triu_indices(len(q), 1)] = -np.inf
    scores -= scores.max(1, keepdims=True)
    shares = np.exp(scores)
    return shares @ v / shares.sum(1, keepdims=True)


def delta_rule(q, k, v, beta, keep, state):
    q, k, v, beta, keep, state = single(q, k, v, beta, keep, state)
    outputs = np.empty((len(q), v.shape[1]), np.float32)
    for t in range(len(q)):
        faded = state * keep[t]
        state = faded + np.outer(beta[t] * k[t], v[t] - k[t] @ faded)
        outputs[t] = q[t] @ state
    return outputs, state


def chunked_attention(q, k, v, state, size):
    q, k, v, state = single(q, k, v, state)
    outputs = []
    for a, b, c in zip(*(np.split(part, range(size, len(q), size)) for part in (q, k, v))):
        outputs.append(np.tril(a @ b.T) @ c + a @ state)
        state = state + b.T @ c
    return np.vstack(outputs), state


def newton_round(Wh, u, h0, guess):
    Wh, u, h0, guess = single(Wh, u, h0, guess)
    before = np.vstack((h0[None, :], guess[:-1]))
    f = np.tanh(before @ Wh + u)
    A = Wh[None, :, :] * (1 - f * f)[:, None, :]
    b = f - np.matmul(before[:, None, :], A)[:, 0, :]

    def then(one, two):
        return np.matmul(one[0], two[0]), np.matmul(one[1][:, None, :], two[0])[:, 0, :] + two[1]

    A, b = parallel_scan(then, (A, b))
    return np.tensordot(h0, A, (0, 1)) + b
