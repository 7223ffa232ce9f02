"""The network of the capstone, built from a plan: the same where it is trained and measured."""

from typing import Any

import torch
from torch import Tensor, nn

V = 128  # ids: the places of characters in ASCII, 127 for all others
MOST_PARAMETERS = 1_000_000
MOST_LAYERS = 8
WIDEST = 2_048
RECURRENT = {"lstm": nn.LSTM, "gru": nn.GRU}


class MinGRU(nn.Module):
    """A layer whose gate and candidate see the input only: h = (1 − z) · h + z · candidate."""

    def __init__(self, width_in: int, width: int) -> None:
        super().__init__()
        self.gate = nn.Linear(width_in, width)
        self.candidate = nn.Linear(width_in, width)

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        z = torch.sigmoid(self.gate(x))
        new = z * torch.tanh(self.candidate(x))
        h = torch.zeros_like(new[0]) if state is None else state
        states = []
        for kept, added in zip((1 - z).unbind(), new.unbind(), strict=True):
            h = kept * h + added
            states.append(h)
        return torch.stack(states), h


class Network(nn.Module):
    """The network of a plan such as "embedding 64, lstm 256, gru 256, dropout 0.1".

    Ids (T, B) and a state → logits (T, B, 128) and the new state. A layer as wide as what it reads
    is added to it. Dropout comes after each layer.
    Raises `ValueError` for what is no plan, and for one with more than a million parameters.
    """

    def __init__(self, plan: str) -> None:
        super().__init__()
        layers, width, dropout = read_plan(plan)
        self.embedding = nn.Embedding(V, width)
        self.layers = nn.ModuleList()
        for kind, wider in layers:
            if kind == "mingru":
                self.layers.append(MinGRU(width, wider))
            else:
                self.layers.append(RECURRENT[kind](width, wider))
            width = wider
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(width, V)

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        h = self.embedding(x)
        before = [None] * len(self.layers) if state is None else state
        after = []
        for layer, old in zip(self.layers, before, strict=True):
            out, new = layer(h, old)
            h = h + out if out.shape == h.shape else out
            h = self.dropout(h)
            after.append(new)
        return self.output(h), after


def read_plan(plan: str) -> tuple[list[tuple[str, int]], int, float]:
    """Return the layers of a plan, (kind, width) each, the embedding's width, and the dropout.

    Raises `ValueError`.
    """
    layers: list[tuple[str, int]] = []
    embedding, dropout = 64, 0.0
    for part in str(plan)[:1_000].split(","):
        kind, _, value = part.strip().partition(" ")
        try:
            number = float(value)
        except ValueError:
            raise ValueError(f"“{part.strip()}” of the plan should be as in “lstm 256”.") from None
        if kind == "dropout" and 0 <= number < 1:
            dropout = number
        elif kind == "embedding" and 1 <= number <= WIDEST:
            embedding = int(number)
        elif kind in (*RECURRENT, "mingru") and 1 <= number <= WIDEST:
            layers.append((kind, int(number)))
        else:
            raise ValueError(
                f"“{part.strip()}” is no part of a plan. There are embedding, lstm, gru and mingru "
                f"with a width of 1 to {WIDEST}, and dropout with a fraction."
            )
    if len(layers) > MOST_LAYERS:
        raise ValueError(f"the plan has {len(layers)} layers, and {MOST_LAYERS} are the most.")
    count = parameters_of(layers, embedding)
    if count > MOST_PARAMETERS:
        most = f"{MOST_PARAMETERS:,} are the most"
        raise ValueError(f"the plan has {count:,} parameters, and {most}.")
    return layers, embedding, dropout


def parameters_of(layers: list[tuple[str, int]], width: int) -> int:
    """Count the parameters of a network before it is built."""
    count = V * width
    for kind, wider in layers:
        if kind == "mingru":
            count += 2 * (width + 1) * wider
        else:
            gates = 4 if kind == "lstm" else 3
            count += gates * wider * (width + wider + 2)
        width = wider
    return count + V * (width + 1)


def weights_of(network: nn.Module) -> Tensor:
    """Return all weights of a network in one row, in single precision."""
    parts = [part.detach().flatten() for part in network.parameters()]
    return torch.cat(parts).float()


@torch.no_grad()
def with_weights(network: nn.Module, weights: Any) -> nn.Module:
    """Put a row of weights into a network and return it. Raises `ValueError` if it does not fit."""
    row = torch.as_tensor(weights).float().flatten()
    count = sum(part.numel() for part in network.parameters())
    if len(row) != count:
        raise ValueError(f"a network of this plan has {count:,} weights, not {len(row):,}.")
    for part in network.parameters():
        part.copy_(row[: part.numel()].view_as(part))
        row = row[part.numel() :]
    return network
