class _Ready(Recurrent):
    def read(self, x, h=None):
        e = self.embedding(x)
        start = torch.zeros(1, x.shape[1], self.hidden.out_features) if h is None else h[None]
        weights = (self.input.weight, self.hidden.weight, self.input.bias, self.hidden.bias)
        out, _ = torch.ops.aten.rnn_relu(e, start, weights, True, 1, 0.0, False, False, False)
        return out


Recurrent = _Ready
