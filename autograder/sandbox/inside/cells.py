"""Reads a percent script or a notebook: its cells, and which of them hold code."""

import ast
import json
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from autograder.errors import UserError

_CELL = re.compile(r"^# %%(.*)$", re.M)
_DEFINES = re.compile(r"^(def|class|async|import|from|@|\w+ *=)", re.M)
UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
_MAGIC = re.compile(r"^([ \t]*)[%!?].*$|^([ \t]*)[\w.]+\?+[ \t]*$", re.M)
# characters to parse twice: else a file of many small cells costs the square of its length
MAX_AGAIN = 1 << 20


class Broken(UserError):
    """A submission's file, or the part of it that defines a name, cannot be read or run; the text
    says where.
    """


@dataclass(frozen=True)
class Cell:
    """A piece of a file: its text, what its lines are counted in, the first one's number, and
    whether it is code.
    """

    text: str
    place: str  # "line" or "cell 3, line"
    first_line: int
    code: bool = True

    def at(self, line: int) -> str:
        """Where in the file the cell's line `line` stands, counted from 1: "line 45"."""
        return f"{self.place} {self.first_line - 1 + line}"


def cells(source: bytes) -> list[Cell]:
    """The cells of a percent script or of a notebook. Raises `Broken` for what is neither."""
    if b"\0" in source:
        raise Broken(
            "the file is not text: it holds NUL bytes. Submit the .py script or the .ipynb "
            "notebook itself."
        )
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Broken(
            f"the file is not UTF-8 text (byte {error.start}). Save it as UTF-8."
        ) from None
    if text.lstrip().startswith("{"):
        return _notebook_cells(text)
    return _script_cells(text.replace("\r\n", "\n"))


def _script_cells(text: str) -> list[Cell]:
    found: list[Cell] = []
    start, first, kind = 0, 1, ""
    for header in _CELL.finditer(text + "\n# %%"):
        found.append(
            Cell(text[start : max(0, header.start() - 1)], "line", first, "[markdown]" not in kind)
        )
        first += text.count("\n", start, header.end()) + 1
        start, kind = header.end() + 1, header[1]
    return found


def _notebook_cells(text: str) -> list[Cell]:
    try:
        book = json.loads(text)
        raw = (
            book["cells"]
            if "cells" in book
            else [cell for sheet in book["worksheets"] for cell in sheet["cells"]]
        )
        return [
            Cell(
                "".join(cell.get("input", cell.get("source", ""))),
                f"cell {n}, line",
                1,
                cell["cell_type"] == "code",
            )
            for n, cell in enumerate(raw, 1)
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Broken(
            "the notebook cannot be read: it is not a whole .ipynb file. Save it again."
        ) from None


def _uncut(found: list[Cell], source: bytes) -> list[Cell]:
    """The cells of a script that parses: all its lines are code, and a `# %%` inside a string is no
    border.
    """
    if not found or found[0].place != "line":
        return found
    if all(_tree(cell.text) for cell in found):
        return [replace(cell, code=True) for cell in found]
    whole = source.decode("utf-8-sig").replace("\r\n", "\n")
    return [Cell(whole, "line", 1)] if _tree(whole) else found


def _mended(found: Iterable[Cell]) -> list[Cell]:
    """The cells that hold code, in order: what was split is joined where it parses together and not
    alone, and of cells of another type those are taken that define what no code cell does.
    """
    code: list[Cell] = []
    left = MAX_AGAIN
    for cell in found:
        if cell.code and not _tree(cell.text):
            cell = replace(cell, text=_without_magics(cell.text))
            # in a script, `# %%` is a line of its own
            whole = f"{code[-1].text}\n\n{cell.text}" if code else ""
            again = bool(whole) and code[-1].code and not _tree(cell.text)
            left -= len(whole) * again
            if again and left > 0 and _tree.__wrapped__(whole):  # not kept: it grows with each cell
                code[-1] = replace(code[-1], text=whole)
                continue
        if cell.code or (_DEFINES.search(cell.text) and _defined(cell)):
            code.append(cell)
    if all(cell.code for cell in code):
        return code
    taken = {name for cell in code if cell.code for name in _defined(cell)}
    return [cell for cell in code if cell.code or not _defined(cell) & taken]


def _unparsed(cell: Cell, error: Exception) -> str:
    what = error.msg if isinstance(error, SyntaxError) else str(error) or "too deeply nested"
    return f"{cell.at(getattr(error, 'lineno', None) or 1)}: {type(error).__name__}: {what}"


def _defined(cell: Cell) -> set[str]:
    tree = _tree(cell.text)
    return {name for node in tree.body for name in names_bound(node)} if tree else set()


@lru_cache(1000)
def _tree(text: str) -> ast.Module | None:
    try:
        return parse_quietly(text)
    except UNPARSABLE:
        return None


def parse_quietly(text: str) -> ast.Module:
    """Parse code without a word on stderr: from 3.12 on, Python warns of each `'\\e'`. Raises
    `UNPARSABLE`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _without_magics(text: str) -> str:
    if text.lstrip().startswith("%%"):
        head, _, body = text.lstrip().partition("\n")
        return "\n" + body if head.split()[0] in ("%%time", "%%timeit", "%%capture") else ""
    return _MAGIC.sub(lambda m: (m[1] or m[2] or "") + "pass", text)


def names_bound(node: ast.AST) -> Iterator[str]:
    """The names that a statement binds at its own level; `Model.forward = f` and `table[0] = 1`
    count for the base.
    """
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
            return
        case ast.alias():
            yield (node.asname or node.name).split(".")[0]
        case ast.Name(ctx=ast.Store()):
            yield node.id
        case ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
            base: ast.AST = node
            while isinstance(base, ast.Attribute | ast.Subscript):
                base = base.value
            if isinstance(base, ast.Name):
                yield base.id
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.expr) or isinstance(getattr(child, "ctx", None), ast.Store):
            yield from names_bound(child)  # an expression that is only read binds nothing
