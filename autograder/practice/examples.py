"""Runs the examples of one exercise of a script, and no other code.

An example is a block `with autograder.example("…")`; those of an exercise stand between its check
and the next one.
"""

import builtins
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from autograder.parsing import parse
from autograder.sandbox.inside.cells import UNPARSABLE, cells, names_bound
from autograder.sandbox.inside.submission import (
    Missing,
    Statement,
    Submission,
    globals_used,
    is_example,
)

CHECK = re.compile(r'^check\("(\w+)"\)', re.M)


@dataclass(frozen=True)
class Example:
    """A block, the check above it, and the names that it binds."""

    check: str
    code: CodeType
    binds: frozenset[str]


def play(source: bytes, filename: str, check: str, pictures: Path) -> tuple[str, list[Path]]:
    """Run the examples of a check's exercise; if it has none, those of the last one above it.

    Returns the check whose examples ran, and the files of the pictures that they drew. Their
    printed output is not redirected.
    pictures: the folder of the files.
    Raises `LookupError` if there is no example above.
    """
    found = list(_examples(source, filename))
    with_examples = {example.check for example in found}
    checks = _checks(source)
    above = checks[: checks.index(check) + 1] if check in checks else [check]
    played = next((name for name in reversed(above) if name in with_examples), "")
    if not played:
        raise LookupError(f"`{check}` has no example, and neither has an exercise above it.")
    submission = Submission(source, filename)
    done: set[Example] = set()
    for example in found:
        if example.check == played:
            _run(example, found, submission, done)
    return played, save_figures(pictures, played)


def _checks(source: bytes) -> list[str]:
    """Return the checks of a script in the order of their cells."""
    return [name for cell in cells(source) if cell.code for name in CHECK.findall(cell.text)]


def picture_folder() -> Path:
    """Make a temporary folder for pictures, which the system removes."""
    folder = tempfile.mkdtemp(prefix="autograder-")
    return Path(folder)


def _examples(source: bytes, filename: str) -> Iterator[Example]:
    """Yield the examples of a script in order, each with the last check above it."""
    check = ""
    for cell in cells(source):
        if not cell.code:
            continue
        checks = CHECK.findall(cell.text)
        if checks:
            check = checks[-1]
        try:
            nodes = parse(cell.text).body
        except UNPARSABLE:
            continue
        for node in nodes:
            if is_example(node):
                binds = frozenset(names_bound(node))
                statement = Statement(node, cell, filename, set(binds))
                yield Example(check, statement.code, binds)


def _run(
    example: Example, found: Sequence[Example], submission: Submission, done: set[Example]
) -> None:
    """Run an example once, after the definitions and the earlier examples that it uses.

    found: all examples in order. done: those that have run; this one is added.
    """
    done.add(example)
    place = found.index(example)
    earlier = found[:place]
    for name in globals_used(example.code):
        if hasattr(builtins, name) or name in example.binds:
            continue
        try:
            getattr(submission, name)
        except Missing:
            for other in earlier:
                if name in other.binds and other not in done:
                    _run(other, found, submission, done)
    exec(example.code, submission.namespace)


def save_figures(folder: Path, name: str) -> list[Path]:
    """Write the open matplotlib figures. Return their files."""
    plt = sys.modules.get("matplotlib.pyplot")
    if plt is None:
        return []
    written = []
    for number in plt.get_fignums():
        path = folder / f"{name}-{number}.png"
        figure = plt.figure(number)
        figure.savefig(path)
        written.append(path)
    return written
