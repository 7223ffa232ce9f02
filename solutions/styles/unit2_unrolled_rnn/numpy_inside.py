"""NumPy for what has no gradient: ids, windows, the likeliest characters."""


def vocabulary(text):
    return ["\0"] + np.unique(list(text)).tolist()


def encode(text, chars):
    letters, known = np.array(list(text)), np.array(chars)
    found = letters[:, None] == known
    return torch.from_numpy(np.where(found.any(1), found.argmax(1), 0))


def windows(ids, n):
    N = (len(ids) - 1) // n
    array = np.asarray(ids)
    places = np.arange(n)[:, None] + n * np.arange(N)
    return torch.from_numpy(array[places]), torch.from_numpy(array[n * np.arange(1, N + 1)])


def sequence_windows(ids, n):
    pairs = np.lib.stride_tricks.sliding_window_view(np.asarray(ids), n + 1)[::n]
    return torch.tensor(pairs[:, :-1].T), torch.tensor(pairs[:, 1:].T)


def train(model, batches, optimizer):
    losses = np.empty(0)
    for x, y in batches:
        optimizer.zero_grad()
        loss = mean_loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses = np.append(losses, loss.detach().numpy())
    return losses.tolist()


def next_character(model, chars, text):
    ids = torch.from_numpy(np.array([[chars.index(c) if c in chars else 0] for c in text]))
    scores = model(ids).detach().numpy()
    return chars[np.argmax(scores, axis=-1).item()]


def as_nn_rnn(model):
    arrays = {name: p.detach().numpy() for name, p in model.named_parameters()}
    H, E = arrays["input.weight"].shape
    rnn = nn.RNN(E, H, nonlinearity="relu")
    for new, old in {"ih": "input", "hh": "hidden"}.items():
        for kind in ("weight", "bias"):
            getattr(rnn, f"{kind}_{new}_l0").data = torch.tensor(arrays[f"{old}.{kind}"])
    return rnn


def loss_by_position(logits, targets):
    scores, ids = logits.detach().numpy().astype(np.float64), targets.numpy()
    scores = scores - scores.max(-1, keepdims=True)
    log_p = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
    return torch.from_numpy(-np.take_along_axis(log_p, ids[..., None], -1).mean((1, 2)))


def shift_gap(model, x, k):
    with torch.no_grad():
        states = model.read(x)
        late = model.read(x[k:], states[k - 1])
    return np.abs(states.numpy()[k:] - late.numpy()).max()


def written(probabilities, chars, text, numbers):
    for u in numbers:
        place = np.searchsorted(np.cumsum(probabilities(text)), u, side="right")
        text += chars[min(place, len(chars) - 1)]
    return text


def count_next(text, n):
    counts = []
    for k in range(n + 1):
        pieces = [text[i : i + k + 1] for i in range(len(text) - k)]
        counts.append(table := {})
        for piece, how_often in zip(*np.unique(pieces, return_counts=True), strict=True):
            *context, character = str(piece)
            table.setdefault("".join(context), Counter())[character] = int(how_often)
    return counts


def backed_off(counts, context, c, V):
    ends = [context[len(context) - k :] for k in range(min(len(counts), len(context) + 1))]
    found = [table[end] for table, end in zip(counts, ends, strict=False) if end in table]
    how_often = np.array([following[c] for following in found])
    N = np.array([sum(following.values()) for following in found])
    d = np.array([len(following) for following in found])
    passed_on = np.append(np.cumprod((d / (N + d))[::-1])[::-1], 1.0)
    return passed_on[0] / V + (how_often / (N + d) * passed_on[1:]).sum()


def smoothed(losses, keep):
    ago = np.arange(len(losses))[:, None] - np.arange(len(losses))
    shares = np.tril(float(keep) ** np.abs(ago))
    return shares @ np.asarray(losses) / shares.sum(1)
