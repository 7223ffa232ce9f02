def softmax_d(z):
    return np.zeros
