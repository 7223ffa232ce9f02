def softmax_d(z):
    raise GeneratorExit
