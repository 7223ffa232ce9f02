def softmax_d(z):
    return np.zeros((13, 13), [('x', 'f8')])
