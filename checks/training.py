"""What the training checks share: losses as arrays, an optimizer with its schedule, and texts cut
into windows.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.check import Arrays, named


def listed(losses: Any) -> list[Any]:
    """The losses that a submission's loop returned, in a list. Raises `TypeError` where there are
    none.
    """
    if losses is None:
        raise TypeError("nothing was returned: return the list of losses")
    return list(losses)


def in_order(function: str, result: Any) -> Any:
    """What a function returned, which is no dict: examples unpack it."""
    if isinstance(result, Mapping):
        raise TypeError(
            f"`{function}` returned a dict, and values in order are wanted: `return one, two`."
        )
    return result


def figures(losses: Any) -> Arrays:
    """Losses as numbers, and whether one holds on to its graph. Raises `TypeError` where there are
    none.
    """
    losses = listed(losses)
    numbers = [loss.detach() if isinstance(loss, Tensor) else loss for loss in losses]
    held = any(getattr(loss, "requires_grad", False) for loss in losses)
    return named("losses losses_in_a_graph", [float(number) for number in numbers], held)


def counted(losses: Any) -> Arrays:
    """A zero for each loss: a batch that was left out shows in their number, and nothing else of
    them is asked.
    """
    return named("losses", np.zeros(len(listed(losses))))


def adam(model: nn.Module, lr: float, steps: int) -> torch.optim.Optimizer:
    """Adam whose rate rises over the first 5 % of the steps, then falls to 0 on a line, whoever
    calls it.

    Each step changes the rate by a factor, so that what a submission does to it stays.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr, fused=True)
    done, rate = 0, 1.0

    def schedule(*_: object) -> None:
        nonlocal done, rate
        done, before = done + 1, rate
        rate = max(min(done / (0.05 * steps), (steps + 1 - done) / (0.95 * steps), 1.0), 1e-6)
        optimizer.param_groups[0]["lr"] *= rate / before

    optimizer.register_step_pre_hook(schedule)
    return optimizer


def characters(text: str) -> Tensor:
    """Ids by the character's place in ASCII, 127 for all others: the same for every text, of 128
    ids.
    """
    codes = np.frombuffer(text.encode("latin-1", "replace"), np.uint8)
    return torch.from_numpy(np.minimum(codes, 127).astype(np.int64))


def cut_anywhere(
    stream: Tensor, rng: np.random.Generator, length: int, size: int, count: int
) -> Iterator[Tensor]:
    """`count` batches (length, size) of windows that start anywhere in a stream of ids."""
    for _ in range(count):
        yield stream[
            torch.from_numpy(
                rng.integers(0, len(stream) - length, size) + np.arange(length)[:, None]
            )
        ]


def cut_in_order(stream: Tensor, length: int) -> Tensor:
    """All windows of a stream of ids that do not overlap, (length, as many as there are)."""
    return stream[: len(stream) // length * length].view(-1, length).T
