"""Recognises the file of another unit, and one of none.

The file of another unit defines that unit's names, and few of its own.

Only names that a single unit asks for count, as several may ask for a function `train`.
"""

import ast
from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from autograder.course import Course
from autograder.errors import BadSource
from autograder.parsing import parse
from autograder.sandbox.definitions import is_read, read_definitions

FEWEST = 2  # minimum of another unit's names in a file, if that unit has as many
MOST_OWN = 0.25  # fraction of its own unit's names from which on a file belongs to its unit
LEAST_OTHER = 0.5  # fraction of another unit's names
BEGINS = "This looks like the file of "
OF_NONE = "This file defines nothing that"


def names_by_unit(course: Course) -> dict[str, frozenset[str]]:
    """Return the functions and classes that only one unit's starter code has, by unit.

    Units without readable starter code are left out.
    """
    found = {}
    for unit in course.units:
        names = names_asked(course, unit)
        if names:
            found[unit] = names
    counts = Counter(name for names in found.values() for name in names)
    shared = {name for name, count in counts.items() if count > 1}
    return {unit: names - shared for unit, names in found.items()}


def names_asked(course: Course, unit: str) -> frozenset[str]:
    """Return all functions and classes of a unit's starter code; none if it cannot be read."""
    try:
        return frozenset(_names(course.stub(unit).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, SyntaxError, BadSource):
        return frozenset()


def _names(text: str) -> Iterator[str]:
    for node in parse(text).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name


def other_unit(names: Mapping[str, frozenset[str]], unit: str, content: bytes) -> str:
    """Return the unit that a file clearly belongs to, if that is not `unit`; else "".

    names: of each unit, as `names_by_unit` returns them.
    """
    own = names.get(unit, frozenset())
    defined = _defined(content)
    if not own or len(own & defined) > MOST_OWN * len(own):
        return ""
    best = max(names, key=lambda other: len(names[other] & defined))
    there = len(names[best] & defined)
    enough = max(min(FEWEST, len(names[best])), LEAST_OTHER * len(names[best]))
    is_clear = 0 < enough <= there
    return best if is_clear and best != unit else ""


def _defined(content: bytes) -> set[str]:
    defined: set[str] = set()
    for definition in read_definitions(content):
        defined |= definition.names
    return defined


def note_on(
    names: Mapping[str, frozenset[str]], asked: Collection[str], unit: str, content: bytes
) -> str:
    """Return the note on a file of another unit, or of none; "" if it is of this one, or not read.

    names: of each unit, as `names_by_unit` returns them. asked: all of this unit, of which others
    may have some, too, as `names_asked` returns them.
    """
    other = other_unit(names, unit, content)
    if other:
        return f"{BEGINS}`{other}`, but it was graded as `{unit}`. Hand in the file of `{unit}`."
    own = names.get(unit, frozenset())
    if own and _defined(content).isdisjoint(asked) and is_read(content):
        example = min(own)
        return (
            f"{OF_NONE} `{unit}` asks for, such as `{example}`. Hand in the file of `{unit}`, with "
            "the names of its functions unchanged."
        )
    return ""


def is_noted(note: str) -> bool:
    """Return whether a result's note says so."""
    return note.startswith((BEGINS, OF_NONE))
