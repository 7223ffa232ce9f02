"""Small classes: an element of a scan, a memory that is written and read, a trainer."""


class Step:
    """Steps of a linear recurrence, many at once."""

    def __init__(self, factor, added):
        self.factor, self.added = factor, added

    def then(self, later):
        return Step(self.factor * later.factor, self.added * later.factor + later.added)

    def __iter__(self):
        return iter((self.factor, self.added))


def linear_recurrence(a, b, h0):
    def op(earlier, later):
        return tuple(Step(*earlier).then(Step(*later)))

    whole = Step(*parallel_scan(op, (a, b)))
    return whole.factor * h0 + whole.added


class Memory:
    """A matrix that is written under keys and read by queries."""

    def __init__(self, state):
        self.state = np.array(state, dtype=float)

    def fade(self, share):
        self.state = self.state * share

    def add(self, key, value):
        self.state = self.state + key.reshape(-1, 1) @ value.reshape(1, -1)

    def overwrite(self, key, value, share):
        self.add(share * key, value - self.read(key))

    def read(self, query):
        return query @ self.state


def recurrent_attention(q, k, v, state):
    memory, outputs = Memory(state), []
    for query, key, value in zip(q, k, v):
        memory.add(key, value)
        outputs.append(memory.read(query))
    return np.array(outputs), memory.state


def delta_rule(q, k, v, beta, keep, state):
    memory, outputs = Memory(state), []
    for query, key, value, share, stays in zip(q, k, v, beta, keep):
        memory.fade(stays)
        memory.overwrite(key, value, share)
        outputs.append(memory.read(query))
    return np.array(outputs), memory.state


class Gate:
    def __init__(self, weights):
        self.weights = weights

    def __call__(self, x):
        z = 1 / (1 + np.exp(-(self.weights["Wz"][x] + self.weights["bz"])))
        return 1 - z, np.multiply(z, self.weights["Wc"][x])


def gates(weights, x):
    return Gate(weights)(x)


class Trainer:
    def __init__(self, weights, lr):
        self.weights, self.lr, self.losses = weights, lr, []

    def step(self, x, targets):
        loss, grads = gradients(self.weights, x, targets)
        self.losses.append(loss)
        self.weights = {n: w - self.lr * grads[n] for n, w in self.weights.items()}


def train(weights, batches, lr):
    trainer = Trainer(weights, lr)
    for x, targets in batches:
        trainer.step(x, targets)
    return trainer.weights, trainer.losses


class Head:
    def __init__(self, k, v):
        self.k, self.v = k, v

    def answer(self, query, seen):
        scores = self.k[:seen] @ query / np.sqrt(len(query))
        shares = np.exp(scores - scores.max())
        return shares @ self.v[:seen] / shares.sum()


def attention_head(q, k, v):
    head = Head(k, v)
    return np.array([head.answer(query, t + 1) for t, query in enumerate(q)])
