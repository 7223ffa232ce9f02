"""No loops: lambdas, partial, reduce, accumulate and comprehensions; a generator of drawn ids."""

from functools import partial, reduce
from itertools import accumulate, islice

sigmoid = np.vectorize(lambda z: 1 / (1 + np.exp(-z)) if z > -500 else 0.0, otypes=[float])
sigmoid_d = lambda z: sigmoid(z) * sigmoid(-np.asarray(z))
relu = partial(np.maximum, 0.0)
relu_d = lambda z: np.heaviside(z, 0.0)
log_softmax = lambda z: z - np.logaddexp.reduce(z, axis=-1, keepdims=True)
softmax = lambda z: np.exp(log_softmax(z))
x_entropy = lambda p, y: sum(map(lambda a, b: -b * np.log(a), p, y))
x_entropy_d = lambda p, y: tuple(-b / a for a, b in zip(p, y, strict=True))


def cross_entropy(logits, targets):
    B, one_hot = logits.shape[1], np.eye(logits.shape[2])[targets]
    return -np.vdot(one_hot, log_softmax(logits)) / B, (softmax(logits) - one_hot) / B


def forward(params, x, h0):
    def step(h, ids):
        return relu(params["Wx"][ids] + h @ params["Wh"] + params["bh"])

    h = np.array(list(accumulate(x, step, initial=h0)))
    return h[1:] @ params["Wy"] + params["by"], h


def backward(params, x, h, dlogits):
    def step(after, given):
        dlogit, state = given
        dz = (dlogit @ params["Wy"].T + after[0]) * relu_d(state)
        return dz @ params["Wh"].T, dz

    start = np.zeros_like(h[0]), None
    steps = list(accumulate(zip(dlogits[::-1], h[:0:-1], strict=True), step, initial=start))[1:]
    dz = np.array([dz for _, dz in reversed(steps)])
    add = lambda one, other: one + other
    grads = {
        "Wx": np.stack([dz[x == i].sum(0) for i in range(len(params["Wx"]))]),
        "Wh": reduce(add, (before.T @ d for before, d in zip(h[:-1], dz, strict=True))),
        "bh": reduce(add, dz.reshape(-1, dz.shape[-1])),
        "Wy": reduce(add, (after.T @ d for after, d in zip(h[1:], dlogits, strict=True))),
        "by": reduce(add, dlogits.sum(1)),
    }
    return grads, steps[-1][0]


def sgd(params, grads, lr):
    return dict(map(lambda pair: (pair[0], pair[1] - lr * grads[pair[0]]), params.items()))


def train(params, batches, lr, bound):
    losses = []

    def one(params, batch):
        x, targets = batch
        logits, h = forward(params, x, np.zeros((x.shape[1], params["Wh"].shape[1])))
        loss, dlogits = cross_entropy(logits, targets)
        losses.append(loss)
        return sgd(params, clip(backward(params, x, h, dlogits)[0], bound)[0], lr)

    return reduce(one, batches, params), losses


def drawn(params, start, temperature, rng):
    """Ids without end."""
    h, x = np.zeros((1, len(params["bh"]))), list(start)
    while True:
        logits, states = forward(params, np.array(x).reshape(-1, 1), h)
        h, x = (
            states[-1],
            [int(np.argmax(logits[-1, 0] / temperature + rng.gumbel(size=logits.shape[-1])))],
        )
        yield x[0]


def sample(params, start, length, temperature, rng):
    return list(islice(drawn(params, start, temperature, rng), length))
