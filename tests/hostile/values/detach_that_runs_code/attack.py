class Tensor:
    detach = cpu = lambda self: self

    def numpy(self):
        return np.zeros((13, 13))


def softmax_d(z):
    return Tensor()
