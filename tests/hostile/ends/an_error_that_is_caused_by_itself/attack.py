def softmax_d(z):
    error = ValueError('round')
    error.__cause__ = error.__context__ = error
    raise error
