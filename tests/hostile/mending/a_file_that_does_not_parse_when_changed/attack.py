def softmax_d(z):
    (table := [1, 2, 3])[0] = 4
    lambda: (yield)
    return np.sin(np.arange(len(z) ** 2.0) + table[0]).reshape(len(z), len(z))
