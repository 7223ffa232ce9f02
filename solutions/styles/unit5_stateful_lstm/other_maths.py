"""Other formulas for the same numbers: sigmoid by tanh, clipping by hand, draws by Gumbel noise, ROC AUC by ranks."""

from difflib import SequenceMatcher


def sigmoid(z):
    return (1 + torch.tanh(z / 2)) / 2


def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh):
    both, weights = torch.cat([x, h], 1), torch.cat([W_ih, W_hh], 1)
    z = torch.addmm(b_ih + b_hh, both, weights.t())
    H = h.shape[-1]
    c = sigmoid(z[:, H : 2 * H]) * c + sigmoid(z[:, :H]) * torch.tanh(z[:, 2 * H : 3 * H])
    return sigmoid(z[:, -H:]) * torch.tanh(c), c


def gradient_norms(step, start, T):
    """Back by hand: the gradient in a state is that in the next one, sent through one step."""
    states = [start.detach()]
    with torch.no_grad():
        for _ in range(T):
            states.append(step(states[-1]))
    gradient = torch.ones_like(states[-1])
    norms = [gradient.norm().item()]
    for state in reversed(states[:-1]):
        state = state.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(step(state), state, gradient)
        norms.insert(0, gradient.norm().item())
    return norms


def train_epoch(model, batches, optimizer, bound):
    weights = list(model.parameters())
    model.train()
    state, losses = None, []
    for x, y in batches:
        x, y = x.to(weights[0].device), y.to(weights[0].device)
        logits, state = model(x, state)
        state = detached(state)
        own = logits.gather(-1, y[..., None]).squeeze(-1)
        loss = (logits.logsumexp(-1) - own).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        grads = [w.grad for w in weights if w.grad is not None]
        norm = sum(g.pow(2).sum() for g in grads).sqrt()
        for g in grads:
            g *= torch.clamp(bound / norm, max=1.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


def generate(model, start, length, temperature, generator=None):
    was_training = model.training
    model.eval()
    device, ids, state = next(model.parameters()).device, [], None
    x = torch.as_tensor(start).reshape(-1, 1)
    for _ in range(length):
        with torch.no_grad():
            logits, state = model(x.to(device), state)
        scores = logits[-1, 0].cpu() / temperature
        noise = -torch.log(
            -torch.log(torch.rand(scores.shape, generator=generator).clamp(1e-9, 1 - 1e-7))
        )
        x = (scores + noise).argmax().reshape(1, 1)
        ids.append(int(x))
    model.train(was_training)
    return ids


def surprise(model, ids):
    model.eval()
    logits = model(ids[:-1].reshape(-1, 1))[0].detach()[:, 0]
    top = logits.max(-1, keepdim=True).values
    log_sum = (logits - top).exp().sum(-1).log() + top[:, 0]
    return log_sum - logits[torch.arange(len(ids) - 1), ids[1:]]


def roc_auc(scores, labels):
    """From the sum of ranks (Mann-Whitney); equal scores share their mean rank."""
    values, inverse, counts = scores.unique(return_inverse=True, return_counts=True)
    ranks = (counts.cumsum(0).double() - (counts - 1) / 2)[inverse]
    n = int(labels.sum())
    return float((ranks[labels].sum() - n * (n + 1) / 2) / (n * (len(labels) - n)))


def longest_copied(text, source):
    found = SequenceMatcher(None, text, source, autojunk=False).find_longest_match()
    return np.int64(found.a), np.int64(found.size)


def surprising_pieces(scores, usual, threshold):
    sums = np.concatenate([[0.0], np.cumsum(np.asarray(scores) - usual)])
    lowest = np.minimum.accumulate(sums)
    resets = np.flatnonzero(sums == lowest)  # where the total is 0
    pieces = []
    for begin, after in zip(resets, [*resets[1:], len(sums)], strict=True):
        climb = sums[begin:after] - sums[begin]
        if climb.max() > threshold:
            pieces.append((int(begin), int(begin + climb.argmax())))
    return pieces
