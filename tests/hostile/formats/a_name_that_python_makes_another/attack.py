def ſoftmax_d(z):
    return np.zeros((len(z), len(z)))
