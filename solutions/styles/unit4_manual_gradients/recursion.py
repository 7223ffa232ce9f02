"""Functions that call themselves, with a step at a time and the rest by recursion; typed."""

from collections.abc import Callable, Iterable

Array = np.ndarray


def softmax(z: Array) -> Array:
    if z.ndim > 1:
        return np.array([softmax(part) for part in z])
    e = np.exp(z - max(z))
    return e / e.sum()


def sigmoid(z: Array) -> Array:
    if np.ndim(z):
        return np.array([sigmoid(part) for part in z])
    return 1 - sigmoid(-z) if z < 0 else 1 / (1 + np.exp(-z))


def x_entropy(p: Array, y: Array) -> float:
    if len(p) == 0:
        return 0.0
    return (-np.log(p[0]) if y[0] == 1 else 0.0) + x_entropy(p[1:], y[1:])


def forward(params: dict[str, Array], x: Array, h0: Array) -> tuple[Array, Array]:
    def states(t: int) -> list[Array]:
        if t == 0:
            return [h0]
        before = states(t - 1)
        return [*before, relu(before[-1] @ params["Wh"] + params["bh"] + params["Wx"][x[t - 1]])]

    h = np.array(states(len(x)))
    return np.matmul(h[1:], params["Wy"]) + params["by"], h


def backward(
    params: dict[str, Array], x: Array, h: Array, dlogits: Array
) -> tuple[dict[str, Array], Array]:
    if len(x) == 0:
        return {name: np.zeros(array.shape) for name, array in params.items()}, np.zeros(h[0].shape)
    grads, dh = backward(params, x[1:], h[1:], dlogits[1:])
    dz = (dh + dlogits[0] @ params["Wy"].T) * (h[1] > 0)
    grads["Wy"] += h[1].T @ dlogits[0]
    grads["by"] += dlogits[0].sum(0)
    grads["Wh"] += h[0].T @ dz
    grads["bh"] += dz.sum(0)
    grads["Wx"] += np.eye(len(params["Wx"]))[:, x[0]] @ dz
    return grads, dz @ params["Wh"].T


def numerical_gradient(f: Callable[[Array], float], w: Array, eps: float = 1e-5) -> Array:
    def slope(flat: Array, i: int) -> list[float]:
        if i == w.size:
            return []
        nudge = eps * (np.arange(w.size) == i)
        up, down = (f((flat + sign * nudge).reshape(w.shape)) for sign in (1, -1))
        return [(up - down) / (2 * eps), *slope(flat, i + 1)]

    return np.array(slope(w.ravel(), 0)).reshape(w.shape)


def train(
    params: dict[str, Array], batches: Iterable, lr: float, bound: float, losses: list | None = None
):
    losses = [] if losses is None else losses
    for x, targets in batches:
        logits, h = forward(params, x, np.zeros((len(x[0]), len(params["bh"]))))
        loss, dlogits = cross_entropy(logits, targets)
        losses.append(float(loss))
        params = sgd(params, clip(backward(params, x, h, dlogits)[0], bound)[0], lr)
    return params, losses


def sample(params, start, length, temperature, rng, h=None) -> list[int]:
    if length == 0:
        return []
    h = np.zeros((1, len(params["bh"]))) if h is None else h
    logits, states = forward(params, np.reshape(start, (-1, 1)), h)
    drawn = rng.choice(np.arange(logits.shape[-1]), p=softmax(logits[-1, 0] / temperature))
    return [int(drawn), *sample(params, [drawn], length - 1, temperature, rng, states[-1])]
