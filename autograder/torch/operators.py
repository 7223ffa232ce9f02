"""Blocks operators of torch that a submission has to write by hand during an experiment."""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

RECURRENT = ("lstm", "gru", "rnn_tanh", "rnn_relu")
LAYERS = [f"{kind}.{form}" for kind in RECURRENT for form in ("input", "data")]
LAYERS += [f"{kind}_cell" for kind in RECURRENT]
LAYERS += ["mkldnn_rnn_layer"]
QUANTIZED = [f"quantized_{kind}_cell_dynamic" for kind in RECURRENT]
# folders with torch's own Python versions of operators
IN_PYTHON = (
    "/torch/_decomp/",
    "/torch/_refs/",
    "/torch/_higher_order_ops/",
    "/torch/_inductor/",
    "/torch/ao/",
)


@contextmanager
def by_hand(
    ready_made: list[str] = LAYERS, words: str = "PyTorch's own recurrent layers"
) -> Iterator[None]:
    """Block some of torch's operators while this runs, under any of their names.

    They are replaced in the dispatcher, which `nn.LSTM`, `torch.lstm`, `torch._VF` and `torch.ops`
    all call. Torch's own Python versions of them are blocked by a profile function.
    ready_made: names of operators of `aten`. words: their name in the error, a `RuntimeError`.
    """

    def refuse(*_: Any, **__: Any) -> Any:
        raise RuntimeError(f"{words} are blocked here: write it by hand.")

    def watch(frame: Any, event: str, _: Any) -> None:
        if event != "call":
            return
        code = frame.f_code
        if code.co_qualname == "OpOverload.decompose":
            refuse()
        if any(folder in code.co_filename for folder in IN_PYTHON):
            refuse()

    before = sys.getprofile()
    aten = torch.library.Library("aten", "IMPL")
    quantized = torch.library.Library("quantized", "IMPL")
    try:
        with warnings.catch_warnings():  # the warning that operators are replaced, and others
            warnings.simplefilter("ignore")
            _replace(aten, ready_made, refuse)
            _replace(quantized, QUANTIZED, refuse)
        sys.setprofile(watch)
        yield
    finally:
        sys.setprofile(before)
        aten._destroy()
        quantized._destroy()


def _replace(library: Any, operators: list[str], function: Callable[..., Any]) -> None:
    """Replace operators by a function, with and without autograd."""
    for operator in operators:
        for key in ("AutogradCPU", "CPU"):
            library.impl(operator, function, key)
