from collections import Counter, defaultdict
from functools import reduce
from itertools import accumulate

import torch
from torch import nn

import autograder

check = autograder.unit("unit2_unrolled_rnn")


def vocabulary(text):
    """A list of characters: the null `"\\0"` first, then the distinct characters of `text`, sorted."""
    return sorted({"\0", *text})


def encode(text, chars):
    """The place in `chars` of each character of `text`, 0 for those it lacks: a one-dimensional tensor of integers."""
    place = dict(zip(chars, range(len(chars)), strict=True))
    return torch.tensor([place.get(c, 0) for c in text])


def windows(ids, n):
    """Consecutive windows of `n` ids, and the id after each: ids (L,) → x (n, N), y (N,) with N = (L − 1) // n."""
    return ids[:-1].unfold(0, n, n).T, ids[n::n]


class ThreeCharacters(nn.Module):
    """Predicts a character from the three before it: ids x (3, B) → logits (B, V)."""

    def __init__(self, V, E, H):
        super().__init__()
        self.output = nn.Linear(H, V)
        self.hidden = nn.Linear(H, H)
        self.input = nn.Linear(E, H)
        self.embedding = nn.Embedding(V, E)

    def forward(self, x):
        seen = self.input(self.embedding(x)).clamp(min=0)
        return self.output(reduce(lambda h, e: e + self.hidden(h).tanh(), seen))


def mean_loss(logits, targets):
    """The mean cross-entropy in nats, a tensor of one number: logits (..., V), targets (...) of integers; for any V."""
    logp = logits - logits.logsumexp(-1, keepdim=True)
    return -logp.gather(-1, targets.long()[..., None]).mean()


def train(model, batches, optimizer):
    """One step of the optimizer for each batch, in order; a list of the losses, floats from before each step."""
    def one_step(x, y):
        loss = mean_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        before = loss.item()
        optimizer.step()
        return before

    return [one_step(*batch) for batch in batches]


def my_name():
    return "solved_unit2"


def smoothed(losses, keep):
    """The running mean of losses (N,); each step keeps the share `keep` of the mean so far: an array (N,)."""
    mean = 0.0
    weight = 0.0
    curve = []
    for loss in losses:
        mean = keep * mean + (1 - keep) * loss
        weight = keep * weight + (1 - keep)
        curve.append(mean / weight)
    return curve


def mistaken_line():
    return 8


def longer_contexts():
    return "falls, then rises"


def next_character(model, chars, text):
    """The likeliest character after `text`, a string of one: `model` gives logits (B, V) for ids (T, B)."""
    scores = model(encode(text, chars).view(-1, 1))
    return chars[int(scores[0].topk(1).indices)]


class Recurrent(nn.Module):
    """Predicts a character from those before it, however many: ids x (T, B) → logits (B, V)."""

    def __init__(self, V, E, H):
        super().__init__()
        self.output = nn.Linear(H, V)
        self.hidden = nn.Linear(H, H)
        self.input = nn.Linear(E, H)
        self.embedding = nn.Embedding(V, E)
        self.hidden.weight = nn.Parameter(torch.eye(H))
        self.hidden.bias = nn.Parameter(torch.zeros(H))

    def read(self, x, h=None):
        """The states (T, B, H) after each step over ids x (T, B), from a state h (B, H) or from zeros."""
        seen = self.input(self.embedding(x))
        start = torch.zeros_like(seen[0]) if h is None else h
        _, *states = accumulate(seen, lambda h, e: (e + self.hidden(h)).clamp(min=0), initial=start)
        return torch.stack(states)

    def forward(self, x):
        *_, last = self.read(x)
        return self.output(last)


def as_nn_rnn(model):
    """An `nn.RNN` (time first) with the weights of `model.input` (E → H) and `model.hidden` (H → H), and relu."""
    H, E = model.input.weight.shape
    rnn = nn.RNN(E, H, nonlinearity="relu")
    both = model.input.bias + model.hidden.bias
    rnn.load_state_dict(
        {
            "weight_ih_l0": model.input.weight,
            "weight_hh_l0": model.hidden.weight,
            "bias_ih_l0": both,
            "bias_hh_l0": torch.zeros(H),
        }
    )
    return rnn


def sequence_windows(ids, n):
    """Windows as `windows` cuts them, and the id after *each* of their ids: ids (L,) → x (n, N), y (n, N), integers."""
    both = ids.unfold(0, n + 1, n).T
    return both[:-1], both[1:]


class EveryStep(Recurrent):
    """Predicts the next character after each one it reads: ids x (T, B) → logits (T, B, V)."""

    def forward(self, x):
        return self.output(self.read(x))


def loss_by_position(logits, targets):
    """The mean loss of each step over the batch, in nats: logits (T, B, V), targets (T, B) → a tensor (T,)."""
    sure = logits.gather(-1, targets.long()[..., None])[..., 0]
    return (logits.logsumexp(-1) - sure).mean(1)


def shift_gap(model, x, k):
    """The largest absolute difference between the states from step `k` on, read in one go and read in two parts.

    `model.read(x, h=None)` as in `Recurrent`; ids x (T, B), 0 < k < T → a number, 0 for a network without a clock.
    """
    states = model.read(x)
    return (states[k:] - model.read(x[k:], states[k - 1])).abs().max()


def written(probabilities, chars, text, numbers):
    """`text`, continued by one character for each of `numbers`, each drawn by its probability: a string."""
    for u in numbers:
        sums = accumulate(probabilities(text))
        text += next((c for c, total in zip(chars, sums, strict=True) if total > u), chars[-1])
    return text


def count_next(text, n):
    counts = [defaultdict(Counter) for k in range(n + 1)]
    for i in range(len(text)):
        for k in range(n + 1):
            if k <= i:
                counts[k][text[i - k : i]][text[i]] += 1
    return counts


def backed_off(counts, context, c, V):
    probability = 1 / V
    for k in range(len(counts)):
        if k > len(context):
            break
        last_k = context[len(context) - k :]
        if last_k not in counts[k]:
            continue
        followers = counts[k][last_k]
        total, different = sum(followers.values()), len(followers)
        probability = (followers[c] + different * probability) / (total + different)
    return probability
