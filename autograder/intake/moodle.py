"""Moodle: an assignment's submissions → Download all submissions, a zip.

    Ada Lovelace_17_assignsubmission_file/sums.py    since 4.1; 17 is the participant's number
    Ada Lovelace_17_assignsubmission_file_/sums.py   before
    Ada Lovelace_17_assignsubmission_file_sums.py    without "Download submissions in folders"
    Ada Lovelace_17_assignsubmission_onlinetext/onlinetext.html

If students may hand in files and text, everybody has the last one, too, mostly an empty one.

Source: `mod/assign/feedback/file/importziplib.php` of moodle/moodle, which reads such names when
feedback is uploaded: `fullname_userid_plugintype_pluginname`, followed by an underscore in older
versions. The number is the one in the grading worksheet's column Identifier ("Participant 17").
The zip has only the times of its entries, which are the files' own, so a student could set them.
The time of a submission is in the worksheet: Last modified (submission).
"""

import re
from collections.abc import Iterator, Sequence

from autograder.intake.found import Found, Person, SourceKind
from autograder.intake.items import Item, Left, content_of, mostly, tops

NAME = re.compile(
    r"(?P<name>[^/]*?)_(?P<id>\d+)_assignsubmission_(?P<plugin>file|onlinetext)_?(?P<file>.*)"
)

# of markup, what shows nothing: not a picture or a recording
TAG = re.compile(r"<(?!(?:img|audio|video|iframe|object)\b)[^<>]*>|&nbsp;")


def recognizes(items: Sequence[Item]) -> bool:
    """Return whether most of the outermost names are participants' folders or files."""
    names = tops(items)
    return mostly(NAME.fullmatch(name) is not None for name in names)


def read(items: Sequence[Item], source: str) -> Iterator[Found | Left]:
    """Read the owner of each file from its folder's name."""
    matches = [NAME.fullmatch(item.top) for item in items]
    with_file = {match["id"] for match in matches if match and match["plugin"] == "file"}
    for item in items:
        match = NAME.fullmatch(item.top)
        if not match:
            yield Left(
                item.place,
                "not in a participant's folder, as Ada Lovelace_17_assignsubmission_file",
            )
        elif match["plugin"] == "onlinetext":
            who = Person(name=match["name"], id=match["id"])
            if _is_empty(item):
                yield Left(item.place, "an empty text field of Moodle's", who, is_nobodys=True)
                continue
            beside = "beside a file" if match["id"] in with_file else "and no file"
            yield Left(item.place, f"text typed into Moodle, {beside}", who)
        else:
            own = item.name if item.in_folder else match["file"]
            who = Person(name=match["name"], id=match["id"])
            yield Found(item, own, who, hint=source)


def _is_empty(page: Item) -> bool:
    """Return whether nothing stands in a text field: Moodle packs empty ones, too."""
    try:
        text = content_of(page).decode("utf-8", "replace")
    except (OSError, ValueError):
        return False
    return not TAG.sub("", text).strip()


MOODLE = SourceKind("moodle", recognizes, read, "Moodle's download of submissions")
