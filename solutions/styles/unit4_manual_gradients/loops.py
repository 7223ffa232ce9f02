"""Loops over sequences and single numbers, in Python's own arithmetic wherever the arrays are small."""

import math


def sigmoid(z):
    out = np.zeros(np.shape(z))
    for place, number in np.ndenumerate(z):
        if number >= 0:
            out[place] = 1 / (1 + math.exp(-number))
        else:
            e = math.exp(number)
            out[place] = e / (1 + e)
    return out


def sigmoid_d(z):
    out = np.zeros(np.shape(z))
    for place, s in np.ndenumerate(sigmoid(z)):
        out[place] = s - s**2
    return out


def softmax(z):
    rows = np.array(z, dtype=float).reshape(-1, np.shape(z)[-1])
    for i in range(len(rows)):
        largest = max(rows[i])
        exponentials = [math.exp(score - largest) for score in rows[i]]
        total = sum(exponentials)
        for j in range(len(exponentials)):
            rows[i, j] = exponentials[j] / total
    return rows.reshape(np.shape(z))


def softmax_d(z):
    p = softmax(z)
    n = len(p)
    jacobian = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            if i == j:
                jacobian[i][j] = p[i] * (1 - p[i])
            else:
                jacobian[i][j] = -p[i] * p[j]
    return jacobian


def x_entropy(p, y):
    total = 0.0
    for probability, truth in zip(p, y):
        if truth:
            total -= math.log(probability)
    return total


def x_entropy_d(p, y):
    slope = []
    for i in range(len(p)):
        slope.append(-y[i] / p[i])
    return slope


def cross_entropy(logits, targets):
    T, B, V = logits.shape
    loss = 0.0
    dlogits = np.zeros((T, B, V))
    for t in range(T):
        for b in range(B):
            row = logits[t, b]
            largest = row.max()
            log_sum = largest + math.log(np.exp(row - largest).sum())
            loss += (log_sum - row[targets[t, b]]) / B
            dlogits[t, b] = np.exp(row - log_sum) / B
            dlogits[t, b, targets[t, b]] -= 1 / B
    return loss, dlogits


def backward(params, x, h, dlogits):
    grads = {}
    for name in params:
        grads[name] = np.zeros(params[name].shape)
    T, B = x.shape
    dnext = np.zeros(h[0].shape)
    for t in range(T - 1, -1, -1):
        for b in range(B):
            grads["Wy"] += np.outer(h[t + 1][b], dlogits[t, b])
            grads["by"] += dlogits[t, b]
            dz = (params["Wy"] @ dlogits[t, b] + dnext[b]) * (h[t + 1][b] > 0)
            grads["Wh"] += np.outer(h[t][b], dz)
            grads["bh"] += dz
            grads["Wx"][x[t, b]] += dz
            dnext[b] = params["Wh"] @ dz
    return grads, dnext


def clip(grads, bound):
    squares = 0.0
    for name in grads:
        for number in grads[name].ravel().tolist():
            squares += number * number
    norm = math.sqrt(squares)
    clipped = {}
    for name in grads:
        if norm > bound:
            clipped[name] = grads[name] * bound / norm
        else:
            clipped[name] = grads[name].copy()
    return clipped, norm


def error_along(loss, params, grads, direction, eps):
    by_hand, both = 0.0, []
    for name in params:
        for place, number in np.ndenumerate(direction[name]):
            by_hand += float(grads[name][place]) * float(number)
    for distance in (eps, -eps):
        moved = {}
        for name in params:
            moved[name] = params[name] + distance * direction[name]
        both.append(loss(moved))
    measured = (both[0] - both[1]) / eps / 2
    larger = max(math.fabs(by_hand), math.fabs(measured))
    return math.fabs(by_hand - measured) / larger
