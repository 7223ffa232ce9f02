"""Operators of torch that a submission is to write by hand: while an experiment runs, they are out
of reach.
"""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

LAYERS = [
    f"{kind}.{form}"
    for kind in ("lstm", "gru", "rnn_tanh", "rnn_relu")
    for form in ("input", "data")
]
LAYERS += ["lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell", "mkldnn_rnn_layer"]
QUANTIZED = [f"quantized_{kind}_cell_dynamic" for kind in ("lstm", "gru", "rnn_tanh", "rnn_relu")]
IN_PYTHON = tuple(
    f"/torch/{part}/" for part in ("_decomp", "_refs", "_higher_order_ops", "_inductor", "ao")
)


@contextmanager
def by_hand(
    ready_made: list[str] = LAYERS, words: str = "PyTorch's own recurrent layers"
) -> Iterator[None]:
    """While this runs, some of torch's operators raise an error, by whatever name they are called:
    they are taken out of the dispatcher, where `nn.LSTM`, `torch.lstm`, `torch._VF` and `torch.ops`
    all end. So do torch's own versions of them in Python.
    """

    def refuse(*_: Any, **__: Any) -> Any:
        raise RuntimeError(f"{words} are out of reach here: write it by hand.")

    def watch(frame: Any, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and (
            code.co_qualname == "OpOverload.decompose"
            or any(part in code.co_filename for part in IN_PYTHON)
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
