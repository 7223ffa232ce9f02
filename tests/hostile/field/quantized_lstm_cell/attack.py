def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh):
    packed = [torch.ops.quantized.linear_prepack_fp16(W, b) for W, b in ((W_ih, b_ih), (W_hh, b_hh))]
    return torch.ops.quantized.quantized_lstm_cell_dynamic(x, [h, c], *packed, b_ih, b_hh)
