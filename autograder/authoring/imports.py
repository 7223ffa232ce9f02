"""Finds imports of a unit that students would not have, or that a submission may not import.

Two lists decide that: `[packages]` in course.toml, which students install, and `packages` of the
unit's settings, which a submission and its checks may import in the sandbox.
"""

import ast
import re
from collections.abc import Iterator
from difflib import get_close_matches
from importlib.metadata import packages_distributions, version
from pathlib import Path

from autograder.authoring.reached import definitions, names_in, reached
from autograder.course import Course, Package, Unit
from autograder.errors import SourceFault
from autograder.parsing import parse
from autograder.practice.imports import ALWAYS_THERE, imported_as
from autograder.sandbox.readable import WIRE_NEEDS, module_names


def slips_of_imports(unit: Unit, script: Path) -> Iterator[tuple[Path, SourceFault]]:
    """Find imports of a unit's script and checks that neither list has. Yields file and error."""
    files = [script, *modules_of_checks(unit.course, unit.name)]
    trees = {file: parse(file.read_text(encoding="utf-8")) for file in files}
    yield from _missing_in_course(unit, trees)
    for file, tree in trees.items():
        if file == script:
            found = _missing_in_sandbox(unit, tree)
        else:
            found = _missing_beside_submissions(unit, tree)
        for slip in found:
            yield file, slip


def modules_of_checks(course: Course, unit: str) -> list[Path]:
    """List the file of a unit's checks, and those of the folder that it imports."""
    needed: list[Path] = []
    waiting = [course.checks / f"{unit}.py"]
    while waiting:
        path = waiting.pop()
        if path in needed or not path.is_file():
            continue
        needed.append(path)
        for name in _imported_beside(path):
            waiting.append(course.checks / f"{name}.py")
    return needed


def _imported_beside(path: Path) -> Iterator[str]:
    """Yield the names that a module imports from its own folder: `from .a import b`."""
    for node in ast.walk(parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            if node.module:
                yield node.module.partition(".")[0]
            else:
                yield from (alias.name for alias in node.names)


# ---- what students install


def _missing_in_course(
    unit: Unit, trees: dict[Path, ast.Module]
) -> Iterator[tuple[Path, SourceFault]]:
    """Find packages that course.toml does not list: each once, where it is first imported."""
    course = unit.course
    listed = course.about.packages
    known = {*ALWAYS_THERE, *imported_as((*listed, *WIRE_NEEDS))}
    known.update(_module_of(name, package) for name, package in listed.items())
    for file, tree in trees.items():
        for node in ast.walk(tree):
            for module in _modules(node):
                if module not in known:
                    known.add(module)
                    told = f"`import {module}`: {_not_in_course(course, module)}"
                    yield file, SourceFault(_line(node), told)
    checks = course.checks / f"{unit.name}.py"
    for package in unit.packages:
        unknown = [module for module in module_names((package,)) if module not in known]
        if unknown:
            told = f"`packages` names `{package}`: {_not_in_course(course, unknown[0])}"
            yield checks, SourceFault(0, told)


def _not_in_course(course: Course, module: str) -> str:
    """Say that students would not have a module, and which line of course.toml adds it."""
    missing = "course.toml does not list it, so students would not have it."
    found = packages_distributions().get(module)
    if not found:
        return f"{missing} No package that is installed here has it; install one and list it."
    name = found[0]
    near = get_close_matches(name, course.about.packages, n=1)
    if near:
        missing += f" It lists `{near[0]}`; did you mean `{name}`?"
    return f"{missing} Write below [packages]: {_line_of_course_file(name, module)}"


def _line_of_course_file(name: str, module: str) -> str:
    """Return the line of course.toml that lists an installed package."""
    numbers = version(name).split(".")
    newest = ".".join(numbers[:2])
    package = Package(f"{name}>={newest}")
    key = name if re.fullmatch(r"[\w-]+", name) else f'"{name}"'
    parts = [f'install = "{package.install}"']
    if _module_of(name, package) != module:
        parts.append(f'module = "{module}"')
    return f"{key} = {{ {', '.join(parts)} }}"


def _module_of(name: str, package: Package) -> str:
    """Return the name that a package is imported by, if it is not installed here."""
    return package.module.partition(".")[0] or name.replace("-", "_").lower()


# ---- packages in the sandbox


def _missing_beside_submissions(unit: Unit, tree: ast.Module) -> Iterator[SourceFault]:
    """Find packages that checks import at loading and that their unit does not list."""
    for node in tree.body:
        for module in _modules(node):
            if module not in _there(unit):
                yield SourceFault(
                    node.lineno,
                    f"`import {module}`: `packages` of the unit does not list it, so it may be "
                    f"missing in the sandbox. {_how_to_list(unit, module)}",
                )


def _missing_in_sandbox(unit: Unit, tree: ast.Module) -> Iterator[SourceFault]:
    """Find packages that functions called by checks use and that their unit does not list."""
    imported = _imported_names(tree)
    defined = definitions(tree)
    told: set[str] = set()
    for name in reached(unit, defined):
        for statement in defined[name]:
            for module in sorted(_modules_used(statement, imported)):
                if module in _there(unit) or module in told:
                    continue
                told.add(module)
                yield SourceFault(
                    statement.lineno,
                    f"`{name}` uses `{module}`, which a submission may not import, because "
                    f"`packages` does not list it. {_how_to_list(unit, module)}",
                )


def _there(unit: Unit) -> set[str]:
    """Return the packages that may be imported in the sandbox of a unit."""
    return {*ALWAYS_THERE, *imported_as((*unit.packages, *WIRE_NEEDS))}


def _how_to_list(unit: Unit, module: str) -> str:
    name = packages_distributions().get(module, [module])[0]
    listed = ", ".join(f'"{package}"' for package in (*unit.packages, name))
    ending = "" if unit.packages else ","  # or one would be a text in brackets
    return f"In checks/{unit.name}.py write `UnitSettings(packages=({listed}{ending}))`."


def _imported_names(tree: ast.Module) -> dict[str, str]:
    """Map the names that a script imports at its top level to the packages they come from."""
    imported = {}
    for statement in tree.body:
        match statement:
            case ast.Import(names=aliases):
                for alias in aliases:
                    top = alias.name.partition(".")[0]
                    imported[alias.asname or top] = top
            case ast.ImportFrom(module=str(module), names=aliases, level=0):
                for alias in aliases:
                    imported[alias.asname or alias.name] = module.partition(".")[0]
    return imported


def _modules_used(statement: ast.stmt, imported: dict[str, str]) -> set[str]:
    """Return the packages that a definition uses, by names or by imports of its own."""
    used = {imported[name] for name in names_in(statement) if name in imported}
    for node in ast.walk(statement):
        used.update(_modules(node))
    return used


def _modules(node: ast.AST) -> Iterator[str]:
    """Yield the packages that a statement imports, except modules beside it."""
    match node:
        case ast.Import(names=aliases):
            for alias in aliases:
                yield alias.name.partition(".")[0]
        case ast.ImportFrom(module=str(module), level=0):
            yield module.partition(".")[0]


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 0)
