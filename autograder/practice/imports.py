"""Finds imports of a student's functions that are not available in a grade."""

import dis
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

from autograder.check import Check, names_used
from autograder.course import Unit
from autograder.sandbox.readable import WIRE_NEEDS, package_folders

ALWAYS_THERE = {*sys.stdlib_module_names, "autograder"}


def imports_not_graded(unit: Unit, check: Check, names: Mapping[str, Any]) -> list[str]:
    """Return the packages that functions of a check use, and that a grade lacks.

    names: the present definitions of the student's script. No more of it is run.
    """
    functions = []
    for name in names_used(check):
        functions += _functions_of(names.get(name))
    used = _packages_used(functions)
    named = (*unit.packages, *WIRE_NEEDS)
    others = used.difference(ALWAYS_THERE, named)
    if not others:  # looking up what is installed takes a tenth of a second
        return []
    return sorted(others - imported_as(named))


@cache
def imported_as(distributions: tuple[str, ...]) -> frozenset[str]:
    """Return the import names of distributions, and of everything that they require."""
    names = set()
    for folder in package_folders(distributions):
        file = folder.replace("\\", "/").rpartition("/")[2]
        names.add(file.partition(".")[0])
    return frozenset(names)


def _functions_of(value: Any) -> list[FunctionType]:
    """Return a function, or the methods of a class."""
    if isinstance(value, FunctionType):
        return [value]
    if isinstance(value, type):
        return [method for method in vars(value).values() if isinstance(method, FunctionType)]
    return []


def _packages_used(functions: list[FunctionType]) -> set[str]:
    """Return the packages that functions use, directly and through functions of their script."""
    packages: set[str] = set()
    seen: set[FunctionType] = set()
    queue = list(functions)
    while queue:
        function = queue.pop()
        if function in seen:
            continue
        seen.add(function)
        own = function.__globals__.get("__name__")
        for name in _names(function.__code__):
            value = function.__globals__.get(name)
            module = _module_of(value)
            if module == own:
                queue += _functions_of(value)
            elif module in sys.modules:
                packages.add(module.partition(".")[0])
        packages.update(_imported_within(function.__code__))
    return packages


def _module_of(value: Any) -> str:
    """Return the name of a module, or of the module that defines a function or class."""
    if isinstance(value, ModuleType):
        return value.__name__
    if isinstance(value, FunctionType | BuiltinFunctionType | type):
        return value.__module__ or ""
    return ""


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of a function, and that of functions within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _names(code: CodeType) -> set[str]:
    names: set[str] = set()
    for part in _codes(code):
        names.update(part.co_names)
    return names


def _imported_within(code: CodeType) -> Iterator[str]:
    """Yield the packages that the statements of a function import."""
    for part in _codes(code):
        for instruction in dis.get_instructions(part):
            if instruction.opname == "IMPORT_NAME" and instruction.argval:
                yield str(instruction.argval).partition(".")[0]
