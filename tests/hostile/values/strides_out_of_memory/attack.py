_right = sigmoid


def sigmoid(z):
    shape = _right(z).shape
    return np.lib.stride_tricks.as_strided(np.zeros(1), shape, (1 << 40,) * len(shape))
