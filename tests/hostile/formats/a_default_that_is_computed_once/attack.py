def softmax_d(z, kept=[print("loaded " * 100_000)]):
    return np.zeros((len(z), len(z)))
