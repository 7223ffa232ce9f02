"""Canvas: Assignments → Download Submissions, a flat zip.

    lovelaceada_4711_99813_sums.py            a submitted file: user 4711, attachment 99813
    babbagecharles_LATE_4712_99815_sums-1.py  late; the first resubmission of a file of that name
    anon_Xy7kQ_99816_sums.py                  where students are anonymous
    LATE_anon_q02Zk_99817_sums.py             late there
    turingalan_4713_text.html                 text or an address typed into the browser

Source: `lib/content_zipper.rb` of instructure/canvas-lms, `get_filename` and
`add_upload_submission`: the sortable name in lower case without what is no letter, digit or
underscore, `LATE`, the user's number (or, without the name, `anon_` and a word), the attachment's
number, and the file's name. `-1` is put there when a file of the same name is handed in again:
Instructor Guide, "How do I download all student submissions for an assignment?". A zip holds each
student's latest attempt.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath

from autograder.intake.found import Found, Person, SourceKind
from autograder.intake.items import Item, Left, is_zip, mostly, tops

NAME = re.compile(r"(?P<name>[^/]*?)(?P<late>_LATE)?_(?P<id>\d+)_(?P<attachment>\d+)_(?P<file>.+)")
ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?(?P<name>anon)_(?P<id>[^\W_]+)_(?P<attachment>\d+)_(?P<file>.+)"
)
TYPED = re.compile(r"(?P<name>[^/]*?)(?P<late>_LATE)?_(?P<id>\d+)_(text|link)\.html")
TYPED_ANONYMOUSLY = re.compile(r"(?P<late>LATE_)?(?P<name>anon)_(?P<id>[^\W_]+)_(text|link)\.html")
ANONYMOUS_NAME = "anon"
AGAIN = re.compile(r"-(\d{1,3})$")
TEST_STUDENT = "studenttest"  # whom a teacher plays in Canvas's student view


def _match(name: str) -> re.Match[str] | None:
    """Read the name of a student's file; None where Canvas calls none so."""
    match = ANONYMOUS.fullmatch(name)
    if match:
        return match
    return NAME.fullmatch(name)


def _typed(name: str) -> re.Match[str] | None:
    """Read the name of a text or link that was typed into the browser; None for others."""
    return TYPED_ANONYMOUSLY.fullmatch(name) or TYPED.fullmatch(name)


def _typer(typed: re.Match[str]) -> Person | None:
    """Return who typed a text; None for a file, which may be named like another's text."""
    if _match(typed[0]):
        return None
    return Person(name=typed["name"], id=typed["id"])


def recognizes(items: Sequence[Item]) -> bool:
    """Return whether most files have names of Canvas's form; folders do not count."""
    folders = {item.top for item in items if item.in_folder and not is_zip(item.top)}
    return mostly(_is_canvas_name(name) and name not in folders for name in tops(items))


def _is_canvas_name(name: str) -> bool:
    if _typed(name):
        return True
    return _match(name) is not None


def read(items: Sequence[Item], source: str) -> Iterator[Found | Left]:
    """Read the owner of each file from its name."""
    read = list(_each(items, source))
    yield from (one for one in read if isinstance(one, Left))
    yield from _with_attempts([one for one in read if isinstance(one, Found)])


def _each(items: Sequence[Item], source: str) -> Iterator[Found | Left]:
    usual = _shortest_numbers(items)
    for item in items:
        typed = _typed(item.top)
        owner = _match(item.top) or typed
        if owner and owner["name"] == TEST_STUDENT:
            yield Left(
                item.place,
                "of Canvas's Test Student, whom a teacher plays. If it is a person's, put another "
                f"name for {TEST_STUDENT} in its name",
            )
            continue
        if typed:
            why = "text or a link typed into Canvas, and no file"
            yield Left(item.place, why, _typer(typed), late=bool(typed["late"]))
            continue
        match = _match(item.top)
        others = _other_readings(item.top, usual) if match else []
        if match and others:
            users = " or ".join([match["id"], *others])
            yield Left(
                item.place,
                f"its name can be read in {len(others) + 1} ways: is it of user {users}? Call it "
                "<name>_<user>_<attachment>_<file> with one user's number",
            )
        elif match:
            yield _found(item, match, source)
        else:
            yield Left(
                item.place,
                "not named as Canvas names a student's file: <name>_<user>_<attachment>_<file>",
            )


NUMBERS = re.compile(r"(?=_(\d+)_(\d+)_.)")  # a user's and an attachment's; they may overlap


def _shortest_numbers(items: Sequence[Item]) -> tuple[int, int]:
    """Return the lengths of the shortest numbers of users and of attachments.

    They are taken from unambiguous names.
    """
    lengths = []
    for item in items:
        readings = NUMBERS.findall(item.top)
        if len(readings) == 1:
            lengths.append([len(number) for number in readings[0]])
    if not lengths:
        return 1, 1
    return min(of_user for of_user, _ in lengths), min(of_file for _, of_file in lengths)


def _other_readings(name: str, usual: tuple[int, int]) -> list[str]:
    """Return the other users that a name may belong to.

    A person's name may equal the beginning of another's file name. Numbers in the name of a file,
    such as dates, are shorter than Canvas's.
    """
    of_user, of_file = usual
    others = []
    for user, attachment in NUMBERS.findall(name)[1:]:
        if len(user) >= of_user and len(attachment) >= of_file:
            others.append(user)
    return others


def _found(item: Item, match: re.Match[str], source: str) -> Found:
    own = item.name if item.in_folder else match["file"]  # for a zip, the file in it
    stem = match["file"].rpartition(".")[0]
    again = AGAIN.search(stem)
    attempt = int(again[1]) + 1 if again else 1
    return Found(
        item,
        own,
        Person(name=match["name"], id=match["id"]),
        late=bool(match["late"]),
        attempt=attempt,
        submission=match["attachment"],
        hint=source,
    )


def _with_attempts(all_found: Sequence[Found]) -> Iterator[Found]:
    """Say which files of a student belong to one attempt.

    A zip holds only the latest, so these are all of them, unless one name comes twice, as
    `sums.py` and `sums-1.py`. `-1` alone may be of the student's own.
    """
    by_student: dict[Person, list[Found]] = {}
    for one in all_found:
        by_student.setdefault(one.who, []).append(one)
    for files in by_student.values():
        names = Counter(map(_first_name, files))
        latest = 0
        for one in files:
            if names[_first_name(one)] > 1:
                latest = max(latest, one.attempt)
        for one in files:
            comes_twice = names[_first_name(one)] > 1
            attempt = one.attempt if comes_twice else latest
            yield replace(one, together=str(attempt))


def _first_name(found: Found) -> str:
    """Return the name of a file when it was handed in first."""
    path = PurePath(found.name)
    return f"{AGAIN.sub('', path.stem)}{path.suffix}"


CANVAS = SourceKind("canvas", recognizes, read, "Canvas's download of submissions")
