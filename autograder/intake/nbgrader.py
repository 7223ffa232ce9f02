"""nbgrader: what it has collected, or its exchange as it stands.

    submitted/ada/sums/sums.ipynb, submitted/ada/sums/timestamp.txt      after `nbgrader collect`
    inbound/ada+sums+2026-12-01 21:14:05.113 UTC+k3J…/sums.ipynb         the exchange: all attempts

Source: nbgrader's documentation, "The philosophy and the approach" (directory structure) and the
exchange's `submit.py`: `{user}+{assignment}+{timestamp}+{random}`. A student who is in the exchange
could have written a `timestamp.txt`; in the exchange, the folder's name counts, which nbgrader
gives.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from autograder.intake.found import Found, Person, Source
from autograder.intake.items import Item, Left, content_of, mostly, tops

INBOUND = re.compile(
    r"(?P<student>[^/+]+)\+(?P<assignment>[^/+]+)\+(?P<time>[^/+]+)(\+(?P<random>[^/]*))?"
)
STAMP = "timestamp.txt"


def recognizes(items: Sequence[Item]) -> bool:
    """Most folders are called as the exchange calls them, or have a time beside their files."""
    if mostly(bool(INBOUND.fullmatch(name)) for name in tops(items)):
        return any(len(item.parts) > 1 for item in items)
    stamped = {item.parts[:2] for item in items if len(item.parts) == 3 and item.name == STAMP}
    return mostly(folder in stamped for folder in {item.parts[:2] for item in items})


def read(items: Sequence[Item], source: str) -> Iterator[Found | Left]:
    """Read attempts of the exchange, and collected folders."""
    stamps: dict[tuple[str, ...], str] = {
        item.parts[:2]: _stamp(item)
        for item in items
        if len(item.parts) == 3 and item.name == STAMP
    }
    for item in items:
        match = INBOUND.fullmatch(item.parts[0])
        if item.name == STAMP:
            continue
        if match and len(item.parts) > 1:
            who = Person(login=match["student"])
            submitted = _time(match["time"])
            folder, unit = item.parts[0], match["assignment"]
            yield Found(
                item, item.name, who, submitted, submission=folder, together=folder, hint=unit
            )
        elif len(item.parts) > 2:
            submitted = stamps.get(item.parts[:2]) or item.time
            yield Found(item, item.name, Person(login=item.parts[0]), submitted, hint=item.parts[1])
        else:
            yield Left(item.place, "not in a folder of a student and an assignment")


def _stamp(item: Item) -> str:
    try:
        return _time(content_of(item).decode("utf-8", "replace"))
    except (OSError, ValueError):
        return ""


def _time(text: str) -> str:
    """Return nbgrader's time, as `2026-12-01 21:14:05.113 UTC`; empty where it cannot be read."""
    plain = text.strip()[:64].replace(" UTC", "+00:00")
    try:
        moment = datetime.fromisoformat(plain)
    except ValueError:
        return ""
    try:
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError):
        return ""


NBGRADER = Source("nbgrader", recognizes, read, "nbgrader's submissions")
