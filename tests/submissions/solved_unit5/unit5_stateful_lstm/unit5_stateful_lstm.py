import torch
import torch.nn.functional as F
from torch import nn

import autograder

check = autograder.unit("unit5_stateful_lstm")

device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else torch.device("cpu")


def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh):
    """One step of an LSTM: x (B, E), h and c (B, H), weights as in `nn.LSTMCell` → new h, new c (B, H)."""
    z = F.linear(torch.cat([x, h], -1), torch.cat([W_ih, W_hh], -1), b_ih + b_hh)
    i, f, g, o = z.unflatten(-1, (4, -1)).unbind(-2)
    c = torch.lerp(torch.zeros_like(c), c, f.sigmoid()) + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def gradient_norms(step, start, T):
    """The norm of the gradient of the last state's sum in each state, a list of T + 1 numbers, the start's first.

    step: a function from a state to the next, both (B, H); start (B, H); T: how often the step is applied.
    """
    links, state = [], start
    for _ in range(T):  # each step a graph of its own; the chain rule joins them below
        before = state.detach().requires_grad_()
        state = step(before)
        links.append((before, state))
    gradient = torch.ones_like(state)
    norms = [gradient.norm()]
    for before, after in reversed(links):
        (gradient,) = torch.autograd.grad(after, before, gradient)
        norms.append(gradient.norm())
    return norms[::-1]


def continuing_batches(ids, B, T):
    """Pairs x, y (T, B), in order, whose columns continue from pair to pair: ids (N,) → a list or iterator."""
    L = (len(ids) - 1) // B // T * T
    places = torch.arange(T)[:, None] + L * torch.arange(B)
    for start in range(0, L, T):
        yield ids[places + start], ids[places + start + 1]


def detached(state):
    """The pair (h, c) with the same numbers and no past, so that no gradient flows back through it."""
    return tuple(part.detach() for part in state)


class CharLSTM(nn.Module):
    """Predicts the next character after each one: x (T, B), a state or None → logits (T, B, V), the last state."""

    def __init__(self, V, E, H, dropout):
        super().__init__()
        self.output = nn.Linear(H, V)
        self.dropout = nn.Dropout(dropout)
        self.lstm = nn.LSTM(E, H, 2, dropout=dropout)
        self.norm = nn.BatchNorm1d(E)
        self.embedding = nn.Embedding(V, E)

    def forward(self, x, state=None):
        features = self.embedding(x.T).mT  # (B, E, T)
        seen, state = self.lstm(self.norm(features).permute(2, 0, 1), state)
        return self.output(self.dropout(seen)), state


def mixed(device):
    """Mixed precision where the device is `cuda` (bfloat16, which needs no scaling of the loss), else nothing."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")


def train_epoch(model, batches, optimizer, bound):
    """One step for each batch, carrying the state: a list of the losses, floats from before each step."""
    model.train()
    where = next(model.parameters()).device
    weights = [w for group in optimizer.param_groups for w in group["params"]]
    losses, state = [], None
    for x, y in batches:
        x, y = x.to(where), y.to(where)
        with mixed(where):
            logits, state = model(x, state)
            loss = F.cross_entropy(logits.movedim(-1, 1), y)
        state = detached(state)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, bound)
        optimizer.step()
        losses.append(loss.item())
    return losses


def generate(model, start, length, temperature, generator=None):
    """Draw `length` further ids after the ids in `start` (at least one): a list of the new ids alone.

    model: called as `model(x, state)`, x (T, B); generator: torch.Generator or None. Its mode stays as it was.
    """
    where, was = next(model.parameters()).device, model.training
    ids, state, x = [], None, torch.tensor(start, device=where)[:, None]
    model.eval()
    with torch.no_grad():
        for _ in range(length):
            logits, state = model(x, state)
            p = (logits[-1, 0] / temperature).softmax(-1).cpu()
            ids.append(int((p.cumsum(0) < torch.rand(1, generator=generator)).sum()))
            x = torch.tensor([ids[-1:]], device=where)
    model.train(was)
    return ids


def longest_copied(text, source):
    best = ""
    for i in range(len(text)):
        while len(best) < len(text) - i and text[i : i + len(best) + 1] in source:
            best = text[i : i + len(best) + 1]
    return text.index(best), len(best)


def surprise(model, ids):
    """The loss of each id but the first, given all before it, in nats: ids (N,) → (N − 1,), in evaluation mode."""
    ids = ids.to(next(model.parameters()).device)
    was = model.training
    model.eval()
    with torch.no_grad():
        scores = model(ids[:-1, None])[0][:, 0]
    model.train(was)
    return scores.logsumexp(-1) - scores.gather(-1, ids[1:, None])[:, 0]


def gradient_that_stays():
    return "LSTM open"


def my_name():
    return "solved_unit5"


def surprising_pieces(scores, usual, threshold):
    """The pieces whose total above `usual` exceeds `threshold`: a list of pairs, the first place and the one after the last."""
    pieces = []
    total = highest = 0.0
    begin = 0
    for place, score in enumerate([*scores, -float("inf")]):
        total += score - usual
        if total > highest:
            highest, end = total, place + 1
        if total <= 0:
            if highest > threshold:
                pieces.append((begin, end))
            total = highest = 0.0
            begin = place + 1
    return pieces


def mistaken_line():
    return 15


def roc_auc(scores, labels):
    """The share of pairs (one with label True, one with False) whose first has the higher score, ties counting half.

    scores (N,) numbers, labels (N,) booleans, both tensors → a number from 0 to 1.
    """
    low = scores[~labels].sort().values
    high = scores[labels].contiguous()
    below = torch.searchsorted(low, high)
    to = torch.searchsorted(low, high, right=True)
    return ((below + to) / 2 / len(low)).mean()
