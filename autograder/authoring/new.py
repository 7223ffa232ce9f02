"""A new course, or a new unit: files to be changed, which build and validate as written.

The files are templates in `templates/new/`, copied unchanged except for a few names.
"""

import json
import keyword
import re
import sys
from functools import partial
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from autograder.authoring.given import refuse_full
from autograder.course import FILE, Course, read_course
from autograder.course_file import BadName, with_unit
from autograder.errors import extra, extra_command
from autograder.grading.results import write_whole

TEMPLATES = Path(__file__).parent / "templates" / "new"
NAMES = {"gitignore": ".gitignore"}  # globs that pack wheels pass over names that begin with a dot


def new(folder: Path) -> list[Path]:
    """Write a new course into a folder; or a new unit, if the folder around it is a course.

    The folder around it exists. Returns the files that were written.
    Raises `NotEmpty`, `BadName`, `BadFile`.
    """
    folder = folder.absolute()
    around = folder.parent
    if not (around / FILE).is_file():
        _refuse_within_course(folder)
        _refuse_unit_of_no_course(folder)
        return new_course(folder)
    course = read_course(around)
    return new_unit(course, folder.name)


def _refuse_within_course(folder: Path) -> None:
    """Raise `BadName` if a new course would lie within another one."""
    for around in folder.resolve().parents:
        if (around / FILE).is_file():
            near = as_name(folder.name)
            raise BadName(
                f"{folder} lies within the course {around}. For one more unit of it, run "
                f"`autograder new {near}` there; for another course, name a folder outside of it."
            )


def _refuse_unit_of_no_course(folder: Path) -> None:
    """Raise `BadName` for a unit of a course that does not exist."""
    around = folder.parent
    if not around.exists():
        raise BadName(
            f"There is no course {around}, so it gets no unit `{folder.name}`. Run "
            "`autograder new` for the course first. For a course in a new folder, make that folder "
            "first."
        )


def new_course(folder: Path) -> list[Path]:
    """Write the smallest course into a folder. Raises `NotEmpty` if it is not empty."""
    refuse_full(folder)
    title = readable(folder.name)
    templates = TEMPLATES / "course"
    written = []
    for template in sorted(templates.rglob("*")):
        if not template.is_file() or "__pycache__" in template.parts:
            continue
        path = folder / template.relative_to(templates)
        name = NAMES.get(path.name, path.name)
        file = _write(template, path.with_name(name), title=title, install=_install())
        written.append(file)
    return written


def _install() -> str:
    """Return the command that installs everything that an author needs."""
    command = f"`{extra_command('authoring')}`"
    if extra("authoring") == extra_command("authoring"):
        return command
    return f"In a clone of the repository, {command}"


def new_unit(course: Course, name: str) -> list[Path]:
    """Write the solution, the checks and a style of a new unit, and name it in course.toml.

    A unit that course.toml names already is made if none of its files exists.
    Raises `BadName` for an invalid name, and if one of its files exists already.
    """
    paths = {
        "solution.py": course.solution(name),
        "checks.py": course.checks / f"{name}.py",
        "style.py": course.folder / "solutions" / "styles" / name / "loops.py",
    }
    there = [path for path in paths.values() if path.exists()]
    is_named = name in course.units and not there
    if not is_named:
        refuse_name(course, name)
    if there:
        raise BadName(f"There is a {there[0]} already. Choose another name for the unit.")
    course_file = course.folder / FILE
    text = course_file.read_text(encoding="utf-8")
    with_new_unit = text if is_named else with_unit(text, name)
    written = []
    for name_of_template, path in paths.items():
        template = TEMPLATES / "unit" / name_of_template
        file = _write(template, path, title=readable(name), unit=name)
        written.append(file)
    if not is_named:
        write_whole(course_file, with_new_unit.rstrip("\n"))
        written.append(course_file)
    return written


def readable(name: str) -> str:
    """Write a name as a title: `text_processing` → "Text processing"."""
    words = re.sub(r"[_\-\s]+", " ", name).strip()
    first = words[:1].upper()
    return first + words[1:]


def as_name(text: str) -> str:
    """Return the valid unit name nearest to a text: "2 sums" → "unit_2_sums"."""
    name = re.sub(r"\W+", "_", text.removesuffix(".py")).strip("_")
    return name if name.isidentifier() else f"unit_{name}"


def refuse_name(course: Course, name: str) -> None:
    """Raise `BadName` for an invalid name of a unit."""
    if keyword.iskeyword(name):
        raise BadName(f"A unit cannot be called `{name}`: it is a word of Python's own.")
    if not name.isidentifier():
        near = as_name(name)
        hint = f", as `{near}`" if near != name else ""
        raise BadName(
            f"A unit cannot be called `{name}`: it is the name of a Python file. "
            f"Use letters, numerals and underscores{hint}. It begins with no numeral."
        )
    if name in course.units:
        raise BadName(f"{course.folder / FILE} names a unit `{name}` already.")
    packages = {"autograder", "numpy", *course.about.packages}
    if name in sys.stdlib_module_names or name in packages:
        raise BadName(
            f"A unit cannot be called `{name}`: in its script, `import {name}` would find "
            "the script itself. Choose another name."
        )


def _write(template: Path, path: Path, **names: str) -> Path:
    """Fill names into a template, write it, and return the path."""
    environment = Environment(keep_trailing_newline=True, undefined=StrictUndefined)
    environment.filters["quoted"] = partial(json.dumps, ensure_ascii=False)
    content = template.read_text(encoding="utf-8")
    to_fill_in = environment.from_string(content)
    text = to_fill_in.render(names)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path
