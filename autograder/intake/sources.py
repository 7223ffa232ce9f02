"""The known kinds of sources, and recognition of a folder or zip."""

import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from autograder.intake.canvas import CANVAS
from autograder.intake.folder import FOLDER
from autograder.intake.found import SourceKind
from autograder.intake.github import CLASSROOM50, GITHUB
from autograder.intake.gradescope import GRADESCOPE
from autograder.intake.items import CannotCollect, Item, below, glance, mostly, shown, tops
from autograder.intake.moodle import MOODLE
from autograder.intake.nbgrader import INBOUND, NBGRADER

PLATFORMS = [GRADESCOPE, MOODLE, CLASSROOM50, NBGRADER, CANVAS, GITHUB]
SOURCES = [*PLATFORMS, FOLDER]
BY_NAME = {source.name: source for source in SOURCES}


def recognize(
    items: Sequence[Item],
    is_unit: Callable[[str], bool],
    named: str = "",
    zipped: bool = True,
    before: Collection[str] = (),
    called: str = "",
) -> tuple[SourceKind, list[Item]]:
    """Find the kind of source of some files, and the files in that kind's layout.

    An outer folder or two are skipped. is_unit: whether a folder's name is a unit's, and so no
    student's. named: take this kind, whatever the files look like. zipped: the source is a zip; in
    a folder of no platform's, the folders are the students'. before: the kinds that were collected
    into the same folder. called: the name of the folder or zip.
    Raises `CannotCollect` if only files of a single student indicate the kind.
    """
    levels = [list(items)]
    for _ in range(2):
        levels.append(below(levels[-1]))
    for level in levels:
        _refuse_exchange(level)
    if named == FOLDER.name:
        kinds = []
    elif named:
        kinds = [BY_NAME[named]]
    else:
        kinds = PLATFORMS
    # from the outside: deeper levels are more under students' control
    for level in levels:
        for kind in kinds:
            if kind.recognizes(level):
                if not named:
                    _refuse_one_students(kind, level, before, called)
                return kind, level
    if named and named != FOLDER.name:
        return BY_NAME[named], levels[0]
    if zipped:
        return FOLDER, _students_first(levels, is_unit)
    return FOLDER, levels[0]


def _refuse_exchange(items: Sequence[Item]) -> None:
    """Refuse a course's folder in nbgrader's exchange, which also has what is handed out.

    Raises `CannotCollect`.
    """
    if tops(items).isdisjoint({"outbound", "feedback"}):
        return
    inbound = [item.parts[1] for item in items if item.top == "inbound" and len(item.parts) > 2]
    if mostly(INBOUND.fullmatch(name) is not None for name in inbound):
        raise CannotCollect(
            "This is a course's folder in nbgrader's exchange. The submissions lie in its folder "
            "`inbound`: collect that."
        )


def _refuse_one_students(
    kind: SourceKind, level: Sequence[Item], before: Collection[str], called: str
) -> None:
    """Refuse to conclude the kind of a source from one student's folder.

    An outer folder may be a student's, unless it has the platform's name. So may everything in the
    only folder. Raises `CannotCollect`.
    """
    above = level[0].above
    is_platforms = re.fullmatch(kind.around, above[-1] if above else called) is not None
    if above and not is_platforms:
        raise _whose_is_it(kind, above[-1])
    folders = {item.top for item in level if item.in_folder}
    is_known = is_platforms or kind.name in before
    if kind.marks_are_students and len(folders) == 1 and not is_known:
        raise _whose_is_it(kind, folders.pop())


def _whose_is_it(kind: SourceKind, folder: str) -> CannotCollect:
    return CannotCollect(
        f"What lies in the only folder, {shown(folder)}, looks like {kind.title}, but a student "
        f"could have made it so. If it is, add --from {kind.name}; if {shown(folder)} is a "
        "student's folder, add --from folder."
    )


def platform_of(source: Path) -> str:
    """Return the platform that a folder or zip comes from, by its names.

    Empty if `grade` can read it as it is, as nbgrader's collected folder.
    """
    items = glance(source)
    try:
        kind, level = recognize(items, lambda _: False)
    except CannotCollect:
        return ""
    if kind is FOLDER:
        return ""
    is_exchange = any("+" in item.top for item in level)
    if kind is NBGRADER and not is_exchange:
        return ""
    return kind.title


def _students_first(levels: list[list[Item]], is_unit: Callable[[str], bool]) -> list[Item]:
    """Return the files without an outer folder.

    Such a folder holds several folders, none of them a unit's.
    """
    for level in levels:
        within = {item.parts[1] for item in level if len(item.parts) > 2}
        has_unit = any(is_unit(folder) for folder in within)
        one_around_all = len(tops(level)) == 1 and len(within) > 1 and not has_unit
        if not one_around_all:
            return level
    return levels[0]
