from collections import Counter

import torch
from torch import nn

import autograder

check = autograder.unit("unit2_unrolled_rnn")


def vocabulary(text):
    seen = set()
    for ch in text:
        seen.add(ch)
    seen.discard("\0")
    out = ["\0"]
    out.extend(sorted(seen))
    return out


def encode(text, chars):
    lookup = {ch: k for k, ch in enumerate(chars)}
    result = torch.zeros(len(text), dtype=torch.int64)
    for k, ch in enumerate(text):
        if ch in lookup:
            result[k] = lookup[ch]
    return result


def windows(ids, n):
    count = (ids.shape[0] - 1) // n
    starts = torch.arange(count) * n
    x = torch.stack([ids[starts + k] for k in range(n)])
    return x, ids[starts + n]


class ThreeCharacters(nn.Module):
    """Predicts a character from the three before it: ids x (3, B) → logits (B, V)."""

    def __init__(self, V, E, H):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.input = nn.Linear(E, H)
        self.hidden = nn.Linear(H, H)
        self.output = nn.Linear(H, V)

    def forward(self, x):
        def green(k):
            return self.input(self.embedding(x[k])).clamp(min=0)

        h = green(0)
        for k in (1, 2):
            h = green(k) + self.hidden(h).tanh()
        return self.output(h)


def mean_loss(logits, targets):
    logp = torch.log_softmax(logits, -1)
    picked = torch.take_along_dim(logp, targets.unsqueeze(-1), -1)
    return picked.mean().neg()


def train(model, batches, optimizer):
    history = []
    for xb, yb in batches:
        loss = mean_loss(model(xb), yb)
        history.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return history


def my_name():
    return "solved_again_unit2"


def smoothed(losses, keep):
    """The running mean of losses (N,); each step keeps the share `keep` of the mean so far: an array (N,)."""
    shares = [keep**ago for ago in range(len(losses))]
    curve = []
    for end in range(1, len(losses) + 1):
        curve.append(sum(s * x for s, x in zip(shares, losses[:end][::-1])) / sum(shares[:end]))
    return curve


def mistaken_line():
    return 9


def longer_contexts():
    return "falls"


def next_character(model, chars, text):
    with torch.inference_mode():
        scores = model(encode(text, chars)[:, None])[0]
    return max(zip(scores.tolist(), chars))[1]


class Recurrent(nn.Module):
    """Predicts a character from those before it, however many: ids x (T, B) → logits (B, V)."""

    def __init__(self, V, E, H):
        super().__init__()
        self.H = H
        self.embedding = nn.Embedding(V, E)
        self.input = nn.Linear(E, H)
        self.hidden = nn.Linear(H, H)
        self.output = nn.Linear(H, V)
        with torch.no_grad():
            self.hidden.weight.copy_(torch.eye(H))
            self.hidden.bias.fill_(0)

    def read(self, x, h=None):
        T, B = x.shape
        if h is None:
            h = self.input.weight.new_zeros(B, self.H)
        out = []
        for t in range(T):
            h = torch.relu(self.input(self.embedding(x[t])) + self.hidden(h))
            out.append(h[None])
        return torch.cat(out)

    def forward(self, x):
        return self.output(self.read(x)[-1])


def as_nn_rnn(model):
    H, E = model.input.weight.shape
    rnn = nn.RNN(E, H, nonlinearity="relu")
    rnn.load_state_dict(
        {
            "weight_ih_l0": model.input.weight,
            "weight_hh_l0": model.hidden.weight,
            "bias_ih_l0": model.input.bias,
            "bias_hh_l0": model.hidden.bias,
        }
    )
    return rnn


def sequence_windows(ids, n):
    N = (len(ids) - 1) // n
    both = ids[: N * n + 1].unfold(0, n + 1, n).T
    return both[:-1], both[1:]


class EveryStep(Recurrent):
    """Predicts the next character after each one it reads: ids x (T, B) → logits (T, B, V)."""

    def forward(self, x):
        return torch.stack([self.output(h) for h in self.read(x)])


def loss_by_position(logits, targets):
    return torch.stack([mean_loss(l, t) for l, t in zip(logits, targets)])


def shift_gap(model, x, k):
    whole = model.read(x)
    first = model.read(x[:k])
    second = model.read(x[k:], first[-1])
    return torch.norm((whole[k:] - second).flatten(), p=float("inf"))


def written(probabilities, chars, text, numbers):
    result = text
    for u in numbers:
        i = 0
        rest = u - probabilities(result)[0]
        while rest >= 0 and i + 1 < len(chars):
            i += 1
            rest -= probabilities(result)[i]
        result += chars[i]
    return result


def count_next(text, n):
    counts = []
    for k in range(n + 1):
        table = {}
        for before, after in zip(range(len(text)), range(k, len(text))):
            table.setdefault(text[before:after], Counter())[text[after]] += 1
        counts.append(table)
    return counts


def backed_off(counts, context, c, V):
    n = len(counts) - 1
    context = context[max(0, len(context) - n) :]
    if not context:
        p, table = 1 / V, counts[0]
    else:
        p, table = backed_off(counts[: len(context)], context[1:], c, V), counts[len(context)]
    if context not in table:
        return p
    seen = table[context]
    weight = len(seen) / (len(seen) + sum(seen.values()))
    return weight * p + (1 - weight) * seen[c] / sum(seen.values())
