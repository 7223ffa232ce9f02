def softmax_d(z):
    return z
