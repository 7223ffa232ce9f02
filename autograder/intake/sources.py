"""The kinds of sources that are known, and which one a folder or zip is."""

from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.intake.canvas import CANVAS
from autograder.intake.folder import FOLDER
from autograder.intake.found import Source
from autograder.intake.github import CLASSROOM50, GITHUB
from autograder.intake.gradescope import GRADESCOPE
from autograder.intake.items import Item, below, glance, tops
from autograder.intake.moodle import MOODLE
from autograder.intake.nbgrader import NBGRADER

PLATFORMS = [GRADESCOPE, MOODLE, CLASSROOM50, NBGRADER, CANVAS, GITHUB]
SOURCES = [*PLATFORMS, FOLDER]
BY_NAME = {source.name: source for source in SOURCES}


def recognize(
    items: Sequence[Item], is_unit: Callable[[str], bool], named: str = "", zipped: bool = True
) -> tuple[Source, list[Item]]:
    """Find what kind of source some files are, and the files as that kind has them.

    A folder or two around the whole is looked through. is_unit: whether a folder's name is a
    unit's, and so no student's. named: take this kind, whatever it looks like. zipped: the source
    is a zip; in a folder of no platform's, the folders are the students'.
    """
    levels = [list(items)]
    for _ in range(2):
        levels.append(below(levels[-1]))
    if named == FOLDER.name:
        kinds = []
    elif named:
        kinds = [BY_NAME[named]]
    else:
        kinds = PLATFORMS
    # from the outside: what lies deeper is more in the hands of students
    for level in levels:
        for kind in kinds:
            if kind.recognizes(level):
                return kind, level
    if named and named != FOLDER.name:
        return BY_NAME[named], levels[0]
    if zipped:
        return FOLDER, _students_first(levels, is_unit)
    return FOLDER, levels[0]


def platform_of(source: Path) -> str:
    """Return what platform a folder or zip comes from, by its names.

    Empty where `grade` can read it as it is, and so for what nbgrader has collected.
    """
    items = glance(source)
    kind, level = recognize(items, lambda _: False)
    if kind is FOLDER:
        return ""
    is_exchange = any("+" in item.top for item in level)
    if kind is NBGRADER and not is_exchange:
        return ""
    return kind.title


def _students_first(levels: list[list[Item]], is_unit: Callable[[str], bool]) -> list[Item]:
    """Return the files without a folder around the whole.

    Such a folder holds several folders, none of them a unit's.
    """
    for level in levels:
        within = {item.parts[1] for item in level if len(item.parts) > 2}
        has_unit = any(is_unit(folder) for folder in within)
        one_around_all = len(tops(level)) == 1 and len(within) > 1 and not has_unit
        if not one_around_all:
            return level
    return levels[0]
