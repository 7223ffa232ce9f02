"""Errors whose texts are for people, and escaping of other text in them."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DISTRIBUTION = "experiment-autograder"


class UserError(Exception):
    """An error that a person can fix: the text says what was seen and what to do.

    The commands show it as one sentence. Every other exception is an error of the kit, and is shown
    with its traceback.
    """


NEEDS_LINUX = (
    "Only Linux has the sandbox that grading needs. Grade in WSL2, in a container, or on a Linux "
    "machine; everything else works here."
)


@dataclass(frozen=True, order=True)
class SourceFault:
    """An error for an author to fix: the number of its line, 0 for none, and what to do."""

    line: int
    text: str

    def __str__(self) -> str:
        if not self.line:
            return self.text
        return f"line {self.line}: {self.text}"


class BadSource(UserError, ValueError):
    """An author's files have errors. The text names all of them, each in a line, by file.

    slips: file → its errors.
    """

    def __init__(self, slips: Mapping[str, Sequence[SourceFault]]) -> None:
        self.slips = dict(slips)
        lines = []
        for where, found in slips.items():
            lines.append(f"{where} needs a fix:")
            lines += [f"  {slip}" for slip in sorted(found)]
        super().__init__("\n".join(lines))


def extra(name: str) -> str:
    """Say how to install an extra of this distribution.

    It is on no package index, so the source is the installed checkout or wheel. The quotes are
    double: cmd.exe knows no others.
    """
    command = extra_command(name)
    return command if _origin().endswith(".whl") else f"{command} in a clone of the repository"


def extra_command(name: str) -> str:
    """Return the command that installs an extra: without a wheel, in a clone of the repository."""
    origin = _origin()
    if origin.endswith(".whl"):
        return f'pip install "{origin}[{name}]"'
    return f'pip install -e ".[{name}]"'


def _origin() -> str:
    """Return the wheel from which this distribution was installed, "" for a checkout.

    If that file is gone, or was never recorded, return its name alone.
    """
    # here, because each command and each server would import them at its start
    from importlib.metadata import PackageNotFoundError, distribution
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

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


# invisible characters, or characters that disguise text
_UNSEEN = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, but for the tab and the line end
    "\xad"  # soft hyphen
    "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # direction, no width, ends of lines
    "\ufeff"  # byte order mark
    "\ud800-\udfff"  # lone surrogates
    "\U000e0000-\U000e0fff"  # tags and variants
    "]"
)


def visible(text: str) -> str:
    """Return text in which each invisible character is written as its number: `\\x1b`.

    Students control the names of files and of students, and so what libraries say about them.
    """
    return _UNSEEN.sub(lambda found: ascii(found[0])[1:-1], text)


MOST_NAMED = 5


def first_of(names: Sequence[str]) -> str:
    """List the first of some names, and say how many more there are."""
    first = "; ".join(names[:MOST_NAMED])
    return f"{first}; and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else first


def one_line(text: str) -> str:
    """Return text as `visible` writes it, in one line."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")
