"""What unit 2's experiments are made of: roles, ids, a run on the corpus, a reader with a clock."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.check import Arrays, named
from autograder.torch.networks import floats, gradients, load, put, size, take

from .training import adam, characters, counted, cut_anywhere, cut_in_order

SIZES = {"T": 5, "B": 4, "V": 17, "E": 7, "H": 11}  # 3, a window's length, is none of them
T, B, V, E, H = SIZES.values()


def roles(V: int = V, E: int = E, H: int = H) -> dict[str, tuple[type[nn.Module], tuple[int, ...]]]:
    """Return the roles of the unit's layers: class, and shape of the first parameter."""
    return {
        "embedding": (nn.Embedding, (V, E)),
        "input": (nn.Linear, (H, E)),
        "hidden": (nn.Linear, (H, H)),
        "output": (nn.Linear, (V, H)),
    }


def ids(seed: int, *shape: int) -> Tensor:
    """Draw ids, the largest among them, and 0 where padding or ignoring could hide it."""
    drawn = np.random.default_rng(seed).integers(0, V, shape)
    drawn.flat[1] = V - 1
    drawn.flat[-1] = 0
    return torch.from_numpy(drawn)


def backward(model: nn.Module, out: Tensor, seed: int) -> Arrays:
    """Send an output times fixed numbers back, and name the gradients by role.

    The number of trainable numbers is named too.
    """
    weighted = out * floats(seed, *out.shape)
    torch.autograd.backward(weighted.sum())
    found: Arrays = {}
    for role, row in gradients(model, roles()).items():
        found[f"gradient_{role}"] = row
    return found | named("parameters", size(model))


@dataclass(frozen=True)
class Run:
    """A run on the corpus.

    name: the network's. H: hidden units. n: characters in a window. every: whether each step has a
    target, or the last only. steps: batches of 32 windows. rate: of Adam.
    """

    name: str
    H: int
    n: int
    every: bool
    steps: int
    rate: float

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Return the network's sizes: characters, numbers of an embedding, hidden units."""
        return 128, 24, self.H

    def train(self, net: Any, seed: int, text: str) -> Arrays:
        """Train the submission's network with its `train`, and return the weights.

        The windows are cut anywhere in the text. The hidden layer starts as the identity.
        """
        model = getattr(net, self.name)(*self.sizes)
        own_roles = roles(*self.sizes)
        load(model, own_roles, seed)
        weights = take(model, own_roles)
        weights["hidden.weight"] = np.eye(self.H)
        weights["hidden.bias"] = np.zeros(self.H)
        put(model, own_roles, weights)
        rng = np.random.default_rng(seed)
        windows = cut_anywhere(characters(text), rng, self.n + 1, 32, self.steps)
        batches = (self._inputs_and_targets(window) for window in windows)
        optimizer = adam(model, self.rate, self.steps)
        losses = net.train(model, batches, optimizer)
        return take(model, own_roles) | counted(losses)

    @torch.no_grad()
    def loss(self, ours: Any, arrays: Arrays, text: str) -> float:
        """Measure trained weights on a third of a held-out text, in nats per character."""
        model = getattr(ours, self.name)(*self.sizes)
        put(model, roles(*self.sizes), arrays)
        windows = cut_in_order(characters(text), self.n + 1)[:, ::3]
        inputs, targets = self._inputs_and_targets(windows)
        # the mean in float64, where right answers differ: in float32 it is often the same number
        logits = model(inputs).flatten(0, -2).double()
        mean = nn.functional.cross_entropy(logits, targets.flatten())
        return float(mean)

    def _inputs_and_targets(self, windows: Tensor) -> tuple[Tensor, Tensor]:
        """Cut windows, (n + 1, B), into what is read and what should be predicted."""
        targets = windows[1:] if self.every else windows[-1]
        return windows[:-1], targets


class Clock(nn.Module):
    """Something that reads like the unit's networks, but is none of them.

    drift: by how much its step 0 differs from the rest. silent: whether the null is the most
    probable character everywhere.
    """

    def __init__(self, seed: int, drift: float = 0.0, silent: bool = False) -> None:
        super().__init__()
        null = torch.eye(V)[0]
        self.silence = 9 * null if silent else 0 * null
        self.table = nn.Parameter(floats(seed, V, V))
        self.drift = drift

    def read(self, x: Tensor, h: Tensor | None = None) -> Tensor:
        """Return the states after each step of ids (T, B)."""
        if x.ndim != 2:
            raise TypeError(
                f"a model reads ids (T, B), and was given {tuple(x.shape)}: one text is a batch "
                "of one."
            )
        states = []
        for t, step in enumerate(x):
            before = 0.1 if h is None else 0.7 * h.roll(1, -1)
            drift = 1 + self.drift * (t == 0)
            h = torch.tanh(self.table[step] + drift * before)
            states.append(h)
        return torch.stack(states)

    def forward(self, x: Tensor) -> Tensor:
        return self.read(x)[-1] + self.silence


def one_character(function: str, character: Any) -> str:
    """Return a character that a submission's `function` returned.

    Raises `TypeError` where that is no character.
    """
    if isinstance(character, str) and len(character) == 1:
        return character
    found = f"a {type(character).__name__}"
    if isinstance(character, str):
        found = repr(character)
    raise TypeError(
        f"what `{function}` returned holds {found}, but should hold a string of one character for "
        "each id."
    )


def number(function: str, value: Any) -> float:
    """Return a number that a submission's `function` returned.

    Raises `TypeError` for a truth value, which says less than a number.
    """
    is_truth_value = isinstance(value, bool) or getattr(value, "dtype", None) == torch.bool
    if is_truth_value:
        raise TypeError(
            f"`{function}` returned True or False, but should return how far they are apart."
        )
    if isinstance(value, Tensor):
        value = value.detach()
    return float(value)


def prompts(seed: int) -> tuple[list[str], list[str]]:
    """Return the characters of a vocabulary, and 24 texts of 1 to 12 of them.

    The first character of the vocabulary is the null, which is in no text.
    """
    rng = np.random.default_rng(seed)
    chars = ["\0", *sorted("aeinorst,. Tfhlm")]
    texts = []
    for i in range(24):
        length = 1 + i % 12
        texts.append("".join(rng.choice(chars[1:], length)))
    return chars, texts


def whole(x: Any) -> bool:
    """Return whether ids are a tensor of 64-bit integers, which both a table and a loss take."""
    if not torch.is_tensor(x):
        return False
    return x.dtype == torch.int64
