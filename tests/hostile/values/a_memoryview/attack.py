def softmax_d(z):
    return memoryview(np.zeros((len(z), len(z))))
