"""The errors whose texts are for people, and text of others made fit to stand in them."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

DISTRIBUTION = "experiment-autograder"


class UserError(Exception):
    """Something that a person can mend: the text says what was seen and what to do.

    The commands show it as one sentence. Every other exception is a fault of the kit, and is shown
    with its traceback.
    """


NEEDS_LINUX = (
    "Only Linux has the sandbox that grading needs. Grade in WSL2, in a container, or on a Linux "
    "machine; everything else works here."
)


@dataclass(frozen=True, order=True)
class SourceFault:
    """Something that an author is to mend: the number of its line, 0 for none, and what to do."""

    line: int
    text: str

    def __str__(self) -> str:
        if not self.line:
            return self.text
        return f"line {self.line}: {self.text}"


class BadSource(UserError, ValueError):
    """What an author wrote has slips. The text names all of them, each in a line, by file.

    slips: file → its slips.
    """

    def __init__(self, slips: Mapping[str, Sequence[SourceFault]]) -> None:
        self.slips = dict(slips)
        lines = []
        for where, found in slips.items():
            lines.append(f"{where} needs a fix:")
            lines += [f"  {slip}" for slip in sorted(found)]
        super().__init__("\n".join(lines))


def extra(name: str) -> str:
    """Say how to install what an extra of this distribution brings.

    It is on no package index: so from the checkout or the wheel that is installed here. The quotes
    are double: cmd.exe knows no others.
    """
    command = extra_command(name)
    return command if _origin().endswith(".whl") else f"{command} in a clone of the repository"


def extra_command(name: str) -> str:
    """Return what is typed to install an extra: without a wheel, in a clone of the repository."""
    origin = _origin()
    if origin.endswith(".whl"):
        return f'pip install "{origin}[{name}]"'
    return f'pip install -e ".[{name}]"'


def _origin() -> str:
    """Return the wheel from which this distribution was installed, "" for a checkout.

    Where that file is gone, or was never noted, that is its name alone.
    """
    try:
        installed = distribution(DISTRIBUTION)
    except PackageNotFoundError:
        return ""
    noted = json.loads(installed.read_text("direct_url.json") or "{}")
    url = urlsplit(noted.get("url", ""))
    if "dir_info" in noted:
        return ""
    wheel = Path(url2pathname(url.path))
    if url.scheme == "file" and wheel.is_file():
        return str(wheel)
    return f"{DISTRIBUTION.replace('-', '_')}-{installed.version}-py3-none-any.whl"


# characters that hide, or make text look like what it is not
_UNSEEN = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, but for the tab and the line end
    "\xad"  # soft hyphen
    "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # direction, no width, ends of lines
    "\ufeff"  # byte order mark
    "\ud800-\udfff"  # halves of characters
    "\U000e0000-\U000e0fff"  # tags and variants
    "]"
)


def visible(text: str) -> str:
    """Return text in which a character that no reader would see is written as its number: `\\x1b`.

    Names of files and of students, and what libraries say of them, are in the hands of those who
    hand in.
    """
    return _UNSEEN.sub(lambda found: ascii(found[0])[1:-1], text)


def one_line(text: str) -> str:
    """Return text as `visible` writes it, in one line."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")
