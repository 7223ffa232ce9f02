"""Regrade requests: a link that prepares a mail, and a list of the received mails.

A mail is only its sender's claim: the list shows it beside what is known, and changes no grade.
"""

import email
import mailbox
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import parseaddr
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

from autograder.errors import UserError, one_line
from autograder.grading.adjustments import given_for
from autograder.grading.policy import Policy, grade_of
from autograder.grading.results import Result
from autograder.grading.roster import Roster
from autograder.judging import Verdict
from autograder.report.terminal import earned_in_words

FIELDS = ("Student", "Unit", "Check", "Checksum")
SUBJECT = "Regrade"  # the beginning of a request's subject
MAX_MAIL = 256 << 10  # bytes of a mail that are read
MAX_HEADER = 2_000  # characters of a header
MAX_VALUE = 200  # characters of a field, as of a student's name
MAX_HTML = 16 << 10  # characters of a mail's page that are read
MAX_WORDS = 500  # characters of a reason in the list
FEW = 60  # characters of a mail's text that identify it


class NoMails(UserError):
    """There are no mails at the given place; the text says what was looked for."""


def regrade_link(address: str, result: Result, verdict: Verdict) -> str:
    """Return a link that opens a mail to `address` about one check.

    The mail holds everything that identifies the check, in the order of `FIELDS`.
    """
    lines = [
        f"Student: {result.lms_name}",
        f"Unit: {result.unit}",
        f"Check: {verdict.name}",
        f"Checksum: {result.sha256}",
        "",
        "What should be looked at again, and why:",
        "",
    ]
    to = quote(address, safe="@")
    subject = quote(f"{SUBJECT}: {result.unit}, {verdict.name}", safe="")
    body = quote("\r\n".join(lines), safe="")
    return f"mailto:{to}?subject={subject}&body={body}"


@dataclass(frozen=True)
class Request:
    """A mail that asks for a regrade: its sender and time, its subject, and the reason."""

    sender: str
    date: str
    student: str
    unit: str
    check: str
    checksum: str
    why: str


@dataclass(frozen=True)
class Unclear:
    """A mail without a check or file, for a person to read. words: the beginning of its text."""

    sender: str
    date: str
    subject: str
    words: str

    def in_words(self) -> str:
        """Describe it in a line by its sender; without a subject also by its beginning."""
        subject = self.subject or f'a mail without a subject, which begins "{self.words[:FEW]}"'
        sender = self.sender or "an unknown sender"
        line = f"{subject}: from {sender}"
        return f"{line}, {self.date}" if self.date else line

    def row(self, students: Sequence[str]) -> Sequence[str | float]:
        """Return a row of the table, in the order of `HEAD`. students: with its address."""
        why = f"{self.subject}: {self.words}" if self.subject else self.words
        named = ", ".join(students)
        return ("", "", named, "", "", TO_READ, "", why, self.sender, "", self.date)


def read_requests(place: Path) -> list[Request]:
    """Read the requests among mails: an mbox file, a folder of `.eml` files, or one of these.

    Raises `NoMails`.
    """
    requests, _ = read_mails(place)
    return requests


def read_mails(place: Path) -> tuple[list[Request], list[Unclear]]:
    """Read mails: the requests, and all others, which a person must read. Raises `NoMails`."""
    found = []
    unclear = []
    for mail in _mails(place):
        request = _request(mail)
        if request:
            found.append(request)
        else:
            unclear.append(_unclear(mail))
    found.sort(key=lambda request: (request.unit, request.check, request.student, request.date))
    return found, unclear


def _mails(place: Path) -> Iterator[EmailMessage]:
    """Yield the mails of a folder or a file. Raises `NoMails`."""
    if place.is_file() and place.suffix.casefold() != ".eml":
        yield from _mails_of_box(place)
        return
    if not place.exists():
        raise NoMails(f"There is nothing at {place}. Name an mbox file, or a folder of .eml files.")
    paths = [place]
    if place.is_dir():
        paths = sorted(path for path in place.rglob("*") if path.suffix.casefold() == ".eml")
    if not paths:
        raise NoMails(f"{place} holds no .eml file. Save the mails there, or name an mbox file.")
    for path in paths:
        yield _parsed(path.read_bytes())


def of_outlook(place: Path) -> list[str]:
    """List the mails of a folder in Outlook's own format, which are not read, by name."""
    return sorted(path.name for path in place.rglob("*") if path.suffix.casefold() == ".msg")


def _mails_of_box(path: Path) -> Iterator[EmailMessage]:
    box = mailbox.mbox(path, create=False)
    try:
        for key in box.keys():  # noqa: SIM118 (it is no dict)
            yield _parsed(box.get_bytes(key))
    finally:
        box.close()


class _ShortHeaders(EmailPolicy):
    """A policy that reads only the beginning of each header: a long list takes minutes."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """Read a header on demand."""
        beginning = value[:MAX_HEADER]
        return super().header_fetch_parse(name, beginning)


def _parsed(mail: bytes) -> EmailMessage:
    """Return a mail; an empty one if it cannot be read, for example with endless nesting."""
    try:
        parsed = email.message_from_bytes(mail[:MAX_MAIL], policy=_ShortHeaders())
    except Exception:  # the library reports damage by errors of many kinds
        return EmailMessage()
    assert isinstance(parsed, EmailMessage)
    return parsed


def _request(mail: EmailMessage) -> Request | None:
    """Return a mail's request; None if it has none.

    The `>` of quotations is skipped.
    """
    text = _text(mail)
    fields = _fields(text)
    if not fields["Unit"] or not fields["Check"] or not fields["Checksum"]:
        return None
    before, _, why = text.partition("and why:")
    if before.rpartition("\n")[2].startswith(">"):
        why = " ".join(line.lstrip("> ") for line in why.splitlines())
    words = one_line(" ".join(why.split()))
    return Request(
        sender=_header(mail, "From"),
        date=_header(mail, "Date"),
        student=fields["Student"],
        unit=fields["Unit"],
        check=fields["Check"],
        checksum=fields["Checksum"],
        why=words[:MAX_WORDS],
    )


def _unclear(mail: EmailMessage) -> Unclear:
    words = one_line(" ".join(_text(mail).split()))
    return Unclear(
        sender=_header(mail, "From"),
        date=_header(mail, "Date"),
        subject=_header(mail, "Subject"),
        words=words[:MAX_WORDS],
    )


def _fields(text: str) -> dict[str, str]:
    """Return the first value of each field in a mail; empty ones if they are missing.

    It reads line by line, and without a pattern that a long line could make slow.
    """
    fields = dict.fromkeys(FIELDS, "")
    for line in text.splitlines():
        name, _, value = line.lstrip("> ").partition(":")
        value = value.strip()
        is_unset = fields.get(name) == ""
        if is_unset and len(value) <= MAX_VALUE:
            fields[name] = one_line(value)
    return fields


def _text(mail: EmailMessage) -> str:
    """Return the text of a mail, from HTML if there is no other; empty if unreadable."""
    try:
        part = mail.get_body(("plain", "html"))
        if part is None:
            return ""
        content = str(part.get_content())
        if part.get_content_subtype() == "html":
            return _text_of_html(content)
        return content
    except Exception:  # an unknown encoding, an unreadable header
        return ""


def _text_of_html(content: str) -> str:
    """Return the text of an HTML page, a line for each paragraph."""
    reader = _TextOfHtml()
    reader.feed(content[:MAX_HTML])  # some Pythons need quadratic time for an unclosed comment
    reader.close()
    return "".join(reader.pieces)


class _TextOfHtml(HTMLParser):
    """Collects the visible text of a page."""

    BREAKS = frozenset({"br", "p", "div", "tr", "li", "blockquote"})
    UNSEEN = frozenset({"style", "script", "head", "title"})

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Begin a line, or a hidden part."""
        if tag in self.BREAKS:
            self.pieces.append("\n")
        self._unseen += tag in self.UNSEEN

    def handle_endtag(self, tag: str) -> None:
        """End a line, or a hidden part."""
        if tag in self.BREAKS:
            self.pieces.append("\n")
        if tag in self.UNSEEN and self._unseen:
            self._unseen -= 1

    def handle_data(self, data: str) -> None:
        """Take visible text, in which a line break of the source is a space."""
        if not self._unseen:
            self.pieces.append(" ".join(data.split("\n")))


def _header(mail: EmailMessage, name: str) -> str:
    """Return a header; empty if it is missing or unreadable."""
    try:
        value = str(mail[name] or "")
    except Exception:  # an unreadable header
        return ""
    return one_line(value)[:MAX_VALUE]


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
    "sender's address",
    "date",
)
TO_READ = "names no check: please read"


@dataclass(frozen=True)
class RequestShown:
    """A request beside what is known about it.

    verdict: of the check, with manual points; None if there is no such result or no such check.
    file: whether the request is about the graded file. by_hand: the reasons of manual points so
    far.
    address: the student's; "" if it is unknown.
    """

    request: Request
    verdict: Verdict | None
    file: str
    by_hand: str
    address: str

    @property
    def whose_address(self) -> str:
        """Say whether the student's own address sent it, or that no address is known.

        A mail's sender is easily forged, so that the right one is no proof.
        """
        if not self.address:
            return "could not be compared"
        same = address_of(self.request.sender) == self.address.casefold()
        return "the student's" if same else f"not the student's, {self.address}"

    def row(self) -> Sequence[str | float]:
        """Return a row of the table, in the order of `HEAD`."""
        points: Sequence[str | float] = ("no such check", "")
        if self.verdict:
            points = (self.verdict.earned, self.verdict.points)
        request = self.request
        return (
            request.unit,
            request.check,
            request.student,
            *points,
            self.file,
            self.by_hand,
            request.why,
            request.sender,
            self.whose_address,
            request.date,
        )

    def in_words(self) -> str:
        """Describe the request in a line, and its state."""
        request = self.request
        points = "no such check"
        if self.verdict:
            points = earned_in_words(self.verdict.earned, self.verdict.points)
        line = f"{request.unit}, {request.check}: {request.student}, {points}, {self.file}"
        if self.by_hand:
            line += f"; by hand so far: {self.by_hand}"
        if self.whose_address.startswith("not"):
            line += f"; sent by {request.sender}, {self.whose_address}"
        return line


def address_of(sender: str) -> str:
    """Return the address of a sender, in lower case."""
    _, address = parseaddr(sender)
    return address.casefold()


def listed(
    requests: Sequence[Request], results: Sequence[Result], rules: Policy, roster: Roster | None
) -> list[RequestShown]:
    """Return the requests, each beside what is known about it.

    rules: the points of a check are those that count under it, with manual points. roster: the
    class's, with addresses.
    """
    addresses = addresses_of(results, roster)
    by_place = {(result.lms_name, result.unit): result for result in results}
    found = []
    for request in requests:
        result = by_place.get((request.student, request.unit))
        given = given_for(rules.adjustments, result, request.check) if result else []
        counted = grade_of(result, rules).result if result else None
        one = RequestShown(
            request=request,
            verdict=verdict_of(counted, request.check) if counted else None,
            file=_which_file(request, result),
            by_hand="; ".join(adjustment.words for adjustment in given),
            address=addresses.get(request.student, ""),
        )
        found.append(one)
    return found


def addresses_of(results: Sequence[Result], roster: Roster | None) -> dict[str, str]:
    """Return students' e-mail addresses from the roster, else from the platform."""
    addresses = {}
    for result in results:
        if result.hand_in and result.hand_in.email:
            addresses[result.lms_name] = result.hand_in.email
    for student in roster.students.values() if roster else ():
        if student.email:
            addresses[student.student] = student.email
    return addresses


def as_table(
    requests: Sequence[RequestShown], unclear: Sequence[Unclear], addresses: dict[str, str]
) -> list[Sequence[str | float]]:
    """Return all mails as a table. unclear: those for a person. addresses: by student."""
    rows = [request.row() for request in requests]
    for mail in unclear:
        sender = address_of(mail.sender)
        students = [name for name, known in addresses.items() if known.casefold() == sender]
        rows.append(mail.row(students))
    return [HEAD, *rows]


def verdict_of(result: Result, check: str) -> Verdict | None:
    """Return a result's verdict on a check; None if it has none."""
    for verdict in result.verdicts:
        if verdict.name == check:
            return verdict
    return None


def _which_file(request: Request, result: Result | None) -> str:
    if result is None:
        return "no such result"
    if request.checksum == result.sha256:
        return "as graded"
    return "another submission"
