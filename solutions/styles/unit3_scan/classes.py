"""A named tuple for the carry, a class for the network and one for the trainer, over several cells, with annotations."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

Weights = dict[str, torch.Tensor]


# %%
class Carry(NamedTuple):
    h: torch.Tensor
    logits: torch.Tensor | None = None


class Scan:
    """An iterator over the results."""

    def __init__(self, fn: Callable, start: Any, xs: Iterable) -> None:
        self.fn, self.carried, self.xs = fn, start, iter(xs)

    def __iter__(self) -> "Scan":
        return self

    def __next__(self) -> Any:
        self.carried = self.fn(self.carried, next(self.xs))
        return self.carried


def scan(fn: Callable, start: Any, xs: Iterable) -> list:
    return list(Scan(fn, start, xs))


# %%
@dataclass
class Network:
    weights: Weights

    def __call__(self, carry: Carry, x: torch.Tensor) -> Carry:
        w = self.weights
        h = torch.matmul(x, w["Wx"]).add(torch.matmul(carry.h, w["Wh"])).add(w["bh"]).relu()
        return Carry(h, torch.matmul(h, w["Wy"]).add(w["by"]))

    def run(self, h0: torch.Tensor, xs: torch.Tensor) -> list[Carry]:
        return scan(self, Carry(h0), xs)


def step(carry: tuple, x: torch.Tensor, weights: Weights) -> Carry:
    return Network(weights)(Carry(*carry), x)


def network(weights: Weights, h0: torch.Tensor, xs: torch.Tensor) -> list[torch.Tensor]:
    steps = Network(weights).run(h0, xs)
    return [
        torch.stack([carry.h for carry in steps]),
        torch.stack([carry.logits for carry in steps]),
    ]


# %%
@torch.enable_grad()
def gradients(
    weights: Weights, h0: torch.Tensor, xs: torch.Tensor, targets: torch.Tensor
) -> tuple[float, Weights]:
    parameters = torch.nn.ParameterDict({name: w.detach().clone() for name, w in weights.items()})
    loss = sequence_loss(network(parameters, h0, xs)[1], targets)
    loss.backward()
    return loss.item(), {name: parameters[name].grad for name in weights}


# %%
class Trainer:
    def __init__(self, weights: Weights, lr: float, every: int) -> None:
        self.weights, self.lr, self.recent, self.errors = weights, lr, deque(maxlen=every), []

    @property
    def start(self) -> torch.Tensor:
        return torch.zeros(self.weights["Wh"].shape[1])

    def learn(self, ids: torch.Tensor, targets: torch.Tensor) -> float:
        xs = one_hot(ids, self.weights["Wx"].shape[0])
        loss, grads = gradients(self.weights, self.start, xs, targets)
        self.weights = update(self.weights, grads, self.lr)
        return loss

    def run(self, sequences: Iterable) -> None:
        for n, (ids, targets) in enumerate(sequences, 1):
            self.recent.append(self.learn(ids, targets))
            if n % self.recent.maxlen == 0:
                self.errors.append(float(np.mean(self.recent)))


def train_online(
    weights: Weights, sequences: Iterable, lr: float, every: int = 1000
) -> tuple[Weights, list[float]]:
    trainer = Trainer(weights, lr, every)
    trainer.run(sequences)
    return trainer.weights, trainer.errors


# %%
class Map:
    """The map h → a h + b, many at once; `>>` makes one of two in a row."""

    def __init__(self, a: torch.Tensor, b: torch.Tensor) -> None:
        self.a, self.b = a, b

    def __call__(self, h: torch.Tensor) -> torch.Tensor:
        return self.a * h + self.b

    def __rshift__(self, later: "Map") -> "Map":
        return Map(later.a * self.a, later(self.b))


def combine(earlier: torch.Tensor, later: torch.Tensor) -> torch.Tensor:
    both = Map(*earlier.unbind(1)) >> Map(*later.unbind(1))
    return torch.stack([both.a, both.b], 1)


def linear_recurrence(a: torch.Tensor, b: torch.Tensor, h0: torch.Tensor) -> torch.Tensor:
    maps = parallel_scan(combine, torch.stack([a, b], dim=1))
    return Map(maps[:, 0], maps[:, 1])(h0)


@dataclass(frozen=True)
class Drawn:
    generator: torch.Generator

    def __call__(self, rows: int, columns: int) -> torch.Tensor:
        spread = torch.full((rows, columns), (2 / rows) ** 0.5)
        return torch.normal(torch.zeros(()), spread, generator=self.generator)


def initial_weights(V: int, H: int, generator: torch.Generator) -> Weights:
    drawn = Drawn(generator)
    biases = {"bh": torch.zeros(H), "by": torch.zeros(V)}
    return {"Wx": drawn(V, H), "Wh": torch.eye(H), "Wy": drawn(H, V), **biases}
