"""A submission's definitions as they stand in its file, which is read and never run."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from autograder.sandbox.inside.cells import (
    UNPARSABLE,
    Broken,
    Cell,
    cells,
    code_cells,
    syntax_tree,
    text_of,
)
from autograder.sandbox.inside.submission import Statement, Submission

# No sandbox confines the reading of a file here, so its cost is bounded first;
# benchmarks/worst_files.py measures it. An honest file has half of that or less.
MAX_CODE = 128 << 10  # characters of a script, or of all cells of a notebook
MAX_BYTES = 4  # of a character in UTF-8
MAX_CELLS = 2_000
MAX_KEPT = 1_000_000  # bytes of submissions whose trees are cached, some ten megabytes
HEADER = "# %%"  # of a cell in a script
MAX_PARTS = 100_000  # of a notebook's JSON: objects and lists, those in its outputs too


@dataclass(frozen=True)
class Definition:
    """A definition as it stands in a file.

    names: that it binds. cell: the number of its cell in a notebook, counted from 1; None in a
    script. first: the number of its first line, in the cell or the script.
    """

    names: frozenset[str]
    cell: int | None
    first: int
    text: str

    @property
    def place(self) -> str:
        """Return the unit of its line numbers: "line", or "cell 3, line"."""
        if self.cell is None:
            return "line"
        return f"cell {self.cell}, line"

    @cached_property
    def words(self) -> frozenset[str]:
        """Return the words in its text, including strings and comments."""
        found = re.findall(r"\w+", self.text)
        return frozenset(found)

    @cached_property
    def is_function(self) -> bool:
        """Return whether it is a function or a class."""
        head = re.match(r"@|(async )?def |class ", self.text)
        return head is not None


@dataclass
class _Parsed:
    """Counts parsed bytes, and forgets the trees after a limit, so that no class is kept.

    The trees of some submissions stay, because most cells are those that all students received.
    """

    size: int = 0

    def add(self, size: int) -> None:
        """Count one submission."""
        self.size += size
        if self.size > MAX_KEPT:
            syntax_tree.cache_clear()
            self.size = 0


_parsed = _Parsed()


def read_definitions(source: bytes) -> list[Definition]:
    """Return the definitions of a submission, which is not run.

    A cell that does not parse counts as one definition. Returns nothing if the file is not text or
    exceeds the limits.
    """
    submission = _read(source)
    if submission is None:
        return []
    lines: dict[Cell, list[str]] = {}
    read = []
    for statement in submission._statements:
        if isinstance(statement.node, _NO_DEFINITION):
            continue
        cell = statement.cell
        if cell not in lines:
            lines[cell] = cell.text.split("\n")
        read.append(_definition(statement, lines[cell]))
    for cell in cells(source):
        if cell.text in submission._broken:
            names = re.findall(r"^(?:def |class )?(\w+)", cell.text, re.M)
            read.append(Definition(frozenset(names), cell.number, cell.first_line, cell.text))
    return read


def why_unread(source: bytes) -> str:
    """Say why no check can run a file: it is empty, or neither a script nor a notebook.

    Empty for other files, and for a large notebook, which is only read in the sandbox.
    """
    if not source.strip():
        return "the file is empty."
    try:
        text_of(source)
        if _may_be_read(source):
            cells(source)
    except Broken as error:
        return str(error)
    return ""


def is_read(source: bytes) -> bool:
    """Return whether `read_definitions` reads a file: it is text, and within the limits."""
    return _read(source) is not None


@dataclass(frozen=True)
class Script:
    """The code of a submission as one script, a notebook's cells included.

    places: the number of a line, from 1 → its place in the file, as "line 41".
    """

    text: str
    places: dict[int, str]


def script_of(source: bytes) -> Script | None:
    """Return the code of a submission. None if it does not parse or exceeds the limits."""
    submission = _read(source)
    if submission is None or submission._broken:
        return None
    texts: list[str] = []
    places: dict[int, str] = {}
    line = 0
    for cell in code_cells(source):
        if "\r" in cell.text:  # a line end for Python, but not in a file
            return None
        texts += [HEADER, cell.text]
        line += 1
        for number in range(1, cell.text.count("\n") + 2):
            line += 1
            places[line] = cell.at(number)
    return Script("\n".join(texts), places)


def _read(source: bytes) -> Submission | None:
    """Parse a submission; None if it is not text or exceeds the limits."""
    if not _may_be_read(source):
        return None
    try:
        found = cells(source)
        length = sum(len(cell.text) for cell in found)
        if len(found) > MAX_CELLS or length > MAX_CODE:
            return None
        return Submission(source, "")
    except (Broken, *UNPARSABLE):
        return None
    finally:
        _parsed.add(len(source))


def _may_be_read(source: bytes) -> bool:
    """Return whether a file is within the limits, as far as that shows before reading."""
    text = source.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"{"):  # a notebook, whose outputs may be large
        objects = source.count(b"{")
        lists = source.count(b"[")
        return objects + lists <= MAX_PARTS
    if len(source) > MAX_BYTES * MAX_CODE:
        return False
    return source.count(b"# %%") <= MAX_CELLS


_NO_DEFINITION = (ast.Import, ast.ImportFrom, ast.Expr)


def _definition(statement: Statement, lines: Sequence[str]) -> Definition:
    """Return a statement as it stands, with its decorators; lines: of its cell."""
    node = statement.node
    cell = statement.cell
    first = node.lineno
    for decorator in getattr(node, "decorator_list", []):
        first = min(first, decorator.lineno)
    own_lines = lines[first - 1 : node.end_lineno]
    return Definition(
        names=frozenset(statement.binds),
        cell=cell.number,
        first=cell.first_line - 1 + first,
        text="\n".join(own_lines),
    )
