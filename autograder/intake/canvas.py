"""Canvas: Assignments → Download Submissions, a flat zip.

    lovelaceada_4711_99813_sums.py            a file handed in: user 4711, attachment 99813
    babbagecharles_LATE_4712_99815_sums-1.py  late; the first resubmission of a file of that name
    anon_Xy7kQ_99816_sums.py                  where students are anonymous
    turingalan_4713_text.html                 text or an address typed into the browser

Source: `lib/content_zipper.rb` of instructure/canvas-lms, `get_filename` and
`add_upload_submission`: the sortable name in lower case without what is no letter, digit or
underscore, `LATE`, the user's number (or `anon_` and a word), the attachment's number, and the
file's name. `-1` is put there when a file of the same name is handed in again: Instructor Guide,
"How do I download all student submissions for an assignment?". A zip holds each student's latest
attempt.
"""

import re
from collections.abc import Iterator, Sequence

from autograder.intake.found import Found, Person, Source
from autograder.intake.items import Item, Left, is_zip, mostly, tops

NAME = re.compile(r"(?P<name>[^/]*?)(?P<late>_LATE)?_(?P<id>\d+)_(?P<attachment>\d+)_(?P<file>.+)")
ANONYMOUS = re.compile(
    r"(?P<name>anon)(?P<late>_LATE)?_(?P<id>[^\W_]+)_(?P<attachment>\d+)_(?P<file>.+)"
)
TYPED = re.compile(r"(?P<name>[^/]*?)(_LATE)?_(\d+|anon_[^\W_]+)_(text|link)\.html")
AGAIN = re.compile(r"-(\d{1,3})$")


def _match(name: str) -> re.Match[str] | None:
    """Read the name of a student's file; None where Canvas calls none so."""
    match = ANONYMOUS.fullmatch(name)
    if match:
        return match
    return NAME.fullmatch(name)


def recognizes(items: Sequence[Item]) -> bool:
    """Say whether most files are called as Canvas calls them; a folder is none of them."""
    folders = {item.top for item in items if item.in_folder and not is_zip(item.top)}
    return mostly(_is_canvas_name(name) and name not in folders for name in tops(items))


def _is_canvas_name(name: str) -> bool:
    if TYPED.fullmatch(name):
        return True
    return _match(name) is not None


def read(items: Sequence[Item], source: str) -> Iterator[Found | Left]:
    """Read whose each file is from its name."""
    for item in items:
        if TYPED.fullmatch(item.top):
            yield Left(item.place, "text or a link typed into Canvas, and no file")
            continue
        match = _match(item.top)
        if match:
            yield _found(item, match, source)
        else:
            yield Left(
                item.place,
                "not called as Canvas calls a student's file: <name>_<user>_<attachment>_<file>",
            )


def _found(item: Item, match: re.Match[str], source: str) -> Found:
    own = item.name if item.in_folder else match["file"]  # of a zip, the file in it
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
        together=str(attempt),
        hint=source,
    )


CANVAS = Source("canvas", recognizes, read, "Canvas's download of submissions")
