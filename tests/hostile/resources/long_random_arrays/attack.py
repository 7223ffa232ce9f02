def flood(parts):
    entries = 8_000
    return np.random.default_rng().integers(0, 255, entries, np.uint8)


def softmax_d(z):
    return flood(2)


def x_entropy_d(p, y):
    return flood(3)


def numerical_gradient(f, w, eps=1e-5):
    return flood(4)


def clip(grads, bound):
    return {name: flood(12) for name in grads}, 1.0
