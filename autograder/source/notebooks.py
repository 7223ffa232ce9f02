"""Percent scripts as notebooks whose cells keep their ids."""

import re
from typing import Any

import jupytext

from autograder.source.solution import BEGIN, STUB


def as_notebook(script: str, unit: str) -> Any:
    """A percent script as a notebook whose cells keep their ids from build to build.

    `check-NAME` is a check's cell, `write-NAME` an exercise by the first name it defines; others
    count from these on. Cells that draw a picture are folded.
    """
    book, last, count = jupytext.reads(script, "py:percent"), unit, 0
    for cell in book.cells:
        if found := re.search(r'^check\("(\w+)"\)$', cell.source, re.M):
            last, count = f"check-{found[1]}", 0
        elif BEGIN in cell.source or STUB.split("\n")[0] in cell.source:
            defined = re.search(r"^(?:def|class) (\w+)", cell.source, re.M)
            last, count = f"write-{defined[1] if defined else unit}", 0
        if "autograder.example(" in cell.source and "plt." in cell.source:
            cell.metadata["jupyter"] = {"source_hidden": True}  # the picture matters, not its code
        cell.id = f"{last}-{count}" if count else last
        count += 1
    return book
