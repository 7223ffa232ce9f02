"""What unit 2's experiments are made of: its roles, ids and floats, a run on the corpus, a reader
with a clock.
"""

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
    shapes = {"input": (H, E), "hidden": (H, H), "output": (V, H)}
    return {"embedding": (nn.Embedding, (V, E))} | {
        role: (nn.Linear, shape) for role, shape in shapes.items()
    }


def ids(seed: int, *shape: int) -> Tensor:
    """Random ids, the largest and, where padding or ignoring could hide it, 0 among them."""
    drawn = np.random.default_rng(seed).integers(0, V, shape)
    drawn.flat[1], drawn.flat[-1] = V - 1, 0
    return torch.from_numpy(drawn)


def backward(model: nn.Module, out: Tensor, seed: int) -> Arrays:
    """Gradients by role of the output times fixed numbers, and how many trainable numbers there
    are.
    """
    torch.autograd.backward((out * floats(seed, *out.shape)).sum())
    grads = {f"gradient_{role}": row for role, row in gradients(model, roles()).items()}
    return grads | named("parameters", size(model))


@dataclass(frozen=True)
class Run:
    """A run on the corpus: its network, hidden units, window, whether each step has a target,
    steps, rate.
    """

    name: str
    H: int
    n: int
    every: bool
    steps: int
    rate: float

    def train(self, net: Any, seed: int, text: str) -> Arrays:
        """The weights after training with the submission's network and `train` on windows cut
        anywhere.
        """
        model = load(getattr(net, self.name)(128, 24, self.H), roles(128, 24, self.H), seed)
        eye = {"hidden.weight": np.eye(self.H), "hidden.bias": np.zeros(self.H)}
        put(model, roles(128, 24, self.H), take(model, roles(128, 24, self.H)) | eye)
        windows = cut_anywhere(
            characters(text), np.random.default_rng(seed), self.n + 1, 64, self.steps
        )
        batches = ((w[:-1], w[1:] if self.every else w[-1]) for w in windows)
        losses = net.train(model, batches, adam(model, self.rate, self.steps))
        return take(model, roles(128, 24, self.H)) | counted(losses)

    @torch.no_grad()
    def loss(self, ours: Any, arrays: Arrays, text: str) -> float:
        """The loss of trained weights on windows of a held-out text that do not overlap, in nats a
        character.
        """
        model = put(getattr(ours, self.name)(128, 24, self.H), roles(128, 24, self.H), arrays)
        w = cut_in_order(characters(text), self.n + 1)
        logits, targets = model(w[:-1]), w[1:] if self.every else w[-1]
        return float(nn.functional.cross_entropy(logits.flatten(0, -2), targets.flatten()))


class Clock(nn.Module):
    """Something that reads like the unit's networks, but is none; with `drift`, its step 0 is
    another than the rest.
    """

    def __init__(
        self, seed: int, drift: float = 0.0, answers: int | slice = -1, silent: bool = False
    ) -> None:
        super().__init__()
        self.silence = torch.eye(V)[0] * (9 if silent else 0)  # then the null is the likeliest
        self.table, self.drift, self.answers = nn.Parameter(floats(seed, V, V)), drift, answers

    def read(self, x: Tensor, h: Tensor | None = None) -> Tensor:
        if x.ndim != 2:
            raise TypeError(
                f"a model reads ids (T, B), and was given {tuple(x.shape)}: one text is a batch "
                "of one."
            )
        read = []
        for t, step in enumerate(x):
            h = torch.tanh(
                self.table[step]
                + (1 + self.drift * (t == 0)) * (0.1 if h is None else 0.7 * h.roll(1, -1))
            )
            read.append(h)
        return torch.stack(read)

    def forward(self, x: Tensor) -> Tensor:
        return (self.read(x) + self.silence)[self.answers]


def code(function: str, character: Any) -> int:
    """Unicode's number of what a submission's `function` returned. Raises `TypeError` where that is
    no character.
    """
    if isinstance(character, str) and len(character) == 1:
        return ord(character)
    what = repr(character) if isinstance(character, str) else f"a {type(character).__name__}"
    raise TypeError(
        f"`{function}` returned {what}, and a string of one character is wanted: an id's is "
        "`chars[id]`."
    )


def number(function: str, value: Any) -> float:
    """What a submission's `function` returned. Raises `TypeError` for a truth value, which says
    less than a number.
    """
    if isinstance(value, bool) or getattr(value, "dtype", None) == torch.bool:
        raise TypeError(
            f"`{function}` returned a truth value, and a number is wanted: how far are they apart?"
        )
    return float(value.detach() if isinstance(value, Tensor) else value)


def prompts(seed: int) -> tuple[list[str], list[str]]:
    """Characters in the places of a vocabulary, and texts made of them, of 1 to 12 characters."""
    rng, chars = np.random.default_rng(seed), ["\0", *sorted("aeinorst,. Tfhlm")]
    return chars, ["".join(rng.choice(chars[1:], 1 + i % 12)) for i in range(24)]


def whole(x: Any) -> bool:
    """Whether ids are a tensor of 64-bit integers, which both a table and a loss take."""
    return torch.is_tensor(x) and x.dtype == torch.int64
