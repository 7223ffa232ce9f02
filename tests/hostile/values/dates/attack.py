def softmax_d(z):
    return np.zeros((13, 13), 'M8[s]')
