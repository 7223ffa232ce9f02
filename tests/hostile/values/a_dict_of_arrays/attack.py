def softmax_d(z):
    return {0: np.zeros((len(z), len(z)))}
