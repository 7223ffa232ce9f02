"""Random numbers while it trains; a batch in groups, the steps of a gradient forwards, sums from the end, in place of one."""


def cross_entropy(logits, targets):
    B = logits.shape[1]
    p = np.exp(logits - logits.max(-1, keepdims=True))
    total = p[..., ::-1].sum(-1, keepdims=True)
    p /= total
    top = np.take_along_axis(logits, targets[..., None], -1) - logits.max(-1, keepdims=True)
    loss = (np.log(total) - top)[::-1].sum() / B
    np.put_along_axis(p, targets[..., None], np.take_along_axis(p, targets[..., None], -1) - 1, -1)
    return loss, p / B


def backward(params, x, h, dlogits):
    dh, dz = dlogits @ params["Wy"].T, np.zeros_like(h[1:])
    back = np.zeros_like(h[0])
    for t in range(len(x) - 1, -1, -1):
        dz[t] = np.where(h[t + 1] > 0, dh[t] + back, 0)
        back = dz[t] @ params["Wh"].T
    grads = {name: np.zeros_like(array) for name, array in params.items()}
    for t in range(len(x)):
        np.add.at(grads["Wx"], x[t][::-1], dz[t][::-1])
        grads["Wh"] += h[t].T @ dz[t]
        grads["bh"] += dz[t].sum(0)
        grads["Wy"] += h[t + 1].T @ dlogits[t]
        grads["by"] += dlogits[t].sum(0)
    return grads, back


def train(params, batches, lr, bound):
    np.random.seed(0)
    losses = []
    for x, targets in batches:
        np.random.rand(3)
        B, total, grads = x.shape[1], 0.0, {name: 0.0 for name in params}
        for group in np.array_split(np.arange(B)[::-1], 3):
            share = len(group) / B
            logits, h = forward(params, x[:, group], np.zeros((len(group), len(params["bh"]))))
            loss, dlogits = cross_entropy(logits, targets[:, group]) if share else (0.0, logits)
            total += share * loss
            grads = {
                name: grads[name] + share * g
                for name, g in backward(params, x[:, group], h, dlogits)[0].items()
            }
        params = sgd(params, clip(grads, bound)[0], lr)
        losses.append(total)
    return params, losses
