"""Moodle: an assignment's submissions → Download all submissions, a zip.

    Ada Lovelace_17_assignsubmission_file/sums.py    since 4.1; 17 is the participant's number
    Ada Lovelace_17_assignsubmission_file_/sums.py   before
    Ada Lovelace_17_assignsubmission_file_sums.py    without "Download submissions in folders"
    Ada Lovelace_17_assignsubmission_onlinetext/onlinetext.html

Source: `mod/assign/feedback/file/importziplib.php` of moodle/moodle, which reads such names when
feedback is uploaded: `fullname_userid_plugintype_pluginname`, followed by an underscore in older
versions. The number is the one in the grading worksheet's column Identifier ("Participant 17").
The zip has only the times of its entries, which are the files' own, so a student could set them.
The time of a submission is in the worksheet: Last modified (submission).
"""

import re
from collections.abc import Iterator, Sequence

from autograder.intake.found import Found, Person, SourceKind
from autograder.intake.items import Item, Left, mostly, tops

NAME = re.compile(
    r"(?P<name>[^/]*?)_(?P<id>\d+)_assignsubmission_(?P<plugin>file|onlinetext)_?(?P<file>.*)"
)


def recognizes(items: Sequence[Item]) -> bool:
    """Return whether most of the outermost names are participants' folders or files."""
    names = tops(items)
    return mostly(NAME.fullmatch(name) is not None for name in names)


def read(items: Sequence[Item], source: str) -> Iterator[Found | Left]:
    """Read the owner of each file from its folder's name."""
    for item in items:
        match = NAME.fullmatch(item.top)
        if not match:
            yield Left(
                item.place,
                "not in a participant's folder, as Ada Lovelace_17_assignsubmission_file",
            )
        elif match["plugin"] == "onlinetext":
            who = Person(name=match["name"], id=match["id"])
            yield Left(item.place, "text typed into Moodle, and no file", who)
        else:
            own = item.name if item.in_folder else match["file"]
            who = Person(name=match["name"], id=match["id"])
            yield Found(item, own, who, hint=source)


MOODLE = SourceKind("moodle", recognizes, read, "Moodle's download of submissions")
