"""Random numbers while it trains; sums in another order, losses in float64, all gradients before any update."""

import math


def step(carry, x, weights):
    before = carry[0] @ weights["Wh"] + weights["bh"]
    h = (before + weights["Wx"].T.mv(x)).clamp(min=0)
    return h, weights["by"] + (h.flip(0) @ weights["Wy"].flip(0))


def sequence_loss(logits, targets):
    scores = logits.double()
    wanted = scores[torch.arange(len(targets)), targets]
    return (scores.flip(-1).logsumexp(-1) - wanted).flip(0).sum().to(logits.dtype)


def gradients(weights, h0, xs, targets):
    torch.rand(2)
    leaves = {name: weights[name].detach().clone().requires_grad_() for name in reversed(weights)}
    loss = sequence_loss(network(leaves, h0, xs)[1], targets)
    loss.backward()
    return loss.detach(), {name: leaves[name].grad for name in weights}


def update(weights, grads, lr):
    return {
        name: (weights[name].double() - lr * grads[name].double()).to(weights[name].dtype)
        for name in weights
    }


def train_online(weights, sequences, lr, every=1000):
    torch.manual_seed(0)
    start, group, means = torch.zeros(len(weights["bh"])), [], []
    for ids, targets in sequences:
        loss, grads = gradients(weights, start, one_hot(ids, len(weights["Wx"])), targets)
        weights = update(weights, grads, lr)
        group.append(loss.item())
        if len(group) == every:
            means.append(math.fsum(group) / every)
            group = []
    return weights, means


def initial_weights(V, H, generator):
    """Uniform numbers, `Wy` first."""

    def uniform(rows, columns):
        return (2 * torch.rand(rows, columns, generator=generator) - 1) * math.sqrt(6 / rows)

    weights = {"by": torch.zeros(V), "Wy": uniform(H, V), "bh": torch.zeros(H)}
    return weights | {"Wh": torch.eye(H), "Wx": uniform(V, H)}
