"""Gradescope: Review Grades → Export Submissions, a zip.

    assignment_9100_export/submission_metadata.yml
    assignment_9100_export/submission_301/sums.py

The table of contents says of each folder who handed it in, one person or a group, and when:

    submission_301:
      :submitters:
      - :name: Ada Lovelace
        :sid: '20117'
        :email: ada@example.edu
      :created_at: 2026-11-20 14:22:32.365935000 Z
      :history: […]

Source: Gradescope's help, "Exporting submissions", and `submission_metadata` in its autograder
documentation (gradescope-autograders.readthedocs.io). The export holds the active submission of
each student; `:history:` lists earlier ones by their times, without files.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from autograder.intake.found import Found, Person, SourceKind
from autograder.intake.items import CannotCollect, Item, Left, content_of, in_utc

METADATA = "submission_metadata.yml"


def recognizes(items: Sequence[Item]) -> bool:
    """Return whether Gradescope's table of contents is present."""
    return _table(items) is not None


def _table(items: Sequence[Item]) -> Item | None:
    """Return the table of contents beside the folders: one within a folder is a student's."""
    for item in items:
        if item.parts == (METADATA,):
            return item
    return None


def read(items: Sequence[Item], source: str) -> Iterator[Found | Left]:
    """Read the owner of each folder from the table of contents.

    Raises `CannotCollect` if it is invalid.
    """
    table = _table(items)
    if table is None:
        raise CannotCollect(f"There is no {METADATA}, which Gradescope puts beside the folders.")
    contents = _contents(table)
    for item in items:
        if item is table:
            continue
        entry = contents.get(item.top, {}) if item.in_folder else {}
        submitters = _list(entry, ":submitters")
        if not submitters:
            yield Left(item.place, f"{METADATA} names no student")
        for submitter in submitters:
            yield _found(item, entry, submitter)


def _contents(table: Item) -> Mapping[str, Mapping[str, Any]]:
    """Read the table of contents: the entry of each folder. Raises `CannotCollect`."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        read: Any = yaml.load(content_of(table), Loader=loader)
    except (yaml.YAMLError, ValueError, OSError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise CannotCollect(f"{table.place} cannot be read: {reason}.") from None
    if not isinstance(read, dict):
        raise CannotCollect(f"{table.place} is no table of submissions.")
    return {str(folder): entry for folder, entry in read.items() if isinstance(entry, dict)}


def _list(entry: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Return the tables in a list of the table; none if there is no such list."""
    values = entry.get(key)
    if not isinstance(values, list):
        return []
    return [value for value in values if isinstance(value, dict)]


def _found(item: Item, entry: Mapping[str, Any], submitter: Mapping[str, Any]) -> Found:
    return Found(
        item,
        item.name,
        _person(submitter),
        _time(entry.get(":created_at")),
        attempt=len(_list(entry, ":history")) + 1,
        submission=item.top.removeprefix("submission_"),
        together=item.top,
    )


def _person(submitter: Mapping[str, Any]) -> Person:
    return Person(
        name=str(submitter.get(":name") or ""),
        email=str(submitter.get(":email") or ""),
        sis=str(submitter.get(":sid") or ""),
    )


def _time(value: object) -> str:
    """Return a time of the table; empty if YAML did not read it as a time."""
    if isinstance(value, datetime):
        return in_utc(value)
    try:
        return in_utc(datetime.fromisoformat(str(value)))
    except ValueError:
        return ""


GRADESCOPE = SourceKind(
    "gradescope",
    recognizes,
    read,
    "Gradescope's export of submissions",
    around=r"assignment_\d+_export",
)
