"""Edits of a solution's script: known mistakes and small changes, several of them made at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from autograder.source.solution import PlacedMistake, Solution, indentation


@dataclass(frozen=True)
class Edit:
    """Code that stands in the place of a part of a script.

    start, end: where that part begins and ends, in bytes.
    """

    start: int
    end: int
    code: str


def edit_of_mistake(solution: Solution, placed: PlacedMistake) -> Edit:
    """Return the edit of a solution's plain script that makes a known mistake."""
    start = end = length = 0
    code = ""
    for number, line in solution.plain_lines():
        if number == placed.first_line:
            start = length
            code = indentation(line) + placed.mistake.code
        length += len(line.encode())
        if number == placed.last_line:
            end = length
        length += len("\n")
    return Edit(start, end, code)


def fit_together(edits: Iterable[Edit]) -> bool:
    """Return whether edits can all be made at once: no two of them touch the same part."""
    in_order = sorted(edits, key=lambda edit: (edit.start, edit.end))
    neighbours = pairwise(in_order)
    return all(one.end <= other.start for one, other in neighbours)


def with_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return a script with edits made that fit together."""
    made = text.encode()
    # from the last to the first, so that what is before each keeps its place
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        before = made[: edit.start]
        after = made[edit.end :]
        made = before + edit.code.encode() + after
    return made.decode()
