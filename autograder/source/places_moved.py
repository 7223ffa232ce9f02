"""Places moved by one: changes of wrong code that are derived from no solution.

A repair of a submission is one of these, or a small change as of a solution (`small_changes.py`),
or one that inserts what was left out (`restorations.py`).
"""

import ast
from collections import Counter
from collections.abc import Iterator

from autograder.slip import Slip, SlipKind, replaced
from autograder.source.edits import Edit
from autograder.source.small_changes import Editable, Source

INDEX = Slip(SlipKind.INDEX)


def places_moved(definition: Editable, source: Source) -> Iterator[Edit]:
    """Yield edits that move an index by one, cut a slice, or change a value in place.

    So `h[t]` becomes `h[t + 1]`, `h[1]` becomes `h[t]` if `t` counts a loop, `x[:]` becomes
    `x[1:]`, and `total = e` becomes `total += e`, `total -= e` and `total *= e`.
    """
    for node, code, slip in _moved(definition, source):
        yield source.edit(node, code, definition, slip)


def _moved(definition: Editable, source: Source) -> Iterator[tuple[ast.AST, str, Slip]]:
    """Yield nodes of a definition, possible replacements of each, and the error each undoes."""
    counters = sorted(_counters(definition.tree))
    bound_before = _bound_more_than_once(definition.tree)
    for node in definition.nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) if name not in bound_before:
                continue  # it has no value to change
            case ast.Assign(targets=[ast.Name() | ast.Subscript() as target], value=value):
                for sign in ("+=", "-=", "*="):
                    code = f"{source.code(target)} {sign} ({source.code(value)})"
                    yield node, code, replaced("=", sign)
            case ast.Subscript(slice=ast.Slice() | ast.Tuple()):
                for part in ast.walk(node.slice):
                    if isinstance(part, ast.Slice):
                        yield from _cut(part, source)
            case ast.Subscript(slice=ast.Constant(value=value) as index):
                if type(value) is not int:  # such as `x[None]`, or an entry of a dict
                    continue
                yield index, f"-({value})", INDEX
                for counter in counters:
                    for beside in ("", " + 1", " - 1"):
                        yield index, f"{counter}{beside}", INDEX
            case ast.Subscript(slice=index):
                code = source.code(index)
                yield index, f"-({code})", INDEX
                if not isinstance(index, ast.UnaryOp):
                    yield index, f"({code}) + 1", INDEX
                    yield index, f"({code}) - 1", INDEX


def _bound_more_than_once(function: ast.AST) -> set[str]:
    """Return the names of a function's arguments, and those that it binds in two places."""
    counts: Counter[str] = Counter()
    for node in ast.walk(function):
        match node:
            case ast.arg(arg=name):
                counts[name] += 2
            case ast.Name(id=name, ctx=ast.Store()):
                counts[name] += 1
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                counts.update(2 * names)
    return {name for name, count in counts.items() if count > 1}


def _counters(function: ast.AST) -> set[str]:
    """Return the names of a function's loop counters."""
    names = set()
    for node in ast.walk(function):
        match node:
            case ast.For(target=target) | ast.comprehension(target=target):
                for part in ast.walk(target):
                    if isinstance(part, ast.Name):
                        names.add(part.id)
    return names


def _cut(node: ast.Slice, source: Source) -> Iterator[tuple[ast.AST, str, Slip]]:
    """Yield edits that give a slice a beginning, or an end at -1 if it has none."""
    code = source.code(node)
    if code.count(":") > 1:
        return
    if node.lower is None:
        for lower in (1, 2):
            yield node, f"{lower}{code}", Slip(SlipKind.SLICE_BEGINNING)
    if node.upper is None:
        yield node, f"{code}-1", Slip(SlipKind.SLICE_END)
