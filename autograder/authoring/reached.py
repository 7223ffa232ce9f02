"""What the checks of a unit use of a script: the definitions that they call, and all behind."""

import ast
from collections.abc import Iterator

from autograder.check import names_used
from autograder.course import Unit

Definitions = dict[str, list[ast.stmt]]  # name → the statements of a script that bind it


def definitions(tree: ast.Module) -> Definitions:
    """Collect the functions, classes and values that a script defines at its top level."""
    found: Definitions = {}
    for statement in tree.body:
        for name in _bound(statement):
            found.setdefault(name, []).append(statement)
    return found


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a function, a class or an assignment binds."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            for target in targets:
                yield from names_in(target)
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def reached(unit: Unit, defined: Definitions) -> list[str]:
    """List the names of a script that its unit's checks use, and their dependencies, in order."""
    found: list[str] = []
    waiting: set[str] = set()
    for check in unit.checks:
        waiting |= names_used(check)
    while waiting:
        name = waiting.pop()
        if name in found or name not in defined:
            continue
        found.append(name)
        for statement in defined[name]:
            waiting |= names_in(statement)
    return sorted(found, key=lambda name: defined[name][0].lineno)


def names_in(node: ast.AST) -> set[str]:
    """Return the names in a piece of code."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
