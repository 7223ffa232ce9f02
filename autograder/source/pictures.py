"""The pictures in a unit's text: files beside the course, each with a text version.

A text refers to one as `![what it shows](../drawings/name.svg)`. The address is relative to the
folder of the script, so it holds for a solution, for a stub, and for a page of the site.
"""

import base64
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# the text version of a picture may hold paired brackets, such as `x[t]`
PICTURE = re.compile(r"!\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+)\)")
ELSEWHERE = re.compile(r"[a-z]+:")  # addresses that are no files of the course


@dataclass(frozen=True)
class Picture:
    """A reference to a picture.

    words: its text version, on one line. address: as written, relative to the script's folder.
    """

    words: str
    address: str


def pictures(text: str) -> Iterator[Picture]:
    """Yield each picture that the text of a script, or of a cell, refers to as a file."""
    without_hashes = re.sub(r"^# ?", "", text, flags=re.MULTILINE)
    for words, address in PICTURE.findall(without_hashes):
        if ELSEWHERE.match(address):
            continue
        on_one_line = " ".join(words.split())
        yield Picture(on_one_line, address)


def picture_files(script: str, folder: Path) -> Iterator[Path]:
    """Yield the file of each picture of a script that lies in `folder`, each file once."""
    seen = set()
    for picture in pictures(script):
        if picture.address in seen:
            continue
        seen.add(picture.address)
        file = folder / picture.address
        yield file.resolve()


def scripts_of(picture: Path) -> list[Path]:
    """Return the scripts that make a picture interactive on the site, in order.

    They are beside the picture `name.svg`: first `name.data.js`, which a program may have made,
    then `name.js`. Without the latter there are none.
    """
    script = picture.with_suffix(".js")
    if not script.is_file():
        return []
    data = picture.with_suffix(".data.js")
    return [data, script] if data.is_file() else [script]


def attach_pictures(book: Any, folder: Path) -> None:
    """Attach a notebook's pictures to the cells that show them, so that it can be moved.

    folder: of the script that the notebook was made from.
    """
    for cell in book.cells:
        if cell.cell_type != "markdown":
            continue
        for picture in pictures(cell.source):
            file = folder / picture.address
            attachments = cell.setdefault("attachments", {})
            attachments[file.name] = _as_attachment(file)
            attached = f"(attachment:{file.name})"
            cell.source = cell.source.replace(f"({picture.address})", attached)


def _as_attachment(file: Path) -> dict[str, str]:
    """Return a picture's content in a notebook's form: in base64, by its MIME type."""
    kind, _ = mimetypes.guess_type(file.name)
    content = base64.b64encode(file.read_bytes())
    return {kind or "image/png": content.decode("ascii")}
