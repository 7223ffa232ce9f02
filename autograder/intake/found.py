"""A source's data on one file: its student, time and attempt. All readers return it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from autograder.intake.items import Item, Left, Person

__all__ = ["Found", "Person", "Reader", "SourceKind"]


@dataclass(frozen=True)
class Found:
    """One file that a student submitted.

    name: the student's name for it.
    submitted: ISO 8601 in UTC. is_time_given: whether it is from a table or an API, and not from
    the source itself.
    attempt: in the source's count, or 0.
    submission: the source's name for the submission.
    together: files that share it belong to one submission.
    hint: words of the source that may name the unit: an assignment's, a folder's.
    """

    item: Item
    name: str
    who: Person
    submitted: str = ""
    is_time_given: bool = False
    late: bool = False
    attempt: int = 0
    submission: str = ""
    together: str = ""
    hint: str = ""


Reader = Callable[[Sequence[Item], str], Iterator[Found | Left]]


@dataclass(frozen=True)
class SourceKind:
    """A kind of source: its name, how its layout is recognized, and how it is read.

    A reader takes the items, and the name of the folder or zip that held them.
    around: the platform's name for an outer folder, as a pattern.
    marks_are_students: whether it is recognised by files in students' folders, which one student
    alone could have written.
    """

    name: str
    recognizes: Callable[[Sequence[Item]], bool]
    read: Reader
    title: str
    around: str = ""
    marks_are_students: bool = False
