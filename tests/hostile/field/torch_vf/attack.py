def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh):
    return torch._VF.lstm_cell(x, (h, c), W_ih, W_hh, b_ih, b_hh)
