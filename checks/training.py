"""What the training checks share: losses as arrays, an optimizer, texts cut into windows."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.check import Arrays, named


def listed(losses: Any) -> list[Any]:
    """Return the losses of a submission's loop in a list. Raises `TypeError` without any."""
    if losses is None:
        raise TypeError("nothing was returned: return the list of losses")
    return list(losses)


def in_order(function: str, result: Any) -> Any:
    """Return what a function returned. Raises `TypeError` for a dict: examples unpack it."""
    if isinstance(result, Mapping):
        raise TypeError(
            f"`{function}` returned a dict, but should return values in order: `return one, two`."
        )
    return result


def figures(losses: Any) -> Arrays:
    """Name losses as numbers, and whether one holds on to its graph.

    Raises `TypeError` without any.
    """
    numbers = []
    in_a_graph = False
    for loss in listed(losses):
        if isinstance(loss, Tensor):
            in_a_graph |= loss.requires_grad
            loss = loss.detach()
        numbers.append(float(loss))
    return named("losses losses_in_a_graph", numbers, in_a_graph)


def counted(losses: Any) -> Arrays:
    """Name a zero for each loss: only a batch that was left out shows, in their number."""
    count = len(listed(losses))
    return named("losses", np.zeros(count))


def adam(model: nn.Module, lr: float, steps: int) -> torch.optim.Optimizer:
    """Make Adam with a rate that rises over the first 5 % of the steps, then falls to 0.

    Each step changes the rate by a factor, so that what a submission does to it stays.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr, fused=True)
    done, rate = 0, 1.0

    def schedule(*_: object) -> None:
        nonlocal done, rate
        before = rate
        done += 1
        rising = done / (0.05 * steps)
        falling = (steps + 1 - done) / (0.95 * steps)
        rate = max(min(rising, falling, 1.0), 1e-6)
        optimizer.param_groups[0]["lr"] *= rate / before

    optimizer.register_step_pre_hook(schedule)
    return optimizer


def in_random_order(rng: np.random.Generator, count: int) -> Tensor:
    """Return the numbers 0 … count − 1 in random order, as integers of 64 bits.

    NumPy before 2 makes integers of 32 bits on Windows, which no loss takes for targets.
    """
    numbers = rng.permutation(count)
    return torch.from_numpy(numbers.astype(np.int64))


def characters(text: str) -> Tensor:
    """Turn a text into ids, the same for every text: places in ASCII, 127 for all others."""
    in_bytes = text.encode("latin-1", "replace")
    codes = np.frombuffer(in_bytes, np.uint8)
    places = np.minimum(codes, 127)
    return torch.from_numpy(places.astype(np.int64))


def cut_anywhere(
    stream: Tensor, rng: np.random.Generator, length: int, size: int, count: int
) -> Iterator[Tensor]:
    """Yield `count` batches, (length, size), of windows that start anywhere in a stream of ids."""
    steps = np.arange(length)[:, None]  # (length, 1)
    for _ in range(count):
        starts = rng.integers(0, len(stream) - length, size)
        places = torch.from_numpy(starts + steps)  # (length, size)
        yield stream[places]


def cut_in_order(stream: Tensor, length: int) -> Tensor:
    """Cut a stream of ids into all windows that do not overlap, (length, number of windows)."""
    count = len(stream) // length
    whole_windows = stream[: count * length]
    return whole_windows.view(count, length).T
