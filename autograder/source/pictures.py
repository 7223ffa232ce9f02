"""The pictures that a unit's text shows: files beside the course, each with its text twin.

A text refers to one as `![what it shows](../drawings/name.svg)`. The address counts from the folder
of the script, so it holds for a solution, for a stub, and for a page of the site.
"""

import base64
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# the words of a picture may hold brackets in pairs, such as `x[t]`
PICTURE = re.compile(r"!\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+)\)")
ELSEWHERE = re.compile(r"[a-z]+:")  # addresses that are no files of the course


@dataclass(frozen=True)
class Picture:
    """A reference to a picture.

    words: its text twin, on one line. address: as it is written, relative to the script's folder.
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
    """Return the scripts that make a picture interactive on the site, in the order they run in.

    They stand beside the picture `name.svg`: first `name.data.js`, which a program may have made,
    then `name.js`. Without the latter there are none.
    """
    script = picture.with_suffix(".js")
    if not script.is_file():
        return []
    data = picture.with_suffix(".data.js")
    return [data, script] if data.is_file() else [script]


def attach_pictures(book: Any, folder: Path) -> None:
    """Put the pictures of a notebook into the cells that show them, so that it can be moved.

    folder: where the script lies from which the notebook was made.
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
    """Return the content of a picture as a notebook holds it: in base64, by its MIME type."""
    kind, _ = mimetypes.guess_type(file.name)
    content = base64.b64encode(file.read_bytes())
    return {kind or "image/png": content.decode("ascii")}
