"""Edits of a solution's script: known mistakes and small changes, several of them made at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from autograder.source.solution import Solution, indentation


@dataclass(frozen=True)
class Edit:
    """Code that stands in the place of a part of a script.

    start, end: where that part begins and ends, in bytes.
    """

    start: int
    end: int
    code: str


def edits_of_mistakes(solution: Solution) -> dict[str, Edit]:
    """Return, by a known mistake's id, the edit of the solution's plain script that makes it."""
    begins: dict[int, int] = {}  # number of a line → where it begins, in bytes
    ends: dict[int, int] = {}
    indented: dict[int, str] = {}
    length = 0
    for number, line in solution.plain_lines:
        begins[number] = length
        indented[number] = indentation(line)
        length += len(line.encode())
        ends[number] = length
        length += len("\n")
    edits = {}
    for mistake, first_line, last_line in solution.mistakes:
        code = indented[first_line] + mistake.code
        edits[mistake.id] = Edit(begins[first_line], ends[last_line], code)
    return edits


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
