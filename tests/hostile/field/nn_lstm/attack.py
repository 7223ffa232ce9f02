def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh):
    layer = nn.LSTM(x.shape[1], h.shape[1])
    for name, weight in zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), (W_ih, W_hh, b_ih, b_hh)):
        setattr(layer, name + "_l0", nn.Parameter(weight))
    out, (h, c) = layer(x[None], (h[None], c[None]))
    return h[0], c[0]
