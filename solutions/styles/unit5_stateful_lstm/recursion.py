"""Functions that call themselves; generators; the walrus."""


def gradient_norms(step, start, T):
    def last_first(state, left):
        """The states on the way, the last one first."""
        return [state] if left == 0 else [*last_first(step(state), left - 1), state]

    states = last_first(start.clone().requires_grad_(), T)
    *found, first = torch.autograd.grad(states[0].sum(), states)
    return [g.square().sum().sqrt().item() for g in (first, *found[::-1])]


def continuing_batches(ids, B, T, n=0):
    L = (len(ids) - 1) // B // T * T
    if n < L:
        places = n + torch.arange(T)[:, None] + L * torch.arange(B)
        yield ids[places], ids[places + 1]
        yield from (
            continuing_batches(ids, B, T, n + T)
            if n < 50 * T
            else later_batches(ids, B, T, n + T, L)
        )


def later_batches(ids, B, T, n, L):
    """The rest, without a call inside a call for each of hundreds of batches."""
    for first in range(n, L, T):
        places = first + torch.arange(T)[:, None] + L * torch.arange(B)
        yield ids[places], ids[places + 1]


def detached(state):
    return state.detach() if torch.is_tensor(state) else tuple(map(detached, state))


def train_epoch(model, batches, optimizer, bound):
    def losses(state=None):
        for x, y in batches:
            logits, state = model(x.to(device), state)
            (loss := F.cross_entropy(logits.movedim(2, 1), y.to(device))).backward()
            nn.utils.clip_grad_norm_(model.parameters(), bound)
            optimizer.step()
            optimizer.zero_grad()
            state = detached(state)
            yield loss.item()

    device = next(model.parameters()).device
    model.train(), optimizer.zero_grad()
    return list(losses())


def generate(model, start, length, temperature, generator=None, state=None):
    if length == 0:
        return []
    if mode := model.training:
        ids = generate(model.eval(), start, length, temperature, generator)
        model.train(mode)
        return ids
    with torch.no_grad():
        logits, state = model(torch.tensor(start)[:, None], state)
    drawn = torch.multinomial(
        torch.softmax(logits[-1, 0] / temperature, -1), 1, generator=generator
    ).tolist()
    if len(drawn) < length:
        return drawn + generate(model, drawn, length - 1, temperature, generator, state)
    return drawn


def costs(model, ids, state):
    """What each id but the first costs, and the state after all but the last: of two, or of two halves."""
    if len(ids) == 2:
        logits, state = model(ids[:1, None], state)
        return -logits[0].log_softmax(1)[:, ids[1]], state
    earlier, state = costs(model, ids[: len(ids) // 2 + 1], state)
    later, state = costs(model, ids[len(ids) // 2 :], state)
    return torch.cat([earlier, later]), state


def surprise(model, ids):
    with torch.no_grad():
        return costs(model.eval(), ids, None)[0]


def roc_auc(scores, labels):
    """Pairs counted by halves: those apart, and those in which both halves have a part."""
    if len(positives := scores[labels]) == 1:
        others = scores[~labels]
        return ((positives > others).sum() + (positives == others).sum() / 2) / len(others)
    first, rest = labels.clone(), labels.clone()
    middle = labels.nonzero()[len(positives) // 2].item()
    first[middle:], rest[:middle] = False, False
    parts = [
        (roc_auc(scores[keep | ~labels], keep[keep | ~labels]), keep.sum())
        for keep in (first, rest)
    ]
    return sum(share * n for share, n in parts) / len(positives)


def longest_copied(text, source, low=0, high=None, start=0):
    high = len(text) if high is None else high
    if low == high:
        return start, low
    length = (low + high + 1) // 2
    there = {source[j : j + length] for j in range(len(source) - length + 1)}
    for i in range(len(text) - length + 1):
        if text[i : i + length] in there:
            return longest_copied(text, source, length, high, i)
    return longest_copied(text, source, low, length - 1, start)
