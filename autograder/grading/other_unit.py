"""Notices the file of another unit: it defines what that one asks for, and little of its own unit.

Only what one unit alone asks for counts, as several may ask for a function `train`.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping

from autograder.course import Course
from autograder.errors import BadSource
from autograder.parsing import parse
from autograder.sandbox.definitions import read_definitions

FEWEST = 2  # names of another unit that a file must define, if it has so many
MOST_OWN = 0.25  # of its own unit's names, beyond which a file is of its unit
LEAST_OTHER = 0.5  # of another unit's names
BEGINS = "This looks like the file of "


def names_by_unit(course: Course) -> dict[str, frozenset[str]]:
    """Return the functions and classes that only one unit's starter code has, by unit.

    Units without readable starter code are left out.
    """
    found = {}
    for unit in course.units:
        try:
            text = course.stub(unit).read_text(encoding="utf-8")
            found[unit] = frozenset(_names(text))
        except (OSError, UnicodeDecodeError, SyntaxError, BadSource):
            continue
    counts = Counter(name for names in found.values() for name in names)
    shared = {name for name, count in counts.items() if count > 1}
    return {unit: names - shared for unit, names in found.items()}


def _names(text: str) -> Iterator[str]:
    for node in parse(text).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name


def other_unit(names: Mapping[str, frozenset[str]], unit: str, content: bytes) -> str:
    """Return the unit that a file is clearly of, where that is not `unit`; else "".

    names: of each unit, as `names_by_unit` returns them.
    """
    own = names.get(unit, frozenset())
    defined: set[str] = set()
    for definition in read_definitions(content):
        defined |= definition.names
    if not own or len(own & defined) > MOST_OWN * len(own):
        return ""
    best = max(names, key=lambda other: len(names[other] & defined))
    there = len(names[best] & defined)
    enough = max(min(FEWEST, len(names[best])), LEAST_OTHER * len(names[best]))
    is_clear = 0 < enough <= there
    return best if is_clear and best != unit else ""


def as_note(unit: str, other: str) -> str:
    """Say it to the student and on the class's page."""
    return f"{BEGINS}`{other}`. It was graded as `{unit}`: hand in the file of that unit."


def is_noted(note: str) -> bool:
    """Say whether a result's note says so."""
    return note.startswith(BEGINS)
