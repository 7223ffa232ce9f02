"""The definitions of a submission as they stand in its file: read, never run."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from autograder.sandbox.inside.cells import UNPARSABLE, Broken, Cell, cells, code_cells, syntax_tree
from autograder.sandbox.inside.submission import Statement, Submission

# Here no wall stands around what reads a file. So what it can cost is bounded first;
# benchmarks/worst_files.py measures it. An honest file has half of that or less.
MAX_CODE = 128 << 10  # characters of a script, or of all cells of a notebook
MAX_BYTES = 4  # of a character in UTF-8
MAX_CELLS = 2_000
MAX_KEPT = 1_000_000  # bytes of submissions whose trees are kept, some ten megabytes
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
        """Return what its lines are counted in: "line", or "cell 3, line"."""
        if self.cell is None:
            return "line"
        return f"cell {self.cell}, line"

    @cached_property
    def words(self) -> frozenset[str]:
        """Return the words in its text, of strings and comments too."""
        found = re.findall(r"\w+", self.text)
        return frozenset(found)

    @cached_property
    def is_function(self) -> bool:
        """Return whether it is a function or a class."""
        head = re.match(r"@|(async )?def |class ", self.text)
        return head is not None


@dataclass
class _Parsed:
    """Counts the bytes that were parsed, and forgets the trees after so many: no class is kept.

    Some submissions' are, since most cells of one are those that all students were given.
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
    """Return the definitions of a submission, read and not run.

    Of a cell that does not parse it is the whole text. Nothing where the file is no text or is over
    the limits.
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


@dataclass(frozen=True)
class Script:
    """The code of a submission as one script, of a notebook's cells too.

    places: the number of a line, from 1 → where it stands in the file, as "line 41".
    """

    text: str
    places: dict[int, str]


def script_of(source: bytes) -> Script | None:
    """Return the code of a submission. None where it does not parse or is over the limits."""
    submission = _read(source)
    if submission is None or submission._broken:
        return None
    texts: list[str] = []
    places: dict[int, str] = {}
    line = 0
    for cell in code_cells(source):
        if "\r" in cell.text:  # which ends a line for Python, and not in a file
            return None
        texts += [HEADER, cell.text]
        line += 1
        for number in range(1, cell.text.count("\n") + 2):
            line += 1
            places[line] = cell.at(number)
    return Script("\n".join(texts), places)


def _read(source: bytes) -> Submission | None:
    """Parse a submission; None where it is no text or over the limits."""
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
    """Say whether a file is within the limits, as far as one can tell before it is read."""
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
