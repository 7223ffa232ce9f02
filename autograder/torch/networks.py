"""Weights and gradients of a network by role, for experiments on networks of torch.

A role is what a layer is for. It is told by the layer's class and the shape of its first parameter,
and a unit's sizes all differ, so neither the names nor the order in which a submission declares its
layers matter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from zlib import crc32

import numpy as np
import torch
from torch import Tensor, nn

from autograder.check import Arrays

Model = TypeVar("Model", bound=nn.Module)
# role → class, shape of the first parameter
Roles = Mapping[str, tuple[type[nn.Module], tuple[int, ...]]]


def layers(model: nn.Module, roles: Roles) -> Iterator[tuple[str, nn.Module]]:
    """Each layer of a model that has a role, with the role's name."""
    for module in model.modules():
        own = list(module.parameters(recurse=False))
        for role, (kind, shape) in roles.items():
            if own and isinstance(module, kind) and tuple(own[0].shape) == shape:
                yield role, module


def tensors(layer: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """The parameters of a layer, and what it keeps beside them in floats (the running statistics of
    a norm).
    """
    yield from layer.named_parameters(recurse=False)
    yield from (
        (name, buffer)
        for name, buffer in layer.named_buffers(recurse=False)
        if buffer.is_floating_point()
    )


def draw(seed: int, role: str, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers from N(0, 1/fan in) that depend on the seed and the role alone; a variance is drawn
    above 0.5.
    """
    numbers = np.random.default_rng([seed, crc32(f"{role}.{name}".encode())]).normal(
        0, shape[-1] ** -0.5, shape
    )
    return 0.5 + np.abs(numbers) if name == "running_var" else numbers


def floats(seed: int, *shape: int) -> Tensor:
    """Numbers from N(0, 1/last axis) to hand in."""
    return torch.from_numpy(draw(seed, "given", str(shape), shape).astype(np.float32))


@torch.no_grad()
def load(model: Model, roles: Roles, seed: int, scale: Mapping[str, float] | None = None) -> Model:
    """Draw the tensors of every layer with a role, times `scale[role]` where given; the model, for
    chaining.
    """
    for role, layer in layers(model, roles):
        for name, tensor in tensors(layer):
            tensor.copy_(
                torch.from_numpy(
                    draw(seed, role, name, tuple(tensor.shape)) * (scale or {}).get(role, 1.0)
                )
            )
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
    """Write arrays `role.name` that `take` gave into the layers of their roles; the model, for
    chaining.
    """
    for role, layer in layers(model, roles):
        for name, tensor in tensors(layer):
            tensor.copy_(torch.from_numpy(np.array(arrays[f"{role}.{name}"])))
    return model


def gradients(model: nn.Module, roles: Roles) -> Arrays:
    """The gradients of each role in one row, summed over its layers; zeros where nothing was sent
    back.
    """
    found: Arrays = {}
    for role, layer in layers(model, roles):
        grads = [
            torch.zeros_like(p) if p.grad is None else p.grad
            for p in layer.parameters(recurse=False)
        ]
        row = torch.cat([grad.flatten() for grad in grads]).cpu().numpy()
        found[role] = found.get(role, 0) + row
    return found


def moved(before: Arrays, after: Arrays) -> Arrays:
    """How far each array of `before` has moved."""
    return {name: after[name] - before[name] for name in before if name in after}


@dataclass(frozen=True)
class Condition:
    """What can be seen of a model from outside: numbers, what is to be trained, gradients left, and
    modes.
    """

    numbers: Mapping[str, bytes]
    trainable: Mapping[str, bool]
    gradients: Mapping[str, bytes | None]
    modes: Mapping[str, bool]

    @property
    def but_for_modes(self) -> tuple[object, ...]:
        """All of it but for the modes, to compare where a mode may change."""
        return self.numbers, self.trainable, self.gradients


def condition(model: nn.Module) -> Condition:
    """See what condition a model is in. Two of them are compared with `==`."""
    parameters = dict(model.named_parameters())
    return Condition(
        {name: _bytes(array) for name, array in model.state_dict().items()},
        {name: p.requires_grad for name, p in parameters.items()},
        {name: None if p.grad is None else _bytes(p.grad) for name, p in parameters.items()},
        {name: part.training for name, part in model.named_modules()},
    )


def _bytes(array: Tensor) -> bytes:
    return array.detach().cpu().numpy().tobytes()


def tensor(function: str, value: Any) -> Tensor:
    """`value`, which a submission's `function` returned. Raises `TypeError` where that is no
    tensor.
    """
    if isinstance(value, Tensor):
        return value
    raise TypeError(f"`{function}` returned a {type(value).__name__}, and a tensor is wanted.")


def size(model: nn.Module) -> int:
    """The number of trainable numbers of a model: a layer of its own for each step shows here."""
    return sum(p.numel() for p in model.parameters())
