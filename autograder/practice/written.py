"""What stands in a student's functions and classes where they live, in a script or a notebook."""

from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any


def names_in_objects(namespace: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Return the names that stand in each function, class and method: `f`, `Class.method`.

    namespace: all names that are defined, those of imports too, of which nothing is said.
    """
    names: dict[str, frozenset[str]] = {}
    for name, value in list(namespace.items()):
        if isinstance(value, FunctionType):
            names[name] = _names_in(value.__code__)
        elif isinstance(value, type) and value.__module__ == namespace.get("__name__"):
            of_class: set[str] = set()
            for method, function in vars(value).items():
                if isinstance(function, FunctionType):
                    of_method = _names_in(function.__code__)
                    names[f"{name}.{method}"] = of_method
                    of_class |= of_method
            names[name] = frozenset(of_class)
    return names


def _names_in(code: CodeType) -> frozenset[str]:
    names: set[str] = set()
    for part in _nested(code):
        names.update(part.co_names, part.co_varnames, part.co_freevars)
    return frozenset(names)


def _nested(code: CodeType) -> Iterator[CodeType]:
    """Yield a function's code, and that of the functions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)
