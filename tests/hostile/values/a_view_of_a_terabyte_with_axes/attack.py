def softmax_d(z):
    return np.broadcast_to(np.uint8(0), (len(z), len(z), 1 << 40))
