"""Changes the list `units` in the text of a course.toml; all else of the text stays as it is."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from autograder.course import FILE
from autograder.errors import UserError


class BadName(UserError):
    """A unit cannot be called so; the text says why."""


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

    first: of what stands behind the opening bracket. last, last_end: of the last entry.
    end: of the bracket that ends the list. has_comma: whether a comma stands behind the last entry.
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
    """Put a name before the bracket that ends the list `units`.

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
    """Put other units into the list `units` in the text of a course.toml.

    Raises `BadName` where the list cannot be found.
    """
    units = _find_units(text)
    if units is None:
        raise BadName(f"The list `units` of {FILE} cannot be read.")
    quoted = [f'"{name}"' for name in names]
    return text[: units.first] + ", ".join(quoted) + text[units.end :]
