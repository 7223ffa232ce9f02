"""Which names of a function are given values that nothing in the function reads.

Only what the text of the function says counts. A name that it may read in another way, as by
`locals()` or `global`, is left out, and so are those that are often left unread for a reason: that
begin with `_`, that one of several gets in `a, b = …`, or that count a loop over `range`.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# what becomes of a name's value: it is no parameter and never read; it is a parameter and never
# read; each pass of a loop gives it another one, and only the last is read
VARIABLE, PARAMETER, OVERWRITTEN = range(3)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
LOOK_AROUND = ("locals", "vars", "eval", "exec", "dir")


@dataclass(frozen=True)
class Bound:
    """A name that a function gives a value, or is handed as a parameter.

    node: where that is. kind: what becomes of the value.
    """

    name: str
    node: Any
    kind: int


def unused(function: Any, is_method: bool) -> list[Bound]:
    """List the names of a function that nothing in it reads, each once.

    function: its definition, before anything in it is changed. is_method: whether its first
    parameter is the instance.
    """
    read = _names_read(function)
    if read.intersection(LOOK_AROUND):
        return []
    found: dict[str, Bound] = {}
    for bound in (*parameters(function, is_method), *_assigned(function)):
        if bound.name not in read and not bound.name.startswith("_"):
            found.setdefault(bound.name, bound)
    for bound in _overwritten(function):
        found.setdefault(bound.name, bound)
    return list(found.values())


def parameters(function: Any, is_method: bool) -> list[Bound]:
    """List the parameters of a function, without the instance of a method."""
    taken = function.args
    every = [*taken.posonlyargs, *taken.args, *taken.kwonlyargs]
    if is_method:
        every = every[1:]
    return [Bound(parameter.arg, parameter, PARAMETER) for parameter in every]


def _names_read(within: Any) -> set[str]:
    """Return the names that are read anywhere in a function or loop, or may be from outside."""
    read: set[str] = set()
    for node in ast.walk(within):
        if isinstance(node, ast.Global | ast.Nonlocal):
            read.update(node.names)
        elif isinstance(node, ast.AugAssign):  # it may change what others hold
            read.update(_names(node.target))
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store):
            read.add(node.id)
    return read


def _assigned(function: Any) -> Iterator[Bound]:
    """Yield the names that statements and comprehensions in a function give a value."""
    for node in _within(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):  # of several in a row one may be unread
                    yield Bound(target.id, target, VARIABLE)
        elif isinstance(node, ast.For | ast.comprehension):
            if not _is_range(node.iter):
                yield from _bound_in(node.target)
        elif isinstance(node, ast.AnnAssign) and node.value:
            yield from _bound_in(node.target)


def _overwritten(function: Any) -> Iterator[Bound]:
    """Yield the names that each pass of a loop gives another value, and that were begun before it.

    So a sum is lost where `=` stands in the place of `+=`. Where a loop may end early, the last
    value may be the one that is meant.
    """
    for loop in _within(function):
        if not isinstance(loop, ast.For) or _may_end_early(loop):
            continue
        read_in_loop = _names_read(loop)
        for statement in loop.body:
            if not isinstance(statement, ast.Assign) or len(statement.targets) > 1:
                continue
            (target,) = statement.targets
            if not isinstance(target, ast.Name) or target.id in read_in_loop:
                continue
            if _is_begun_before(function, loop, target.id):
                yield Bound(target.id, target, OVERWRITTEN)


def _may_end_early(loop: ast.For) -> bool:
    """Return whether a loop holds `break` or `return`, be it of a loop within it."""
    return any(isinstance(node, ast.Break | ast.Return) for node in ast.walk(loop))


def _is_begun_before(function: Any, loop: ast.For, name: str) -> bool:
    """Return whether a name is given a value before a loop, and not read between."""
    is_begun = False
    for node in ast.walk(function):
        if not isinstance(node, ast.Name) or node.id != name or node.lineno >= loop.lineno:
            continue
        if not isinstance(node.ctx, ast.Store):
            return False
        is_begun = True
    return is_begun


def _within(function: Any) -> Iterator[ast.AST]:
    """Yield what a function is made of, without functions and classes that are defined in it."""
    to_see = list(function.body)
    while to_see:
        node = to_see.pop(0)
        if isinstance(node, DEFINITIONS):
            continue
        yield node
        to_see.extend(ast.iter_child_nodes(node))


def _is_range(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "range"


def _bound_in(target: ast.expr) -> Iterator[Bound]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name):
            yield Bound(node.id, node, VARIABLE)


def _names(target: ast.expr) -> set[str]:
    return {bound.name for bound in _bound_in(target)}
