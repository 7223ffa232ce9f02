"""Requests to look at a grade again: a link that fills a mail, and the list of the mails that came.

What a mail says is its sender's word: the list shows it beside what is known, and changes no grade.
"""

import email
import mailbox
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import EmailPolicy
from pathlib import Path
from typing import Any
from urllib.parse import quote

from autograder.errors import UserError, one_line
from autograder.grading.adjustments import Adjustment
from autograder.grading.results import Result
from autograder.judging import Verdict

FIELDS = ("Student", "Unit", "Check", "Checksum")
MAX_MAIL = 256 << 10  # bytes of a mail that are looked at
MAX_HEADER = 2_000  # characters of a header
MAX_VALUE = 200  # characters of a field, as of a student's name
MAX_WORDS = 500  # characters of a reason in the list


class NoMails(UserError):
    """There are no mails where they were said to be; the text says what was looked for."""


def regrade_link(address: str, result: Result, verdict: Verdict) -> str:
    """A link that opens a mail to `address` about one check, with all that is needed to find it
    again.
    """
    values = (result.lms_name, result.unit, verdict.name, result.sha256)
    lines = [f"{name}: {value}" for name, value in zip(FIELDS, values, strict=True)]
    body = "\r\n".join([*lines, "", "What I would like to be looked at, and why:", ""])
    subject = f"Regrade: {result.unit}, {verdict.name}"
    fields = f"subject={quote(subject, safe='')}&body={quote(body, safe='')}"
    return f"mailto:{quote(address, safe='@')}?{fields}"


@dataclass(frozen=True)
class Request:
    """A mail that asks for a regrade: who sent it and when, what it says it is about, and why."""

    sender: str
    date: str
    student: str
    unit: str
    check: str
    checksum: str
    why: str


def read_requests(place: Path) -> list[Request]:
    """Read the requests among mails: an mbox file, or a folder of `.eml` files, or one of these.
    Raises `NoMails`.
    """
    found = [request for mail in _mails(place) if (request := _request(mail))]
    return sorted(
        found, key=lambda request: (request.unit, request.check, request.student, request.date)
    )


def _mails(place: Path) -> Iterator[EmailMessage]:
    if place.is_dir():
        paths = sorted(place.rglob("*.eml"))
    elif place.is_file():
        paths = [place] if place.suffix == ".eml" else []
    else:
        raise NoMails(f"There is nothing at {place}. Name an mbox file, or a folder of .eml files.")
    if place.is_dir() and not paths:
        raise NoMails(f"{place} holds no .eml file. Save the mails there, or name an mbox file.")
    yield from (_parsed(path.read_bytes()) for path in paths)
    if place.is_file() and place.suffix != ".eml":
        box = mailbox.mbox(place, create=False)
        try:
            yield from (_parsed(box.get_bytes(key)) for key in box.keys())  # noqa: SIM118 (it is no dict)
        finally:
            box.close()


class _ShortHeaders(EmailPolicy):
    """Mails of today, of whose headers only the beginning is read: a long list takes minutes."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """Read a header when it is asked for."""
        return super().header_fetch_parse(name, value[:MAX_HEADER])


def _parsed(mail: bytes) -> EmailMessage:
    """Return a mail; an empty one where it cannot be read, as of parts within parts without end."""
    try:
        parsed = email.message_from_bytes(mail[:MAX_MAIL], policy=_ShortHeaders())
    except Exception:  # the library tells damage by errors of many kinds
        return EmailMessage()
    assert isinstance(parsed, EmailMessage)
    return parsed


def _request(mail: EmailMessage) -> Request | None:
    """What a mail asks; None where it is no request. Answers quote with `>`, which is passed
    over.
    """
    text = _text(mail)
    said = _fields(text)
    if not (said["Unit"] and said["Check"] and said["Checksum"]):
        return None
    _, _, why = text.partition("and why:")
    return Request(
        sender=_header(mail, "From"),
        date=_header(mail, "Date"),
        student=said["Student"],
        unit=said["Unit"],
        check=said["Check"],
        checksum=said["Checksum"],
        why=one_line(" ".join(why.split()))[:MAX_WORDS],
    )


def _fields(text: str) -> dict[str, str]:
    """Return what a mail says of each field, where it says it first; empty where it does not.

    Line by line, and with no pattern that a long line could make slow.
    """
    said = dict.fromkeys(FIELDS, "")
    for line in text.splitlines():
        name, colon, value = line.lstrip("> ").partition(":")
        value = value.strip()
        if colon and said.get(name) == "" and len(value) <= MAX_VALUE:
            said[name] = one_line(value)
    return said


def _text(mail: EmailMessage) -> str:
    try:
        part = mail.get_body(("plain",))
        return str(part.get_content()) if part else ""
    except Exception:  # an encoding that nobody knows, a header that cannot be read
        return ""


def _header(mail: EmailMessage, name: str) -> str:
    try:
        return one_line(str(mail[name] or ""))[:200]
    except Exception:  # a header that cannot be read
        return ""


HEAD = (
    "unit",
    "check",
    "student",
    "points now",
    "of",
    "which file",
    "by hand so far",
    "why",
    "sender",
    "date",
)


def listed(
    requests: Sequence[Request], results: Sequence[Result], adjustments: Sequence[Adjustment]
) -> list[Sequence[str | float]]:
    """The requests as a table, each beside what is known of it."""
    of = {(result.lms_name, result.unit): result for result in results}
    rows = [
        _row(request, of.get((request.student, request.unit)), adjustments) for request in requests
    ]
    return [HEAD, *rows]


def _row(
    request: Request, result: Result | None, adjustments: Sequence[Adjustment]
) -> Sequence[str | float]:
    verdicts: Mapping[str, Any] = (
        {verdict.name: verdict for verdict in result.verdicts} if result else {}
    )
    verdict = verdicts.get(request.check)
    points: Sequence[str | float] = (
        (verdict.earned, verdict.points) if verdict else ("no such check", "")
    )
    about = (request.student, request.unit, request.check)
    done = [one.words for one in adjustments if (one.student, one.unit, one.check) == about]
    return (
        *(
            request.unit,
            request.check,
            request.student,
            *points,
            _which_file(request, result),
            "; ".join(done),
        ),
        *(request.why, request.sender, request.date),
    )


def _which_file(request: Request, result: Result | None) -> str:
    if result is None:
        return "no such result"
    return "as graded" if request.checksum == result.sha256 else "another hand-in"
