"""Finds the errors of a unit that its author has to fix before it can be built.

All errors that show without running anything are reported at once, then all that show in a run.
"""

import ast
import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np

from autograder.authoring.imports import slips_of_imports
from autograder.authoring.reached import definitions, names_in, reached
from autograder.check import Failure
from autograder.course import Course, Unit, UnknownUnit, find_unit, load_unit
from autograder.errors import BadSource, SourceFault
from autograder.grading.styles import files_of_styles
from autograder.judging import Key
from autograder.parsing import parse
from autograder.source.markers import MISTAKE, slips_of_exercises, slips_of_markers
from autograder.source.solution import (
    PlacedMistake,
    Solution,
    indentation,
    read_solution_file,
    slips_of_syntax,
)

Slips = dict[str, list[SourceFault]]  # file → its errors

UNKNOWN_NAME = re.compile(
    r"name '(\w+)' is not defined|no attribute '(\w+)'|`(\w+)` is not defined"
)
HOW_TO_END = 'End it with the values to compare: `return named("name", value)`.'
RIGHT_VALUES = (
    "gives the right values in every check. Change it or delete it, or let a check draw inputs on "
    "which its values are wrong."
)
KNOWN_EVERYWHERE = {
    *dir(builtins),
    *dir(np),
    *dir(np.ndarray),
    *(name for kind in (str, list, dict, set, tuple, float) for name in dir(kind)),
}


def slips_of_script(text: str) -> list[SourceFault]:
    """Find the errors in a solution's script alone: its markers, mistakes and exercises."""
    slips = [*slips_of_markers(text), *slips_of_exercises(text)]
    return slips or slips_of_syntax(text)


def refuse_slips(course: Course, name: str) -> None:
    """Raise `BadSource` with all errors of a unit that show before anything is run.

    Raises `NoCourse` if there is no solution, as in a student's copy.
    """
    found: Slips = {}
    script = course.solution_there(name)
    text = script.read_text(encoding="utf-8")
    in_script = slips_of_script(text)
    can_be_read = not in_script
    unit = None
    try:
        unit = load_unit(course, name)
    except BadSource as error:
        found.update({file: list(slips) for file, slips in error.slips.items()})
    if can_be_read:
        in_script += _slips_of_mistakes(read_solution_file(script))
        if unit:
            in_script += _slips_of_calls(unit, text)
    if in_script:
        found = {str(script): in_script, **found}
    if unit:
        in_checks = [*_slips_of_packages(unit), *_slips_of_experiments(unit)]
        if in_checks:
            found[str(course.checks / f"{name}.py")] = in_checks
    if unit and can_be_read:
        for file, slip in (*slips_of_imports(unit, script), *_slips_of_styles(unit, text)):
            found.setdefault(str(file), []).append(slip)
    if found:
        raise BadSource(found)


def lines_of_mistakes(solution: Solution) -> dict[str, int]:
    """Map the ids of mistakes to their line numbers."""
    numbers = []
    for number, line in enumerate(solution.text.split("\n"), 1):
        if MISTAKE.match(line):
            numbers.append(number)
    ids = [placed.mistake.id for placed in solution.mistakes]
    return dict(zip(ids, numbers, strict=True))


def _slips_of_mistakes(solution: Solution) -> list[SourceFault]:
    """Find the mistakes that make the script invalid for Python."""
    lines = lines_of_mistakes(solution)
    statements = parse(solution.text).body
    slips = []
    for placed in solution.mistakes:
        mistake = placed.mistake
        try:
            parse(_statement_with(solution, placed, statements))
        except SyntaxError as error:
            slips.append(
                SourceFault(
                    lines[mistake.id],
                    f"`{mistake.code}` cannot replace the statement above it: {error.msg}. Write a "
                    "mistake as one line that replaces one statement.",
                )
            )
    return slips


def _statement_with(
    solution: Solution, placed: PlacedMistake, statements: Sequence[ast.stmt]
) -> str:
    """Return the outermost statement around a mistake, with the mistake made in it.

    Parsing the whole script would take a hundred times as long. statements: the outermost ones.
    """
    lines = solution.text.split("\n")
    around = next(one for one in statements if (one.end_lineno or 0) >= placed.last_line)
    first_line = _first_line(around)
    last_line = around.end_lineno or first_line
    start = placed.first_line - 1
    spoilt = indentation(lines[start]) + placed.mistake.code
    before = lines[first_line - 1 : start]
    behind = lines[placed.last_line : last_line]
    return "\n".join([*before, spoilt, *behind])


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])


# ---- calls of the script


def _slips_of_calls(unit: Unit, text: str) -> list[SourceFault]:
    """Compare the calls `check("…")` of a script with the checks of its unit."""
    tree = parse(text)
    function, slips = _function_that_checks(unit, tree)
    if not function:
        return slips
    names = [check.name for check in unit.checks]
    called = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id != function or not node.args:
            continue
        argument = node.args[0]
        if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
            continue
        wanted = argument.value
        if wanted not in names:
            near = get_close_matches(wanted, names, n=1, cutoff=0.4)
            hint = f"Did you mean `{near[0]}`?" if near else f"There are: {', '.join(names)}."
            slips.append(
                SourceFault(node.lineno, f'`{function}("{wanted}")`: no such check. {hint}')
            )
        elif wanted in called:
            slips.append(
                SourceFault(
                    node.lineno,
                    f'`{function}("{wanted}")` stands here a second time. Delete one of the two.',
                )
            )
        called.append(wanted)
    for name in names:
        if name not in called:
            slips.append(
                SourceFault(
                    0,
                    f'there is no `{function}("{name}")`, so students do not see how they did '
                    "there. Write it in a cell below the exercise.",
                )
            )
    return slips


def _function_that_checks(unit: Unit, tree: ast.Module) -> tuple[str, list[SourceFault]]:
    """Return the name that the script gives to `autograder.unit("UNIT")`, and the error if any."""
    for node in tree.body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(
                    func=ast.Attribute(value=ast.Name(id="autograder"), attr="unit"),
                    args=[ast.Constant(value=str(named))],
                ),
            ):
                return name, _slips_of_unit(unit, named, node.lineno)
    example = f'`check = autograder.unit("{unit.name}")`'
    return "", [
        SourceFault(
            0,
            f"there is no {example}, so students cannot check their work. Write it and "
            '`import autograder` near the top, and `check("…")` below each exercise.',
        )
    ]


def _slips_of_unit(unit: Unit, named: str, line: int) -> list[SourceFault]:
    try:
        if find_unit(unit.course, named) == unit.name:
            return []
    except UnknownUnit:
        pass
    return [
        SourceFault(
            line, f'this is the script of `autograder.unit("{unit.name}")`, not of "{named}".'
        )
    ]


# ---- alternative solutions


def _slips_of_styles(unit: Unit, text: str) -> Iterator[tuple[Path, SourceFault]]:
    """Find the files of alternative solutions that replace nothing, whole or in part.

    text: the solution's script. Yields file and error.
    """
    script = definitions(parse(text))
    called = set(reached(unit, script))
    for file in files_of_styles(unit):
        style = file.read_text(encoding="utf-8")
        slips = slips_of_syntax(style)
        if not slips:
            slips = list(_slips_of_style(parse(style), set(script), called))
        for slip in slips:
            yield file, slip


def _slips_of_style(tree: ast.Module, script: set[str], called: set[str]) -> Iterator[SourceFault]:
    """Compare a style's definitions with the solution's script and with the calls of checks."""
    defined = definitions(tree)
    if not called & defined.keys():
        yield SourceFault(
            0,
            "this alternative solution defines no function of the unit, so it proves nothing. "
            f"Write one of these in another way, or delete the file: {', '.join(sorted(called))}.",
        )
        return
    used = names_in(tree)
    for name, statements in defined.items():
        is_function = isinstance(statements[0], ast.FunctionDef | ast.ClassDef)
        if is_function and name not in script and name not in used:
            near = get_close_matches(name, called, n=1)
            hint = f"Did you mean `{near[0]}`?" if near else "Take it out, or correct its name."
            yield SourceFault(
                statements[0].lineno,
                f"`{name}` is no function of the unit, and nothing here calls it. {hint}",
            )


# ---- the checks


def _slips_of_packages(unit: Unit) -> Iterator[SourceFault]:
    """Find the packages of a unit's settings that neither course.toml nor this machine knows."""
    known = unit.course.about.packages
    for package in unit.packages:
        if package in known or _is_installed(package):
            continue
        near = get_close_matches(package, [*known, "numpy", "scipy", "pandas"], n=1)
        hint = f"Did you mean `{near[0]}`?" if near else "Add it to [packages] in course.toml."
        yield SourceFault(
            0, f"`packages` names `{package}`, which is no package known here. {hint}"
        )


def _slips_of_experiments(unit: Unit) -> Iterator[SourceFault]:
    """Find experiments that compare, or that return nothing."""
    text = (unit.course.checks / f"{unit.name}.py").read_text(encoding="utf-8")
    names = {check.name for check in unit.checks}
    for node in parse(text).body:
        if not isinstance(node, ast.FunctionDef) or node.name not in names:
            continue
        parts = list(ast.walk(node))
        for part in parts:
            if isinstance(part, ast.Assert):
                yield SourceFault(
                    part.lineno,
                    f"`{node.name}`: an experiment compares nothing, so it needs no `assert`. "
                    f"{HOW_TO_END}",
                )
        if not any(isinstance(part, ast.Return | ast.Yield) and part.value for part in parts):
            yield SourceFault(node.lineno, f"`{node.name}` returns nothing. {HOW_TO_END}")


def _is_installed(package: str) -> bool:
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True


# ---- errors that show in a run


def refuse_slips_of_key(unit: Unit, solution: Solution, key: Key, seed: int) -> None:
    """Raise `BadSource` with all errors of a unit that show in the answers of its key.

    seed: that of the key.
    """
    found: Slips = {}
    in_script = [
        *_slips_of_answers(solution, key),
        *_slips_of_questions(unit, solution, key),
        *_slips_of_right_values(solution, key, seed),
    ]
    if in_script:
        found[str(unit.course.solution(unit.name))] = in_script
    in_checks = list(_slips_of_arrays(unit, key))
    if in_checks:
        found[str(unit.course.checks / f"{unit.name}.py")] = in_checks
    if found:
        raise BadSource(found)


def _slips_of_arrays(unit: Unit, key: Key) -> Iterator[SourceFault]:
    """Find the options that refer to an array which the experiment does not name."""
    for check in unit.checks:
        if check.name not in key or check.measure:
            continue
        arrays = list(key[check.name].expected.arrays)
        line = check.experiment.__code__.co_firstlineno
        options: Mapping[str, object] = {
            "tolerance": check.tolerance,
            "atol": check.atol,
            "costs": check.costs,
            "words": check.words,
        }
        for option, names in options.items():
            for name in names:  # type: ignore[attr-defined]
                if name in arrays:
                    continue
                near = get_close_matches(name, arrays, n=1)
                hint = f"Did you mean `{near[0]}`?" if near else f"It has: {', '.join(arrays)}."
                yield SourceFault(
                    line, f"`{check.name}` has no array `{name}`, which `{option}` lists. {hint}"
                )


def _slips_of_answers(solution: Solution, key: Key) -> Iterator[SourceFault]:
    """Find the mistakes whose only effect is an error about a name that nobody has defined.

    Such a name belongs neither to the script nor to Python or NumPy: it is misspelt, or comes from
    a module that is not imported. A name of another place may be the mistake itself.
    """
    answers: dict[str, list[str]] = {}
    for known in key.values():
        for mistake, answer in known.mistakes:
            message = answer.message if answer.failure == Failure.RAISED else ""
            answers.setdefault(mistake.id, []).append(message)
    lines = lines_of_mistakes(solution)
    written = set(re.findall(r"[A-Za-z_]\w*", solution.plain()))
    for mistake, _, _ in solution.mistakes:
        unknown = {_unknown_name(message) for message in answers.get(mistake.id, [""])}
        if len(unknown) != 1:
            continue
        (name,) = unknown
        if name and name in mistake.code and name not in written | KNOWN_EVERYWHERE:
            near = get_close_matches(name, written | KNOWN_EVERYWHERE, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            yield SourceFault(
                lines[mistake.id],
                f"`{mistake.code}` only raises an error, because there is no `{name}`.{hint}",
            )


def _slips_of_questions(unit: Unit, solution: Solution, key: Key) -> Iterator[SourceFault]:
    """Find the mistakes that are no valid answer to a question.

    No student can get their description.
    """
    lines = lines_of_mistakes(solution)
    for check in unit.checks:
        if not check.question or check.name not in key:
            continue
        for mistake, answer in key[check.name].mistakes:
            if answer.failure == Failure.RAISED:
                yield SourceFault(
                    lines[mistake.id],
                    f"`{mistake.code}` is no answer to `{check.name}`, so no student can get its "
                    f"words: {answer.message} Write an answer, or take the mistake out.",
                )


def _slips_of_right_values(solution: Solution, key: Key, seed: int) -> Iterator[SourceFault]:
    """Find the mistakes that change no answer, and so are none."""
    shown = {mistake.id for known in key.values() for mistake, _ in known.mistakes}
    lines = lines_of_mistakes(solution)
    for mistake, _, _ in solution.mistakes:
        if mistake.id not in shown:
            words = f"on seed {seed}, `{mistake.code}` {RIGHT_VALUES}"
            yield SourceFault(lines[mistake.id], words)


def _unknown_name(message: str) -> str:
    found = UNKNOWN_NAME.search(message)
    if not found:
        return ""
    return next(name for name in found.groups() if name)
