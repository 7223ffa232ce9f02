"""A folder or zip of files in no platform's layout.

There is a folder for each student, or files are called like them.

ada/sums/sums.py    ada/sums.py    ada/whatever.py    ada.py    ada_sums.py
"""

from collections.abc import Iterator, Sequence

from autograder.intake.found import Found, Person, Source
from autograder.intake.items import Item, Left


def recognizes(items: Sequence[Item]) -> bool:
    """Anything will do."""
    return bool(items)


def read(items: Sequence[Item], source: str) -> Iterator[Found | Left]:
    """Read the student from the first folder; of a file at the top, from its name."""
    for item in items:
        student = item.parts[0] if len(item.parts) > 1 else item.name.rpartition(".")[0]
        if not student:
            yield Left(item.place, "its name says of no student")
            continue
        hint = " ".join(item.parts[1:-1]) or source
        yield Found(item, item.name, Person(login=student), item.time, hint=hint)


FOLDER = Source("folder", recognizes, read, "a folder of files")
