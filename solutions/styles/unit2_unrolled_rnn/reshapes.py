"""`unfold`, `as_strided`, `reshape` and `permute` in place of loops and slices; states as non-contiguous views."""


def encode(text, chars):
    table = torch.zeros(max(map(ord, text + "".join(chars))) + 1, dtype=torch.int64)
    table[[ord(c) for c in chars]] = torch.arange(len(chars))
    return table[[ord(c) for c in text]]


def windows(ids, n):
    both = ids.unfold(0, n + 1, n)  # (N, n+1): each window with the id after it
    return both[:, :n].permute(1, 0), both[:, n]


def sequence_windows(ids, n):
    N = (len(ids) - 1) // n
    x, y = (torch.as_strided(ids.contiguous(), (n, N), (1, n), shift) for shift in (0, 1))
    return x, y


class Recurrent(nn.Module):
    def __init__(self, V, E, H):
        super().__init__()
        self.H = H
        self.embedding = nn.Embedding(V, E)
        self.input, self.hidden, self.output = nn.Linear(E, H), nn.Linear(H, H), nn.Linear(H, V)
        nn.init.eye_(self.hidden.weight), nn.init.constant_(self.hidden.bias, 0.0)

    def read(self, x, h=None):
        T, B = x.size()
        embedded = self.embedding(x.t())  # (B, T, E)
        green = self.input(embedded.reshape(B * T, -1)).reshape(B, T, self.H)
        h = green.new_zeros(B, self.H) if h is None else h
        states = green.new_empty(B, T, self.H)
        for t in range(T):
            h = torch.relu(green[:, t] + self.hidden(h))
            states[:, t] = h
        return states.transpose(0, 1)

    def forward(self, x):
        return self.output(self.read(x).select(0, -1))


class EveryStep(Recurrent):
    def forward(self, x):
        T, B = x.shape
        return self.output(self.read(x).reshape(T * B, self.H)).unflatten(0, (T, B))


def mean_loss(logits, targets):
    V = logits.shape[-1]
    return (
        F.cross_entropy(logits.reshape(-1, V), targets.reshape(-1), reduction="sum")
        / targets.numel()
    )


def loss_by_position(logits, targets):
    T, B, V = logits.shape
    each = F.cross_entropy(logits.reshape(T * B, V), targets.reshape(T * B), reduction="none")
    return each.reshape(T, B).mean(dim=-1)


def written(probabilities, chars, text, numbers):
    for u in torch.as_tensor(numbers).tolist():
        sums = torch.tensor(probabilities(text)).cumsum(0)
        text = "".join([text, chars[int((sums <= u).sum().clamp(max=len(chars) - 1))]])
    return text
