"""What a pass of one check rests on, so that a change of another check asks nothing again."""

import ast

from autograder.course import Unit
from autograder.grading.keys import solution_of
from autograder.grading.provenance import helpers
from autograder.grading.results import digest


def check_materials(unit: Unit) -> dict[str, str]:
    """Map each check to the digest of what a pass rests on.

    That is its experiment, what all experiments share, and the solution. Known mistakes are no part
    of it.
    """
    text = (unit.course.checks / f"{unit.name}.py").read_text("utf-8")
    experiments, rest = _apart(text, {check.name for check in unit.checks})
    shared = [path.read_text("utf-8") for path in helpers(unit.course)]
    common = "\n".join([solution_of(unit).plain(), *shared, rest])
    materials = {}
    for name, experiment in experiments.items():
        materials[name] = digest(f"{common}\n{experiment}".encode())
    return materials


def _apart(text: str, names: set[str]) -> tuple[dict[str, str], str]:
    """Take the functions of these names, with their decorators, out of a module.

    Returns the text of each function, and the lines that are left without the empty ones.
    """
    lines = text.split("\n")
    functions = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name in names:
            first = node.decorator_list[0].lineno - 1
            last = node.end_lineno or 0
            functions[node.name] = "\n".join(lines[first:last])
            lines[first:last] = [""] * (last - first)  # so that the numbers of others stay
    return functions, "\n".join(line for line in lines if line)
