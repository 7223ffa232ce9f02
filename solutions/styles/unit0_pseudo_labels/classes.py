"""Classes around everything: an abstract iterator, a dataclass, a context for the mode, a trainer; over several cells."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Pair = tuple[torch.Tensor, torch.Tensor]


# %%
@dataclass
class MixIterator(Iterator):
    children: Sequence[Any]

    @property
    def N(self) -> int:  # noqa: N802 (the text's name)
        return sum(child.N for child in self.children)

    def __next__(self) -> Pair:
        pairs = [next(child) for child in self.children]
        return torch.cat([x for x, _ in pairs]), torch.cat([y for _, y in pairs])

    def reset(self) -> None:
        [child.reset() for child in self.children]


# %%
class Epoch:
    """A pass over batches, as an iterator with a count."""

    def __init__(self, batches: Any) -> None:
        self.batches, self.left = batches, batches.N
        batches.reset()

    def __iter__(self) -> "Epoch":
        return self

    def __next__(self) -> Pair:
        if self.left <= 0:
            raise StopIteration
        x, y = next(self.batches)
        self.left -= len(x)
        return x, y


def one_epoch(batches: Any) -> Epoch:
    return Epoch(batches)


# %%
@contextmanager
def evaluating(model: nn.Module):
    mode = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield model
    finally:
        model.train(mode)


def pseudo_labels(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    with evaluating(model) as steady:
        return nn.Softmax(dim=-1)(steady(x))


# %%
class SoftCrossEntropy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.log_softmax = nn.LogSoftmax(dim=1)

    def forward(self, logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return -(self.log_softmax(logits) * y).sum(dim=1).mean(dim=0)


def soft_cross_entropy(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return SoftCrossEntropy()(logits, y)


# %%
class Trainer:
    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        self.model, self.optimizer, self.losses = model, optimizer, []

    def step(self, x: torch.Tensor, y: torch.Tensor) -> None:
        loss = soft_cross_entropy(self.model(x), y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.losses.append(loss.item())

    def run(self, batches: Any, steps: int) -> list[float]:
        self.model.train()
        for _, batch in zip(range(steps), batches):
            self.step(*batch)
        return self.losses


def train(
    model: nn.Module, batches: Any, optimizer: torch.optim.Optimizer, steps: int
) -> list[float]:
    return Trainer(model, optimizer).run(batches, steps)
