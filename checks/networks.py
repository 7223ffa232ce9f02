"""Weights and gradients of a network by role, for the experiments of the units with torch.

A role is what a layer is for. It is told by the layer's class and the shape of its first parameter, and a unit's sizes
all differ, so neither the names nor the order in which a submission declares its layers matter.
"""

import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from zlib import crc32

import numpy as np
import torch
from torch import Tensor, nn

from autograder.check import Arrays, named

Model = TypeVar("Model", bound=nn.Module)
Roles = Mapping[str, tuple[type[nn.Module], tuple[int, ...]]]  # role → class, shape of the first parameter

LAYERS = [f"{kind}.{form}" for kind in ("lstm", "gru", "rnn_tanh", "rnn_relu") for form in ("input", "data")]
LAYERS += ["lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell", "mkldnn_rnn_layer"]
QUANTIZED = [f"quantized_{kind}_cell_dynamic" for kind in ("lstm", "gru", "rnn_tanh", "rnn_relu")]
IN_PYTHON = tuple(f"/torch/{part}/" for part in ("_decomp", "_refs", "_higher_order_ops", "_inductor", "ao"))


@contextmanager
def by_hand(ready_made: list[str] = LAYERS, words: str = "PyTorch's own recurrent layers") -> Iterator[None]:
    """While this runs, some of torch's operators raise an error, by whatever name they are called: they are taken out
    of the dispatcher, where `nn.LSTM`, `torch.lstm`, `torch._VF` and `torch.ops` all end. So do torch's own versions
    of them in Python.
    """

    def refuse(*_: Any, **__: Any) -> Any:
        raise RuntimeError(f"{words} are out of reach here: write it by hand.")

    def watch(frame: Any, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and (
            code.co_qualname == "OpOverload.decompose" or any(part in code.co_filename for part in IN_PYTHON)
        ):
            refuse()

    before = sys.getprofile()
    libraries = [torch.library.Library(name, "IMPL") for name in ("aten", "quantized")]
    try:
        with warnings.catch_warnings():  # that operators are replaced, and so on
            warnings.simplefilter("ignore")
            for library, operators in zip(libraries, (ready_made, QUANTIZED), strict=True):
                for operator in operators:
                    for key in ("AutogradCPU", "CPU"):
                        library.impl(operator, refuse, key)
        sys.setprofile(watch)
        yield
    finally:
        sys.setprofile(before)
        for library in libraries:
            library._destroy()


def layers(model: nn.Module, roles: Roles) -> Iterator[tuple[str, nn.Module]]:
    """Each layer of a model that has a role, with the role's name."""
    for module in model.modules():
        own = list(module.parameters(recurse=False))
        for role, (kind, shape) in roles.items():
            if own and isinstance(module, kind) and tuple(own[0].shape) == shape:
                yield role, module


def tensors(layer: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """The parameters of a layer, and what it keeps beside them in floats (the running statistics of a norm)."""
    yield from layer.named_parameters(recurse=False)
    yield from ((name, buffer) for name, buffer in layer.named_buffers(recurse=False) if buffer.is_floating_point())


def draw(seed: int, role: str, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers from N(0, 1/fan in) that depend on the seed and the role alone; a variance is drawn above 0.5."""
    numbers = np.random.default_rng([seed, crc32(f"{role}.{name}".encode())]).normal(0, shape[-1] ** -0.5, shape)
    return 0.5 + np.abs(numbers) if name == "running_var" else numbers


def floats(seed: int, *shape: int) -> Tensor:
    """Numbers from N(0, 1/last axis) to hand in."""
    return torch.from_numpy(draw(seed, "given", str(shape), shape).astype(np.float32))


@torch.no_grad()
def load(model: Model, roles: Roles, seed: int, scale: Mapping[str, float] | None = None) -> Model:
    """Draw the tensors of every layer with a role, times `scale[role]` where given; the model, for chaining."""
    for role, layer in layers(model, roles):
        for name, tensor in tensors(layer):
            tensor.copy_(torch.from_numpy(draw(seed, role, name, tuple(tensor.shape)) * (scale or {}).get(role, 1.0)))
    return model


def take(model: nn.Module, roles: Roles) -> Arrays:
    """The tensors of the first layer of each role, as arrays `role.name`."""
    found: Arrays = {}
    for role, layer in layers(model, roles):
        for name, tensor in tensors(layer):
            found.setdefault(f"{role}.{name}", tensor.detach().cpu().numpy().copy())
    return found


@torch.no_grad()
def put(model: Model, roles: Roles, arrays: Arrays) -> Model:
    """Write arrays `role.name` that `take` gave into the layers of their roles; the model, for chaining."""
    for role, layer in layers(model, roles):
        for name, tensor in tensors(layer):
            tensor.copy_(torch.from_numpy(np.array(arrays[f"{role}.{name}"])))
    return model


def gradients(model: nn.Module, roles: Roles) -> Arrays:
    """The gradients of each role in one row, summed over its layers; zeros where nothing was sent back."""
    found: Arrays = {}
    for role, layer in layers(model, roles):
        grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in layer.parameters(recurse=False)]
        row = torch.cat([grad.flatten() for grad in grads]).cpu().numpy()
        found[role] = found.get(role, 0) + row
    return found


def moved(before: Arrays, after: Arrays) -> Arrays:
    """How far each array of `before` has moved."""
    return {name: after[name] - before[name] for name in before if name in after}


def tensor(function: str, value: Any) -> Tensor:
    """`value`, which a submission's `function` returned. Raises `TypeError` where that is no tensor."""
    if isinstance(value, Tensor):
        return value
    raise TypeError(f"`{function}` returned a {type(value).__name__}, and a tensor is wanted.")


def size(model: nn.Module) -> int:
    """The number of trainable numbers of a model: a layer of its own for each step shows here."""
    return sum(p.numel() for p in model.parameters())


def figures(losses: Any) -> Arrays:
    """Losses as numbers, and whether one holds on to its graph. Raises `TypeError` where there are none."""
    if losses is None:
        raise TypeError("nothing was returned: return the list of losses")
    numbers = [loss.detach() if isinstance(loss, Tensor) else loss for loss in losses]
    held = any(getattr(loss, "requires_grad", False) for loss in losses)
    return named("losses losses_in_a_graph", [float(number) for number in numbers], held)


def adam(model: nn.Module, lr: float, steps: int) -> torch.optim.Optimizer:
    """Adam whose rate rises over the first 5 % of the steps, then falls to 0 on a line, whoever calls it."""
    optimizer = torch.optim.Adam(model.parameters(), lr, fused=True)
    done = [0]

    def schedule(*_: object) -> None:
        done[0] += 1
        rate = min(done[0] / (0.05 * steps), (steps + 1 - done[0]) / (0.95 * steps), 1.0)
        optimizer.param_groups[0]["lr"] = lr * max(0.0, rate)

    optimizer.register_step_pre_hook(schedule)
    return optimizer


def characters(text: str) -> Tensor:
    """Ids by the character's place in ASCII, 127 for all others: the same for every text, of 128 ids."""
    codes = np.frombuffer(text.encode("latin-1", "replace"), np.uint8)
    return torch.from_numpy(np.minimum(codes, 127).astype(np.int64))


def cut_anywhere(stream: Tensor, rng: np.random.Generator, length: int, size: int, count: int) -> Iterator[Tensor]:
    """`count` batches (length, size) of windows that start anywhere in a stream of ids."""
    for _ in range(count):
        yield stream[torch.from_numpy(rng.integers(0, len(stream) - length, size) + np.arange(length)[:, None])]


def cut_in_order(stream: Tensor, length: int) -> Tensor:
    """All windows of a stream of ids that do not overlap, (length, as many as there are)."""
    return stream[: len(stream) // length * length].view(-1, length).T


def warm() -> None:
    """One step of each optimizer through each kind of layer: what they import is then there before any fork."""
    torch.set_num_threads(1)
    lstm, norm, rnn = nn.LSTM(3, 3, 2, dropout=0.5), nn.BatchNorm1d(3), nn.RNN(3, 3, nonlinearity="relu")
    weights = [*lstm.parameters(), *norm.parameters()]
    for way in (torch.optim.SGD(weights, 0.1), torch.optim.Adam(weights, 0.1, fused=True)):
        logits = norm(rnn(lstm(torch.rand(2, 2, 3))[0])[0].movedim(-1, 1)).flatten(0, 1)
        torch.autograd.backward(nn.functional.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long)))
        nn.utils.clip_grad_norm_(weights, 1.0)
        way.step()
    with by_hand():
        pass
