"""Edits of a program: known mistakes, small changes, and repairs of a student's own code."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from autograder.slip import LISTED, Slip
from autograder.source.solution import Solution, indentation


@dataclass(frozen=True)
class Edit:
    """One change of a program: other code in the place of a part of its text.

    text: the program without it. start, end: where that part begins and ends, in bytes.
    function: the definition in which it is made, `f` or `Class.method`; "" where that is not known.
    slip: what it does, or takes back.
    """

    text: str
    start: int
    end: int
    code: str
    function: str = ""
    slip: Slip = LISTED

    @property
    def script(self) -> str:
        """Return the program with the change made."""
        return with_edits(self.text, [self])

    @property
    def replaced(self) -> str:
        """The code that stands there without the change."""
        return self.text.encode()[self.start : self.end].decode()

    @property
    def line(self) -> int:
        """The number of the line in which it is made, from 0."""
        return self.text.encode().count(b"\n", 0, self.start)


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
    text = solution.plain()
    edits = {}
    for mistake, first_line, last_line in solution.mistakes:
        code = indented[first_line] + mistake.code
        edits[mistake.id] = Edit(text, begins[first_line], ends[last_line], code)
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
