def softmax_d(z):
    return [[0.0] * n for n in range(13)]
