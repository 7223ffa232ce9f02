"""What a pass of one check depends on, so that a change of another check reruns nothing."""

import ast

from autograder.course import Unit
from autograder.grading.keys import plain_solution
from autograder.grading.provenance import helpers
from autograder.grading.results import digest
from autograder.parsing import parse


def check_materials(unit: Unit) -> dict[str, str]:
    """Map each check to the digest of what a pass depends on.

    That is its experiment, what all experiments share, and the solution. Known mistakes are no part
    of it.
    """
    module = unit.course.checks / f"{unit.name}.py"
    text = module.read_text("utf-8")
    names = {check.name for check in unit.checks}
    experiments, rest = _apart(text, names)
    shared = [plain_solution(unit)]
    for path in helpers(unit.course):
        shared.append(path.read_text("utf-8"))
    shared.append(rest)
    materials = {}
    for name, experiment in experiments.items():
        content = "\n".join([*shared, experiment])
        materials[name] = digest(content.encode())
    return materials


def _apart(text: str, names: set[str]) -> tuple[dict[str, str], str]:
    """Remove the functions of these names, with their decorators, from a module.

    Returns the text of each function, and the remaining nonempty lines.
    """
    lines = text.split("\n")
    functions = {}
    for node in parse(text).body:
        if not isinstance(node, ast.FunctionDef) or node.name not in names:
            continue
        first = node.decorator_list[0].lineno - 1
        last = node.end_lineno or 0
        functions[node.name] = "\n".join(lines[first:last])
        for number in range(first, last):
            lines[number] = ""  # so that the numbers of others stay
    rest = [line for line in lines if line]
    return functions, "\n".join(rest)
