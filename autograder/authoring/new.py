"""A new course, or one more unit: files to be changed, which build and prove themselves as written.

The files are templates in `templates/new/`, copied as they stand but for a few names.
"""

import json
import keyword
import re
import sys
import tomllib
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from autograder.authoring.release import refuse_full
from autograder.course import FILE, Course, read_course
from autograder.errors import UserError
from autograder.grading.results import write_whole

TEMPLATES = Path(__file__).parent / "templates" / "new"
NAMES = {"gitignore": ".gitignore"}  # globs that pack wheels pass over names that begin with a dot


class BadName(UserError):
    """A unit cannot be called so; the text says why."""


def new(folder: Path) -> list[Path]:
    """Write a new course into a folder; or one more unit, where the folder around it is a course.

    Returns the files that were written. Raises `NotEmpty`, `BadName`, `BadFile`.
    """
    folder = folder.absolute()
    around = folder.parent
    if not (around / FILE).is_file():
        return new_course(folder)
    course = read_course(around)
    return new_unit(course, folder.name)


def new_course(folder: Path) -> list[Path]:
    """Write the smallest course into a folder. Raises `NotEmpty` where it holds something."""
    refuse_full(folder)
    title = readable(folder.name)
    templates = TEMPLATES / "course"
    written = []
    for template in sorted(templates.rglob("*")):
        if not template.is_file() or "__pycache__" in template.parts:
            continue
        path = folder / template.relative_to(templates)
        name = NAMES.get(path.name, path.name)
        file = _write(template, path.with_name(name), title=title)
        written.append(file)
    return written


def new_unit(course: Course, name: str) -> list[Path]:
    """Write the solution, the checks and a style of a new unit, and name it in course.toml.

    Raises `BadName` for a name that cannot be one, and where one of its files is there already.
    """
    refuse_name(course, name)
    paths = {
        "solution.py": course.solution(name),
        "checks.py": course.checks / f"{name}.py",
        "style.py": course.folder / "solutions" / "styles" / name / "loops.py",
    }
    for path in paths.values():
        if path.exists():
            raise BadName(f"There is a {path} already. Choose another name for the unit.")
    course_file = course.folder / FILE
    with_new_unit = with_unit(course_file.read_text(encoding="utf-8"), name)
    written = []
    for name_of_template, path in paths.items():
        template = TEMPLATES / "unit" / name_of_template
        file = _write(template, path, title=readable(name), unit=name)
        written.append(file)
    write_whole(course_file, with_new_unit.rstrip("\n"))
    written.append(course_file)
    return written


def readable(name: str) -> str:
    """Write a name as a title: `text_processing` → "Text processing"."""
    words = re.sub(r"[_\-\s]+", " ", name).strip()
    first = words[:1].upper()
    return first + words[1:]


def refuse_name(course: Course, name: str) -> None:
    """Raise `BadName` for a name that a unit of a course cannot have."""
    if keyword.iskeyword(name):
        raise BadName(f"A unit cannot be called `{name}`: it is a word of Python's own.")
    if not name.isidentifier():
        near = re.sub(r"\W+", "_", name.removesuffix(".py")).strip("_")
        hint = f", as `{near}`" if near.isidentifier() else ""
        raise BadName(
            f"A unit cannot be called `{name}`: it is the name of a Python file. "
            f"Use letters, numerals and underscores{hint}."
        )
    if name in course.units:
        raise BadName(f"{course.folder / FILE} names a unit `{name}` already.")
    packages = {"autograder", "numpy", *course.about.packages}
    if name in sys.stdlib_module_names or name in packages:
        raise BadName(
            f"A unit cannot be called `{name}`: in its script, `import {name}` would find "
            "the script itself. Choose another name."
        )


def with_unit(text: str, name: str) -> str:
    """Add a unit at the end of `units` in the text of a course.toml; all else stays as it is.

    Raises `BadName` where the list cannot be found: then it is to be added by hand.
    """
    added = _added(text, name)
    wanted = tomllib.loads(text)
    wanted["units"].append(name)
    try:
        found = tomllib.loads(added)
    except tomllib.TOMLDecodeError:
        found = {}
    if found != wanted:
        raise BadName(f'The list `units` of {FILE} cannot be read. Add "{name}" to it by hand.')
    return added


TOKENS = re.compile(
    r"""
      "(?:\\.|[^"\\])*"   # a string
    | '[^']*'             # a string
    | \#[^\n]*            # a comment
    | [\],]               # the end of the list, a comma
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class _List:
    """A list in the text of a TOML file, by places in the text.

    last, last_end: of the last entry. end: of the bracket that ends the list.
    has_comma: whether a comma stands behind the last entry.
    """

    last: int
    last_end: int
    end: int
    has_comma: bool


def _find_units(text: str) -> _List | None:
    """Find the list `units`; None where there is none, or none with an entry and an end."""
    begins = re.search(r"^units\s*=\s*\[", text, re.M)
    if not begins:
        return None
    last = None
    has_comma = False
    for token in TOKENS.finditer(text, begins.end()):
        if token[0] == "]":
            if last is None:
                return None
            return _List(last.start(), last.end(), token.start(), has_comma)
        if token[0] == ",":
            has_comma = True
        elif not token[0].startswith("#"):
            last = token
            has_comma = False
    return None


def _added(text: str, name: str) -> str:
    """Put a name before the bracket that ends the list `units`; leave the text where none is."""
    units = _find_units(text)
    if units is None:
        return text
    if not units.has_comma:
        to_last = text[: units.last_end]
        behind = text[units.last_end :]
        text = f"{to_last},{behind}"
        units = replace(units, end=units.end + 1)
    before = text[: units.end].rstrip()
    between = text[len(before) : units.end]
    after = text[units.end :]
    if "\n" not in between:
        return f'{before} "{name}"{after}'
    line_start = text.rfind("\n", 0, units.last) + 1
    indent = text[line_start : units.last]
    if indent.strip():  # the last entry does not begin its line
        indent = "    "
    return f'{before}\n{indent}"{name}",{between}{after}'


def _write(template: Path, path: Path, **names: str) -> Path:
    """Fill names into a template, write it, and return the path."""
    environment = Environment(keep_trailing_newline=True, undefined=StrictUndefined)
    environment.filters["quoted"] = partial(json.dumps, ensure_ascii=False)
    content = template.read_text(encoding="utf-8")
    to_fill_in = environment.from_string(content)
    text = to_fill_in.render(names)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
