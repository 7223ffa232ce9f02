def softmax_d(z):
    return np.full((len(z), len(z)), np.inf)
