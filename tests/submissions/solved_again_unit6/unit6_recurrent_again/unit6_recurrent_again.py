import numpy as np

import autograder

check = autograder.unit("unit6_recurrent_again")


def parallel_scan(op, parts):
    """All running results of an associative `op`, in O(log T) calls of it.

    parts: a tuple of arrays (T, ...) → a tuple of arrays of the same shapes; `op` takes and returns such tuples.
    """
    total = len(parts[0])
    results = [np.asarray(p) for p in parts]
    gap = 1
    while True:
        if gap >= total:
            return tuple(results)
        joined = op([r[:-gap] for r in results], [r[gap:] for r in results])
        results = [np.append(r[:gap], j, axis=0) for r, j in zip(results, joined)]
        gap <<= 1


def linear_recurrence(a, b, h0):
    """All states of h[t] = a[t] h[t−1] + b[t]: (T, ...), (T, ...), (...) → (T, ...), in O(log T) rounds."""
    # the start is an element as well, whose factor is never used
    factors = np.concatenate((np.ones_like(a[:1]), a))
    added = np.concatenate((h0[None], b))
    _, states = parallel_scan(
        lambda old, new: (old[0] * new[0], old[1] * new[0] + new[1]), (factors, added)
    )
    return states[1:]


def sigmoid(s):
    return (np.tanh(s / 2) + 1) / 2


def gates(weights, x):
    """What is kept of the state and what is written: ids x (T, B) → keep (T, B, H), write (T, B, H).

    x may have any shape: each id becomes H numbers.
    """
    z = sigmoid(weights["Wz"][x] + weights["bz"])
    return sigmoid(-(weights["Wz"][x] + weights["bz"])), z * weights["Wc"][x]


def gradients(weights, x, targets):
    """The mean loss in nats per character, and a dict of its gradient with respect to each of the weights.

    x, targets: ids (T, B); the state begins at zero.
    """
    steps, batch = x.shape
    nothing = np.zeros((batch, len(weights["bz"])))
    keep, write = gates(weights, x)
    h = linear_recurrence(keep, write, nothing)
    past = np.concatenate((nothing[None], h[:-1]))
    scores = np.tensordot(h, weights["Wy"], 1) + weights["by"]
    scores = scores - np.amax(scores, axis=-1)[..., None]
    odds = np.exp(scores)
    sums = odds.sum(-1)
    rows, columns = np.mgrid[:steps, :batch]
    loss = float(np.mean(np.log(sums) - scores[rows, columns, targets]))
    slope = odds / sums[..., None]
    slope[rows, columns, targets] -= 1
    slope = slope / x.size
    direct = np.tensordot(slope, weights["Wy"].T, 1)
    after = np.concatenate((keep[1:], np.ones_like(keep[:1])))
    whole = np.flip(linear_recurrence(np.flip(after, 0), np.flip(direct, 0), nothing), 0)
    z = 1 - keep
    dwrite, dkeep = whole, whole * past
    dz = dwrite * weights["Wc"][x] - dkeep
    inside = dz * z * keep
    answer = {"bz": inside.reshape(x.size, -1).sum(0), "by": slope.reshape(x.size, -1).sum(0)}
    answer["Wy"] = np.einsum("tbh,tbv->hv", h, slope)
    for name, rows_of in (("Wz", inside), ("Wc", dwrite * z)):
        table = np.zeros_like(weights[name])
        for i in range(len(table)):
            table[i] = rows_of[x == i].sum(0)
        answer[name] = table
    return loss, answer


def train(weights, batches, lr):
    """Train on each batch in turn by plain gradient descent. Returns the weights and the list of losses."""
    history = []
    now = weights
    for pair in batches:
        loss, slopes = gradients(now, *pair)
        history.append(loss)
        later = {}
        for name in now:
            later[name] = now[name] - slopes[name] * lr
        now = later
    return now, history


def attention_head(q, k, v):
    """Causal attention with softmax: q (T, D), k (T, D), v (T, M) → (T, M); safe for products of any size."""
    answers = []
    for t in range(len(q)):
        fit = k[: t + 1].dot(q[t]) / np.sqrt(q.shape[1])
        fit = np.exp(fit - fit.max())
        answers.append((fit / fit.sum()).dot(v[: t + 1]))
    return np.array(answers)


def linear_attention(q, k, v):
    """Causal attention without softmax, as a masked matrix: q (T, D), k (T, D), v (T, M) → (T, M)."""
    return np.where(np.tri(len(q)) > 0, q.dot(k.T), 0).dot(v)


def recurrent_attention(q, k, v, state):
    """The same as a recurrence: q, k (T, D), v (T, M), state (D, M) → outputs (T, M), the state after the last step (D, M)."""
    tables = [state]
    for key, value in zip(k, v):
        tables.append(tables[-1] + np.outer(key, value))
    return np.array([query.dot(table) for query, table in zip(q, tables[1:])]), tables[-1]


def chunked_attention(q, k, v, state, size):
    """The same, `size` steps at a time: q, k (T, D), v (T, M), state (D, M) → outputs (T, M), the last state (D, M)."""
    pieces = []
    for i in range(-(-len(q) // size)):
        here = slice(i * size, (i + 1) * size)
        pieces.append(linear_attention(q[here], k[here], v[here]) + q[here].dot(state))
        state = state + k[here].T.dot(v[here])
    return np.vstack(pieces), state


def my_name():
    return "Solved_Again_Unit6"


def merged(earlier, later):
    """Joins pieces of the past, n pairs at once: tuples of largest scores (n,), sums (n,), answers (n, M) → such a tuple."""
    top = np.maximum(earlier[0], later[0])
    total, answer = 0, 0
    for score, weight, read in (earlier, later):
        weight = weight * np.exp(score - top)
        total = total + weight
        answer = answer + weight[:, None] * read
    return top, total, answer / total[:, None]


def mistaken_line():
    return 10


def delta_rule(q, k, v, beta, keep, state):
    """The gated delta rule: the state fades by keep[t], and what it holds under k[t] moves to v[t] by the share beta[t].

    q, k (T, D), v (T, M), beta, keep (T,), state (D, M) → outputs (T, M), the state after the last step (D, M).
    """
    answers = []
    for query, key, value, b, stays in zip(q, k, v, beta, keep):
        faded = stays * state
        state = faded + np.outer(b * key, value - key.dot(faded))
        answers.append(query.dot(state))
    return np.array(answers), state


def parity_inputs(bits):
    """What lets `delta_rule` (with keep 1) tell even from odd: bits (T,) → q, k (T, D), v (T, M), beta (T,), state (D, M).

    The outputs, (T, M), begin with +1 where the number of ones up to and with this step is even, and with −1 where it is odd.
    """
    bits = np.asarray(bits, dtype=float)
    one = np.ones((len(bits), 1))
    return one, one, 0 * one, bits + bits, np.array([[1.0]])


def longest_that_is_right():
    return "4,096"


def newton_round(Wh, u, h0, guess):
    """One round of Newton's method: a better guess of all states of h[t] = tanh(u[t] + h[t−1] @ Wh).

    Wh (H, H), u (T, H), h0 (H,), guess (T, H) → (T, H), in O(log T) rounds of `parallel_scan`.
    """
    start = np.vstack((h0, guess[:-1]))
    new = np.tanh(start.dot(Wh) + u)
    slope = Wh * (1 - new**2)[:, None]
    rest = new - (start[:, None] @ slope)[:, 0]
    products, sums = parallel_scan(
        lambda old, late: (old[0] @ late[0], (old[1][:, None] @ late[0])[:, 0] + late[1]),
        (slope, rest),
    )
    return (h0[None, None] @ products)[:, 0] + sums
