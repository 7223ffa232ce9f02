"""The unit of a file, by its own name and by the names around it.

It accepts names as people and browsers write them.
"""

import re
from collections.abc import Iterable
from pathlib import PurePath

from autograder.course import Course
from autograder.grading.submissions import without_copys_mark

SUFFIXES = (".py", ".ipynb")


def is_script(name: str) -> bool:
    """Return whether a file's name ends as a script's or a notebook's does, in any case."""
    suffix = PurePath(name).suffix
    return suffix.casefold() in SUFFIXES


AS_TEXT = ".txt"


def script_name(name: str) -> str:
    """Return the name of a script before a browser saved it as text.

    That is `sums.py` for `sums.py.txt` and for `sums.py (1).txt`. Any other name stays.
    """
    if not name.casefold().endswith(AS_TEXT):
        return name
    before = without_copys_mark(name[: -len(AS_TEXT)])
    return before if is_script(before) else name


def unit_named(course: Course, text: str) -> str:
    """Return the unit that a name is, or begins with: `sums (1)`, `Sums`, `sums_final`.

    Empty if there is none or several. text: a file's name without its suffix, or a folder's name.
    """
    plain = _plain(without_copys_mark(text))
    for names in _plain_names(course):
        exact = [unit for unit, name in names.items() if plain == name]
        begun = [unit for unit, name in names.items() if plain.startswith(f"{name}_")]
        found = exact or begun
        if len(found) == 1:
            return found[0]
        if found:
            return ""
    return ""


def unit_within(course: Course, words: Iterable[str]) -> str:
    """Return the one unit named in some words: an assignment's title, a zip's name.

    Empty if there is none or several.
    """
    plain = _plain(" ".join(words))
    text = f"_{plain}_"
    for names in _plain_names(course):
        found = [unit for unit, name in names.items() if f"_{name}_" in text]
        if len(found) == 1:
            return found[0]
    return ""


BEFORE_NUMBER = re.compile(r"(?<=[^\W\d_])(?=\d)")  # between a letter and a digit


def _plain_names(course: Course) -> list[dict[str, str]]:
    """Return the plain name of each unit: of whole names, then of short ones, then `unit_4`."""
    short = {unit: _plain(course.short(unit)) for unit in course.units}
    return [
        {unit: _plain(unit) for unit in course.units},
        short,
        {unit: BEFORE_NUMBER.sub("_", name) for unit, name in short.items()},
    ]


def _plain(text: str) -> str:
    """Return a text in lower case, with one underscore for each run of other characters."""
    words = re.sub(r"[\W_]+", "_", text.casefold())
    return words.strip("_")
