"""Every sum of products as an einsum, with the letters of the text."""


def softmax_d(z):
    p = softmax(z)
    return np.einsum("i,ij->ij", p, np.eye(len(p))) - np.einsum("i,j->ij", p, p)


def x_entropy(p, y):
    return -np.einsum("v,v->", y, np.log(p))


def cross_entropy(logits, targets):
    T, B, V = logits.shape
    truth = (targets[..., None] == np.arange(V)).astype(float)
    highest = np.max(logits, axis=2)
    log_sum = highest + np.log(np.einsum("tbv->tb", np.exp(logits - highest[..., None])))
    loss = (np.einsum("tb->", log_sum) - np.einsum("tbv,tbv->", logits, truth)) / B
    return loss, (np.exp(logits - log_sum[..., None]) - truth) / B


def forward(params, x, h0):
    state, states = h0, [h0]
    for step in np.einsum("tbv,vh->tbh", np.eye(len(params["Wx"]))[x], params["Wx"]):
        state = relu(step + np.einsum("bi,ih->bh", state, params["Wh"]) + params["bh"])
        states.append(state)
    h = np.stack(states)
    return np.einsum("tbh,hv->tbv", h[1:], params["Wy"]) + params["by"], h


def backward(params, x, h, dlogits):
    one_hot = np.eye(len(params["Wx"]))[x]
    dh = np.einsum("tbv,hv->tbh", dlogits, params["Wy"])
    later, dzs = np.zeros(h.shape[1:]), []
    for t in range(len(x) - 1, -1, -1):
        dzs.insert(0, np.einsum("bh,bh->bh", dh[t] + later, relu_d(h[t + 1])))
        later = np.einsum("bh,ih->bi", dzs[0], params["Wh"])
    dz = np.array(dzs)
    grads = {
        "Wx": np.einsum("tbv,tbh->vh", one_hot, dz),
        "Wh": np.einsum("tbi,tbh->ih", h[:-1], dz),
        "bh": np.einsum("tbh->h", dz),
        "Wy": np.einsum("tbh,tbv->hv", h[1:], dlogits),
        "by": np.einsum("tbv->v", dlogits),
    }
    return grads, later


def clip(grads, bound):
    norm = sum(np.einsum("i,i->", g.ravel(), g.ravel()) for g in grads.values()) ** 0.5
    return {name: g * (bound / max(norm, bound)) for name, g in grads.items()}, norm


def error_along(loss, params, grads, direction, eps):
    flat = lambda arrays: np.concatenate([arrays[name].ravel() for name in direction])
    by_hand = np.einsum("i,i->", flat(grads), flat(direction))
    up, down = (
        loss({name: w + sign * eps * direction[name] for name, w in params.items()})
        for sign in (1, -1)
    )
    slopes = np.array([by_hand, (up - down) / (2 * eps)])
    return np.ptp(slopes) / np.abs(slopes).max()
