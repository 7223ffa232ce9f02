"""`F.linear`, `F.batch_norm`, `F.dropout`; `accumulate`, lambdas and iterators in place of loops."""

from bisect import bisect_left
from itertools import accumulate, groupby, islice, repeat


def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh):
    z = F.linear(x, W_ih, b_ih) + F.linear(h, W_hh, b_hh)
    i, f, g, o = map(
        lambda act, part: act(part),
        (F.sigmoid, F.sigmoid, F.tanh, F.sigmoid),
        z.split(h.size(-1), -1),
    )
    c = torch.addcmul(f * c, i, g)
    return o * F.tanh(c), c


def gradient_norms(step, start, T):
    states = [
        *accumulate(
            repeat(None, T),
            lambda h, _: step(h),
            initial=start.detach().clone().requires_grad_(True),
        )
    ]
    return [
        *map(float, map(torch.linalg.vector_norm, torch.autograd.grad(states[-1].sum(), states)))
    ]


def continuing_batches(ids, B, T):
    L = (len(ids) - 1) // (B * T) * T
    cut = lambda part: part.unflatten(0, (B, L)).T.split(T)
    return zip(cut(ids[: B * L]), cut(ids[1 : B * L + 1]), strict=True)


def detached(state):
    return [*map(torch.Tensor.detach, state)]


class CharLSTM(nn.Module):
    def __init__(self, V, E, H, dropout):
        super().__init__()
        self.embedding, self.norm = nn.Embedding(V, E), nn.BatchNorm1d(E)
        self.lstm = nn.LSTM(E, H, 2, dropout=dropout)
        self.dropout, self.output = nn.Dropout(dropout), nn.Linear(H, V)

    def forward(self, x, state=None):
        rows = self.norm(F.embedding(x, self.embedding.weight).flatten(0, 1))
        h, state = self.lstm(rows.unflatten(0, x.shape), state)
        h = F.dropout(h, self.dropout.p, self.training)
        return F.linear(h, self.output.weight, self.output.bias), state


def surprise(model, ids):
    model.train(False)
    with torch.inference_mode():
        log_p = model(ids[:-1].unsqueeze(1))[0].squeeze(1).log_softmax(-1)
    return F.nll_loss(log_p, ids[1:].to(log_p.device), reduction="none")


@torch.no_grad()
def texts_of(model, x, temperature, generator):
    """Ids without end."""
    state = None
    while True:
        logits, state = model(x, state)
        p = F.softmax(logits[-1, 0] / temperature, -1)
        x = torch.multinomial(p, 1, generator=generator)[:, None]
        yield x.item()


def generate(model, start, length, temperature, generator=None):
    mode, _ = model.training, model.eval()
    ids = list(
        islice(texts_of(model, torch.tensor(start).view(-1, 1), temperature, generator), length)
    )
    model.train(mode)
    return ids


def roc_auc(scores, labels):
    compare = lambda a, b: (torch.sign(a[:, None] - b[None]) + 1) / 2
    return compare(scores[labels], scores[~labels]).mean().item()


def longest_copied(text, source):
    pieces = lambda n: (text[i : i + n] for i in range(len(text) - n + 1))
    is_missing = lambda n: not any(piece in source for piece in pieces(n))
    # what is missing at one length is missing at all that are larger
    length = bisect_left(range(1, len(text) + 1), True, key=is_missing)
    return next(i for i, piece in enumerate(pieces(length)) if piece in source), length


def surprising_pieces(scores, usual, threshold):
    totals = [*accumulate(scores, lambda total, s: max(0.0, total + s - usual), initial=0.0)][1:]
    climbs = groupby(range(len(totals)), key=lambda place: totals[place] > 0)
    places = [[*climb] for is_above, climb in climbs if is_above]
    tops = [max(climb, key=totals.__getitem__) for climb in places]
    pairs = zip(places, tops, strict=True)
    return [(climb[0], top + 1) for climb, top in pairs if totals[top] > threshold]
