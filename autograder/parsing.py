"""Parses Python code, from any thread; notation of operators."""

import ast
import warnings
from collections.abc import Mapping
from threading import Lock

OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Mod: "%",
    ast.FloorDiv: "//",
    ast.Pow: "**",
    ast.MatMult: "@",
}
COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}

_ONE_AT_A_TIME = Lock()


def parse(text: str) -> ast.Module:
    """Return the syntax tree of code, without the warnings of 3.12 and newer for each `'\\e'`.

    Threads take turns. Python 3.11 counts the depth of a tree once for all threads, and raises a
    `SystemError` if another thread parses at the same time. All threads also share the warning
    filters.
    Raises `SyntaxError`, `ValueError`, `RecursionError` or `MemoryError`.
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)
