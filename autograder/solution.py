"""Reads a percent script: what a submission defines, what a solution's stub is, which mistakes it knows.

A submission is its definitions, not its cells. A name is looked up when an experiment asks for it; then the statements
that bind it run, with the imports and top-level names that these use in turn. Nothing else of a file is executed, and
nothing of an `autograder.example` block, whose variables may be called like a helper.
"""

import ast
import dis
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property, lru_cache
from types import CodeType, ModuleType
from typing import Any

from autograder.checking import Mistake

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"  # nbgrader's own, so that what it releases equals ours
_MISTAKE = re.compile(r"^(\s*)# mistake(?: \(keeps ([\d.]+)\))?: (.*)$")
_CELL = re.compile(r"^# %%(.*)$", re.M)
_LOAD_NAME, _LOAD_GLOBAL = dis.opmap["LOAD_NAME"], dis.opmap["LOAD_GLOBAL"]
_DEFINES = re.compile(r"^(def|class|async|import|from|@|\w+ *=)", re.M)
UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
_MAGIC = re.compile(r"^([ \t]*)[%!?].*$|^([ \t]*)[\w.]+\?+[ \t]*$", re.M)
MAX_CODE = 256 << 10  # characters to parse where no wall stands; an honest file has a tenth
MAX_AGAIN = 1 << 20  # characters to parse twice: else a file of many small cells costs the square of its length


class Missing(Exception):
    """A submission does not define a name; the text says so and names the nearest that it does."""


class Broken(Exception):
    """A submission's file, or the part of it that defines a name, cannot be read or run; the text says where."""


def missing(name: str, defined: Iterable[str]) -> Missing:
    """The error for a name that is not defined, with the nearest that is."""
    near = get_close_matches(name, sorted(defined), 1, 0.6)
    return Missing(f"`{name}` is not defined." + (f" Did you mean it by `{near[0]}`?" if near else ""))


@dataclass(frozen=True)
class Cell:
    """A piece of a file: its text, what its lines are counted in, the first one's number, and whether it is code."""

    text: str
    place: str  # "line" or "cell 3, line"
    first_line: int
    code: bool = True

    def at(self, line: int) -> str:
        """Where in the file the cell's line `line` stands, counted from 1: "line 45"."""
        return f"{self.place} {self.first_line - 1 + line}"


@dataclass
class Statement:
    """A top-level statement, its cell, the name of the file, and the names it binds or changes."""

    node: ast.stmt
    cell: Cell
    filename: str
    binds: set[str]
    done: bool = False
    futures: Sequence[ast.stmt] = ()  # the file's `from __future__ import …`, which hold for all of it

    @cached_property
    def code(self) -> CodeType:
        """The statement, compiled when it is first needed. Raises `Broken`: a `return` may stand outside a function."""
        name = f"<{self.cell.at(0)}|{self.filename}>"
        try:
            return compile(ast.Module([*self.futures, self.node], []), name, "exec", dont_inherit=True)
        except SyntaxError as error:
            raise Broken(_unparsed(self.cell, error)) from None

    @cached_property
    def uses(self) -> set[str]:
        """The names that it looks up outside itself."""
        return set(_globals_used(self.code))


def cells(source: bytes) -> list[Cell]:
    """The cells of a percent script or of a notebook. Raises `Broken` for what is neither."""
    if b"\0" in source:
        raise Broken("the file is not text: it holds NUL bytes. Submit the .py script or the .ipynb notebook itself.")
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Broken(f"the file is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from None
    if text.lstrip().startswith("{"):
        return _notebook_cells(text)
    return _script_cells(text.replace("\r\n", "\n"))


def _script_cells(text: str) -> list[Cell]:
    found: list[Cell] = []
    start, first, kind = 0, 1, ""
    for header in _CELL.finditer(text + "\n# %%"):
        found.append(Cell(text[start : max(0, header.start() - 1)], "line", first, "[markdown]" not in kind))
        first += text.count("\n", start, header.end()) + 1
        start, kind = header.end() + 1, header[1]
    return found


def _notebook_cells(text: str) -> list[Cell]:
    try:
        book = json.loads(text)
        raw = book["cells"] if "cells" in book else [cell for sheet in book["worksheets"] for cell in sheet["cells"]]
        return [
            Cell("".join(cell.get("input", cell.get("source", ""))), f"cell {n}, line", 1, cell["cell_type"] == "code")
            for n, cell in enumerate(raw, 1)
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Broken("the notebook cannot be read: it is not a whole .ipynb file. Save it again.") from None


def _uncut(found: list[Cell], source: bytes) -> list[Cell]:
    """The cells of a script that parses: all its lines are code, and a `# %%` inside a string is no border."""
    if not found or found[0].place != "line":
        return found
    if all(_tree(cell.text) for cell in found):
        return [replace(cell, code=True) for cell in found]
    whole = source.decode("utf-8-sig").replace("\r\n", "\n")
    return [Cell(whole, "line", 1)] if _tree(whole) else found


def _mended(found: Iterable[Cell]) -> list[Cell]:
    """The cells that hold code, in order: what was split is joined where it parses together and not alone, and of cells
    of another type those are taken that define what no code cell does.
    """
    code: list[Cell] = []
    left = MAX_AGAIN
    for cell in found:
        if cell.code and not _tree(cell.text):
            cell = replace(cell, text=_without_magics(cell.text))
            whole = f"{code[-1].text}\n\n{cell.text}" if code else ""  # in a script, `# %%` is a line of its own
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
    return {name for node in tree.body for name in _names_bound(node)} if tree else set()


class Submission:
    """A namespace that runs the definitions of a name when the name is first asked for.

    Attributes raise `Missing` for a name that is not defined and `Broken` where its definition cannot run.
    """

    def __init__(self, source: bytes, filename: str) -> None:
        sys.modules["submission"] = module = ModuleType("submission")  # dataclasses look their annotations up there
        self._names = vars(module)
        self._ran: set[str] = set()  # names whose definitions have run
        self._broken: dict[str, str] = {}  # text of a cell that does not parse → what is wrong with it
        self._filename = filename
        self._statements = list(self._parse(_mended(_uncut(cells(source), source))))
        futures = [s.node for s in self._statements if getattr(s.node, "module", "") == "__future__"]
        for statement in self._statements:
            statement.futures = futures

    def _parse(self, found: list[Cell]) -> Iterator[Statement]:
        for cell in found:
            try:
                tree = _tree(cell.text) or ast.parse(cell.text)
            except UNPARSABLE as error:
                self._broken[cell.text] = _unparsed(cell, error)
                continue
            for node in tree.body:
                if not _is_example(node):
                    yield Statement(node, cell, self._filename, set(_names_bound(node)))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        names, statements = self._names, self._statements
        if name not in self._ran:
            self._run(name)
            self._ran.add(name)
        if name in names:
            return names[name]
        for text, what in self._broken.items():
            if re.search(rf"\b{re.escape(name)}\b\s*(\(|=)", text):
                raise Broken(f"`{name}` could not be read. {what}")
        raise missing(name, {bound for statement in statements for bound in statement.binds})

    def _run(self, name: str) -> None:
        wanted, queue, asked = set[int](), [name], {name}
        for one in queue:
            for statement in self._statements:
                if (one in statement.binds or "*" in statement.binds) and id(statement) not in wanted:
                    wanted.add(id(statement))
                    queue += statement.uses - asked
                    asked |= statement.uses
        for statement in self._statements:
            if id(statement) in wanted and not statement.done:
                exec(statement.code, self._names)
                statement.done = True


@dataclass(frozen=True)
class Piece:
    """A definition as it stands in a file: the names that it binds, its place, its first line and its text."""

    names: frozenset[str]
    place: str  # "line" or "cell 3, line"
    first: int
    text: str

    @property
    def is_function(self) -> bool:
        """Whether it is a function or a class."""
        return bool(re.match(r"@|(async )?def |class ", self.text))


def pieces(source: bytes) -> list[Piece]:
    """The definitions of a submission, read and not run; of a cell that does not parse, its whole text.

    Nothing where the file is no text or holds more of it than `MAX_CODE`.
    """
    try:
        found = cells(source)
        if sum(len(cell.text) for cell in found) > MAX_CODE:
            return []
        submission = Submission(source, "")
    except (Broken, RecursionError):
        return []
    finally:
        _tree.cache_clear()  # a class of submissions is not kept
    statements = [s for s in submission._statements if not isinstance(s.node, _NO_DEFINITION)]
    lines = {cell: cell.text.split("\n") for cell in {s.cell for s in statements}}
    broken = [cell for cell in found if cell.text in submission._broken]
    return [_piece(statement, lines[statement.cell]) for statement in statements] + [
        Piece(frozenset(re.findall(r"^(?:def |class )?(\w+)", c.text, re.M)), c.place, c.first_line, c.text)
        for c in broken
    ]


_NO_DEFINITION = (ast.Import, ast.ImportFrom, ast.Expr)


def _piece(statement: Statement, lines: Sequence[str]) -> Piece:
    node, cell = statement.node, statement.cell
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
    text = "\n".join(lines[first - 1 : node.end_lineno])
    return Piece(frozenset(statement.binds), cell.place, cell.first_line - 1 + first, text)


@lru_cache(1000)
def _tree(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except UNPARSABLE:
        return None


def _is_example(node: ast.stmt) -> bool:
    match node:
        case ast.With(items=[ast.withitem(ast.Call(ast.Attribute(ast.Name("autograder"), "example"))), *_]):
            return True
    return False


def _without_magics(text: str) -> str:
    if text.lstrip().startswith("%%"):
        head, _, body = text.lstrip().partition("\n")
        return "\n" + body if head.split()[0] in ("%%time", "%%timeit", "%%capture") else ""
    return _MAGIC.sub(lambda m: (m[1] or m[2] or "") + "pass", text)


def _names_bound(node: ast.AST) -> Iterator[str]:
    """The names that a statement binds at its own level; `Model.forward = f` and `table[0] = 1` count for the base."""
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
            yield from _names_bound(child)  # an expression that is only read binds nothing


def _globals_used(code: CodeType) -> Iterator[str]:
    """The names that code looks up outside itself. `dis` tells the same at ten times the cost; a test compares them."""
    more = 0
    for operation, argument in zip(code.co_code[::2], code.co_code[1::2], strict=True):
        argument |= more
        more = argument << 8 if operation == dis.EXTENDED_ARG else 0
        if operation in (_LOAD_NAME, _LOAD_GLOBAL):
            yield code.co_names[argument >> (operation == _LOAD_GLOBAL)]  # its last bit says something else
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals_used(constant)


@dataclass(frozen=True)
class Solution:
    """A solution's script and the mistakes written in it, each with the line range of the statement it replaces."""

    text: str
    mistakes: tuple[tuple[Mistake, int, int], ...] = field(default=())

    @property
    def stub(self) -> str:
        """The script as students get it: each solution region replaced by the stub."""
        out: list[str] = []
        inside = False
        for line in self.text.split("\n"):
            if line.strip() == BEGIN:
                inside = True
                indent = line[: len(line) - len(line.lstrip())]
                out += [indent + part for part in STUB.split("\n")]
            elif line.strip() == END:
                inside = False
            elif not inside:
                out.append(line)
        return "\n".join(out)

    @property
    def secret_lines(self) -> set[str]:
        """The lines of the solution regions, mistakes and all, that the stub does not hold."""
        regions = re.findall(rf"{BEGIN}\n(.*?){END}", self.text, re.S)
        lines = {line.strip() for region in regions for line in region.split("\n")}
        lines |= {mistake.code for mistake, _, _ in self.mistakes}
        told = {line for line in lines if len(line) > 12 and line not in self.stub}
        # `optimizer.step()` and `return results` are words of the trade, which remarks use too, and no answers
        return {line for line in told if not re.fullmatch(r"(return )?[\w.]+(\(\w*\))?", line)}

    def plain(self) -> str:
        """The solution without its mistakes, as one would write it."""
        out, skip = [], False
        for line in self.text.split("\n"):
            skip = bool(_MISTAKE.match(line)) or (skip and bool(re.match(r"\s*#   ", line)))
            if not skip:
                out.append(line)
        return "\n".join(out)

    def with_mistake(self, *identities: str) -> str:
        """The script with one mistake made, or several that spoil different statements."""
        lines, made = self.text.split("\n"), [entry for entry in self.mistakes if entry[0].id in identities]
        for mistake, first, last in sorted(made, key=lambda entry: -entry[1]):
            indent = lines[first - 1][: len(lines[first - 1]) - len(lines[first - 1].lstrip())]
            lines[first - 1 : last] = [indent + mistake.code]
        return "\n".join(lines)


def read_solution(text: str) -> Solution:
    """Parse a solution's script. Raises `ValueError`, with the line, for a mistake that does not stand below code."""
    ends = {}  # last line of a statement → its first line
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            ends[node.end_lineno or node.lineno] = node.lineno
    mistakes: list[tuple[Mistake, int, int]] = []
    lines, last_code = text.split("\n"), 0
    for number, line in enumerate(lines, 1):
        if match := _MISTAKE.match(line):
            words: list[str] = []
            while number + len(words) < len(lines) and re.match(r"\s*#   ", lines[number + len(words)]):
                words.append(lines[number + len(words)].strip()[1:].strip())
            if not words or not last_code:
                raise ValueError(
                    f"line {number}: a `# mistake:` stands below the line it spoils and has words below it."
                )
            mistake = Mistake(f"m{len(mistakes) + 1:02}", " ".join(words), float(match[2] or 0), match[3])
            mistakes.append((mistake, ends.get(last_code, last_code), last_code))
        elif line.strip() and not line.strip().startswith("#"):
            last_code = number
    return Solution(text, tuple(mistakes))
