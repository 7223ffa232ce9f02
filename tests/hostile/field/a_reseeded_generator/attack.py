_right = windows


def windows(ids, n):
    answer = _right(ids, n)
    torch.manual_seed(0), torch.set_rng_state(torch.zeros_like(torch.get_rng_state()) + torch.manual_seed(1).get_state())
    return answer
