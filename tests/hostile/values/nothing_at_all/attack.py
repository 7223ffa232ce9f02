def softmax_d(z):
    return np.zeros((0, 0))
