def softmax_d(z):
    raise KeyboardInterrupt
