"""Functions that call themselves; the walrus; labels made in halves."""


class MixIterator:
    def __init__(self, children):
        self.first, *others = children
        self.others = MixIterator(others) if others else None
        self.N = self.first.N + (self.others.N if others else 0)

    def __iter__(self):
        return self

    def __next__(self):
        x, y = next(self.first)
        if not self.others:
            return x, y
        more_x, more_y = next(self.others)
        return torch.cat([x, more_x]), torch.cat([y, more_y])

    def reset(self):
        self.first.reset()
        if self.others:
            self.others.reset()


def one_epoch(batches, seen=None):
    if seen is None:
        batches.reset()
        seen = 0
    if seen < batches.N:
        yield (batch := next(batches))
        yield from one_epoch(batches, seen + len(batch[0]))


def split_rows(order, *sizes):
    if not sizes:
        return (order,)
    return order[: sizes[0]], *split_rows(order[sizes[0] :], *sizes[1:])


@torch.no_grad()
def pseudo_labels(model, x):
    if mode := model.training:
        model.eval()
        labels = pseudo_labels(model, x)
        model.train(mode)
        return labels
    if len(x) > 16:
        return torch.cat([pseudo_labels(model, half) for half in x.tensor_split(2)])
    return F.softmax(model(x), dim=-1)


def soft_cross_entropy(logits, y):
    if len(y) < 4:
        return torch.tensordot(y, logits.logsumexp(1, keepdim=True) - logits) / len(y)
    n, half = len(y), len(y) // 2
    first, second = (
        soft_cross_entropy(logits[:half], y[:half]),
        soft_cross_entropy(logits[half:], y[half:]),
    )
    return (half * first + (n - half) * second) / n


def train(model, batches, optimizer, steps):
    if steps == 0:
        return []
    x, y = next(batches)
    (loss := soft_cross_entropy(model.train()(x), y)).backward()
    optimizer.step()
    optimizer.zero_grad()
    return [loss.item()] + train_on(model, batches, optimizer, steps - 1)


def train_on(model, batches, optimizer, steps):
    """The rest, without a call inside a call for each of thousands of steps."""
    rest = []
    for _ in range(steps):
        rest += train(model, batches, optimizer, 1)
    return rest
