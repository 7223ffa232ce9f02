def softmax_d(z):
    return [[10**400] * len(z) for _ in z]
