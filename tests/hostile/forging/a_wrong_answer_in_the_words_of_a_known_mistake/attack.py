def softmax_d(z):
    raise ValueError("operands could not be broadcast together with shapes (13,) (13,13) ")
