"""In-place operations on tensors of its own, buffers made once, `@torch.no_grad()` as a decorator."""


def encode(text, chars):
    ids = torch.zeros(len(text), dtype=torch.long)
    known = {c: i for i, c in enumerate(chars)}
    for place, c in enumerate(text):
        if c in known:
            ids[place] = known[c]
    return ids


def windows(ids, n):
    N = (ids.numel() - 1) // n
    x, y = ids.new_empty(n, N), ids.new_empty(N)
    for step in range(n):
        x[step] = ids[step : N * n : n]
    y.copy_(ids[n : N * n + n : n][:N])
    return x, y


class Recurrent(nn.Module):
    def __init__(self, V, E, H):
        nn.Module.__init__(self)
        self.embedding = nn.Embedding(V, E)
        self.input = nn.Linear(E, H)
        self.hidden = nn.Linear(H, H)
        self.output = nn.Linear(H, V)
        with torch.no_grad():
            self.hidden.weight.copy_(torch.diag(torch.ones(H)))
            self.hidden.bias *= 0

    def read(self, x, h=None):
        embedded = self.input(self.embedding(x))
        states = torch.empty(*x.shape, self.hidden.out_features)
        for t in range(x.shape[0]):
            z = embedded[t] + self.hidden.bias
            if t or h is not None:
                z += F.linear(h, self.hidden.weight)
            h = z.relu_()
            states[t] = h
        return states

    def forward(self, x):
        return self.output(self.read(x)[len(x) - 1])


class EveryStep(Recurrent):
    def forward(self, x):
        logits = self.read(x) @ self.output.weight.t()
        logits += self.output.bias
        return logits


def mean_loss(logits, targets):
    losses = -F.log_softmax(logits, -1).gather(-1, targets.unsqueeze(-1))
    return losses.mean()


@torch.no_grad()
def as_nn_rnn(model):
    rnn = nn.RNN(
        model.input.weight.size(1), model.input.weight.size(0), nonlinearity="relu", bias=True
    )
    for own, given in zip(
        rnn.parameters(),
        [model.input.weight, model.hidden.weight, model.input.bias, model.hidden.bias],
    ):
        own.zero_().add_(given)
    return rnn


@torch.no_grad()
def next_character(model, chars, text):
    logits = model(encode(text, chars).unsqueeze_(-1)).squeeze(0)
    best = 0
    for i in range(1, len(chars)):
        if logits[i] > logits[best]:
            best = i
    return chars[best]


@torch.no_grad()
def shift_gap(model, x, k):
    gap = model.read(x)
    gap[k:] -= model.read(x[k:], gap[k - 1].clone())
    return gap[k:].abs_().max()


@torch.no_grad()
def loss_by_position(logits, targets):
    steps, columns = torch.meshgrid(*map(torch.arange, targets.shape), indexing="ij")
    return F.log_softmax(logits, 2)[steps, columns, targets].neg_().mean(1)
