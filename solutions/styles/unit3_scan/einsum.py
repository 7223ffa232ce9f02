"""Every product an einsum; inputs multiplied for all steps at once, the outputs too; gradients of one flat vector."""


def one_hot(ids, V):
    return F.one_hot(ids, num_classes=V).to(torch.get_default_dtype())


def cumulative_sum(xs):
    ready = [xs[0]]
    ready += scan(lambda s, x: torch.einsum("n...->...", torch.stack([s, x])), xs[0], xs[1:])
    return torch.stack(ready)


def step(carry, x, weights):
    before = torch.einsum("v,vh->h", x, weights["Wx"]) + torch.einsum(
        "i,ih->h", carry[0], weights["Wh"]
    )
    h = (before + weights["bh"]).relu()
    return h, torch.einsum("h,hv->v", h, weights["Wy"]) + weights["by"]


def network(weights, h0, xs):
    inputs = torch.einsum("tv,vh->th", xs, weights["Wx"]) + weights["bh"]
    h = torch.stack(
        scan(lambda h, z: torch.relu(z + torch.einsum("i,ih->h", h, weights["Wh"])), h0, inputs)
    )
    return h, torch.einsum("th,hv->tv", h, weights["Wy"]) + weights["by"]


def sequence_loss(logits, targets):
    picked = one_hot(targets, logits.shape[-1])
    return -torch.einsum("tv,tv->", picked, logits.log_softmax(-1))


def gradients(weights, h0, xs, targets):
    sizes = [w.numel() for w in weights.values()]
    flat = torch.cat([w.detach().reshape(-1) for w in weights.values()]).requires_grad_()

    def apart(vector):
        parts = zip(weights.items(), vector.split(sizes), strict=True)
        return {name: part.view_as(w) for (name, w), part in parts}

    loss = sequence_loss(network(apart(flat), h0, xs)[1], targets)
    (grad,) = torch.autograd.grad(loss, flat)
    return loss.detach().numpy(), apart(grad)


def combine(earlier, later):
    kept = torch.einsum("nh,nch->nch", later[:, 0], earlier)
    return kept + F.pad(later[:, 1:], (0, 0, 1, 0))


def parallel_scan(op, xs):
    """Sklansky's scheme: in each round the later half of a block takes what the earlier half has come to."""
    places, block = torch.arange(len(xs)), 1
    while block < len(xs):
        later = places[places // block % 2 == 1]
        xs = xs.index_copy(0, later, op(xs[later // block * block - 1], xs[later]))
        block += block
    return xs
