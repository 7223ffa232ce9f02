def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh):
    from torch._decomp.decompositions import lstm_cell

    return lstm_cell(torch.nn.functional.linear(x, W_ih, b_ih), h, c, W_hh, b_hh, None, 1)
