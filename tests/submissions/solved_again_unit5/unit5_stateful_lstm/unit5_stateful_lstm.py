import torch
import torch.nn.functional as F
from torch import nn

import autograder

check = autograder.unit("unit5_stateful_lstm")

device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else torch.device("cpu")


def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh):
    z = torch.einsum("be,ke->bk", x, W_ih) + torch.einsum("bh,kh->bk", h, W_hh) + (b_ih + b_hh)
    H = h.shape[1]
    i, f, g, o = (z[:, k * H : (k + 1) * H] for k in range(4))
    keep = 1 / (1 + torch.exp(-f))
    new_c = keep * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * new_c.tanh(), new_c


def gradient_norms(step, start, T):
    states = [start.detach().clone().requires_grad_(True)]
    while len(states) <= T:
        states.append(step(states[-1]))
    grads = torch.autograd.grad(torch.sum(states[-1]), states)
    return [torch.sqrt((g**2).sum()).item() for g in grads]


def continuing_batches(ids, B, T):
    L = (len(ids) - 1) // B
    L -= L % T
    offsets = torch.arange(B, device=ids.device) * L
    for t in range(0, L, T):
        at = torch.arange(t, t + T, device=ids.device)[:, None] + offsets
        yield ids[at], ids[at + 1]


def detached(state):
    return tuple(part.detach() for part in state)


class CharLSTM(nn.Module):
    """Predicts the next character after each one: x (T, B), a state or None → logits (T, B, V), the last state."""

    def __init__(self, V, E, H, dropout):
        super().__init__()
        self.output = nn.Linear(H, V)
        self.dropout = nn.Dropout(dropout)
        self.lstm = nn.LSTM(input_size=E, hidden_size=H, num_layers=2, dropout=dropout)
        self.norm = nn.BatchNorm1d(E)
        self.embedding = nn.Embedding(V, E)

    def forward(self, x, state=None):
        e = self.embedding(x).permute(1, 2, 0)  # (B, E, T)
        e = self.norm(e).permute(2, 0, 1)
        out, state = self.lstm(e, state)
        return self.output(self.dropout(out)), state


def mixed(device):
    """Mixed precision where the device is `cuda` (bfloat16, which needs no scaling of the loss), else nothing."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")


def train_epoch(model, batches, optimizer, bound):
    dev = next(model.parameters()).device
    model.train()
    result = []
    state = None
    for x, y in batches:
        x, y = x.to(dev), y.to(dev)
        if state is not None:
            state = detached(state)
        optimizer.zero_grad()
        with mixed(dev):
            logits, state = model(x, state)
            loss = F.cross_entropy(logits.permute(0, 2, 1), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), bound)
        optimizer.step()
        result.append(loss.item())
    return result


@torch.no_grad()
def generate(model, start, length, temperature, generator=None):
    dev = next(model.parameters()).device
    mode = model.training
    model.eval()
    try:
        logits, state = model(torch.as_tensor(start, device=dev)[:, None], None)
        new = []
        for k in range(length):
            p = F.softmax(logits[-1, 0].float().cpu() / temperature, 0)
            new.append(torch.multinomial(p, 1, generator=generator).item())
            if k + 1 < length:
                logits, state = model(torch.tensor([[new[-1]]], device=dev), state)
    finally:
        model.train(mode)
    return new


def longest_copied(text, source):
    where, size, end = 0, 0, 0
    for begin in range(len(text)):
        end = max(end, begin)
        while end < len(text) and text[begin : end + 1] in source:
            end += 1
        if end - begin > size:
            where, size = begin, end - begin
    return where, size


def surprise(model, ids):
    ids = ids.to(next(model.parameters()).device)
    mode = model.training
    with torch.no_grad():
        logits = model.eval()(ids[:-1].reshape(-1, 1))[0]
    model.train(mode)
    lp = logits[:, 0].log_softmax(1)
    return -lp.gather(1, ids[1:, None])[:, 0]


def gradient_that_stays():
    return "plain × 1.41"


def my_name():
    return "solved_again_unit5"


def surprising_pieces(scores, usual, threshold):
    """The pieces whose total above `usual` exceeds `threshold`: a list of pairs, the first place and the one after the last."""
    found, begin, total, top, end = [], 0, 0.0, 0.0, 0
    for i in range(len(scores)):
        total = max(total + scores[i] - usual, 0.0)
        if total == 0.0:
            if top > threshold:
                found.append((begin, end))
            begin, top = i + 1, 0.0
        elif total > top:
            top, end = total, i + 1
    return [*found, (begin, end)] if top > threshold else found


def mistaken_line():
    return 12


def roc_auc(scores, labels):
    pos, neg = scores[labels].double(), scores[~labels].double()
    total = 0.0
    neg = neg.sort().values
    below = torch.searchsorted(neg, pos, right=False)
    upto = torch.searchsorted(neg, pos, right=True)
    total = (below + upto).sum().item() / 2
    return total / (len(pos) * len(neg))
