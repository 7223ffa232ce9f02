def softmax_d(z):
    return np.ones((len(z), len(z)), bool)
