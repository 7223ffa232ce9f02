"""Parses Python code, from any thread."""

import ast
import warnings
from threading import Lock

_ONE_AT_A_TIME = Lock()


def parse(text: str) -> ast.Module:
    """Return the syntax tree of code, and print nothing: 3.12 and newer warn of each `'\\e'`.

    Threads take turns. Python 3.11 counts the depth of a tree once for all threads, and raises a
    `SystemError` where another thread parses halfway through. The filters of warnings belong to
    all threads too.

    Raises `SyntaxError`, `ValueError`, `RecursionError` or `MemoryError`.
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)
