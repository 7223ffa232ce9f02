"""Functions that call themselves; generators; the walrus."""


def index_words(words, index=None):
    index = {} if index is None else index
    if len(words) <= 4:
        for word in words:
            index.setdefault(word, len(index) + 1)
        return index
    half = len(words) // 2
    return index_words(words[half:], index_words(words[:half], index))


def ids_of(words, index):
    for word in words:
        yield i if (i := index.get(word)) else 0


def encode(words, index):
    return torch.tensor([*ids_of(words, index)], dtype=torch.int64)


def lookup_backward(ids, dout, V):
    if len(ids) == 0:
        return torch.zeros(V, dout.shape[-1])
    gradient = lookup_backward(ids[1:], dout[1:], V)
    gradient[ids[0]] += dout[0]
    return gradient


def dot_product(a, b):
    if a.shape[1] == 1:
        return (a * b).squeeze(1)
    half = a.shape[1] // 2
    return dot_product(a[:, :half], b[:, :half]) + dot_product(a[:, half:], b[:, half:])


def penalty(model):
    """A table's own squares, or those of all the parts of a part."""
    if isinstance(model, nn.Embedding):
        return (model.weight**2).sum()
    return sum(map(penalty, model.children()))


def train(model, batches, optimizer, decay):
    def errors():
        for users, movies, ratings in batches:
            error = torch.mean(torch.square(ratings - model(users, movies)))
            optimizer.zero_grad()
            torch.autograd.backward([error, decay * penalty(model)])
            optimizer.step()
            yield error.item()

    model.train()
    return list(errors())


def best_and_worst(bias, count):
    def pick(values, count):
        if count == 0:
            return []
        best = int(values.argmax())
        left = values.clone()
        left[best] = -torch.inf
        return [best, *pick(left, count - 1)]

    return pick(bias, count), pick(-bias, count)


def reindex(raw):
    originals, _ = raw.unique().sort()
    return (raw[:, None] > originals).sum(1), originals
