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
each student; that there were earlier ones is told by `:history:`, which has their times and no
files.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from autograder.intake.found import Found, Person, Source
from autograder.intake.items import CannotCollect, Item, Left, content_of

METADATA = "submission_metadata.yml"


def recognizes(items: Sequence[Item]) -> bool:
    """There is a table of contents beside the folders: one within a folder is a student's."""
    return any(item.parts == (METADATA,) for item in items)


def read(items: Sequence[Item], source: str) -> Iterator[Found | Left]:
    """Read whose each folder is from the table of contents.

    Raises `CannotCollect` where it is none.
    """
    table = next((item for item in items if item.parts == (METADATA,)), None)
    if table is None:
        raise CannotCollect(f"There is no {METADATA}, which Gradescope puts beside the folders.")
    known = _contents(table)
    for item in items:
        if item is table:
            continue
        facts = known.get(item.parts[0]) if len(item.parts) > 1 else None
        submitters = _list(facts, ":submitters") if facts else []
        if not submitters:
            yield Left(item.place, f"{METADATA} says of nobody that they handed it in")
        for submitter in submitters:
            yield _found(item, item.parts[0], facts or {}, submitter)


def _contents(table: Item) -> Mapping[str, Mapping[str, Any]]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        read: Any = yaml.load(content_of(table), Loader=loader)
    except (yaml.YAMLError, ValueError, OSError, RecursionError) as error:
        raise CannotCollect(
            f"{table.place} cannot be read: {str(error).splitlines()[0]}."
        ) from None
    if not isinstance(read, dict):
        raise CannotCollect(f"{table.place} is no table of submissions.")
    return {str(name): facts for name, facts in read.items() if isinstance(facts, dict)}


def _list(facts: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = facts.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _found(
    item: Item, submission: str, facts: Mapping[str, Any], submitter: Mapping[str, Any]
) -> Found:
    name, email, sis = (str(submitter.get(key) or "") for key in (":name", ":email", ":sid"))
    return Found(
        item,
        item.name,
        Person(name=name, email=email, sis=sis),
        _time(facts.get(":created_at")),
        attempt=len(_list(facts, ":history")) + 1,
        submission=submission.removeprefix("submission_"),
        together=submission,
    )


def _time(value: object) -> str:
    """A time of the table, which YAML reads as one; without a zone it is in UTC."""
    moment: datetime | None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        moment = datetime(value.year, value.month, value.day) if isinstance(value, date) else None
    if moment is None:
        return ""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="seconds")


GRADESCOPE = Source("gradescope", recognizes, read, "Gradescope's export of submissions")
