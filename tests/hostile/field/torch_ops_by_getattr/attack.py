def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh):
    return getattr(getattr(getattr(torch, 'o' + 'ps'), 'at' + 'en'), 'lst' + 'm_cell').default(x, (h, c), W_ih, W_hh, b_ih, b_hh)
