def softmax_d(z):
    raise ValueError('\ud800 passed \udfff')
