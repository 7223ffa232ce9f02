def softmax_d(z):
    return bytes(8 * len(z) ** 2)
