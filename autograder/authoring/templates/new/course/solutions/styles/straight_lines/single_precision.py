"""In single precision: rounding changes the result of training slightly, and `calibrate` measures by how much."""


def fit(x, y, weights, rate):
    weights = np.float32(weights)
    for a, b in zip(np.float32(x), np.float32(y)):
        step = np.float32(rate) * (predict(weights, a) - b)
        weights = weights - step * np.array([a, 1], np.float32)
    return weights
