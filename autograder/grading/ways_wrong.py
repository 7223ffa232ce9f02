"""In which ways an answer is wrong: so that a person can say one thing to all who did the same.

A way is a text that pages show: the words of a known mistake, or the arrays whose wrong values are
equal. Equal values are known by a checksum, which holds for the seed of the results.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.explaining.words import AND
from autograder.grading.results import Result, digest
from autograder.judging import Verdict

LONG_ENOUGH = 6  # characters of a checksum that tell the groups of a check apart


def ways_wrong(verdict: Verdict) -> list[str]:
    """List the ways in which an answer is wrong; empty where it is right, or like no other."""
    ways = mistakes_made(verdict)
    values = wrong_values(verdict)
    return [*ways, values.text] if values.arrays else ways


def is_wrong_so(result: Result, check: str, way: str) -> bool:
    """Return whether a result's answer to a check is wrong in a way, or in one that begins so."""
    for verdict in result.verdicts:
        if verdict.name == check:
            return any(begins_so(one, way) for one in ways_wrong(verdict))
    return False


def begins_so(way: str, words: str) -> bool:
    """Return whether a way begins with some words, as a person copies them from a page.

    There code stands without its backticks, and emphasis without its asterisks.
    """
    return _as_copied(way).startswith(_as_copied(words))


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

    One was made where known mistakes explain all that is wrong in a check. Where they explain a
    part of it, the rest has another cause, and so may they.
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
    """The wrong arrays of a check that no known mistake explains, with checksums of their values.

    Equal where the values are.
    """

    check: str
    arrays: tuple[str, ...]
    checksums: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return the text by which a page names those who share these values."""
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
