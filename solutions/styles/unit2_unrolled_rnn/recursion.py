"""Functions and networks that call themselves; generators; the walrus."""


def vocabulary(text):
    def merge(one, other):
        if not one or not other:
            return one or other
        first = min(one[0], other[0])
        return [first, *merge(one[one[0] == first :], other[other[0] == first :])]

    def ordered(part):
        return (
            [*part]
            if len(part) < 2
            else merge(ordered(part[: len(part) // 2]), ordered(part[len(part) // 2 :]))
        )

    return ["\0", *ordered("".join(dict.fromkeys(text)))]


def pieces(ids, n):
    """Windows of n + 1 ids, each of which begins with the last id of the one before."""
    count = (len(ids) - 1) // n
    if count == 1:
        yield ids[: n + 1]
    elif count:
        yield from pieces(ids[: count // 2 * n + 1], n)
        yield from pieces(ids[count // 2 * n :], n)


def windows(ids, n):
    x, y = zip(*((piece[:-1], piece[-1]) for piece in pieces(ids, n)), strict=True)
    return torch.column_stack(x), torch.tensor(y)


def sequence_windows(ids, n):
    return tuple(
        torch.stack(part, 1)
        for part in zip(*((p[:-1], p[1:]) for p in pieces(ids, n)), strict=True)
    )


class ThreeCharacters(nn.Module):
    def __init__(self, V, E, H):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.input = nn.Linear(E, H)
        self.hidden = nn.Linear(H, H)
        self.output = nn.Linear(H, V)

    def state(self, x):
        green = torch.relu(self.input(self.embedding(x[-1])))
        return green + torch.tanh(self.hidden(self.state(x[:-1]))) if len(x) > 1 else green

    def forward(self, x):
        return self.output(self.state(x))


class Recurrent(nn.Module):
    def __init__(self, V, E, H):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.input = nn.Linear(E, H)
        self.hidden = nn.Linear(H, H)
        self.output = nn.Linear(H, V)
        self.hidden.load_state_dict({"weight": torch.eye(H), "bias": torch.zeros(H)})

    def states(self, embedded, h):
        if not len(embedded):
            return []
        h = torch.relu(self.input(embedded[0]) + self.hidden(h))
        return [h, *self.states(embedded[1:], h)]

    def read(self, x, h=None):
        if h is None:
            h = torch.zeros(len(x[0]), self.hidden.out_features)
        return torch.stack(self.states(self.embedding(x), h))

    def forward(self, x):
        *_, last = self.read(x)
        return self.output(last)


class EveryStep(Recurrent):
    def forward(self, x):
        return torch.stack([self.output(h) for h in self.read(x)])


def train(model, batches, optimizer):
    def losses(batches):
        while batch := next(batches, None):
            x, y = batch
            optimizer.zero_grad()
            (loss := mean_loss(model(x), y)).backward()
            optimizer.step()
            yield loss.tolist()

    return [*losses(iter(batches))]


@torch.inference_mode()
def next_character(model, chars, text):
    (scores,) = model(encode(text, chars)[:, None])
    return chars[scores.sort(descending=True).indices[0]]


def written(probabilities, chars, text, numbers):
    if not len(numbers):
        return text
    u, *others = numbers

    def drawn(characters, shares, left):
        (c, *more), (p, *rest) = characters, shares
        return c if left < p or not more else drawn(more, rest, left - p)

    return written(probabilities, chars, text + drawn(chars, probabilities(text), u), others)


def count_next(text, n):
    if n < 0:
        return []
    table = {}
    pieces = Counter(text[i : i + n + 1] for i in range(len(text) - n))
    for piece, how_often in pieces.items():
        table.setdefault(piece[:-1], Counter())[piece[-1]] = how_often
    return [*count_next(text, n - 1), table]


def backed_off(counts, context, c, V):
    if not counts:
        return 1 / V
    *shorter, table = counts
    p = backed_off(shorter, context, c, V)
    k = len(shorter)
    following = table.get(context[len(context) - k :]) if k <= len(context) else None
    if following is None:
        return p
    return (following[c] + len(following) * p) / (sum(following.values()) + len(following))


def smoothed(losses, keep):
    def sums(rest, mean, weight):
        if not len(rest):
            return []
        mean, weight = mean * keep + rest[0], weight * keep + 1
        return [mean / weight, *sums(rest[1:], mean, weight)]

    return np.array(sums(losses, 0, 0))
