"""Loops over gates, sequences, steps and pairs; lists that are filled one by one."""

import math


def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh):
    H = h.shape[1]
    gates = []
    for k in range(4):
        rows = slice(k * H, (k + 1) * H)
        gates.append(x @ W_ih[rows].T + h @ W_hh[rows].T + b_ih[rows] + b_hh[rows])
    new_h, new_c = torch.zeros_like(h), torch.zeros_like(c)
    for b in range(len(x)):
        i, f, g, o = gates[0][b], gates[1][b], gates[2][b], gates[3][b]
        new_c[b] = torch.sigmoid(f) * c[b] + torch.sigmoid(i) * torch.tanh(g)
        new_h[b] = torch.sigmoid(o) * torch.tanh(new_c[b])
    return new_h, new_c


def gradient_norms(step, start, T):
    state = start.clone()
    state.requires_grad = True
    states = [state]
    for t in range(T):
        state = step(state)
        state.retain_grad()
        states.append(state)
    state.sum().backward()
    norms = []
    for state in states:
        norms.append(math.sqrt(float((state.grad**2).sum())))
    return norms


def continuing_batches(ids, B, T):
    L = (len(ids) - 1) // B
    L = L - L % T
    batches = []
    for n in range(L // T):
        x, y = [], []
        for i in range(B):
            begin = i * L + n * T
            x.append(ids[begin : begin + T])
            y.append(ids[begin + 1 : begin + T + 1])
        batches.append((torch.stack(x, dim=1), torch.stack(y, dim=1)))
    return batches


def detached(state):
    parts = []
    for part in state:
        parts.append(part.detach())
    return parts


def train_epoch(model, batches, optimizer, bound):
    where = next(model.parameters()).device
    losses = []
    state = None
    model.train()
    for x, y in batches:
        optimizer.zero_grad()
        if state is not None:
            state = (state[0].detach(), state[1].detach())
        logits, state = model(x.to(where), state)
        loss = 0
        for t in range(len(y)):
            loss = loss + F.cross_entropy(logits[t], y[t].to(where))
        loss = loss / len(y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=bound)
        optimizer.step()
        losses.append(loss.item())
    return losses


def generate(model, start, length, temperature, generator=None):
    where = next(model.parameters()).device
    mode = model.training
    model.eval()
    written = []
    with torch.no_grad():
        state = None
        for i in start:
            logits, state = model(torch.tensor([[i]], device=where), state)
        for _ in range(length):
            p = torch.softmax(logits[0, 0] / temperature, dim=0)
            drawn = int(torch.multinomial(p.cpu(), num_samples=1, generator=generator))
            written.append(drawn)
            logits, state = model(torch.tensor([[drawn]], device=where), state)
    if mode:
        model.train()
    return written


def surprise(model, ids):
    model.eval()
    nats, state = [], None
    with torch.no_grad():
        for t in range(len(ids) - 1):
            logits, state = model(ids[t].view(1, 1), state)
            nats.append(-F.log_softmax(logits[0, 0], dim=0)[ids[t + 1]])
    return torch.stack(nats)


def roc_auc(scores, labels):
    ahead, pairs = 0.0, 0
    for score, label in zip(scores.tolist(), labels.tolist()):
        for other, other_label in zip(scores.tolist(), labels.tolist()):
            if label and not other_label:
                pairs += 1
                if score > other:
                    ahead += 1
                elif score == other:
                    ahead += 0.5
    return ahead / pairs


def longest_copied(text, source):
    start = 0
    length = 0
    for i in range(len(text)):
        here = 0
        for end in range(i + 1, len(text) + 1):
            if source.find(text[i:end]) == -1:
                break
            here = end - i
        if here > length:
            start = i
            length = here
    return [start, length]
