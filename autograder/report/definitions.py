"""The definitions of a submission as they stand in its file: read, never run."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.sandbox.inside.cells import MAX_CODE, Broken, _tree, cells
from autograder.sandbox.inside.submission import Statement, Submission


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
