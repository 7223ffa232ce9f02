def softmax_d(z):
    return (0.0 for _ in z)
