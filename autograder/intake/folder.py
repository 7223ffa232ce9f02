"""A folder or zip of files in no platform's layout.

There is a folder for each student, or files have their students' names:

    ada/sums/sums.py    ada/sums.py    ada/whatever.py    ada.py    ada_sums.py
"""

from collections.abc import Iterator, Sequence

from autograder.intake.found import Found, Person, SourceKind
from autograder.intake.items import Item, Left


def recognizes(items: Sequence[Item]) -> bool:
    """Return whether there are files at all: any will do."""
    return bool(items)


def read(items: Sequence[Item], source: str) -> Iterator[Found | Left]:
    """Read the student from the first folder; of a file at the top, from its name."""
    for item in items:
        student = item.top if item.in_folder else item.name.rpartition(".")[0]
        if not student:
            yield Left(item.place, "its name contains no student")
            continue
        folders = item.parts[1:-1]
        hint = " ".join(folders) or source
        yield Found(item, item.name, Person(login=student), item.time, hint=hint)


FOLDER = SourceKind("folder", recognizes, read, "a folder of files")
