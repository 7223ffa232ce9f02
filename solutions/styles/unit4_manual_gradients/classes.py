"""A network of layer objects that keep what they need to go back; the functions only call it. Spread over cells."""

from dataclasses import dataclass, field


class Linear:
    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias
        self.d_weight, self.d_bias = np.zeros_like(weight), np.zeros_like(bias)

    def __call__(self, inputs):
        return inputs @ self.weight + self.bias

    def back(self, inputs, d_out):
        self.d_weight += inputs.T @ d_out
        self.d_bias += d_out.sum(0)
        return d_out @ self.weight.T


# %%
class Lookup:
    def __init__(self, table):
        self.table, self.d_table = table, np.zeros_like(table)

    def __call__(self, ids):
        return self.table.take(ids, axis=0)

    def back(self, ids, d_out):
        for i, d in zip(ids, d_out, strict=True):
            self.d_table[i] += d


# %%
@dataclass
class Network:
    params: dict
    states: list = field(default_factory=list)

    def __post_init__(self):
        self.input = Lookup(self.params["Wx"])
        self.hidden = Linear(self.params["Wh"], self.params["bh"])
        self.output = Linear(self.params["Wy"], self.params["by"])

    def run(self, x, h0):
        self.states = [h0]
        for ids in x:
            self.states.append(relu(self.input(ids) + self.hidden(self.states[-1])))
        return np.stack([self.output(h) for h in self.states[1:]])

    def back(self, x, dlogits):
        dh = np.zeros_like(self.states[0])
        for t in reversed(range(len(x))):
            dh = dh + self.output.back(self.states[t + 1], dlogits[t])
            dz = dh * relu_d(self.states[t + 1])
            self.input.back(x[t], dz)
            dh = self.hidden.back(self.states[t], dz)
        return dh

    @property
    def gradients(self):
        found = dict(Wx=self.input.d_table, Wh=self.hidden.d_weight, bh=self.hidden.d_bias)
        found.update(Wy=self.output.d_weight, by=self.output.d_bias)
        return found


# %%
def forward(params, x, h0):
    network = Network(params)
    logits = network.run(x, h0)
    return logits, np.stack(network.states)


def backward(params, x, h, dlogits):
    network = Network(params, list(h))
    start = network.back(x, dlogits)
    return network.gradients, start


# %%
class Optimizer:
    def __init__(self, params, lr, bound):
        self.params, self.lr, self.bound = params, lr, bound

    def step(self, grads):
        shortened, _ = clip(grads, self.bound)
        self.params = sgd(self.params, shortened, self.lr)


def train(params, batches, lr, bound):
    optimizer, losses = Optimizer(params, lr, bound), []
    for x, targets in batches:
        network = Network(optimizer.params)
        loss, dlogits = cross_entropy(
            network.run(x, np.zeros((x.shape[1], params["bh"].size))), targets
        )
        network.back(x, dlogits)
        optimizer.step(network.gradients)
        losses += [loss]
    return optimizer.params, losses


# %%
class Writer:
    """An iterator over drawn ids."""

    def __init__(self, params, temperature, rng):
        self.params, self.temperature, self.rng = params, temperature, rng
        self.h = np.zeros((1, params["Wh"].shape[0]))

    def read(self, i):
        self.logits, h = forward(self.params, np.array([[i]]), self.h)
        self.h = h[1]

    def __iter__(self):
        return self

    def __next__(self):
        p = softmax(self.logits[0, 0] / self.temperature)
        drawn = int(self.rng.multinomial(1, p).argmax())
        self.read(drawn)
        return drawn


def sample(params, start, length, temperature, rng):
    writer = Writer(params, temperature, rng)
    for i in start:
        writer.read(i)
    return np.array([next(writer) for _ in range(length)])
