"""Layers hold the weights; `F.embedding`, `F.linear` and matrix products use them. `partial` and `reduce` for loops."""

from functools import partial, reduce


class ThreeCharacters(nn.Module):
    def __init__(self, V, E, H):
        super().__init__()
        layers = {
            "embedding": nn.Embedding(V, E),
            "input": nn.Linear(E, H),
            "hidden": nn.Linear(H, H),
        }
        for name, layer in {**layers, "output": nn.Linear(H, V)}.items():
            self.add_module(name, layer)

    def step(self, h, ids):
        green = F.linear(
            F.embedding(ids, self.embedding.weight), self.input.weight, self.input.bias
        )
        return green.clamp(min=0) + torch.tanh(
            torch.addmm(self.hidden.bias, h, self.hidden.weight.t())
        )

    def forward(self, x):
        first, *rest = x
        h = (self.embedding.weight[first] @ self.input.weight.T + self.input.bias).clamp_min(0)
        return F.linear(reduce(self.step, rest, h), self.output.weight, self.output.bias)


class Recurrent(nn.Module):
    def __init__(self, V, E, H):
        super().__init__()
        linear = {"input": (E, H), "hidden": (H, H), "output": (H, V)}
        self.embedding = nn.Embedding(V, E)
        for name, sizes in linear.items():
            setattr(self, name, nn.Linear(*sizes))
        with torch.no_grad():
            self.hidden.weight.copy_(torch.eye(H))
            self.hidden.bias.fill_(0)

    def read(self, x, h=None):
        if h is None:
            h = self.hidden.weight.new_zeros(x.shape[1], self.hidden.in_features)
        green = F.linear(F.embedding(x, self.embedding.weight), self.input.weight, self.input.bias)
        add = partial(F.linear, weight=self.hidden.weight, bias=self.hidden.bias)
        states = reduce(lambda found, g: [*found, F.relu(g + add(found[-1]))], green.unbind(0), [h])
        return torch.stack(states[1:])

    def forward(self, x):
        return F.linear(self.read(x)[-1], self.output.weight, self.output.bias)


class EveryStep(Recurrent):
    def forward(self, x):
        return torch.einsum("tbh,vh->tbv", self.read(x), self.output.weight) + self.output.bias


def train(model, batches, optimizer):
    def loss_of(x, y):
        optimizer.zero_grad(set_to_none=False)
        loss = mean_loss(model(x), y)
        loss.backward()
        return loss

    return [float(optimizer.step(partial(loss_of, x, y))) for x, y in batches]


def encode(text, chars):
    place = dict(zip(chars, range(len(chars)), strict=True))
    return torch.as_tensor(list(map(lambda c: place.get(c, 0), text)), dtype=torch.int64)


def count_next(text, n):
    def add(counts, i):
        for k, table in enumerate(counts[: i + 1]):
            table.setdefault(text[i - k : i], Counter()).update(text[i])
        return counts

    return reduce(add, range(len(text)), [{} for _ in range(n + 1)])


def backed_off(counts, context, c, V):
    def mix(p, table_and_k):
        table, k = table_and_k
        following = table.get(context[len(context) - k :], {}) if k <= len(context) else {}
        d, N = len(following), sum(following.values())
        return (following.get(c, 0) + d * p) / (N + d) if d else p

    return reduce(mix, zip(counts, range(len(counts)), strict=True), 1 / V)


def smoothed(losses, keep):
    from itertools import accumulate

    sums = accumulate(losses, lambda before, loss: keep * before + loss)
    weights = accumulate([1.0] * len(losses), lambda before, one: keep * before + one)
    return np.divide(list(sums), list(weights))
