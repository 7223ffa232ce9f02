"""Repairs of a submission: small changes that may mend a slip, and what each slip is called.

A repair is a small change of wrong code: one of those that are made of a solution, or one that puts
back what may have been left out, which the code itself holds elsewhere.
"""

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from textwrap import dedent

from autograder.parsing import parse
from autograder.source.small_changes import SmallChange, Source, changes_of_lines

Pairs = Sequence[Sequence[str]]
PUT_BACK = ("+", "-", "*", "/", "@")
COMMUTES = "+*"
MOST_LOOKED_AT = 400  # small changes among which the one is looked for that a repair takes back


def leaves_out(change: SmallChange) -> bool:
    """Return whether a change leaves something out: a slip that has put in too much is rarer."""
    before = change.text.encode()[change.start : change.end].decode()
    return change.code == "pass" or change.code.strip("()") in before


def slices_cut(text: str, lines: Collection[int]) -> Iterator[SmallChange]:
    """Yield what lets slices begin at 1 that have no beginning, and end at -1 that have no end."""
    source = Source(text, frozenset())
    for definition in source.definitions(lines):
        for node in ast.walk(definition.tree):
            if not isinstance(node, ast.Slice) or node.lineno not in lines:
                continue
            start, end = source.span(node)
            code = source.code(node)
            if node.lower is None:
                yield SmallChange(text, start, end, f"1{code}", definition.name, "")
            if node.upper is None and node.step is None:
                yield SmallChange(text, start, end, f"{code}-1", definition.name, "")


def restorations(text: str, lines: Collection[int]) -> Iterator[SmallChange]:
    """Yield what puts something back into an expression that a line computes.

    That is a sign, one of the function's own variables behind an operator, or a call of a function
    that it calls with one argument elsewhere.

    lines: their numbers, from 1.
    """
    source = Source(text, frozenset())
    for definition in source.definitions(lines):
        variables = sorted(_read_in(definition.tree))
        calls = sorted(_called_with_one(definition.tree, source))
        for node in definition.nodes:
            value = getattr(node, "value", None)
            is_computed = isinstance(node, ast.Assign | ast.AugAssign | ast.Return)
            if not is_computed or not isinstance(value, ast.expr):
                continue
            code = source.code(value)
            start, end = source.span(value)
            for restored in _restored(code, variables, calls):
                yield SmallChange(text, start, end, restored, definition.name, "")


def _restored(code: str, variables: Sequence[str], calls: Sequence[str]) -> Iterator[str]:
    yield f"(-({code}))"
    for function in calls:
        yield f"{function}({code})"
    for name in variables:
        for operator in PUT_BACK:
            yield f"(({code}) {operator} {name})"
            if operator not in COMMUTES:
                yield f"({name} {operator} ({code}))"


def _read_in(function: ast.AST) -> set[str]:
    """Return the names of a function's own variables, its parameters among them."""
    names = set()
    for node in ast.walk(function):
        match node:
            case ast.arg(arg=name) | ast.Name(ctx=ast.Store(), id=name):
                names.add(name)
    return names - {"self"}


def _called_with_one(function: ast.AST, source: Source) -> set[str]:
    """Return the functions, as they are written, that are called with one argument."""
    called = set()
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name() | ast.Attribute(), args=[_], keywords=[]):
                called.add(source.code(node.func))
    return called


def words_of_slip(
    repair: SmallChange, pairs: Pairs = (), axis_functions: Iterable[str] = ()
) -> str:
    """Say which slip a repair mends, in the words of the small change that takes it back.

    It is "" where none does. Example: the repair writes `+` for `-`; the words are "`-` stands
    where `+` should".
    """
    first = repair.line + 1
    last = first + repair.code.count("\n")
    end = repair.start + len(repair.code.encode())
    function = _Function.around(repair)
    if function is None:
        return ""
    wrong = function.tree(repair.text)
    changes = changes_of_lines(repair.script, range(first, last + 1), pairs, axis_functions)
    for change in islice(changes, MOST_LOOKED_AT):
        overlaps = change.start < end and repair.start < change.end
        if overlaps and function.tree(change.script) == wrong:
            return change.words
    return ""


@dataclass(frozen=True)
class _Function:
    """Where a function stands in a script, so that it is found again when something in it changes.

    start: where it begins, in bytes. after: how many bytes follow it. column: of its beginning.
    """

    start: int
    after: int
    column: int

    @classmethod
    def around(cls, change: SmallChange) -> "_Function | None":
        """Find the function in which a change is made: there may be others of its name."""
        source = Source(change.text, frozenset())
        length = len(change.text.encode())
        for _, node in source.functions():
            start, end = source.span(node)
            if start <= change.start < end:
                return cls(start, length - end, node.col_offset)
        return None

    def tree(self, text: str) -> str:
        """Return its syntax tree in a script, written out; "" where it does not parse."""
        in_bytes = text.encode()
        code = in_bytes[self.start : len(in_bytes) - self.after].decode()
        try:
            return ast.dump(parse(dedent(" " * self.column + code)))
        except SyntaxError:
            return ""
