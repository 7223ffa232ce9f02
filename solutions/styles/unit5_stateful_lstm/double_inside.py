"""Computes in float64 inside, NumPy where nothing needs a gradient."""


def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh):
    x, h, c, W_ih, W_hh, b_ih, b_hh = (
        given.double() for given in (x, h, c, W_ih, W_hh, b_ih, b_hh)
    )
    z = (torch.matmul(x, W_ih.mT) + b_ih + torch.matmul(h, W_hh.mT) + b_hh).reshape(len(x), 4, -1)
    gates, candidate = torch.sigmoid(z[:, [0, 1, 3]]), torch.tanh(z[:, 2])
    c = gates[:, 1] * c + gates[:, 0] * candidate
    return gates[:, 2] * torch.tanh(c), c


def continuing_batches(ids, B, T):
    L = (len(ids) - 1) // B // T * T
    array = np.asarray(ids)
    x, y = (np.reshape(array[shift : shift + B * L], (B, L)).T for shift in (0, 1))
    return ((torch.tensor(x[t : t + T]), torch.tensor(y[t : t + T])) for t in range(0, L, T))


def train_epoch(model, batches, optimizer, bound):
    losses, state = np.empty(0), None
    for x, y in batches:
        logits, state = model.train()(x, state)
        state = tuple(part.detach().clone() for part in state)
        loss = F.cross_entropy(logits.double().reshape(-1, logits.shape[-1]), y.reshape(-1))
        model.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), bound)
        optimizer.step()
        losses = np.append(losses, loss.item())
    return losses.tolist()


def generate(model, start, length, temperature, generator=None):
    mode, state, ids = model.training, None, np.zeros(length, int)
    model.eval()
    x = torch.tensor([[i] for i in start])
    for n in range(length):
        with torch.no_grad():
            logits, state = model(x, state)
        scores = logits[-1, 0].double().numpy() / temperature
        p = np.exp(scores - scores.max())
        edges = np.cumsum(p / p.sum())
        drawn = torch.rand(1, generator=generator, dtype=torch.float64).item()
        ids[n] = min(np.searchsorted(edges, drawn), len(edges) - 1)
        x = torch.tensor([[int(ids[n])]])
    model.train(mode)
    return ids.tolist()


@torch.no_grad()
def surprise(model, ids):
    model.eval()
    scores = model(ids[:-1][:, None])[0][:, 0].double().numpy()
    log_p = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return -np.take_along_axis(log_p, ids[1:, None].numpy(), axis=1)[:, 0]


def roc_auc(scores, labels):
    scores, labels = scores.numpy().astype(float), labels.numpy()
    others = np.sort(scores[~labels])
    below = np.searchsorted(others, scores[labels], "left")
    up_to = np.searchsorted(others, scores[labels], "right")
    return np.mean(below + up_to) / 2 / len(others)
