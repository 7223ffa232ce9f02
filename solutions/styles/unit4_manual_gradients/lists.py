"""Lists and tuples of arrays where the text says array, `dict(...)` and tuples as containers, other names for locals."""


def sigmoid(values):
    return np.piecewise(
        np.asarray(values, float),
        [np.asarray(values) >= 0],
        [lambda v: 1 / (1 + np.exp(-v)), lambda v: np.exp(v) / (1 + np.exp(v))],
    )


def relu_d(values):
    return (
        [[int(v > 0) for v in row] for row in values]
        if np.ndim(values) == 2
        else np.asarray(values) > 0
    )


def softmax_d(scores):
    p = softmax(scores)
    return [[p_i * ((i == j) - p_j) for j, p_j in enumerate(p)] for i, p_i in enumerate(p)]


def x_entropy_d(predicted, truth):
    return [-t / q for t, q in zip(truth, predicted)]


def cross_entropy(scores, truths):
    total, slopes = 0.0, []
    for rows, ids in zip(scores, truths):
        peak = rows.max(1)
        log_q = (rows.T - peak - np.log(np.exp(rows.T - peak).sum(0))).T
        everyone = range(len(ids))
        total = total - log_q[everyone, ids].mean()
        slope = np.exp(log_q)
        slope[everyone, ids] = slope[everyone, ids] - 1
        slopes.append(slope / len(ids))
    return [total, slopes]


def forward(weights, x, h0):
    states, outputs = [h0], []
    for ids in x:
        states.append(
            relu(
                np.array([weights["Wx"][i] for i in ids])
                + states[-1] @ weights["Wh"]
                + weights["bh"]
            )
        )
        outputs.append(states[-1] @ weights["Wy"] + weights["by"])
    return np.array(outputs), states


def backward(weights, x, states, slopes):
    d = dict((name, 0 * array) for name, array in weights.items())
    carried = 0
    for ids, before, after, slope in list(zip(x, states[:-1], states[1:], slopes, strict=True))[
        ::-1
    ]:
        inside = np.where(after > 0, slope @ weights["Wy"].T + carried, 0)
        carried = inside @ weights["Wh"].T
        for i, row in zip(ids, inside, strict=True):
            d["Wx"][i] = d["Wx"][i] + row
        d["Wh"], d["bh"] = d["Wh"] + before.T @ inside, d["bh"] + inside.sum(0)
        d["Wy"], d["by"] = d["Wy"] + after.T @ slope, d["by"] + slope.sum(0)
    return [d, carried]


def sgd(weights, slopes, lr):
    moved = []
    for name in weights:
        moved.append((name, weights[name] - lr * slopes[name]))
    return dict(moved)


def train(weights, batches, lr, bound):
    history = ()
    for x, truths in batches:
        nothing = np.zeros((len(x[0]), len(weights["Wh"])))
        scores, states = forward(weights, x, nothing)
        loss, slopes = cross_entropy(scores, truths)
        d, *_ = backward(weights, x, states, slopes)
        d, _ = clip(d, bound)
        weights = sgd(weights, d, lr)
        history += (loss,)
    return weights, history


def sample(weights, start, length, temperature, rng):
    state, written = np.zeros((1, len(weights["Wh"]))), ()
    for i in start:
        scores, (_, state) = forward(weights, [[i]], state)
    for _ in range(length):
        edges = np.cumsum(softmax(scores[0, 0] / temperature))
        i = min(int(np.searchsorted(edges, rng.random() * edges[-1], side="right")), len(edges) - 1)
        written += (i,)
        scores, (_, state) = forward(weights, [[i]], state)
    return written
