"""Plain loops with counters and dicts filled one by one; gradients by `backward` on copies."""


def scan(fn, start, xs):
    results = []
    for x in xs:
        if len(results) == 0:
            results.append(fn(start, x))
        else:
            results.append(fn(results[-1], x))
    return results


def cumulative_sum(xs):
    def add(total, row):
        return total + row

    sums = scan(add, 0, xs)
    out = torch.empty_like(xs)
    for t in range(len(xs)):
        out[t] = sums[t]
    return out


def one_hot(ids, V):
    rows = torch.zeros(len(ids), V)
    for t in range(len(ids)):
        rows[t, ids[t]] = 1
    return rows


def network(weights, h0, xs):
    carry = (h0, None)
    h, logits = [], []
    for t in range(xs.shape[0]):
        carry = step(carry, xs[t], weights)
        h.append(carry[0])
        logits.append(carry[1])
    return torch.stack(h), torch.stack(logits)


def sequence_loss(logits, targets):
    total = torch.tensor(0.0)
    for t in range(len(targets)):
        total = total - torch.log_softmax(logits[t], dim=0)[targets[t]]
    return total


def gradients(weights, h0, xs, targets):
    copies = {}
    for name in weights:
        copies[name] = weights[name].clone()
        copies[name].requires_grad = True
    loss = sequence_loss(network(copies, h0, xs)[1], targets)
    loss.backward()
    grads = {}
    for name in copies:
        grads[name] = copies[name].grad
    return loss.item(), grads


def update(weights, grads, lr):
    new = {}
    for name in weights:
        new[name] = torch.sub(weights[name], grads[name], alpha=lr)
    return new


def train_online(weights, sequences, lr, every=1000):
    errors = []
    total, count = 0.0, 0
    for ids, targets in sequences:
        xs = one_hot(ids, weights["Wy"].shape[1])
        loss, grads = gradients(weights, torch.zeros(weights["bh"].shape), xs, targets)
        weights = update(weights, grads, lr)
        total += loss
        count += 1
        if count == every:
            errors.append(total / every)
            total, count = 0.0, 0
    return weights, errors


def combine(earlier, later):
    combined = torch.zeros_like(earlier)
    combined[:, 0] = earlier[:, 0] * later[:, 0]
    combined[:, 1] = later[:, 0] * earlier[:, 1] + later[:, 1]
    return combined


def linear_recurrence(a, b, h0):
    distance = 1
    while distance < len(a):
        carried_b = a[distance:] * b[:-distance] + b[distance:]
        carried_a = a[distance:] * a[:-distance]
        a = torch.cat([a[:distance], carried_a])
        b = torch.cat([b[:distance], carried_b])
        distance = distance * 2
    return a * h0 + b


def initial_weights(V, H, generator):
    weights = {}
    for name, rows, columns in (("Wx", V, H), ("Wy", H, V)):
        matrix = torch.empty(rows, columns)
        for row in matrix:
            row.copy_(torch.randn(columns, generator=generator))
        weights[name] = matrix * (2 / rows) ** 0.5
    weights["Wh"] = torch.zeros(H, H)
    for i in range(H):
        weights["Wh"][i, i] = 1.0
    weights["bh"] = torch.zeros(H)
    weights["by"] = torch.zeros(V)
    return weights
