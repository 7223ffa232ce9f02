"""The definitions of a submission as they stand in its file: read, never run."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.sandbox.inside.cells import UNPARSABLE, Broken, cells, syntax_tree
from autograder.sandbox.inside.submission import Statement, Submission

# Here no wall stands around what reads a file. So what it can cost is bounded first;
# benchmarks/worst_files.py measures it. An honest file has half of that or less.
MAX_CODE = 128 << 10  # characters of a script, or of all cells of a notebook
MAX_CELLS = 2_000
MAX_PARTS = 100_000  # of a notebook's JSON: objects and lists, those in its outputs too


@dataclass(frozen=True)
class Piece:
    """A definition as it stands in a file: the names that it binds, its place, its first line and
    its text.
    """

    names: frozenset[str]
    place: str  # "line" or "cell 3, line"
    first: int
    text: str

    @property
    def is_function(self) -> bool:
        """Whether it is a function or a class."""
        return bool(re.match(r"@|(async )?def |class ", self.text))


def pieces(source: bytes) -> list[Piece]:
    """The definitions of a submission, read and not run; of a cell that does not parse, its whole
    text.

    Nothing where the file is no text or is over the limits.
    """
    if not _may_be_read(source):
        return []
    try:
        found = cells(source)
        if len(found) > MAX_CELLS or sum(len(cell.text) for cell in found) > MAX_CODE:
            return []
        submission = Submission(source, "")
    except (Broken, *UNPARSABLE):
        return []
    finally:
        syntax_tree.cache_clear()  # a class of submissions is not kept
    statements = [s for s in submission._statements if not isinstance(s.node, _NO_DEFINITION)]
    lines = {cell: cell.text.split("\n") for cell in {s.cell for s in statements}}
    broken = [cell for cell in found if cell.text in submission._broken]
    return [_piece(statement, lines[statement.cell]) for statement in statements] + [
        Piece(
            frozenset(re.findall(r"^(?:def |class )?(\w+)", c.text, re.M)),
            c.place,
            c.first_line,
            c.text,
        )
        for c in broken
    ]


def _may_be_read(source: bytes) -> bool:
    """Whether a file is within the limits, as far as one can tell before it is read."""
    if (
        source.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
    ):  # a notebook, whose outputs may be large
        return source.count(b"{") + source.count(b"[") <= MAX_PARTS
    return len(source) <= 4 * MAX_CODE and source.count(b"# %%") <= MAX_CELLS


_NO_DEFINITION = (ast.Import, ast.ImportFrom, ast.Expr)


def _piece(statement: Statement, lines: Sequence[str]) -> Piece:
    node, cell = statement.node, statement.cell
    first = min(
        [node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))]
    )
    text = "\n".join(lines[first - 1 : node.end_lineno])
    return Piece(frozenset(statement.binds), cell.place, cell.first_line - 1 + first, text)
