"""Weights and gradients of a network by role, for experiments on networks of torch.

A role is the purpose of a layer. The layer's class and the shape of its first parameter determine
it, and a unit's sizes all differ, so neither the names nor the order of a submission's layers
matter.
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
    """Yield each layer of a model that has a role, with the role's name."""
    for module in model.modules():
        first = next(module.parameters(recurse=False), None)
        if first is None:
            continue
        found = tuple(first.shape)
        for role, (kind, shape) in roles.items():
            if isinstance(module, kind) and found == shape:
                yield role, module


def tensors(layer: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Yield a layer's parameters and its buffers of floats, such as a norm's statistics."""
    yield from layer.named_parameters(recurse=False)
    for name, buffer in layer.named_buffers(recurse=False):
        if buffer.is_floating_point():
            yield name, buffer


def draw(seed: int, role: str, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Draw numbers from N(0, 1/fan in) that depend on the seed, the role and the name only.

    A running variance is drawn above 0.5.
    """
    full_name = f"{role}.{name}"
    rng = np.random.default_rng([seed, crc32(full_name.encode())])
    fan_in = shape[-1]
    deviation = fan_in**-0.5
    numbers = rng.normal(0, deviation, shape)
    if name == "running_var":
        return 0.5 + np.abs(numbers)
    return numbers


def floats(seed: int, *shape: int) -> Tensor:
    """Draw numbers from N(0, 1/last axis), as arguments of a submission's functions."""
    numbers = draw(seed, "given", str(shape), shape)
    single = numbers.astype(np.float32)
    return torch.from_numpy(single)


@torch.no_grad()
def load(model: Model, roles: Roles, seed: int, scale: Mapping[str, float] | None = None) -> Model:
    """Draw the tensors of every layer with a role, and return the model, for chaining.

    scale: role → the factor of its numbers.
    """
    scale = scale or {}
    for role, layer in layers(model, roles):
        factor = scale.get(role, 1.0)
        for name, tensor in tensors(layer):
            shape = tuple(tensor.shape)
            numbers = factor * draw(seed, role, name, shape)
            tensor.copy_(torch.from_numpy(numbers))
    return model


def take(model: nn.Module, roles: Roles) -> Arrays:
    """Copy the tensors of the first layer of each role, as arrays `role.name`."""
    found: Arrays = {}
    for role, layer in layers(model, roles):
        for name, tensor in tensors(layer):
            full_name = f"{role}.{name}"
            if full_name not in found:
                array = tensor.detach().cpu().numpy()
                found[full_name] = array.copy()
    return found


@torch.no_grad()
def put(model: Model, roles: Roles, arrays: Arrays) -> Model:
    """Write arrays `role.name` from `take` into a model, and return it, for chaining."""
    for role, layer in layers(model, roles):
        for name, tensor in tensors(layer):
            full_name = f"{role}.{name}"
            array = np.array(arrays[full_name])
            tensor.copy_(torch.from_numpy(array))
    return model


def gradients(model: nn.Module, roles: Roles) -> Arrays:
    """Return the gradients of each role in one row, summed over its layers.

    They are zeros if there is no gradient.
    """
    found: Arrays = {}
    for role, layer in layers(model, roles):
        parts = []
        for parameter in layer.parameters(recurse=False):
            gradient = parameter.grad
            if gradient is None:
                gradient = torch.zeros_like(parameter)
            parts.append(gradient.flatten())
        row = torch.cat(parts).cpu().numpy()
        found[role] = found.get(role, 0) + row
    return found


def moved(before: Arrays, after: Arrays) -> Arrays:
    """Return the change of each array in `before`."""
    changes: Arrays = {}
    for name, old in before.items():
        if name in after:
            changes[name] = after[name] - old
    return changes


@dataclass(frozen=True)
class Condition:
    """The observable state of a model.

    numbers: the bytes of each parameter and buffer. trainable: whether a parameter requires a
    gradient. gradients: the bytes of those stored on parameters. modes: whether a part is in
    training mode.
    """

    numbers: Mapping[str, bytes]
    trainable: Mapping[str, bool]
    gradients: Mapping[str, bytes | None]
    modes: Mapping[str, bool]

    @property
    def but_for_modes(self) -> tuple[object, ...]:
        """Return the state without the modes, for comparisons in which a mode may change."""
        return self.numbers, self.trainable, self.gradients


def condition(model: nn.Module) -> Condition:
    """Return the present state of a model. Two of them are compared with `==`."""
    trainable: dict[str, bool] = {}
    gradients_left: dict[str, bytes | None] = {}
    for name, parameter in model.named_parameters():
        gradient = parameter.grad
        trainable[name] = parameter.requires_grad
        gradients_left[name] = None if gradient is None else _bytes(gradient)
    numbers = {}
    for name, array in model.state_dict().items():
        numbers[name] = _bytes(array)
    modes = {}
    for name, part in model.named_modules():
        modes[name] = part.training
    return Condition(numbers, trainable, gradients_left, modes)


def _bytes(array: Tensor) -> bytes:
    on_cpu = array.detach().cpu()
    return on_cpu.numpy().tobytes()


def tensor(function: str, value: Any) -> Tensor:
    """Return the value of a submission's function. Raises `TypeError` if it is no tensor."""
    if isinstance(value, Tensor):
        return value
    raise TypeError(f"`{function}` returned a {type(value).__name__}, but should return a tensor.")


def size(model: nn.Module) -> int:
    """Count the trainable numbers of a model: a separate layer for each step shows here."""
    sizes = [parameter.numel() for parameter in model.parameters()]
    return sum(sizes)
