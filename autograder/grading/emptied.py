"""Emptied exercises of a solution: the answers of a file that does not solve them.

Their functions return zeros, ones, the right values on another seed, or their arguments. The points
of such a file show what a check, or an array, is worth: see `telling.py`, and `nothing.py` in the
validation of the material.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from autograder.check import Answer, Check
from autograder.course import Unit
from autograder.grading.keys import solution_of
from autograder.parsing import parse
from autograder.source.markers import BEGIN
from autograder.source.solution import Solution

KINDS = ("zeros", "ones", "public", "input")  # the return values of an emptied function
SECONDS = 1.0  # CPU time of a check: one that gets its own input back may read it for ever

# a function or class → the functions in it that a student writes
Exercises = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class EmptiedAnswers:
    """A check's answers where exercises return `kind`: before mistakes were made, and after.

    exercises: the emptied ones.
    """

    exercises: tuple[str, ...]
    kind: str
    before: Answer
    after: Answer


def exercises(solution: Solution) -> Exercises:
    """Return the functions and classes that a student writes, in order.

    The methods of a class are named `Class.method`.
    """
    found = {}
    regions = _regions(solution.text)
    for node in _written(parse(solution.text).body, regions):
        if isinstance(node, ast.FunctionDef):
            found[node.name] = [node.name]
        elif isinstance(node, ast.ClassDef):
            methods = []
            for part in _written(node.body, regions):
                if isinstance(part, ast.FunctionDef):
                    methods.append(f"{node.name}.{part.name}")
            found[node.name] = methods
    return found


def _regions(text: str) -> list[int]:
    """Return the numbers of the lines that begin the regions which students write."""
    numbers = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() == BEGIN:
            numbers.append(number)
    return numbers


def _written(statements: Sequence[ast.stmt], regions: Sequence[int]) -> Iterator[ast.stmt]:
    """Yield the statements that hold a region."""
    for statement in statements:
        end = statement.end_lineno or 0
        if any(statement.lineno <= number <= end for number in regions):
            yield statement


def emptied(script: str, wanted: Exercises, computes_on: int, kinds: Sequence[str] = KINDS) -> str:
    """Return a script in which some exercises compute on one seed only.

    kinds: their return values on any other seed, one for each run of a check.
    """
    lines = []
    for name, functions in wanted.items():
        if functions == [name]:
            made = _emptied_function(name, computes_on, kinds)
            lines.append(f"{name} = {made}")
            continue
        lines.append(f"class {name}({name}):")
        for function in functions:
            _, _, method = function.partition(".")
            made = _emptied_function(function, computes_on, kinds)
            lines.append(f"    {method} = {made}")
    helpers = Path(__file__).with_name("emptied_functions.py")
    helper_text = helpers.read_text(encoding="utf-8")
    return "\n".join([script, "# %%", helper_text, *lines, ""])


def _emptied_function(function: str, computes_on: int, kinds: Sequence[str]) -> str:
    """Write the expression that makes the replacement of a function."""
    if function.endswith(".__init__"):
        return f"_emptied_start({function}, {computes_on})"
    arguments = f"{function!r}, {function}, {list(kinds)}, {computes_on}"
    return f"_emptied({arguments})"


def exercises_of(check: Check, unit: Unit) -> set[str]:
    """Return the exercises that a check's experiment itself uses."""
    code = check.experiment.__code__
    names = set(_names_in(code))
    written = exercises(solution_of(unit))
    return written.keys() & names


def _names_in(code: CodeType) -> Iterator[str]:
    """Yield the names in code, and in functions inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)
