"""Changes the list `units` in the text of a course.toml and keeps the rest of the text.

A student's folder collects units: `joined` adds to a release's course.toml what the folder has.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from autograder.course import FILE
from autograder.errors import UserError
from autograder.schema import as_toml_value


class BadName(UserError):
    """A unit cannot have this name; the text says why."""


def with_unit(text: str, name: str) -> str:
    """Append a unit to `units` in the text of a course.toml; the rest stays as it is.

    Raises `BadName` if the list cannot be found: then a person has to add it.
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
    """A list in the text of a TOML file, by positions in the text.

    first: of the content after the opening bracket. last, last_end: of the last entry.
    end: of the bracket that ends the list. has_comma: whether a comma follows the last entry.
    """

    first: int
    last: int
    last_end: int
    end: int
    has_comma: bool


def _find_units(text: str) -> _List | None:
    """Find the list `units`; None if it is missing, empty or unclosed."""
    begins = re.search(r"^units\s*=\s*\[", text, re.M)
    if not begins:
        return None
    last = None
    has_comma = False
    for token in TOKENS.finditer(text, begins.end()):
        if token[0] == "]":
            if last is None:
                return None
            return _List(begins.end(), last.start(), last.end(), token.start(), has_comma)
        if token[0] == ",":
            has_comma = True
        elif not token[0].startswith("#"):
            last = token
            has_comma = False
    return None


def _added(text: str, name: str) -> str:
    """Insert a name before the bracket that ends the list `units`.

    Without such a list, return the text unchanged.
    """
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


def with_units(text: str, names: Sequence[str]) -> str:
    """Replace the list `units` in the text of a course.toml.

    Raises `BadName` if the list cannot be found.
    """
    units = _find_units(text)
    if units is None:
        raise BadName(f"The list `units` of {FILE} cannot be read.")
    quoted = [f'"{name}"' for name in names]
    return text[: units.first] + ", ".join(quoted) + text[units.end :]


# ---- a student's folder


def all_units(here: Sequence[str], released: Sequence[str]) -> list[str]:
    """Return the units of a folder after an update, in order.

    here: its present units. released: the release's. A release of all present units sets the order;
    after any other, new ones come last.
    """
    if set(here) <= set(released):
        return list(released)
    return [*here, *(name for name in released if name not in here)]


def joined(released: str, here: str, units: Sequence[str]) -> str:
    """Return the course.toml of a release with other units, and further entries of a folder's.

    These are the roles of corpora and the packages that the release does not name; if both name
    one, the release's counts.
    released, here: the text of each. units: those that the folder has afterwards.
    Raises `BadName` if the list of units cannot be found.
    """
    text = with_units(released, units)
    before = tomllib.loads(here)
    now = tomllib.loads(text)
    for table in ("corpora", "packages"):
        missing = {}
        for key, value in before.get(table, {}).items():
            if key not in now.get(table, {}):
                missing[key] = value
        if missing:
            text = _with_entries(text, table, missing)
    return text


def _with_entries(text: str, table: str, entries: dict[str, object]) -> str:
    """Write entries at the end of a table, whose first entry may be the default.

    Without the table, write it at the end of the text.
    """
    lines = []
    for key, value in entries.items():
        lines.append(f"{as_toml_value(key)} = {as_toml_value(value)}\n")
    head = re.search(rf"^\[{table}\][^\n]*\n", text, re.M)
    if head:
        next_head = re.compile(r"^\[", re.M).search(text, head.end())
        end = next_head.start() if next_head else len(text)
        table_with_more = text[:end].rstrip("\n") + "\n" + "".join(lines)
        return f"{table_with_more}\n{text[end:]}" if next_head else table_with_more
    return "".join([text.rstrip("\n"), f"\n\n[{table}]\n", *lines])
