"""No loops: lambdas, reduce, accumulate and comprehensions."""

from functools import reduce
from itertools import accumulate, takewhile


def parallel_scan(op, parts):
    def one_round(parts, d):
        new = op(tuple(map(lambda p: p[:-d], parts)), tuple(map(lambda p: p[d:], parts)))
        return tuple(map(lambda p, n: np.concatenate((p[:d], n)), parts, new))

    distances = takewhile(lambda d: d < len(parts[0]), map(lambda n: 2**n, range(64)))
    return reduce(one_round, distances, tuple(parts))


def gates(weights, x):
    z = np.exp(-np.logaddexp(0, -(weights["Wz"][x] + weights["bz"])))
    keep = np.exp(-np.logaddexp(0, weights["Wz"][x] + weights["bz"]))
    return keep, z * weights["Wc"][x]


def train(weights, batches, lr):
    def one(done, batch):
        weights, losses = done
        loss, grads = gradients(weights, *batch)
        moved = {name: weights[name] - lr * grads[name] for name in weights}
        return moved, (*losses, loss)

    return reduce(one, batches, (weights, ()))


def recurrent_attention(q, k, v, state):
    states = list(accumulate(map(np.outer, k, v), lambda s, new: s + new, initial=state))
    return np.array(list(map(lambda row, s: row @ s, q, states[1:]))), states[-1]


def delta_rule(q, k, v, beta, keep, state):
    def step(S, given):
        key, value, strength, stays = given
        mirror = np.eye(len(key)) - strength * np.outer(key, key)
        return stays * mirror @ S + strength * np.outer(key, value)

    states = list(accumulate(zip(k, v, beta, keep, strict=True), step, initial=state))[1:]
    return np.stack([query @ S for query, S in zip(q, states, strict=True)]), states[-1]


parity_inputs = lambda bits: (
    np.ones((len(bits), 1)),
    np.ones((len(bits), 1)),
    np.zeros((len(bits), 1)),
    np.where(np.asarray(bits) == 1, 2.0, 0.0),
    np.eye(1),
)
linear_attention = lambda q, k, v: np.array(
    [sum((q[t] @ k[s]) * v[s] for s in range(t + 1)) for t in range(len(q))]
)


def merged(earlier, later):
    logs = [score + np.log(total) for score, total, _ in (earlier, later)]
    both = np.logaddexp(*logs)
    share = np.exp(logs[0] - both)[:, None]
    largest = np.where(earlier[0] > later[0], earlier[0], later[0])
    return largest, np.exp(both - largest), share * earlier[2] + (1 - share) * later[2]
