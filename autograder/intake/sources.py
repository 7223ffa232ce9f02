"""The kinds of sources that are known, and which one a folder or zip is."""

from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.intake.canvas import CANVAS
from autograder.intake.folder import FOLDER
from autograder.intake.found import Source
from autograder.intake.github import CLASSROOM50, GITHUB
from autograder.intake.gradescope import GRADESCOPE
from autograder.intake.items import Item, below, glance
from autograder.intake.moodle import MOODLE
from autograder.intake.nbgrader import NBGRADER

SOURCES = (GRADESCOPE, MOODLE, CLASSROOM50, NBGRADER, CANVAS, GITHUB, FOLDER)
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
    if named and named != FOLDER.name:
        kind = BY_NAME[named]
        return kind, next((level for level in levels if kind.recognizes(level)), levels[0])
    # from the outside: what lies deeper is more in the hands of students
    for level in [] if named else levels:
        for kind in SOURCES[:-1]:
            if kind.recognizes(level):
                return kind, level
    return FOLDER, _students_first(levels, is_unit) if zipped else levels[0]


def platform_of(source: Path) -> str:
    """Return what platform a folder or zip comes from, by its names.

    Empty where `grade` can read it as it is.

    What nbgrader has collected lies as `grade` reads it.
    """
    items = glance(source)
    kind, level = recognize(items, lambda _: False)
    laid_out = kind is FOLDER or (
        kind is NBGRADER and not any("+" in item.parts[0] for item in level)
    )
    return "" if laid_out else kind.title


def _students_first(levels: list[list[Item]], is_unit: Callable[[str], bool]) -> list[Item]:
    """Return the files without a folder around the whole.

    Such a folder holds several folders, none of them a unit's.
    """
    for level in levels:
        second = {item.parts[1] for item in level if len(item.parts) > 2}
        alone = len({item.parts[0] for item in level}) == 1
        if not (alone and len(second) > 1 and not any(map(is_unit, second))):
            return level
    return levels[0]
