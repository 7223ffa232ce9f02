"""Joins two changes of one text: what a student wrote, and what a new release of it changes.

Lines that one of the two left alone are taken as the other has them. Where both changed the same
place, the student's lines stay.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class Merged:
    """A text in which both changes are, as far as they can be.

    taken: how many changes of the release are in it.
    kept: the numbers of its lines where the release changes what the student changed, and the
    student's lines stand.
    """

    lines: tuple[str, ...]
    taken: int
    kept: tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """Lines of one place in the three texts; a common one is the same in all of them."""

    base: Sequence[str]
    ours: Sequence[str]
    theirs: Sequence[str]


def merge(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Merged:
    """Join two changes of a text.

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
    """Yield the places in order: those between lines that all three have, and these lines."""
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
    """Return which line of another text each line of the base is, for those that are there."""
    matcher = SequenceMatcher(None, base, other, autojunk=False)
    found = {}
    for block in matcher.get_matching_blocks():
        for offset in range(block.size):
            found[block.a + offset] = block.b + offset
    return found
