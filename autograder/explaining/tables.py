"""Tables among an answer's arrays: `panel.firm`, `panel.year` …, each a column with as many rows.

Columns of text and of integers say which row is which, as a person would.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

import numpy as np

from autograder.check import is_long, is_text

Arrays = Mapping[str, np.ndarray]
T = TypeVar("T")
OF_THE_WHOLE = ("columns", "types")  # arrays that `frame` makes of a table, and that are no columns
INDEX = "index"
EXACT = "iuU"  # dtypes whose values are equal or not
MOST_LABELS = 3  # columns that say which row is meant
MOST_CANDIDATES = 8  # columns to choose from
MOST_ROWS = 2_000


@dataclass(frozen=True)
class NamedRow:
    """A row of a table, by the columns that tell it from the others.

    labels: the name of each and its value; the index has the name "index".
    """

    labels: tuple[tuple[str, object], ...]


def table_of(name: str, arrays: Arrays) -> str:
    """Return the name of the table that an array is a column of; "" if it is of none."""
    table, dot, label = name.rpartition(".")
    if not dot or label in OF_THE_WHOLE:
        return ""
    columns = columns_of(table, arrays)
    sizes = {len(column) for column in columns.values()}
    if label not in columns or len(sizes) != 1 or len(columns) < 2:
        return ""
    has_text = any(_is_words(column) for column in columns.values())
    return table if has_text or f"{table}.types" in arrays else ""


def columns_of(table: str, arrays: Arrays) -> dict[str, np.ndarray]:
    """Return the columns of a table by their names, and its index."""
    columns = {}
    for name, array in arrays.items():
        of_table, dot, label = name.rpartition(".")
        if dot and of_table == table and label not in OF_THE_WHOLE and array.ndim == 1:
            columns[label] = array
    return columns


def row_at(number: int, table: str, expected: Arrays, wrong: Collection[str]) -> NamedRow | None:
    """Return a row by its number, with labels that only this row has; None if there are none.

    wrong: the arrays in which the answer differs. They give no labels: a student would look there
    in vain.
    """
    columns = {}
    for label, column in columns_of(table, expected).items():
        if f"{table}.{label}" not in wrong:
            columns[label] = column
    labels = _telling(columns)
    if not labels or number >= len(columns[labels[0]]):
        return None
    return NamedRow(tuple((label, columns[label][number].item()) for label in labels))


def rows_of_table_apart(
    table: str, expected: Arrays, found: Arrays
) -> tuple[list[NamedRow], list[NamedRow]] | None:
    """List the expected rows that a table lacks, and its rows that are not expected.

    Returns None if no columns tell the expected rows apart, or if the answer lacks these.
    """
    columns, answered = columns_of(table, expected), columns_of(table, found)
    labels = _telling(columns)
    if not labels or not all(_is_alike(columns[label], answered.get(label)) for label in labels):
        return None
    wanted, given = _rows(labels, columns), _rows(labels, answered)
    return remaining(wanted, wanted, given), remaining(given, given, wanted)


def has_row(row: NamedRow, table: str, arrays: Arrays) -> bool:
    """Return whether a table has a row with the same labels."""
    labels = [label for label, _ in row.labels]
    return row in _rows(labels, columns_of(table, arrays))


def _telling(columns: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    """Choose the fewest columns that together differ in all rows; () if there are none.

    An index that only counts the rows is left out.
    """
    candidates = []
    for label, column in columns.items():
        is_exact = column.dtype.kind in EXACT and not is_long(column)
        if is_exact and not (label == INDEX and counts_rows(column)):
            candidates.append(label)
    rows = max(map(len, columns.values()), default=0)
    if not 0 < rows <= MOST_ROWS:
        return ()
    values = {label: columns[label].tolist() for label in candidates[:MOST_CANDIDATES]}
    for count in range(1, MOST_LABELS + 1):
        for labels in combinations(values, count):
            different = set(zip(*(values[label] for label in labels), strict=True))
            if len(different) == rows:
                return labels
    return ()


def counts_rows(index: np.ndarray) -> bool:
    """Return whether an index is 0, 1, 2 …, as pandas makes it."""
    return index.dtype.kind in "iu" and np.array_equal(index, np.arange(len(index)))


def _is_alike(wanted: np.ndarray, given: np.ndarray | None) -> bool:
    """Return whether two columns both hold text, or both integers."""
    if given is None or given.dtype.kind not in EXACT:
        return False
    return is_text(wanted) == is_text(given)


def _is_words(column: np.ndarray) -> bool:
    return is_text(column) and not is_long(column)


def _rows(labels: Sequence[str], columns: Mapping[str, np.ndarray]) -> list[NamedRow]:
    """Return the rows, by some columns."""
    values = zip(*(columns[label].tolist() for label in labels), strict=False)
    return [NamedRow(tuple(zip(labels, row, strict=True))) for row in values]


def remaining(rows: Sequence[T], names: Sequence[object], taken: Iterable[object]) -> list[T]:
    """Return the rows that remain after each of some is removed once.

    names: of the rows; equal rows have the same. taken: the names of those that are removed.
    """
    left = Counter(taken)
    kept = []
    for row, name in zip(rows, names, strict=True):
        if left[name]:
            left[name] -= 1
        else:
            kept.append(row)
    return kept
