"""nbgrader: the files that it has collected, or its exchange.

    submitted/ada/sums/sums.ipynb, submitted/ada/sums/timestamp.txt      after `nbgrader collect`
    inbound/ada+sums+2026-12-01 21:14:05.113 UTC+k3J…/sums.ipynb         the exchange: all attempts

Source: nbgrader's documentation, "The philosophy and the approach" (directory structure) and the
exchange's `submit.py`: `{user}+{assignment}+{timestamp}+{random}`. A student could have put a
`timestamp.txt` into the exchange; there, the folder's name counts, which nbgrader chooses.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from autograder.grading.submissions import time_of_nbgrader
from autograder.intake.found import Found, Person, SourceKind
from autograder.intake.items import Item, Left, content_of, mostly, tops

INBOUND = re.compile(
    r"(?P<student>[^/+]+)\+(?P<assignment>[^/+]+)\+(?P<time>[^/+]+)(\+(?P<random>[^/]*))?"
)
STAMP = "timestamp.txt"


def recognizes(items: Sequence[Item]) -> bool:
    """Return whether most folders have the exchange's names, or most contain a time."""
    names = tops(items)
    if mostly(INBOUND.fullmatch(name) is not None for name in names):
        return any(item.in_folder for item in items)
    folders = set()
    stamped = set()
    for item in items:
        folder = _collected_folder(item)
        folders.add(folder)
        if _is_stamp(item):
            stamped.add(folder)
    return mostly(folder in stamped for folder in folders)


def _collected_folder(item: Item) -> tuple[str, ...]:
    """Return the names of the student and the assignment in nbgrader's collected folder."""
    return item.parts[:2]


def _is_stamp(item: Item) -> bool:
    """Return whether a file is nbgrader's timestamp beside a student's files."""
    if item.name != STAMP:
        return False
    return len(item.parts) == 3


def read(items: Sequence[Item], source: str) -> Iterator[Found | Left]:
    """Read attempts of the exchange, and collected folders, including empty ones."""
    times = {}
    for item in items:
        if _is_stamp(item):
            times[_collected_folder(item)] = _stamp(item)
    yield from _without_files(items, times)
    for item in items:
        match = INBOUND.fullmatch(item.top)
        if item.name == STAMP:
            continue
        if match and item.in_folder:
            yield _in_exchange(item, match)
        elif len(item.parts) > 2:
            # if nbgrader's time cannot be read, the file's is no substitute: it may be earlier
            submitted = times.get(_collected_folder(item), item.time)
            student, assignment, *_ = item.parts
            yield Found(item, item.name, Person(login=student), submitted, hint=assignment)
        else:
            yield Left(item.place, "not in a folder of a student and an assignment")


def _without_files(items: Sequence[Item], times: Mapping[tuple[str, ...], str]) -> Iterator[Left]:
    """Yield the submissions that contain only nbgrader's time.

    times: from there, by the names of the student and the assignment.
    """
    filled = {_submission(item) for item in items if item.name != STAMP}
    for item in items:
        folder = _submission(item)
        is_beside = folder == item.parts  # and so belongs to no submission
        if item.name != STAMP or folder in filled or is_beside:
            continue
        place = "/".join((*item.above, *folder, ""))
        match = INBOUND.fullmatch(item.top)
        student = match["student"] if match else item.top
        assignment = match["assignment"] if match else folder[-1]
        submitted = time_of_nbgrader(match["time"]) if match else times.get(folder, "")
        yield Left(place, NO_FILE, Person(login=student), submitted=submitted, hint=assignment)


NO_FILE = f"it holds no file but {STAMP}"


def _submission(item: Item) -> tuple[str, ...]:
    """Return the names of the folders of a file's submission."""
    is_in_exchange = INBOUND.fullmatch(item.top) is not None
    return item.parts[:1] if is_in_exchange else item.parts[:2]


def _in_exchange(item: Item, match: re.Match[str]) -> Found:
    """Return the data in the name of an attempt's folder, which nbgrader chooses."""
    return Found(
        item,
        item.name,
        Person(login=match["student"]),
        time_of_nbgrader(match["time"]),
        submission=item.top,
        together=item.top,
        hint=match["assignment"],
    )


def _stamp(item: Item) -> str:
    """Read the time beside the files; empty if it cannot be read."""
    try:
        return time_of_nbgrader(content_of(item).decode("utf-8", "replace"))
    except (OSError, ValueError):
        return ""


NBGRADER = SourceKind(
    "nbgrader",
    recognizes,
    read,
    "nbgrader's submissions",
    around="inbound|submitted",
    marks_are_students=True,
)
