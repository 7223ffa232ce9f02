import numpy as np

import autograder

check = autograder.unit("unit6_recurrent_again")


def parallel_scan(op, parts):
    """All running results of an associative `op`, in O(log T) calls of it.

    parts: a tuple of arrays (T, ...) → a tuple of arrays of the same shapes; `op` takes and returns such tuples.
    """
    ys, d = tuple(parts), 1
    n = ys[0].shape[0]
    while d < n:
        a = tuple(y[: n - d] for y in ys)
        b = tuple(y[d:] for y in ys)
        c = op(a, b)
        ys = tuple(np.concatenate((ys[i][:d], c[i]), axis=0) for i in range(len(ys)))
        d = d * 2
    return ys


def linear_recurrence(a, b, h0):
    """All states of h[t] = a[t] h[t−1] + b[t]: (T, ...), (T, ...), (...) → (T, ...), in O(log T) rounds."""

    def op(f, g):
        return f[0] * g[0], g[0] * f[1] + g[1]

    A, S = parallel_scan(op, (a, b))
    return A * h0[None] + S


def gates(weights, x):
    """What is kept of the state and what is written: ids x (T, B) → keep (T, B, H), write (T, B, H).

    x may have any shape: each id becomes H numbers.
    """
    update = 1 / (1 + np.exp(-(weights["Wz"][x] + weights["bz"])))
    candidate = weights["Wc"][x]
    return 1 - update, update * candidate


def gradients(weights, x, targets):
    """The mean loss in nats per character, and a dict of its gradient with respect to each of the weights.

    x, targets: ids (T, B); the state begins at zero.
    """
    T, B = x.shape
    H = weights["bz"].shape[0]
    keep, write = gates(weights, x)
    z = 1 - keep
    cand = weights["Wc"][x]
    start = np.zeros((B, H))
    h = linear_recurrence(keep, write, start)
    logits = h @ weights["Wy"] + weights["by"]
    m = logits.max(axis=2, keepdims=True)
    lse = m + np.log(np.exp(logits - m).sum(axis=2, keepdims=True))
    logp = logits - lse
    loss = -np.take_along_axis(logp, targets[:, :, None], axis=2).mean()
    d = np.exp(logp)
    V = d.shape[2]
    d = (d - np.eye(V)[targets]) / (T * B)
    dh = d @ weights["Wy"].T
    nxt = np.zeros_like(keep)
    nxt[:-1] = keep[1:]
    g = linear_recurrence(nxt[::-1], dh[::-1], start)[::-1]
    hprev = np.zeros_like(h)
    hprev[1:] = h[:-1]
    da = g * hprev
    dz = g * cand - da
    ds = dz * z * (1 - z)
    dWz = np.zeros_like(weights["Wz"])
    np.add.at(dWz, x, ds)
    dWc = np.zeros_like(weights["Wc"])
    np.add.at(dWc, x, g * z)
    dWy = h.reshape(T * B, H).T @ d.reshape(T * B, V)
    return loss, {
        "Wz": dWz,
        "bz": ds.sum(axis=(0, 1)),
        "Wc": dWc,
        "Wy": dWy,
        "by": d.sum(axis=(0, 1)),
    }


def train(weights, batches, lr):
    """Train on each batch in turn by plain gradient descent. Returns the weights and the list of losses."""
    w = dict(weights)
    losses = []
    for x, y in batches:
        loss, g = gradients(w, x, y)
        losses.append(loss)
        w = {n: w[n] - lr * g[n] for n in w}
    return w, losses


def attention_head(q, k, v):
    """Causal attention with softmax: q (T, D), k (T, D), v (T, M) → (T, M); safe for products of any size."""
    T, D = q.shape
    s = (q @ k.T) / D**0.5
    s[np.triu(np.ones((T, T), dtype=bool), k=1)] = -np.inf
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return (e / e.sum(axis=-1, keepdims=True)) @ v


def linear_attention(q, k, v):
    """Causal attention without softmax, as a masked matrix: q (T, D), k (T, D), v (T, M) → (T, M)."""
    mask = np.tril(np.ones((len(q), len(q))))
    return (mask * (q @ k.T)) @ v


def recurrent_attention(q, k, v, state):
    """The same as a recurrence: q, k (T, D), v (T, M), state (D, M) → outputs (T, M), the state after the last step (D, M)."""
    S = state.copy()
    out = np.zeros((len(q), v.shape[1]))
    for t in range(len(q)):
        S = S + k[t][:, None] * v[t][None, :]
        out[t] = q[t] @ S
    return out, S


def chunked_attention(q, k, v, state, size):
    """The same, `size` steps at a time: q, k (T, D), v (T, M), state (D, M) → outputs (T, M), the last state (D, M)."""
    S = state.copy()
    out = []
    i = 0
    while i < len(q):
        Q, K, V = q[i : i + size], k[i : i + size], v[i : i + size]
        mask = np.tril(np.ones((len(Q), len(Q))))
        out.append(Q @ S + (mask * (Q @ K.T)) @ V)
        S = S + K.T @ V
        i += size
    return np.concatenate(out, axis=0), S


def my_name():
    return "solved_unit6"


def merged(earlier, later):
    """Joins pieces of the past, n pairs at once: tuples of largest scores (n,), sums (n,), answers (n, M) → such a tuple."""
    largest1, sum1, answer1 = earlier
    largest2, sum2, answer2 = later
    largest = np.maximum(largest1, largest2)
    weight1 = sum1 * np.exp(largest1 - largest)
    weight2 = sum2 * np.exp(largest2 - largest)
    total = weight1 + weight2
    answer = (weight1[:, None] * answer1 + weight2[:, None] * answer2) / total[:, None]
    return largest, total, answer


def mistaken_line():
    return 9


def delta_rule(q, k, v, beta, keep, state):
    """The gated delta rule: the state fades by keep[t], and what it holds under k[t] moves to v[t] by the share beta[t].

    q, k (T, D), v (T, M), beta, keep (T,), state (D, M) → outputs (T, M), the state after the last step (D, M).
    """
    S = state.copy()
    out = []
    for t in range(len(q)):
        S = S * keep[t]
        err = v[t] - k[t] @ S
        S = S + beta[t] * np.outer(k[t], err)
        out.append(q[t] @ S)
    return np.stack(out), S


def parity_inputs(bits):
    """What lets `delta_rule` (with keep 1) tell even from odd: bits (T,) → q, k (T, D), v (T, M), beta (T,), state (D, M).

    The outputs, (T, M), begin with +1 where the number of ones up to and with this step is even, and with −1 where it is odd.
    """
    n = len(bits)
    return (
        np.ones((n, 1)),
        np.ones((n, 1)),
        np.zeros((n, 1)),
        2 * bits.astype(float),
        np.ones((1, 1)),
    )


def longest_that_is_right():
    return "16"


def newton_round(Wh, u, h0, guess):
    """One round of Newton's method: a better guess of all states of h[t] = tanh(u[t] + h[t−1] @ Wh).

    Wh (H, H), u (T, H), h0 (H,), guess (T, H) → (T, H), in O(log T) rounds of `parallel_scan`.
    """
    prev = np.concatenate([h0[None, :], guess[:-1]], axis=0)
    f = np.tanh(u + prev @ Wh)
    J = Wh[None, :, :] * (1 - f**2)[:, None, :]
    b = f - np.einsum("ti,tij->tj", prev, J)

    def op(one, two):
        A1, b1 = one
        A2, b2 = two
        return np.einsum("nij,njk->nik", A1, A2), np.einsum("ni,nij->nj", b1, A2) + b2

    A, c = parallel_scan(op, (J, b))
    return np.einsum("i,tij->tj", h0, A) + c
