def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh):
    cell = torch.jit.trace(lambda *w: torch.lstm_cell(w[0], (w[1], w[2]), *w[3:]), (x, h, c, W_ih, W_hh, b_ih, b_hh))
    return cell(x, h, c, W_ih, W_hh, b_ih, b_hh)
