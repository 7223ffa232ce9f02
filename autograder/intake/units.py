"""Which unit a file is of, by its own name and by the names around it.

Names are taken as people and browsers write them.
"""

import re
from collections.abc import Iterable
from pathlib import PurePath

from autograder.course import Course

SUFFIXES = (".py", ".ipynb")
# what browsers, file managers and platforms put behind a name: " (1)", "-1", " copy", " - Kopie
# (2)"
COPIES = re.compile(
    r"([\s_.-]*(\(\d{1,3}\)|\bcopy\b|\bkopie\b|\bcopie\b|\bcopia\b)|-\d{1,3})+$", re.I
)


def is_script(name: str) -> bool:
    """Say whether a file's name ends as a script's or a notebook's does, in whatever case."""
    return PurePath(name).suffix.casefold() in SUFFIXES


def unit_named(course: Course, text: str) -> str:
    """Return the unit that a name is, or begins with: `sums (1)`, `Sums`, `sums_final`.

    Empty where none or several are. text: a file's name without its suffix, or a folder's name.
    """
    plain = _plain(COPIES.sub("", text))
    for names in (
        {unit: unit for unit in course.units},
        {course.short(u): u for u in course.units},
    ):
        exact = [unit for name, unit in names.items() if plain == _plain(name)]
        begun = [unit for name, unit in names.items() if plain.startswith(f"{_plain(name)}_")]
        found = exact or begun
        if found:
            return found[0] if len(found) == 1 else ""
    return ""


def unit_within(course: Course, words: Iterable[str]) -> str:
    """Return the one unit that some words name: an assignment's title, a zip's name.

    Empty where none or several are.
    """
    text = f"_{_plain(' '.join(words))}_"
    for short in (False, True):
        names = {(course.short(unit) if short else unit): unit for unit in course.units}
        found = {unit for name, unit in names.items() if f"_{_plain(name)}_" in text}
        if len(found) == 1:
            return found.pop()
    return ""


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "_", text.casefold()).strip("_")
