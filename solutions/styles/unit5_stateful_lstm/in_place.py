"""In-place operations on tensors of its own, buffers made once; no shorthand."""


def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh):
    z = torch.mm(x, W_ih.t())
    z += torch.mm(h, W_hh.t())
    z += b_ih
    z += b_hh
    i, f, g, o = (part.clone() for part in z.split(h.shape[1], 1))
    i.sigmoid_(), f.sigmoid_(), g.tanh_(), o.sigmoid_()
    new_c = f * c
    new_c += i * g
    return o * new_c.tanh(), new_c


def continuing_batches(ids, B, T):
    length = (len(ids) - 1) // B
    length -= length % T
    x, y = ids.new_empty(length, B), ids.new_empty(length, B)
    for i in range(B):
        x[:, i] = ids[i * length : (i + 1) * length]
        y[:, i] = ids[i * length + 1 : (i + 1) * length + 1]
    return [[x[t : t + T], y[t : t + T]] for t in range(0, length, T)]


def detached(state):
    h, c = state
    return h.data, c.data


class CharLSTM(nn.Module):
    def __init__(self, V, E, H, dropout=0.0, layers=2):
        nn.Module.__init__(self)
        self.embedding = nn.Embedding(V, E)
        self.norm = nn.BatchNorm1d(num_features=E)
        self.lstm = nn.LSTM(E, H, layers, dropout=dropout)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(H, V)

    def forward(self, x, state=None):
        if state is None:
            zeros = torch.zeros(
                self.lstm.num_layers, x.shape[1], self.lstm.hidden_size, device=x.device
            )
            state = (zeros, zeros.clone())
        embedded = self.norm(self.embedding(x).transpose(1, 2)).transpose(1, 2)
        out, (h, c) = self.lstm(embedded, state)
        logits = self.output(self.dropout(out))
        return logits, (h, c)


def gradient_norms(step, start, T):
    states = [start + torch.zeros_like(start).requires_grad_()]
    while len(states) <= T:
        states.append(step(states[-1]))
    norms = torch.zeros(T + 1)
    for t, gradient in enumerate(torch.autograd.grad(outputs=states[T].sum(), inputs=states)):
        norms[t] = torch.linalg.norm(gradient)
    return norms


def surprise(model, ids):
    model.eval()
    nats = torch.empty(len(ids) - 1)
    with torch.no_grad():
        scores, _ = model(ids[: len(ids) - 1, None])
        scores = scores[:, 0].clone()
        scores -= scores.logsumexp(1, keepdim=True)
        nats[:] = scores[torch.arange(len(nats)), ids[1:]]
        nats.neg_()
    return nats


def roc_auc(scores, labels):
    """The area below the curve of hits over false alarms, in trapezoids: one for each score that occurs."""
    hits, alarms, area = 0.0, 0.0, 0.0
    positives, negatives = labels.sum().item(), (~labels).sum().item()
    for value in scores.unique().flip(0):
        same = scores == value
        more, wrong = (
            (same & labels).sum().item() / positives,
            (same & ~labels).sum().item() / negatives,
        )
        area += wrong * (hits + more / 2)
        hits += more
        alarms += wrong
    return area / alarms


def longest_copied(text, source):
    """Row by row: how long the piece is that ends at this character and at each of the source's."""
    codes = np.array([ord(c) for c in source], dtype=np.int32)
    ending = np.zeros(len(source) + 1, dtype=np.int64)
    best = [0, 0]
    for i, character in enumerate(text):
        ending[1:] = ending[:-1] + 1
        ending[1:] *= codes == ord(character)
        longest = int(ending.max())
        if longest > best[1]:
            best[:] = i + 1 - longest, longest
    return best
