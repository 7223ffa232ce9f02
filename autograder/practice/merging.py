"""Merges two changes of one text: a student's, and those of a new release.

Lines that one side left unchanged are taken from the other. If both changed the same place, the
student's lines stay.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class Merged:
    """A text with both changes, as far as possible.

    taken: the number of changes from the release.
    kept: the numbers of lines that the release changes, too, and that stay as the student wrote
    them.
    """

    lines: tuple[str, ...]
    taken: int
    kept: tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """Lines of one place in the three texts; at a common place they are equal."""

    base: Sequence[str]
    ours: Sequence[str]
    theirs: Sequence[str]


def merge(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Merged:
    """Merge two changes of a text.

    base: its lines before both. ours: as the student left it. theirs: as the release has it.
    """
    lines: list[str] = []
    taken = 0
    kept: list[int] = []
    for place in _places(base, ours, theirs):
        is_changed_by_both = place.base not in (place.ours, place.theirs)
        if place.ours == place.base:
            lines.extend(place.theirs)
            taken += place.theirs != place.base
            continue
        if is_changed_by_both and place.ours != place.theirs:
            kept.append(len(lines) + 1)
        lines.extend(place.ours)
    return Merged(tuple(lines), taken, tuple(kept))


def _places(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Iterator[Place]:
    """Yield the places in order: common lines, and the places between them."""
    in_ours = _matches(base, ours)
    in_theirs = _matches(base, theirs)
    at_base, at_ours, at_theirs = 0, 0, 0
    for line in range(len(base) + 1):
        is_end = line == len(base)
        if not is_end and (line not in in_ours or line not in in_theirs):
            continue
        to_ours = len(ours) if is_end else in_ours[line]
        to_theirs = len(theirs) if is_end else in_theirs[line]
        between = Place(base[at_base:line], ours[at_ours:to_ours], theirs[at_theirs:to_theirs])
        if between.base or between.ours or between.theirs:
            yield between
        if not is_end:
            common = [base[line]]
            yield Place(common, common, common)
        at_base, at_ours, at_theirs = line + 1, to_ours + 1, to_theirs + 1


def _matches(base: Sequence[str], other: Sequence[str]) -> dict[int, int]:
    """Return the index in another text of each line of the base that it contains."""
    matcher = SequenceMatcher(None, base, other, autojunk=False)
    found = {}
    for block in matcher.get_matching_blocks():
        for offset in range(block.size):
            found[block.a + offset] = block.b + offset
    return found
