def softmax_d(z):
    raise NotImplementedError('2/2')
