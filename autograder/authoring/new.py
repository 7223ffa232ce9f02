"""A new course, or one more unit: files to be changed, which build and prove themselves as written.

The files are templates in `templates/new/`, copied as they stand but for a few names.
"""

import json
import keyword
import re
import sys
import tomllib
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
    """Write a new course into a folder; or, where the folder around it is a course, one more unit
    of that.

    Return the files that were written. Raises `NotEmpty`, `BadName`, `BadFile`.
    """
    folder = folder.absolute()
    if (folder.parent / FILE).is_file():
        return new_unit(read_course(folder.parent), folder.name)
    return new_course(folder)


def new_course(folder: Path) -> list[Path]:
    """Write the smallest course into a folder. Raises `NotEmpty` where the folder holds
    something.
    """
    refuse_full(folder)
    written = []
    for source in sorted((TEMPLATES / "course").rglob("*")):
        if source.is_file() and "__pycache__" not in source.parts:
            path = folder / source.relative_to(TEMPLATES / "course")
            path = path.with_name(NAMES.get(path.name, path.name))
            written.append(_write(source, path, title=readable(folder.name)))
    return written


def new_unit(course: Course, name: str) -> list[Path]:
    """Write the solution, the checks and a style of a new unit, and name it in course.toml.

    Raises `BadName` for a name that cannot be one, and where one of its files is there already.
    """
    refuse_name(course, name)
    targets = {
        "solution.py": course.solution(name),
        "checks.py": course.checks / f"{name}.py",
        "style.py": course.folder / "solutions" / "styles" / name / "loops.py",
    }
    for path in targets.values():
        if path.exists():
            raise BadName(f"There is a {path} already. Choose another name for the unit.")
    facts = course.folder / FILE
    listed = with_unit(facts.read_text(encoding="utf-8"), name)
    written = [
        _write(TEMPLATES / "unit" / source, path, title=readable(name), unit=name)
        for source, path in targets.items()
    ]
    write_whole(facts, listed.rstrip("\n"))
    return [*written, facts]


def readable(name: str) -> str:
    """A name as a title: `text_processing` → "Text processing"."""
    words = re.sub(r"[_\-\s]+", " ", name).strip()
    return words[:1].upper() + words[1:]


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
    if name in sys.stdlib_module_names or name in {"autograder", "numpy", *course.about.packages}:
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


TOKENS = re.compile(r""""(?:\\.|[^"\\])*"|'[^']*'|#[^\n]*|[\],]""")


def _added(text: str, name: str) -> str:
    """The text with a name before the bracket that ends the list `units`."""
    begins = re.search(r"^units\s*=\s*\[", text, re.M)
    if not begins:
        return text
    last, comma, end = None, False, len(text)
    for token in TOKENS.finditer(text, begins.end()):
        if token[0] == "]":
            end = token.start()
            break
        if token[0] == ",":
            comma = True
        elif not token[0].startswith("#"):
            last, comma = token, False
    if last is None:
        return text
    if not comma:
        text, end = text[: last.end()] + "," + text[last.end() :], end + 1
    before = text[:end].rstrip()
    between = text[len(before) : end]
    if "\n" not in between:
        return f'{before} "{name}"{text[end:]}'
    line = text[text.rfind("\n", 0, last.start()) + 1 : last.start()]
    indent = line if not line.strip() else "    "
    return f'{before}\n{indent}"{name}",{between}{text[end:]}'


def _write(template: Path, path: Path, **names: str) -> Path:
    """Write a template with names in it."""
    environment = Environment(keep_trailing_newline=True, undefined=StrictUndefined)
    environment.filters["quoted"] = lambda text: json.dumps(text, ensure_ascii=False)
    text = environment.from_string(template.read_text(encoding="utf-8")).render(names)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
