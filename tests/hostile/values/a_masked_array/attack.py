def softmax_d(z):
    return np.ma.masked_all((len(z), len(z)))
