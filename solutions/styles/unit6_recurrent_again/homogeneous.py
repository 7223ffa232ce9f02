"""Steps as matrices with one more row, so that a step is a single product; blocks instead of loops."""


def linear_recurrence(a, b, h0):
    steps = np.zeros((*a.shape, 2, 2))
    steps[..., 0, 0], steps[..., 1, 0], steps[..., 1, 1] = a, b, 1.0
    (maps,) = parallel_scan(lambda one, two: (one[0] @ two[0],), (steps,))
    return maps[..., 0, 0] * h0 + maps[..., 1, 0]


def newton_round(Wh, u, h0, guess):
    T, H = u.shape
    before = np.concatenate([[h0], guess[:-1]])
    f = np.tanh(u + before @ Wh)
    steps = np.zeros((T, H + 1, H + 1))
    steps[:, :H, :H] = Wh * (1 - f[:, None] ** 2)
    steps[:, H, :H] = f - np.squeeze(before[:, None] @ steps[:, :H, :H], 1)
    steps[:, H, H] = 1.0
    (maps,) = parallel_scan(lambda one, two: (np.matmul(*one, *two),), (steps,))
    return (np.append(h0, 1.0) @ maps)[:, :H]


def chunked_attention(q, k, v, state, size):
    T, M = len(q), state.shape[1]
    count = -(-T // size)
    padded = [np.zeros((count * size, part.shape[1])) for part in (q, k, v)]
    for whole, part in zip(padded, (q, k, v)):
        whole[:T] = part
    Q, K, V = (part.reshape(count, size, -1) for part in padded)
    sums = np.concatenate([state[None], K.transpose(0, 2, 1) @ V]).cumsum(0)
    within = np.tril(Q @ K.transpose(0, 2, 1)) @ V
    return (within + Q @ sums[:-1]).reshape(count * size, M)[:T], sums[-1]


def linear_attention(q, k, v):
    products = q @ k.T
    products[np.triu_indices(len(q), 1)] = 0
    return products @ v


def recurrent_attention(q, k, v, state):
    states = state + np.cumsum(k[:, :, None] * v[:, None], axis=0)
    return (q[:, None] @ states)[:, 0], states[-1]


def delta_rule(q, k, v, beta, keep, state):
    D = k.shape[1]
    outputs = []
    for t in range(len(q)):
        whole = np.vstack([keep[t] * state, v[t]])  # what was there, and what comes in
        weights = np.hstack([np.eye(D) - beta[t] * np.outer(k[t], k[t]), beta[t] * k[t][:, None]])
        state = weights @ whole
        outputs.append(q[t] @ state)
    return np.vstack(outputs), state
