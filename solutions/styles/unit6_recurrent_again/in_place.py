"""Arrays made beforehand and written into; copies of what was handed in, changed in place."""


def parallel_scan(op, parts):
    parts, T, d = [np.array(part) for part in parts], len(parts[0]), 1
    while d < T:
        new = op([part[:-d] for part in parts], [part[d:] for part in parts])
        for part, values in zip(parts, new, strict=True):
            part[d:] = values
        d += d
    return parts


def linear_recurrence(a, b, h0):
    b = np.array(b, dtype=float)
    b[0] += a[0] * h0

    def op(earlier, later):
        (a1, b1), (a2, b2) = earlier, later
        added = b1 * a2
        added += b2
        return a1 * a2, added

    return parallel_scan(op, (a, b))[1]


def gradients(weights, x, targets):
    T, B = x.shape
    H = len(weights["bz"])
    grads = {name: np.zeros(w.shape) for name, w in weights.items()}
    keep, _ = gates(weights, x)
    h = np.zeros((T + 1, B, H))
    h[1:] = min_gru(weights, x, h[0])
    p = h[1:] @ weights["Wy"]
    p += weights["by"]
    p -= p.max(-1)[..., None]
    steps, texts = np.indices((T, B))
    loss = -p[steps, texts, targets].sum()
    np.exp(p, out=p)
    total = p.sum(-1)
    loss += np.log(total).sum()
    p /= total[..., None]
    p[steps, texts, targets] -= 1.0
    p /= T * B
    back, factors = np.empty((T, B, H)), np.ones((T, B, H))
    back[:] = (p @ weights["Wy"].T)[::-1]
    factors[1:] = keep[:0:-1]
    g = linear_recurrence(factors, back, np.zeros((B, H)))[::-1]
    for row in range(len(weights["Wz"])):
        here = x == row
        open_ = 1 - keep[here]
        grads["Wc"][row] = (g[here] * open_).sum(0)
        change = weights["Wc"][row] - h[:-1][here]
        grads["Wz"][row] = (g[here] * change * open_ * keep[here]).sum(0)
    grads["bz"] += grads["Wz"].sum(0)
    for t in range(0, T, 1 + T // 4):  # a few blocks of steps
        block = slice(t, t + 1 + T // 4)
        grads["Wy"] += np.tensordot(h[1:][block], p[block], 2 * [[0, 1]])
        grads["by"] += p[block].sum((0, 1))
    return loss / (T * B), grads


def recurrent_attention(q, k, v, state):
    state = state.copy()
    outputs = np.empty((len(q), state.shape[1]))
    for t, (key, value) in enumerate(zip(k, v)):
        state += np.outer(key, value)
        np.matmul(q[t], state, out=outputs[t])
    return outputs, state


def chunked_attention(q, k, v, state, size):
    state, outputs, start = state.copy(), np.empty((len(q), v.shape[1])), 0
    while start < len(q):
        rows = np.arange(start, min(start + size, len(q)))
        outputs[rows] = q[rows] @ state
        products = q[rows] @ k[rows].T
        products[rows[:, None] < rows] = 0
        outputs[rows] += products @ v[rows]
        state += k[rows].T @ v[rows]
        start += size
    return outputs, state


def delta_rule(q, k, v, beta, keep, state):
    state, outputs = state.copy(), np.empty((len(q), v.shape[1]))
    for t in range(len(q)):
        state *= keep[t]
        error = v[t].copy()
        error -= k[t] @ state
        error *= beta[t]
        state += k[t][:, None] * error
        outputs[t] = q[t] @ state
    return outputs, state


def newton_round(Wh, u, h0, guess):
    before = np.empty_like(u)
    before[0], before[1:] = h0, guess[:-1]
    b = u + before @ Wh
    np.tanh(b, out=b)
    A = np.repeat(Wh[None], len(u), 0)
    A *= 1 - b[:, None] ** 2
    b[1:] -= np.einsum("ni,nij->nj", before[1:], A[1:])
    # the first state is known: b[0] is tanh(…) itself, and nothing goes through the first matrix
    A[0] = 0

    def op(earlier, later):
        vector = np.einsum("ni,nij->nj", earlier[1], later[0])
        vector += later[1]
        return earlier[0] @ later[0], vector

    return parallel_scan(op, (A, b))[1]
