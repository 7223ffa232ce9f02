"""Stand-ins for parts of torch's compiler that torch imports where nothing is compiled.

An optimizer's first step imports `torch._dynamo`, and so does a gradient of `torch.func`: to tell
the compiler where a graph may not go on. The import takes as long as that of torch itself.
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
    """A module that gives way to the real one of its name where more is asked than it has."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # what looks through all modules asks
            raise AttributeError(name)
        if isinstance(sys.modules.get(NAME), StandIn):
            del sys.modules[NAME]
            del torch._dynamo
        return getattr(importlib.import_module(self.__name__), name)


class Autograd(StandIn):
    """What torch asks of `torch._dynamo.compiled_autograd`."""

    @staticmethod
    def _disable() -> AbstractContextManager[None]:
        return nullcontext()


class Compiler(StandIn):
    """What torch asks of `torch._dynamo`."""

    compiled_autograd = Autograd(f"{NAME}.compiled_autograd")

    @staticmethod
    def graph_break(msg: str = "") -> None:
        """Do nothing: nothing is compiled."""

    @staticmethod
    def disable(fn: Callable[..., Any], *_: Any, **__: Any) -> Callable[..., Any]:
        """Return a function that is not compiled, which none is."""
        return fn


def stand_in() -> None:
    """Spare this process the import of torch's compiler until something is compiled."""
    if NAME not in sys.modules:
        torch._dynamo = sys.modules[NAME] = Compiler(NAME)
