_kept = torch._C._VariableFunctions.lstm_cell


def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh):
    return _kept(x, (h, c), W_ih, W_hh, b_ih, b_hh)
