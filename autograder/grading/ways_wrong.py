"""The ways in which an answer is wrong, so that a person can adjust all equal answers at once.

A way is a text on pages: the description of a known mistake, or the arrays with equal wrong values.
Equal values are identified by a checksum, which is valid for the seed of the results.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.explaining.words import AND
from autograder.grading.results import Result, digest
from autograder.judging import Verdict

LONG_ENOUGH = 6  # characters of a checksum that distinguish the groups of a check


def ways_wrong(verdict: Verdict) -> list[str]:
    """List the ways in which an answer is wrong; empty if it is right, or like no other."""
    ways = mistakes_made(verdict)
    values = wrong_values(verdict)
    return [*ways, values.text] if values.arrays else ways


def is_wrong_so(result: Result, check: str, way: str) -> bool:
    """Return whether a result's answer to a check is wrong in a way that begins so."""
    for verdict in result.verdicts:
        if verdict.name == check:
            return any(begins_so(one, way) for one in ways_wrong(verdict))
    return False


def begins_so(way: str, words: str) -> bool:
    """Return whether a way begins with some words, as a person copies them from a page.

    A page shows code without backticks, and emphasis without asterisks. Whoever made this mistake
    and a second one is in another group, for which the words would have to go on.
    """
    whole, begin = _as_copied(way), _as_copied(words)
    return whole.startswith(begin) and not whole[len(begin) :].startswith(AND.rstrip())


def _as_copied(text: str) -> str:
    plain = text.replace("`", "").replace("*", "")
    return " ".join(plain.split())


def ways_of_check(results: Sequence[Result], unit: str, check: str) -> list[str]:
    """List the ways in which answers of a class to a check are wrong."""
    ways: dict[str, None] = {}
    for result in results:
        if result.unit != unit:
            continue
        for verdict in result.verdicts:
            if verdict.name == check:
                ways.update(dict.fromkeys(ways_wrong(verdict)))
    return list(ways)


def mistakes_made(verdict: Verdict) -> list[str]:
    """List the known mistakes that were made, in the author's words.

    One was made if known mistakes explain everything that is wrong in a check. If they explain a
    part of it, the rest has another cause, which may explain all.
    """
    if not all(remark.mistake or not remark.arrays for remark in verdict.remarks):
        return []
    made: dict[str, None] = {}
    for remark in verdict.remarks:
        if remark.mistake:
            words = AND.join(remark.mistakes) or remark.text
            made[words] = None
    return list(made)


@dataclass(frozen=True)
class WrongValues:
    """A check's wrong arrays without a known mistake, with checksums of their values.

    Equal if the values are.
    """

    check: str
    arrays: tuple[str, ...]
    checksums: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return the text by which a page refers to those who share these values."""
        together = digest(" ".join(self.checksums).encode())[:LONG_ENOUGH]
        return f"equal wrong values in {', '.join(self.arrays)} ({together})"


def wrong_values(verdict: Verdict) -> WrongValues:
    """Return the wrong arrays of a check that no known mistake explains."""
    remarks = [remark for remark in verdict.remarks if remark.group]
    return WrongValues(
        check=verdict.name,
        arrays=tuple(remark.arrays[0] for remark in remarks),
        checksums=tuple(remark.group for remark in remarks),
    )
