def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh):
    return torch.ops.aten.lstm_cell.default.decompose(x, (h, c), W_ih, W_hh, b_ih, b_hh)
