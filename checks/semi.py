"""What the experiments of unit 0 are made of: batches that count, digits with few labels."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.check import Arrays, Corpus


def draw(rng: np.random.Generator, *shape: int, spread: float = 1.0) -> torch.Tensor:
    """Draw numbers from N(0, spread²)."""
    drawn = rng.normal(0, spread, shape)
    return torch.from_numpy(drawn).float()


def soft(rng: np.random.Generator, n: int, classes: int = 8) -> torch.Tensor:
    """Draw probabilities, (n, classes)."""
    concentrations = np.ones(classes)
    drawn = rng.dirichlet(concentrations, n)
    return torch.from_numpy(drawn).float()


class Child:
    """Batches in the order of the rows, over and over; a pass ends with a short batch.

    It counts resets and the batches that were drawn.
    """

    def __init__(self, x: torch.Tensor, y: torch.Tensor, size: int) -> None:
        self.x = x
        self.y = y
        self.size = size
        self.N = len(x)
        self.place = 0
        self.resets = 0
        self.drawn = 0

    def __iter__(self) -> "Child":
        return self

    def __next__(self) -> tuple[torch.Tensor, torch.Tensor]:
        end = self.place + self.size
        rows = slice(self.place, end)
        is_last = end >= self.N
        self.place = 0 if is_last else end
        self.drawn += 1
        return self.x[rows], self.y[rows]

    def reset(self) -> None:
        self.place = 0
        self.resets += 1


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
    """Read images as rows of pixels and a label, −1 where the label is not to be known.

    Of the training images 50 have a label. Called where no submission runs.
    """
    rows = np.loadtxt(_file_of_digits(), delimiter=",").astype(int)
    order = np.random.default_rng(0).permutation(len(rows))
    rows = rows[order]
    train = rows[:1247]
    held_out = rows[1247:]
    train[50:, -1] = -1
    return Corpus("digits", _as_text(train), _as_text(held_out))


def _file_of_digits() -> Path:
    """Return scikit-learn's file of digits.

    To import the package for it takes as long as grading three files.
    """
    spec = find_spec("sklearn")
    if spec is None or not spec.origin:
        raise ModuleNotFoundError("No module named 'sklearn'", name="sklearn")
    return Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"


def _as_text(rows: np.ndarray) -> str:
    lines = [" ".join(map(str, row)) for row in rows]
    return "\n".join(lines)


def read(text: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Read images, (n, 64) from 0 to 1, and labels from the text of a corpus."""
    numbers = np.fromstring(text, np.int64, sep=" ")
    rows = torch.from_numpy(numbers.reshape(-1, 65))
    images = rows[:, :64].float() / 16
    labels = rows[:, 64]
    return images, labels


class Network(nn.Module):
    """Two layers with batch norm between them, so that its mode shows.

    It draws no random numbers while it trains. It is smooth, so that a rounding error stays one.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(64, 96, bias=False)
        self.norm = nn.BatchNorm1d(96)
        self.output = nn.Linear(96, 10)
        rng = np.random.default_rng(seed)
        for layer in (self.hidden, self.output):
            spread = layer.in_features**-0.5
            layer.weight.data = draw(rng, *layer.weight.shape, spread=spread)
        nn.init.zeros_(self.output.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores = self.norm(self.hidden(x))
        hidden = torch.tanh(scores)
        logits: torch.Tensor = self.output(hidden)
        return logits


def shuffled(x: torch.Tensor, y: torch.Tensor, size: int) -> Child:
    """Make batches of rows that are drawn; the draws depend on the number of rows only."""
    rng = np.random.default_rng(len(x))
    drawn = rng.integers(0, len(x), 20000)
    rows = torch.from_numpy(drawn)
    return Child(x[rows], y[rows], size)


def adam(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), 3e-3, fused=True)


def held_out_loss(ours: Any, trained: Arrays, text: str) -> float:
    """Measure the student's cross-entropy on images that no one trained on, in nats."""
    x, y = read(text)
    model = Network(0).eval()
    weights = {}
    for name, array in model.state_dict().items():
        if array.ndim:  # batch norm's count of batches is no weight
            stored = trained[name.replace(".", "_")]
            weights[name] = torch.tensor(stored)
    model.load_state_dict(weights, strict=False)
    predicted = model(x).detach()
    return float(nn.functional.cross_entropy(predicted, y))
