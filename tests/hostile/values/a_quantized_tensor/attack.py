_right_step = lstm_step


def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh):
    h, c = _right_step(x, h, c, W_ih, W_hh, b_ih, b_hh)
    made = [torch.quantize_per_tensor(one.detach(), 1.0, 0, torch.quint8) for one in (h, c)]
    return made[0], made[1]
