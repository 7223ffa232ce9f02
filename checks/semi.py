"""What the experiments of unit 0 are made of: batches that count, and digits of which most labels
are hidden.
"""

from functools import cache
from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.check import Arrays, Corpus


def draw(rng: np.random.Generator, *shape: int, spread: float = 1.0) -> torch.Tensor:
    return torch.from_numpy(rng.normal(0, spread, shape)).float()


def soft(rng: np.random.Generator, n: int, classes: int = 8) -> torch.Tensor:
    return torch.from_numpy(rng.dirichlet(np.ones(classes), n)).float()


class Child:
    """Batches in the order of the rows, over and over; a pass ends with a short batch. It counts
    resets and batches.
    """

    def __init__(self, x: torch.Tensor, y: torch.Tensor, size: int) -> None:
        self.x, self.y, self.size, self.N = x, y, size, len(x)
        self.place, self.resets, self.drawn = 0, 0, 0

    def __iter__(self) -> "Child":
        return self

    def __next__(self) -> tuple[torch.Tensor, torch.Tensor]:
        rows = slice(self.place, self.place + self.size)
        self.place, self.drawn = 0 if rows.stop >= self.N else rows.stop, self.drawn + 1
        return self.x[rows], self.y[rows]

    def reset(self) -> None:
        self.place, self.resets = 0, self.resets + 1


class Uneven(Child):
    """Batches whose sizes grow, as those of a mix may."""

    def __next__(self) -> tuple[torch.Tensor, torch.Tensor]:
        if self.place == 0:
            self.size = 1
        pair = super().__next__()
        self.size += 2
        return pair


@cache
def digits(_find: Any) -> Corpus:
    """Images as rows of pixels and a label; −1 where a label is not to be known. Called where no
    submission runs.
    """
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    rows = np.column_stack([x, y]).astype(int)[np.random.default_rng(0).permutation(len(x))]
    rows[:1247, -1][50:] = -1
    parts = [
        "\n".join(" ".join(map(str, row)) for row in part) for part in (rows[:1247], rows[1247:])
    ]
    return Corpus("digits", *parts)


def read(text: str) -> tuple[torch.Tensor, torch.Tensor]:
    rows = torch.from_numpy(np.array(text.split(), np.int64).reshape(-1, 65))
    return rows[:, :64].float() / 16, rows[:, 64]


class Network(nn.Module):
    """Two layers with batch norm between them: its mode shows, and it draws no random numbers while
    it trains.

    Smooth throughout, so that a rounding error stays one.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.hidden, self.norm, self.output = (
            nn.Linear(64, 96, bias=False),
            nn.BatchNorm1d(96),
            nn.Linear(96, 10),
        )
        rng = np.random.default_rng(seed)
        for layer in (self.hidden, self.output):
            layer.weight.data = draw(rng, *layer.weight.shape, spread=layer.in_features**-0.5)
        nn.init.zeros_(self.output.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.output(torch.tanh(self.norm(self.hidden(x))))
        return logits


def shuffled(x: torch.Tensor, y: torch.Tensor, size: int) -> Child:
    """Batches of rows drawn with a stream that depends on the number of rows alone."""
    rows = torch.from_numpy(np.random.default_rng(len(x)).integers(0, len(x), 20000))
    return Child(x[rows], y[rows], size)


def adam(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), 3e-3)


def held_out_loss(ours: Any, trained: Arrays, text: str) -> float:
    """The student's cross-entropy on images that no one trained on."""
    model, (x, y) = Network(0).eval(), read(text)
    arrays = {
        name: trained[name.replace(".", "_")]
        for name, array in model.state_dict().items()
        if array.ndim
    }
    model.load_state_dict(
        {name: torch.tensor(array) for name, array in arrays.items()}, strict=False
    )
    return float(nn.functional.cross_entropy(model(x).detach(), y))
