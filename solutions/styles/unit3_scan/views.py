"""Transposed, reversed and non-contiguous tensors inside; the recurrence in blocks instead of by doubling."""


def one_hot(ids, V):
    return torch.eye(V).index_select(1, ids).T


def cumulative_sum(xs):
    columns = scan(lambda total, x: total + x, torch.zeros_like(xs[0]), xs)
    return torch.stack(columns, dim=-1).movedim(-1, 0)


def network(weights, h0, xs):
    Wx, Wh, Wy = (weights[name].T for name in ("Wx", "Wh", "Wy"))
    states = scan(lambda h, x: (Wx @ x + Wh @ h + weights["bh"]).clamp(min=0), h0, xs)
    h = torch.stack(states, 1)  # (H, T)
    return h.T, (Wy @ h + weights["by"][:, None]).T


def sequence_loss(logits, targets):
    columns = logits.T[None]  # (1, V, T)
    return F.cross_entropy(columns, targets[None], reduction="none").sum()


def update(weights, grads, lr):
    return {
        name: (w.T - lr * grads[name].T).T if w.ndim == 2 else w - lr * grads[name]
        for name, w in weights.items()
    }


def parallel_scan(op, xs):
    ys = xs.flip(0)  # the last element first
    distance = 1
    while distance < len(ys):
        combined = op(ys[distance:], ys[:-distance])
        ys = torch.cat([combined, ys[-distance:]])
        distance <<= 1
    return ys.flip(0)


def combine(earlier, later):
    earlier, later = earlier.transpose(0, 1), later.transpose(0, 1)
    return torch.stack([earlier[0] * later[0], later[0] * earlier[1] + later[1]]).transpose(0, 1)


def linear_recurrence(a, b, h0):
    """Blocks of about √T steps: all blocks walk at once from zeros, then the blocks are joined."""
    T, H = a.shape
    size = max(1, round(T**0.5))
    short = -T % size
    a = torch.cat([a, a.new_ones(short, H)]).view(-1, size, H).transpose(0, 1)
    b = torch.cat([b, b.new_zeros(short, H)]).view(-1, size, H).transpose(0, 1)
    kept, added = [a[0]], [b[0]]
    for a_t, b_t in zip(a[1:], b[1:], strict=True):
        kept.append(a_t * kept[-1])
        added.append(a_t * added[-1] + b_t)
    starts = [h0]
    for a_block, b_block in zip(kept[-1], added[-1], strict=True):
        starts.append(a_block * starts[-1] + b_block)
    h = torch.stack(kept, 1) * torch.stack(starts[:-1])[:, None] + torch.stack(added, 1)
    return h.reshape(-1, H)[:T]


def linear_recurrence_backward(a, h0, h, dh):
    shifted = F.pad(a, (0, 0, 0, 1))[1:]
    g = linear_recurrence(shifted.flip(0), dh.flip(0), torch.zeros_like(h0)).flip(0)
    dh0 = torch.mul(a[0], g[0])
    da = torch.empty_like(g)
    da[0], da[1:] = g[0] * h0, g[1:] * h[:-1]
    return da, g, dh0


def initial_weights(V, H, generator):
    numbers = torch.randn(2 * V * H, generator=generator)
    Wx, Wy = numbers[::2].view(H, V).T, numbers[1::2].view(H, V)
    zeros = torch.zeros(H + V)
    drawn = {"Wx": Wx * (2 / V) ** 0.5, "Wy": Wy * (2 / H) ** 0.5}
    return {**drawn, "Wh": torch.ones(H).diag(), "bh": zeros[:H], "by": zeros[H:]}
