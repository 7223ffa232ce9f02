"""Stochastic gradient descent for the exact checks of training."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class Descent(torch.optim.SGD):
    """`torch.optim.SGD` with momentum and weight decay, which starts quickly.

    The first step of torch's own optimizer imports `torch._dynamo`, which takes as long as torch
    itself: a student who checks an exercise need not wait for it.
    """

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float = 0.0) -> None:
        self.defaults: dict[str, Any] = {
            "lr": lr,
            "momentum": momentum,
            "weight_decay": 0.0,
        }
        group = {**self.defaults, "params": list(params)}
        self.param_groups = [group]
        self.state = defaultdict(dict)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients: remove them, or fill them with zeros."""
        for group in self.param_groups:
            for parameter in _with_gradient(group):
                if set_to_none:
                    parameter.grad = None
                else:
                    parameter.grad.detach_().zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step against the gradients. Return the loss from `closure`, if any."""
        with torch.set_grad_enabled(True):
            loss = closure() if closure else None
        with torch.no_grad():
            for group in self.param_groups:
                for parameter in _with_gradient(group):
                    self._move(parameter, group)
        return loss

    def _move(self, parameter: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        before = state.get("momentum_buffer", torch.zeros_like(parameter))
        kept = group["momentum"] * before
        decay = group["weight_decay"] * parameter
        momentum = kept + parameter.grad + decay
        step = group["lr"] * momentum
        parameter.sub_(step)
        state["momentum_buffer"] = momentum


def _with_gradient(group: dict[str, Any]) -> list[Any]:
    """Return the parameters of a group that have a gradient."""
    found = []
    for parameter in group["params"]:
        if parameter.grad is not None:
            found.append(parameter)
    return found
