"""Percent scripts as notebooks whose cells keep their ids."""

import re
from typing import Any

import jupytext

from autograder.source.solution import BEGIN, STUB

_CHECK = re.compile(r'^check\("(\w+)"\)$', re.M)
_DEFINITION = re.compile(r"^(?:def|class) (\w+)", re.M)
_FIRST_LINE_OF_STUB = STUB.split("\n")[0]


def as_notebook(script: str, unit: str) -> Any:
    """Return a percent script as a notebook whose cells keep their ids from build to build.

    `check-NAME` is a check's cell, `write-NAME` an exercise by the first name it defines. Other
    cells are called by the one of these before them, and counted. Cells that draw a picture are
    folded.
    """
    book = jupytext.reads(script, "py:percent")
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
    """Return the name of a check's or an exercise's cell, "" for any other."""
    check = _CHECK.search(source)
    if check:
        return f"check-{check[1]}"
    if BEGIN in source or _FIRST_LINE_OF_STUB in source:
        definition = _DEFINITION.search(source)
        return f"write-{definition[1] if definition else unit}"
    return ""


def _draws_a_picture(source: str) -> bool:
    return "autograder.example(" in source and "plt." in source
