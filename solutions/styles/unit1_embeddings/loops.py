"""Loops over words, rows and factors, with lists that are filled one by one."""


def index_words(words):
    index = {}
    for word in words:
        if word not in index:
            index[word] = len(index) + 1
    return index


def encode(words, index):
    ids = []
    for word in words:
        if word in index:
            ids.append(index[word])
        else:
            ids.append(0)
    return torch.LongTensor(ids)


def one_hot(ids, V):
    rows = torch.zeros(len(ids), V)
    for b, i in enumerate(ids):
        rows[b][i] = 1.0
    return rows


def lookup(table, ids):
    rows = []
    for i in ids:
        rows.append(table[i])
    return torch.stack(rows)


def lookup_backward(ids, dout, V):
    gradient = torch.zeros((V, len(dout[0])))
    for i, row in zip(ids, dout):
        gradient[i] += row
    return gradient


def reindex(raw):
    originals = sorted(set(raw.tolist()))
    ids = [originals.index(number) for number in raw.tolist()]
    return torch.tensor(ids), torch.tensor(originals)


def dot_product(a, b):
    total = torch.zeros(len(a))
    for e in range(a.shape[1]):
        total = total + a[:, e] * b[:, e]
    return total


def penalty(model):
    total = 0
    for part in model.modules():
        if type(part) is nn.Embedding:
            total = total + torch.sum(part.weight * part.weight)
    return total


def mse(model, users, movies, ratings):
    model.eval()
    squares = 0.0
    for start in range(0, len(users), 10):
        rows = slice(start, start + 10)
        errors = model(users[rows], movies[rows]) - ratings[rows]
        squares += float((errors**2).sum())
    return squares / len(users)


def train(model, batches, optimizer, decay):
    losses = []
    for batch in batches:
        users, movies, ratings = batch
        model.train()
        optimizer.zero_grad()
        loss = F.mse_loss(model(users, movies), ratings)
        total = loss + decay * penalty(model)
        total.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def best_and_worst(bias, count):
    order = sorted(range(len(bias)), key=lambda i: float(bias[i]))
    worst = order[:count]
    order.reverse()
    return order[:count], worst


def neighbours(table, row, count):
    similar = []
    for i in range(len(table)):
        if i != row:
            cosine = torch.dot(table[i], table[row]) / (table[i].norm() * table[row].norm())
            similar.append((float(cosine), i))
    similar.sort(reverse=True)
    return [i for _, i in similar[:count]]
