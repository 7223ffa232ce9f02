"""Number by number, in plain Python: an alternative solution. It must earn all points."""


def predict(weights, x):
    slope, height = weights
    return np.array([slope * one + height for one in x]) if np.ndim(x) else slope * x + height


def fit(x, y, weights, rate):
    slope, height = weights
    for i in range(len(x)):
        step = rate * (slope * x[i] + height - y[i])
        slope, height = slope - step * x[i], height - step
    return np.array([slope, height])
