"""Records: what the expressions of a submission were seen to be, as a worker sends it.

It may be forged. So each number that names something is looked at before it is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autograder.relations.prints import WIDTH

Array = np.ndarray
# of records that are read, and expressions; a worker sends half as many at most
MOST_RECORDS, MOST_SITES = 10_000, 8_000
# what an expression does, as `sandbox/inside/values.py` says it
NAME, CONTAINER, MOVE, COMPUTE, CALL, UPDATE, CALLEE, FRESH, FILL = range(9)
NOWHERE = -1


@dataclass(frozen=True)
class Records:
    """What the expressions of a submission were seen to be, in the order of time.

    Of each record: sites, the number of the expression; frames, of the call in which it was
    evaluated; prints; pieces, whether it is a part of a list that the next record is of.
    Of each expression: parents, of which other it is a part; kinds, what it does; statements, in
    which it stands; inner, whether it is evaluated in a scope of its own there; results, whether a
    function returns it; texts, its own text.
    Of each statement: lines, where it stands; functions, in which; wholes, its text.
    cut: whether later values are missing.
    """

    sites: list[int]
    frames: list[int]
    prints: Array
    pieces: list[bool]
    parents: list[int]
    kinds: list[int]
    statements: list[int]
    inner: list[bool]
    results: list[bool]
    texts: list[str]
    lines: list[str]
    functions: list[str]
    wholes: list[str]
    cut: bool

    def functions_run(self) -> set[str]:
        """Return the functions in which something was noted."""
        return {self.functions[self.statements[site]] for site in set(self.sites)}


def read_records(arrays: Mapping[str, Array]) -> Records | None:
    """Read what a worker sent, which may be forged. Return None where it is out of form."""
    if any(array.size > MOST_RECORDS * WIDTH for array in arrays.values()):
        return None
    try:
        records = _records(arrays)
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    return records if _fit_together(records) else None


def _records(arrays: Mapping[str, Array]) -> Records:
    parents, kinds, statements, inner, results = map(_numbers, arrays["sites"])
    return Records(
        sites=_numbers(arrays["numbers"]),
        frames=_numbers(arrays["frames"]),
        prints=arrays["prints"].astype(np.float64),
        pieces=[bool(piece) for piece in _numbers(arrays["pieces"])],
        parents=parents,
        kinds=kinds,
        statements=statements,
        inner=[bool(value) for value in inner],
        results=[bool(value) for value in results],
        texts=_texts(arrays["texts"]),
        lines=_texts(arrays["lines"]),
        functions=_texts(arrays["functions"]),
        wholes=_texts(arrays["statements"]),
        cut=bool(arrays["cut"]),
    )


def _numbers(array: Array) -> list[int]:
    if array.ndim != 1 or array.dtype.kind not in "iub":
        raise ValueError("no row of numbers")
    numbers: list[int] = array.astype(int).tolist()
    return numbers


def _texts(array: Array) -> list[str]:
    (count,) = array.shape
    if count and array.dtype.kind != "U":
        raise ValueError("no texts")
    texts: list[str] = array.tolist()
    return texts


def _fit_together(records: Records) -> bool:
    """Return whether each number that names something names something that is there."""
    count = len(records.sites)
    sites = len(records.parents)
    if count > MOST_RECORDS or sites > MOST_SITES:
        return False
    if records.prints.shape != (count, WIDTH):
        return False
    lengths = {count, len(records.frames), len(records.pieces)}
    of_statements = {len(records.lines), len(records.functions), len(records.wholes)}
    if len(lengths) > 1 or len(of_statements) > 1 or len(records.texts) != sites:
        return False
    if not all(0 <= site < sites for site in records.sites):
        return False
    # a part has a higher number than what it is a part of: there are no circles
    if not all(NOWHERE <= parent < site for site, parent in enumerate(records.parents)):
        return False
    statements = len(records.lines)
    return all(0 <= statement < statements for statement in records.statements)
