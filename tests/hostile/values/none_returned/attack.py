def softmax_d(z):
    return None
