"""Fingerprints of code: numbers for the subtrees of its syntax tree, by what they do.

Two subtrees have the same number if they do the same with the same tools: names that a student
chose, constants, annotations, comments and docstrings are ignored; names of Python and of libraries
count. A subtree's number does not depend on its surroundings, so a copy keeps most of its numbers
when lines are moved or a loop is rewritten.
"""

import ast
import builtins
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from autograder.parsing import parse

SMALLEST = 8  # nodes: smaller subtrees, such as `x.sum(0)`, are common to everybody
BUILTIN = frozenset(dir(builtins))
COMMUTE = (ast.Add, ast.Mult, ast.BitAnd, ast.BitOr)


@dataclass(frozen=True)
class Fingerprint:
    """The fingerprint of one subtree: its number, and its lines, counted from 1."""

    number: int
    first: int
    last: int


def fingerprints(codes: Sequence[str]) -> list[list[Fingerprint]]:
    """Return the fingerprints of one person's definitions, given together.

    Code that does not parse has none.
    """
    trees = [_tree(code) for code in codes]
    chosen = _Chosen()
    for tree in trees:
        chosen.note(tree)
    return [_prints(tree, chosen) for tree in trees]


def numbers(codes: Sequence[str]) -> list[frozenset[int]]:
    """Return the numbers of all subtrees of one person's definitions, given together."""
    found = []
    for prints in fingerprints(codes):
        found.append(frozenset(part.number for part in prints))
    return found


def _tree(code: str) -> ast.Module:
    try:
        return parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


@dataclass
class _Chosen:
    """The names that a student chose.

    variables: of variables and functions. attributes: after a dot, of attributes and methods.
    """

    variables: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)

    def note(self, tree: ast.AST) -> None:
        """Add the names that some code defines."""
        for node in ast.walk(tree):
            match node:
                case ast.ClassDef(name=name, body=body):
                    self.variables.add(name)
                    methods = [part for part in body if isinstance(part, ast.FunctionDef)]
                    self.attributes |= {method.name for method in methods}
                case (
                    ast.FunctionDef(name=name)
                    | ast.arg(arg=name)
                    | ast.Name(id=name, ctx=ast.Store())
                ):
                    self.variables.add(name)
                case ast.Attribute(attr=name, ctx=ast.Store()):
                    self.attributes.add(name)


def _prints(tree: ast.Module, chosen: _Chosen) -> list[Fingerprint]:
    walk = _Walk(chosen)
    try:
        for statement in tree.body:
            walk.visit(statement)
    except RecursionError:
        return []
    return walk.found


class _Walk:
    """Visits a tree from its leaves up, and records the fingerprint of each large subtree."""

    def __init__(self, chosen: _Chosen) -> None:
        self._chosen = chosen
        self.found: list[Fingerprint] = []

    def visit(self, node: ast.AST) -> tuple[bytes, int]:
        """Return a subtree's digest, and the number of its nodes."""
        digests = []
        size = 1
        for child in _children(node):
            digest, nodes = self.visit(child)
            digests.append(digest)
            size += nodes
        if isinstance(node, ast.BinOp) and isinstance(node.op, COMMUTE):
            digests.sort()
        label = self._label(node).encode()
        content = label + b"".join(digests)
        digest = blake2b(content, digest_size=8).digest()
        if size >= SMALLEST and isinstance(node, ast.stmt | ast.expr):
            number = int.from_bytes(digest, "big")
            last = node.end_lineno or node.lineno
            self.found.append(Fingerprint(number, node.lineno, last))
        return digest, size

    def _label(self, node: ast.AST) -> str:
        """Return a node's kind, with its name if that is Python's or a library's."""
        kind = type(node).__name__
        match node:
            case ast.AnnAssign():
                return "Assign"
            case ast.Name(id=name) if name in BUILTIN and name not in self._chosen.variables:
                return f"{kind} {name}"
            case ast.Attribute(attr=name) if name not in self._chosen.attributes:
                return f"{kind} {name}"
            case ast.BinOp(op=op) | ast.UnaryOp(op=op) | ast.BoolOp(op=op) | ast.AugAssign(op=op):
                return f"{kind} {type(op).__name__}"
            case ast.Compare(ops=ops):
                operators = [type(op).__name__ for op in ops]
                return " ".join([kind, *operators])
        return kind


LEFT_OUT = (
    ast.expr_context,
    ast.operator,
    ast.unaryop,
    ast.boolop,
    ast.cmpop,
    ast.Pass,
    ast.Import,
    ast.ImportFrom,
)


def _children(node: ast.AST) -> Iterable[ast.AST]:
    """Yield a node's children, without annotations, docstrings and the label's parts."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "type_params"):
            continue
        values = value if isinstance(value, list) else [value]
        for child in values:
            if isinstance(child, ast.AST) and not _is_left_out(child):
                yield child


def _is_left_out(node: ast.AST) -> bool:
    match node:
        case ast.Expr(ast.Constant(str())):  # a docstring
            return True
    return isinstance(node, LEFT_OUT)
