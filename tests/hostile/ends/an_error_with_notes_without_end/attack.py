def softmax_d(z):
    error = ValueError('noted')
    for number in range(100_000):
        error.add_note('n' * 100)
    raise error
