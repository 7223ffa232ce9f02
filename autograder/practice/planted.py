"""A student's function with a mistake: the one that the student's name draws."""

import ast

from autograder.course import Unit, UnknownUnit
from autograder.grading.key_file import functions_in_key
from autograder.parsing import parse
from autograder.question import drawn


def function_to_repair(unit: Unit, function: str, name: str) -> str:
    """Return a function of a unit with one mistake in it, which depends on the name.

    Raises `UnknownUnit` for a function without planted mistakes.
    """
    for check in unit.checks:
        if check.question and check.question.function == function:
            return numbered(drawn(functions_in_key(unit, check), name))
    raise UnknownUnit(f"There is no function `{function}` with a mistake in {unit.name}.")


def numbered(function: str) -> str:
    """Return a function with its number at the end of each line, to be copied unchanged."""
    (node,) = parse(function).body
    assert isinstance(node, ast.FunctionDef)
    in_docstring: set[int] = set()
    if ast.get_docstring(node) is not None:
        first = node.body[0]
        last_line = first.end_lineno or first.lineno
        in_docstring.update(range(first.lineno, last_line + 1))
    lines = function.split("\n")
    of_code = {}
    for number, line in enumerate(lines, 1):
        if line.strip() and number not in in_docstring:
            of_code[number] = len(line)
    width = max(of_code.values())
    shown = []
    for number, line in enumerate(lines, 1):
        shown.append(f"{line:<{width}}  # line {number}" if number in of_code else line)
    return "\n".join(shown)
