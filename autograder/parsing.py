"""Parses Python code, from any thread; how operators are written, and what statements are alike."""

import ast
import copy
import warnings
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
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

# of a statement that holds others: the parts that are statements of their own
_BODIES = ("body", "orelse", "handlers", "finalbody", "cases")
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


def checksum_of_statement(node: ast.stmt) -> str:
    """Return a checksum of a statement, "" of one that Python cannot write.

    It is that of its code without the statements within it, laid out as Python lays it out.
    """
    alone = copy.copy(node)
    for name in _BODIES:
        if hasattr(alone, name):
            setattr(alone, name, [])
    with suppress(RecursionError, ValueError):
        code = ast.unparse(alone)
        return sha256(code.encode(errors="replace")).hexdigest()[:16]
    return ""
