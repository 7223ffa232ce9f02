def softmax_d(z):
    raise ValueError('w' * 1_000_000 + ' ' * 1_000_000)
