"""Measure `torch.compile` on unit 2's loop.

It times one reading of 64 sequences, compared with the loop itself, its graph, and `nn.RNN`. It
needs a C++ compiler, and takes about a minute.

    python benchmarks/compiled.py
"""

from collections.abc import Callable
from time import perf_counter
from timeit import repeat

import torch
from torch.fx.experimental.proxy_tensor import make_fx

from autograder.course import find_course
from autograder.source.solution import read_solution

UNIT = "unit2_unrolled_rnn"
STEPS = (8, 64)
V, E, H, B = 84, 24, 64, 64


def milliseconds(function: Callable[[], object]) -> float:
    """Return the milliseconds of one call: the shortest of five times ten calls."""
    return 1e3 * min(repeat(function, number=10, repeat=5)) / 10


def classes() -> dict[str, object]:
    """Return the definitions of the unit's solution; nothing else of it runs."""
    text = read_solution(find_course().solution(UNIT).read_text(encoding="utf-8")).plain()
    names: dict[str, object] = {}
    header = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n"
    cells = [cell for cell in text.split("# %%") if "\nclass " in cell or "\ndef " in cell]
    for cell in cells:
        if "autograder.example" not in cell and "[markdown]" not in cell:
            exec(header + cell, names)
    return names


def main() -> None:
    """Print a table of times, each with the seconds of compiling."""
    torch.set_num_threads(1)
    found = classes()
    model = found["Recurrent"](V, E, H)  # type: ignore[operator]
    ready = found["as_nn_rnn"](model)  # type: ignore[operator]
    print("| steps | the loop | its graph | torch.compile | nn.RNN | compiling took |")
    print("|---|---|---|---|---|---|")
    with torch.no_grad():
        for steps in STEPS:
            ids = torch.randint(0, V, (steps, B))
            graph = make_fx(lambda ids: model.read(ids))(ids)
            began = perf_counter()
            compiled = torch.compile(model.read)
            compiled(ids)  # type: ignore[no-untyped-call]
            waited = perf_counter() - began
            times = [
                milliseconds(lambda f=function, ids=ids: f(ids))  # type: ignore[misc]
                for function in (model.read, graph, compiled, lambda i: ready(model.embedding(i)))
            ]
            row = " | ".join(f"{time:.2f} ms" for time in times)
            print(f"| {steps} | {row} | {waited:.0f} s |")


if __name__ == "__main__":
    main()
