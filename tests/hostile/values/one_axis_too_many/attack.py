def softmax_d(z):
    return np.zeros((1, len(z), len(z)))
