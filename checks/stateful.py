"""What unit 5's experiments are made of: its roles, ids, and a small reader whose modes show."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.torch.networks import load

SIZES = {"T": 5, "B": 3, "V": 17, "E": 7, "H": 11}
T, B, V, E, H = SIZES.values()


def roles(V: int = V, E: int = E, H: int = H) -> dict[str, tuple[type[nn.Module], tuple[int, ...]]]:
    """Return the roles of the unit's layers: class, and shape of the first parameter."""
    return {
        "embedding": (nn.Embedding, (V, E)),
        "norm": (nn.BatchNorm1d, (E,)),
        "lstm": (nn.LSTM, (4 * H, E)),
        "output": (nn.Linear, (V, H)),
        "side": (nn.Linear, (V, E)),
    }


def ids(seed: int, *shape: int) -> Tensor:
    """Draw ids, 0 among them where padding or ignoring could hide it."""
    drawn = np.random.default_rng(seed).integers(0, V, shape)
    drawn.flat[-1] = 0
    return torch.from_numpy(drawn)


class Reader(nn.Module):
    """A small network with the unit's contract; norm and dropout show in which mode it runs."""

    def __init__(self, seed: int, **scale: float) -> None:
        super().__init__()
        parts = {
            "embedding": nn.Embedding(V, E),
            "norm": nn.BatchNorm1d(E),
            "lstm": nn.LSTM(E, H),
            "output": nn.Linear(H, V),
            "side": nn.Linear(E, V),
            "dropout": nn.Dropout(1.0),
        }
        # not an attribute a line, which would be lines of the solution
        for name, part in parts.items():
            self.add_module(name, part)
        load(self, roles(), seed, scale)

    def embedded(self, x: Tensor) -> Tensor:
        if x.ndim != 2:
            raise TypeError(
                f"a model reads ids (T, B), and was given {tuple(x.shape)}: one text is a batch "
                "of one."
            )
        normed: Tensor = self.norm(self.embedding(x).movedim(-1, 1))
        return normed.movedim(1, -1)

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        read = self.embedded(x)
        out, state = self.lstm(read, state)
        beside = self.side(self.dropout(read))
        return self.output(out) + beside, state


class Wanderer(Reader):
    """A reader whose state never settles: whatever it reads decides all that comes after."""

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        read = self.embedded(x)
        h = torch.zeros_like(read[0])
        if state is not None:
            h = state[0]
        states = []
        for step in read:
            h = torch.cos(4 * h.roll(1, -1) + step)
            states.append(h)
        logits = self.side(torch.stack(states))
        logits = logits + self.side(self.dropout(read))
        return logits, (h, h)


class Flat(nn.Module):
    """Something whose logits are the same whatever it reads."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        shares = torch.tensor([0.04, 0.7, 0.15, 0.1, 0.01])
        self.logits = nn.Parameter(scale * shares.log())

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        # of a view, `.numpy()` fails even made without a graph
        logits = self.logits.expand(*x.shape, 5).clone()
        return logits, (x, x)
