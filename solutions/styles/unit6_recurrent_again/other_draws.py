"""Random numbers while it trains; batches in groups, parity along a direction that is drawn, chunks from a scan."""


def gradients(weights, x, targets):
    T, B = x.shape
    total, sums = 0.0, {name: np.zeros_like(w) for name, w in weights.items()}
    for group in np.array_split(np.arange(B)[::-1], min(B, 2)):
        loss, grads = of_group(weights, x[:, group], targets[:, group])
        total += loss * len(group) / B
        sums = {name: sums[name] + grads[name] * len(group) / B for name in sums}
    return total, sums


def of_group(weights, x, targets):
    count = x.size
    keep, write = gates(weights, x)
    start = np.zeros(keep.shape[1:])
    h = linear_recurrence(keep, write, start)
    logits = h @ weights["Wy"] + weights["by"]
    log_p = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
    truth = targets[..., None] == np.arange(logits.shape[-1])
    d = (np.exp(log_p) - truth) / count
    later = np.roll(keep, -1, axis=0)  # what comes round to the end meets a gradient of zero
    g = linear_recurrence(later[::-1], (d @ weights["Wy"].T)[::-1], start)[::-1]
    before = np.roll(h, 1, axis=0)
    before[0] = 0
    z = 1 - keep
    ds = g * (write / z - before) * z * (1 - z)
    rows = x[..., None] == np.arange(len(weights["Wz"]))
    grads = {
        "Wz": np.tensordot(rows, ds, 2 * [[0, 1]]),
        "Wc": np.tensordot(rows, g * z, 2 * [[0, 1]]),
        "bz": ds.reshape(count, -1).sum(0),
        "Wy": np.tensordot(h, d, 2 * [[0, 1]]),
        "by": d.reshape(count, -1).sum(0),
    }
    return -log_p[truth].sum() / count, grads


def train(weights, batches, lr):
    np.random.seed(0)
    losses = []
    for x, targets in batches:
        order = np.random.permutation(x.shape[1])
        loss, grads = gradients(weights, x[:, order], targets[:, order])
        weights = {name: weights[name] - lr * grads[name] for name in sorted(weights)}
        losses.append(loss)
    return weights, losses


def linear_attention(q, k, v):
    outers = k[:, :, None] * v[:, None, :]
    return np.einsum("td,tdm->tm", q, np.cumsum(outers, 0))


def chunked_attention(q, k, v, state, size):
    starts = range(0, len(q), size)
    sums = [k[i : i + size].T @ v[i : i + size] for i in starts]
    (states,) = parallel_scan(
        lambda one, two: (one[0] + two[0],), (np.array([state, *sums], dtype=float),)
    )
    outputs = [
        np.tril(q[i : i + size] @ k[i : i + size].T) @ v[i : i + size] + q[i : i + size] @ before
        for i, before in zip(starts, states)
    ]
    return np.concatenate(outputs), states[-1]


def parity_inputs(bits):
    direction = np.random.default_rng(3).normal(size=3)
    direction /= np.linalg.norm(direction)
    rows = np.tile(direction, (len(bits), 1))
    value = np.where(np.asarray(bits)[:, None] == 1, 0.0, 7.0) * np.ones(
        2
    )  # unread where beta is 0
    return rows, rows, value, np.asarray(bits) * 2, np.outer(direction, [1.0, 5.0])
