def softmax_d(z):
    return [""] * 250_000
