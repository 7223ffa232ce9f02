"""Converts percent scripts to notebooks, by jupytext."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograder.source.markers import BEGIN
from autograder.source.solution import STUB


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Make imports inside find a module missing that was not imported before."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # Python's own sign of what is missing
    try:
        yield
    finally:
        del sys.modules[module]


# jsonschema, which jupytext needs, builds a grammar of internationalized addresses if this package
# is present: that takes as long as everything else together, and notebooks need no check of
# addresses
with _without("rfc3987_syntax"):
    import jupytext

_CHECK = re.compile(r'^check\("(\w+)"\)$', re.M)
_DEFINITION = re.compile(r"^(?:def|class) (\w+)", re.M)
_FIRST_LINE_OF_STUB = STUB.split("\n")[0]


def read_percent(script: str) -> Any:
    """Return a percent script as a notebook."""
    return jupytext.reads(script, "py:percent")


def write_notebook(book: Any, path: Path) -> None:
    """Write a notebook to a file that ends in `.ipynb`."""
    jupytext.write(book, path)


def as_notebook(script: str, unit: str) -> Any:
    """Return a percent script as a notebook whose cells keep their ids from build to build.

    `check-NAME` is a check's cell, `write-NAME` an exercise by the first name it defines. Other
    cells are numbered after the preceding one of these. Cells that draw a picture are folded.
    """
    book = read_percent(script)
    last_name = unit
    cells_since = 0
    for cell in book.cells:
        name = _name(cell.source, unit)
        if name:
            last_name = name
            cells_since = 0
        if _draws_a_picture(cell.source):
            cell.metadata["jupyter"] = {"source_hidden": True}  # the picture matters, not its code
        cell.id = f"{last_name}-{cells_since}" if cells_since else last_name
        cells_since += 1
    return book


def _name(source: str, unit: str) -> str:
    """Return the name in a check's or an exercise's cell, "" for any other."""
    check = _CHECK.search(source)
    if check:
        return f"check-{check[1]}"
    if BEGIN in source or _FIRST_LINE_OF_STUB in source:
        definition = _DEFINITION.search(source)
        return f"write-{definition[1] if definition else unit}"
    return ""


def _draws_a_picture(source: str) -> bool:
    return "autograder.example(" in source and "plt." in source
