"""Stand-ins for parts of torch's compiler that torch imports when nothing is compiled.

An optimizer's first step imports `torch._dynamo`, and so does a gradient of `torch.func`, to mark
where the compiler must break a graph. The import takes as long as that of torch itself.
"""

import importlib
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import ModuleType
from typing import Any

import torch

NAME = "torch._dynamo"


class StandIn(ModuleType):
    """A module that gives way to the real one of its name at an access to anything else."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # read by code that visits all modules
            raise AttributeError(name)
        if isinstance(sys.modules.get(NAME), StandIn):
            del sys.modules[NAME]
            del torch._dynamo
        return getattr(importlib.import_module(self.__name__), name)


class Autograd(StandIn):
    """The attributes of `torch._dynamo.compiled_autograd` that torch uses."""

    @staticmethod
    def _disable() -> AbstractContextManager[None]:
        return nullcontext()


class Compiler(StandIn):
    """The attributes of `torch._dynamo` that torch uses."""

    compiled_autograd = Autograd(f"{NAME}.compiled_autograd")

    @staticmethod
    def graph_break(msg: str = "") -> None:
        """Do nothing: nothing is compiled."""

    @staticmethod
    def disable(fn: Callable[..., Any], *_: Any, **__: Any) -> Callable[..., Any]:
        """Return the function, which is not compiled anyway."""
        return fn


def stand_in() -> None:
    """Save this process the import of torch's compiler until something is compiled."""
    if NAME not in sys.modules:
        torch._dynamo = sys.modules[NAME] = Compiler(NAME)
