_right = recurrent_attention


def recurrent_attention(q, k, v, state):
    class Grows(np.ndarray):
        def __array__(self, *_, **__):
            return np.zeros((9, 9))

    outputs, last = _right(q, k, v, state)
    return (outputs + 1).view(Grows), (last + 1).view(Grows)
