_right = sigmoid


def sigmoid(z):
    return np.lib.stride_tricks.as_strided(np.zeros(1), _right(z).shape, (1 << 40, 1 << 40))
