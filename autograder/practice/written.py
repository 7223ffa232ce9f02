"""What stands in a student's functions and classes where they live, in a script or a notebook."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from textwrap import dedent
from types import FunctionType
from typing import Any

from autograder.parsing import parse
from autograder.sandbox.definitions import names_in_statements
from autograder.sandbox.inside.cells import UNPARSABLE
from autograder.sandbox.inside.submission import Submission


def names_written(implementation: Any) -> dict[str, set[str]]:
    """Return what is written in each function, class and method: `f`, `Class.method`.

    These are names, signs, and the checksums of statements.

    implementation: a file that was read, or the names that a script or a notebook has defined. Of
    what was imported, and of what Python cannot show the source of, nothing is said.
    """
    if isinstance(implementation, Submission):
        return names_in_statements(statement.node for statement in implementation._statements)
    return names_in_statements(_definitions(implementation.namespace))


def _definitions(namespace: Mapping[str, Any]) -> Iterator[ast.stmt]:
    """Yield the definitions of the functions and classes that were made here."""
    here = namespace.get("__name__")
    for value in list(namespace.values()):
        is_definition = isinstance(value, type | FunctionType)
        if is_definition and getattr(value, "__module__", None) == here:
            yield from _parsed(value)


def _parsed(definition: Any) -> Iterator[ast.stmt]:
    """Yield a definition as it was written, the decorators with it."""
    try:
        source = inspect.getsource(inspect.unwrap(definition))
        yield from parse(dedent(source)).body
    except (OSError, TypeError, *UNPARSABLE):
        if isinstance(definition, type):
            yield from _class_of_methods(definition)


def _class_of_methods(definition: type) -> Iterator[ast.stmt]:
    """Yield a class with what can be shown of its methods: a notebook may not know where it is."""
    methods: list[ast.stmt] = []
    for value in vars(definition).values():
        function = getattr(value, "fget", None) or getattr(value, "__func__", value)
        if isinstance(function, FunctionType):
            methods.extend(_parsed(function))
    if methods:
        yield ast.ClassDef(definition.__name__, [], [], methods, [])
