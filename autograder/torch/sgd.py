"""Stochastic gradient descent for the exact checks of training."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class Descent(torch.optim.SGD):
    """`torch.optim.SGD` with momentum and weight decay. The first step of torch's own imports
    `torch._dynamo`, which takes as long as torch itself: a student who checks an exercise need not
    wait for it.
    """

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float = 0.0) -> None:
        self.defaults: dict[str, Any] = {"lr": lr, "momentum": momentum, "weight_decay": 0.0}
        self.param_groups = [{**self.defaults, "params": list(params)}]
        self.state = defaultdict(dict)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients: remove them, or fill them with zeros."""
        for p in (p for group in self.param_groups for p in group["params"] if p.grad is not None):
            if set_to_none:
                p.grad = None
            else:
                p.grad.detach_().zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step against the gradients. Return the loss that `closure` gives, if it is
        given.
        """
        with torch.set_grad_enabled(True):
            loss = closure() if closure else None
        with torch.no_grad():
            for group in self.param_groups:
                for p in (p for p in group["params"] if p.grad is not None):
                    before = self.state[p].get("momentum_buffer", torch.zeros_like(p))
                    moved = group["momentum"] * before + p.grad + group["weight_decay"] * p
                    p.sub_(group["lr"] * moved)
                    self.state[p]["momentum_buffer"] = moved
        return loss
