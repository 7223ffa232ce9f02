"""Python loops over windows, steps and sequences; strings and lists until the last moment."""


def vocabulary(text):
    found = []
    for character in text:
        if character not in found:
            found.append(character)
    found.sort()
    found.insert(0, "\0")
    return found


def encode(text, chars):
    ids = []
    for character in text:
        if character in chars:
            ids.append(chars.index(character))
        else:
            ids.append(0)
    return torch.LongTensor(ids)


def windows(ids, n):
    columns, following = [], []
    start = 0
    while start + n < len(ids):
        columns.append(ids[start : start + n])
        following.append(ids[start + n])
        start += n
    return torch.stack(columns, dim=1), torch.stack(following)


def sequence_windows(ids, n):
    x, y = [], []
    for start in range(0, len(ids) - n, n):
        x.append(ids[start : start + n])
        y.append(ids[start + 1 : start + n + 1])
    return torch.stack(x, dim=1), torch.stack(y, dim=1)


class ThreeCharacters(nn.Module):
    def __init__(self, V, E, H):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.input = nn.Linear(E, H)
        self.hidden = nn.Linear(H, H)
        self.output = nn.Linear(H, V)

    def forward(self, x):
        h = None
        for t in range(3):
            seen = F.relu(self.input(self.embedding(x[t])))
            if h is None:
                h = seen
            else:
                h = seen + self.hidden(h).tanh()
        return self.output(h)


def mean_loss(logits, targets):
    if logits.dim() == 2:
        return F.cross_entropy(logits, targets)
    total = 0
    for row, wanted in zip(logits, targets):
        total = total + mean_loss(row, wanted)
    return total / len(logits)


def loss_by_position(logits, targets):
    return torch.stack([F.cross_entropy(logits[t], targets[t]) for t in range(len(logits))])


def shift_gap(model, x, k):
    whole = model.read(x)
    later = model.read(x[k:], whole[k - 1])
    largest = 0.0
    for t in range(len(later)):
        largest = max(largest, float(torch.max(torch.abs(whole[k + t] - later[t]))))
    return largest


def written(probabilities, chars, text, numbers):
    for i in range(len(numbers)):
        shares = list(probabilities(text))
        place, total = 0, float(shares[0])
        while total <= numbers[i] and place < len(chars) - 1:
            place += 1
            total += float(shares[place])
        text = text + chars[place]
    return text


def count_next(text, n):
    counts = []
    for k in range(n + 1):
        table = {}
        for i in range(k, len(text)):
            context = text[i - k : i]
            if context not in table:
                table[context] = Counter()
            table[context][text[i]] += 1
        counts.append(table)
    return counts


def backed_off(counts, context, c, V):
    p, k = 1 / V, 0
    while k < len(counts) and k <= len(context):
        end = context[len(context) - k :]
        if end not in counts[k]:
            break
        N = d = 0
        for how_often in counts[k][end].values():
            N += how_often
            d += 1
        p = counts[k][end][c] / (N + d) + d / (N + d) * p
        k += 1
    return p
