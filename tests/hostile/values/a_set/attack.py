def softmax_d(z):
    return set(range(len(z)))
