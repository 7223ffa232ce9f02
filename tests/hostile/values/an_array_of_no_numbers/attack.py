def softmax_d(z):
    return np.zeros((len(z), 0, len(z)))
