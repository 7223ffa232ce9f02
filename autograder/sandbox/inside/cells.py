"""Reads a percent script or a notebook: its cells, and which of them hold code.

People leave files in any state: cells split in the middle of a function, with a wrong type, with
commands of IPython in them. `code_cells` repairs what it can.
"""

import ast
import codecs
import json
import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from typing import Any

from autograder.errors import UserError
from autograder.parsing import parse

_HEADER = re.compile(r"^# %%(.*)$", re.M)
_DEFINES = re.compile(r"^(def|class|async|import|from|@|\w+ *=)", re.M)
UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
# commands of IPython: `%matplotlib inline`, `!ls`, `files = !ls`, and questions, `sum?`
_COMMAND = re.compile(r"^([ \t]*)(?:%%?\w|!(?!=)|\?).*$|^([ \t]*)[\w.]+\?+[ \t]*$", re.M)
# `files = !ls`; a line of a text may look like it, as in `total = %d`
_ASSIGNED = re.compile(r"^([ \t]*)\w[\w ,]*=[ \t]*(?:%\w|!).*$", re.M)
# commands for a whole cell with Python below them
_CELL_COMMANDS_OF_PYTHON = ("%%time", "%%timeit", "%%capture")
# characters to parse twice: without a limit, a file of many small cells takes quadratic time
MAX_AGAIN = 1 << 20


class Broken(UserError):
    """A submission's file, or the part of it that defines a name, cannot be read or run.

    The text says where.
    """


@dataclass(frozen=True)
class Cell:
    """A piece of a file.

    number: of a notebook's cell, counted from 1; None in a script, whose lines are counted from its
    top.
    first_line: the number of its first line there.
    code: whether it holds code, by its type.
    """

    text: str
    number: int | None
    first_line: int
    code: bool = True

    @property
    def place(self) -> str:
        """Return the unit of its line numbers: "line", or "cell 3, line"."""
        if self.number is None:
            return "line"
        return f"cell {self.number}, line"

    def at(self, line: int) -> str:
        """Return the place in the file of the cell's line `line`, counted from 1: "line 45"."""
        before = self.first_line - 1
        return f"{self.place} {before + line}"


def cells(source: bytes) -> list[Cell]:
    """Return the cells of a percent script or of a notebook. Raises `Broken` if it is neither."""
    text = text_of(source)
    if _WEB_PAGE.match(text):
        raise Broken(
            "the file is a web page, not a script or notebook. Download the script or notebook "
            "itself (File → Download), and submit that."
        )
    if _NOTEBOOK.match(text):
        return _notebook_cells(text)
    return _script_cells(text.replace("\r\n", "\n"))


_WEB_PAGE = re.compile(r"\s*<(!doctype html|html|head)\b", re.I)
# JSON, perhaps below the mark that git leaves where it could not merge two versions
_NOTEBOOK = re.compile(r"\s*(<<<<<<<[^\n]*\n\s*)?\{")
_MERGE = re.compile(r"^<<<<<<<", re.M)
# the beginning of a file of another format → its name
_FORMATS = {
    b"PK\3\4": "a zip archive or an Office document",
    b"%PDF-": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
_ITSELF = "Submit the .py script or the .ipynb notebook itself."
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # the beginning of such a file
# of old files for Windows and Unix in Western Europe, as Python reads them if a line declares them
_CODE_PAGES = ("cp1252", "iso8859-1", "iso8859-15")


def text_of(source: bytes) -> str:
    """Return the text of a file: UTF-8, UTF-16 as Notepad writes it, or a declared encoding.

    Raises `Broken`.
    """
    for beginning, name in _FORMATS.items():
        if source.startswith(beginning):
            raise Broken(f"the file is {name}. {_ITSELF}")
    try:
        if source.startswith(_UTF_16):
            return source.decode("utf-16")
        if b"\0" not in source:
            return source.decode(_code_page_named(source) or "utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise Broken(
            f"line {line} is not {error.encoding.upper()}: the file has another encoding. "
            "Save it as UTF-8."
        ) from None
    raise Broken(f"the file is not text: it holds NUL bytes. {_ITSELF}")


def _code_page_named(source: bytes) -> str | None:
    """Return the encoding declared in the first two lines; None for UTF-8 and others."""
    first_lines = BytesIO(source[:MAX_NAMED])
    try:
        named, _ = tokenize.detect_encoding(first_lines.readline)
        known = codecs.lookup(named).name
    except (SyntaxError, LookupError):
        return None
    return known if known in _CODE_PAGES else None


MAX_NAMED = 400  # bytes in which two lines may declare it


def _script_cells(text: str) -> list[Cell]:
    found = []
    start = 0
    first_line = 1
    title = ""
    for header in _HEADER.finditer(text + "\n# %%"):  # one more header ends the last cell
        end = max(0, header.start() - 1)  # the line end before the header belongs to no cell
        is_code = "[markdown]" not in title
        found.append(Cell(text[start:end], None, first_line, is_code))
        first_line += text.count("\n", start, header.end()) + 1
        start = header.end() + 1
        title = header[1]
    return found


def _notebook_cells(text: str) -> list[Cell]:
    try:
        book = json.loads(text)
        entries = book["cells"] if "cells" in book else _entries_of_2013(book)
        return [_notebook_cell(number, entry) for number, entry in enumerate(entries, 1)]
    except json.JSONDecodeError as error:
        raise Broken(_why_not_json(text, error)) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Broken(
            "the notebook cannot be read: its JSON holds no cells like Jupyter's. Submit a file "
            "that Jupyter opens."
        ) from None


def _why_not_json(text: str, error: json.JSONDecodeError) -> str:
    """Say why the text of a notebook is not JSON, and what to do."""
    merge = _MERGE.search(text)
    if merge:
        line = text.count("\n", 0, merge.start()) + 1
        return (
            f"the notebook holds an unfinished merge of git: line {line} begins with `<<<<<<<`. "
            "Restore one of the two versions, and submit that."
        )
    whole = text.rstrip()
    is_open = not whole.endswith("}") or error.pos >= len(whole) - 1
    is_in_string = error.msg.startswith("Unterminated string")
    if (is_open or is_in_string) and error.msg != "Extra data":
        last = whole.count("\n") + 1
        return (
            f"the notebook is incomplete: its file ends in line {last}, in the middle of the JSON. "
            "Save it again, and submit the whole file."
        )
    return (
        f"the notebook cannot be read: its JSON is invalid in line {error.lineno}. Submit a file "
        "that Jupyter opens."
    )


def _entries_of_2013(book: Any) -> list[Any]:
    """Return the cells of a notebook in nbformat 3, which are in worksheets."""
    entries = []
    for sheet in book["worksheets"]:
        entries += sheet["cells"]
    return entries


def _notebook_cell(number: int, entry: Any) -> Cell:
    of_nbformat_4 = entry.get("source", "")
    source = entry.get("input", of_nbformat_4)  # `input`: in nbformat 3
    text = "".join(source)  # of lines, or one text
    is_code = entry["cell_type"] == "code"
    return Cell(text, number, 1, is_code)


def code_cells(source: bytes) -> list[Cell]:
    """Return the cells whose code makes up a submission, repaired if possible.

    Raises `Broken` for a file that cannot be read.
    """
    found = cells(source)
    with_definitions = []
    for cell in _ignore_false_headers(found, source):
        if cell.code or _holds_definitions(cell):
            with_definitions.append(cell)
    joined = _join_split_cells(with_definitions)
    return _leave_out_repeated(joined)


def _ignore_false_headers(found: Sequence[Cell], source: bytes) -> Sequence[Cell]:
    """Take a script that parses as a whole as code.

    A `# %%` inside a string is no header, and under a Markdown header only comments parse.
    """
    if not found or found[0].number is not None:
        return found
    if all(syntax_tree(cell.text) for cell in found):
        return [replace(cell, code=True) for cell in found]
    text = text_of(source)
    whole = text.replace("\r\n", "\n")
    if syntax_tree(whole):
        return [Cell(whole, None, 1)]
    return found


def _holds_definitions(cell: Cell) -> bool:
    """Return whether a cell defines anything, whatever its type is."""
    if not _DEFINES.search(cell.text):
        return False  # most text is not parsed
    return bool(_names_defined(cell))


def _join_split_cells(found: Iterable[Cell]) -> list[Cell]:
    """Join a code cell that does not parse to the one before, if they parse together.

    Example: `def f(x):` and `    return x` in two cells become one. IPython commands are removed
    from cells that do not parse.
    """
    joined: list[Cell] = []
    left = MAX_AGAIN
    for cell in found:
        if not cell.code or syntax_tree(cell.text):
            joined.append(cell)
            continue
        cell = replace(cell, text=_without_commands(cell.text))
        if not joined or not joined[-1].code or syntax_tree(cell.text):
            joined.append(cell)
            continue
        # in a script, `# %%` is a separate line
        whole = f"{joined[-1].text}\n\n{cell.text}"
        left -= len(whole)
        if left > 0 and _parse_or_none(whole):
            joined[-1] = replace(joined[-1], text=whole)
        else:
            joined.append(cell)
    return joined


def _leave_out_repeated(found: Sequence[Cell]) -> list[Cell]:
    """Leave out cells of another type that define a name which a code cell defines.

    Example: of `f` in a Markdown cell and `g` in a raw one, with another `g` in a code cell, `f`
    and the code cell stay. The first has a wrong type by mistake, the second is an old attempt.
    """
    if all(cell.code for cell in found):
        return list(found)
    defined_by_code: set[str] = set()
    for cell in found:
        if cell.code:
            defined_by_code |= _names_defined(cell)
    kept = []
    for cell in found:
        if cell.code or not _names_defined(cell) & defined_by_code:
            kept.append(cell)
    return kept


def why_unparsed(cell: Cell, error: Exception) -> str:
    """Say why a cell does not parse, and in which line of the file."""
    reason = (
        str(error)
        or "the code is nested too deeply. Split its longest expression into several lines"
    )
    if isinstance(error, SyntaxError):
        reason = error.msg
    line = getattr(error, "lineno", None) or 1
    kind = type(error).__name__
    return f"{cell.at(line)}: {kind}: {reason}"


def _names_defined(cell: Cell) -> set[str]:
    names: set[str] = set()
    tree = syntax_tree(cell.text)
    if tree:
        for statement in tree.body:
            names.update(names_bound(statement))
    return names


def _parse_or_none(text: str) -> ast.Module | None:
    try:
        return parse(text)
    except UNPARSABLE:
        return None


@lru_cache(1000)
def syntax_tree(text: str) -> ast.Module | None:
    """Return the syntax tree of code, None if it does not parse. Trees are cached by text."""
    return _parse_or_none(text)


def _without_commands(text: str) -> str:
    """Replace IPython commands by `pass`, and a cell in another language by nothing."""
    code = text.lstrip()
    if code.startswith("%%"):
        first, _, below = code.partition("\n")
        command, *_ = first.split()
        if command in _CELL_COMMANDS_OF_PYTHON:
            return f"\n{below}"
        return ""
    without = _COMMAND.sub(_pass_instead, text)
    if syntax_tree(without):
        return without
    return _ASSIGNED.sub(_pass_instead, without)


def _pass_instead(command: re.Match[str]) -> str:
    indentation = next(filter(None, command.groups()), "")
    return f"{indentation}pass"


def names_bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement binds at its own level.

    `Model.forward = f` and `table[0] = 1` count for the base.
    """
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
            return
        case ast.alias():
            name = node.asname or node.name
            package, _, _ = name.partition(".")
            yield package
        case ast.Name(ctx=ast.Store()):
            yield node.id
        case ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
            base = _base(node)
            if isinstance(base, ast.Name):
                yield base.id
    for child in ast.iter_child_nodes(node):
        is_stored = isinstance(getattr(child, "ctx", None), ast.Store)
        if isinstance(child, ast.expr) and not is_stored:
            continue  # an expression that is only read binds nothing
        yield from names_bound(child)


def names_filled(statement: ast.AST) -> Iterator[str]:
    """Yield the names of containers that a statement fills by a method, as `table.append(1)` does.

    Loops and branches count, bodies of functions and classes do not.
    """
    match statement:
        case ast.Expr(ast.Call(ast.Attribute(value=value, attr=method))) if method in _FILLS:
            base = _base(value)
            if isinstance(base, ast.Name):
                yield base.id
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from names_filled(child)


_FILLS = ("add", "append", "extend", "insert", "setdefault", "update")


def _base(node: ast.expr) -> ast.expr:
    """Return the object of an attribute or item, however deep: `a` in `a.b[0].c`."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node
