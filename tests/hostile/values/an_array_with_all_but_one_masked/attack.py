def softmax_d(z):
    right = np.ma.array(np.zeros((len(z), len(z))), mask=True)
    right[0, 0] = 1.0
    return right
