"""The first wrong value of an array, expected and found.

Only practice shows it: on the public seed the student's own key contains the expected numbers.
"""

from dataclasses import replace

import numpy as np

from autograder.check import WHOLE, Answer, Check, is_long, is_text
from autograder.explaining.looks import quoted_difference, rows_apart
from autograder.explaining.tables import (
    INDEX,
    NamedRow,
    has_row,
    row_at,
    rows_of_table_apart,
    table_of,
)
from autograder.finding import LookKind
from autograder.judging import CheckKey, Remark, Verdict, wrong_arrays, wrong_places

# significant figures of a number: the first of these that shows the difference
PRECISIONS = (4, 6, 8, 12, 17)  # the last distinguishes any two floats
MOST_FIGURES = 60  # of an integer that is written in full


def with_first_wrong(verdict: Verdict, check: Check, key: CheckKey, answer: Answer) -> Verdict:
    """Add the first wrong value to each remark that names no known mistake."""
    if check.measure or check.question:
        return verdict
    remarks = []
    said: set[str] = set()
    for remark in verdict.remarks:
        if not remark.mistakes:
            remark = _with_example(remark, check, key.expected, answer)
        if remark.example in said:
            remark = replace(remark, example="")
        said.add(remark.example)
        remarks.append(remark)
    return replace(verdict, remarks=tuple(remarks))


def _with_example(remark: Remark, check: Check, expected: Answer, answer: Answer) -> Remark:
    for name in sorted(remark.arrays, key=lambda one: not _holds_words(expected, one)):
        if remark.literal and _holds_words(expected, name):
            continue  # the remark quotes it
        if _is_said(remark, expected.arrays[name]):
            continue
        example = first_wrong(name, check, expected, answer)
        example = example or first_wrong_text(name, expected, answer)
        if example:
            return replace(remark, example=example)
    return replace(remark, example="")


def _is_said(remark: Remark, expected: np.ndarray) -> bool:
    """Return whether the author's words say what is wrong with a single truth value."""
    look = remark.finding.look if remark.finding else None
    if look is None or look.kind is not LookKind.OWN_WORDS:
        return False
    return expected.dtype.kind == "b" and expected.size == 1


def _holds_words(answer: Answer, name: str) -> bool:
    """Return whether an array holds text, and no integers beyond 64 bits."""
    array = answer.arrays.get(name)
    return array is not None and is_text(array) and not is_long(array)


def first_wrong(name: str, check: Check, expected: Answer, answer: Answer) -> str:
    """Say the first wrong number of an array, expected and found; "" if there is none."""
    if name in answer.arrays and answer.arrays[name].shape != expected.arrays[name].shape:
        return _first_row_apart(name, expected, answer)
    wrong = wrong_places(check, name, expected, answer)
    if not wrong.any():
        return ""
    first = np.argwhere(wrong)[0]
    place = tuple(first.tolist())
    want = expected.arrays[name][place]
    got = answer.arrays[name][place]
    should_be = _written(want, got)
    found = _written(got, want)
    return f"{_entry(name, place, check, expected, answer)} should be {should_be} and is {found}."


def _entry(
    name: str, place: tuple[int, ...], check: Check, expected: Answer, answer: Answer
) -> str:
    """Name an entry: "`y[1, 0]`"; of a table with its row."""
    entry = f"`{name}{list(place) or ''}`"
    table = table_of(name, expected.arrays)
    if not table:
        return entry
    row = row_at(place[0], table, expected.arrays, wrong_arrays(check, expected, answer))
    return f"{entry}, in {_the_row(row)}," if row else entry


def _the_row(row: NamedRow) -> str:
    """Name a row: "the row 'Acme'", or "the row where `firm` is 'Acme' and `year` is 2014"."""
    (label, value), *others = row.labels
    if label == INDEX and not others:
        return f"the row {_shortened(value)}"
    said = [f"`{label}` is {_shortened(value)}" for label, value in row.labels]
    *firsts, last = said
    before = f"{', '.join(firsts)} and " if firsts else ""
    return f"the row where {before}{last}"


def first_wrong_text(name: str, expected: Answer, answer: Answer) -> str:
    """Quote the first wrong text of an array, expected and found; "" if there is none."""
    if not (_holds_words(expected, name) and _holds_words(answer, name)):
        return ""
    wanted, given = expected.arrays[name], answer.arrays[name]
    if wanted.shape != given.shape:
        return ""
    for place in np.argwhere(np.asarray(wanted != given)):
        index = place.tolist() or ""
        found, should_be = quoted_difference(wanted[tuple(place)], given[tuple(place)])
        return f"`{name}{index}` should be {should_be} and is {found}."
    return ""


def _first_row_apart(name: str, expected: Answer, answer: Answer) -> str:
    """Say which row a list or table lacks first, else its first unexpected one."""
    want, got = expected.arrays[name], answer.arrays[name]
    table = table_of(name, expected.arrays)
    apart = rows_of_table_apart(table, expected.arrays, answer.arrays) if table else None
    if apart:
        for row in apart[0][:1]:
            return f"`{table}` lacks {_the_row(row)}."
        for row in apart[1][:1]:
            return _has_too_many(table, _the_row(row), has_row(row, table, expected.arrays))
    missing, others = rows_apart(want, got)
    is_any_there = bool(want.ndim) and len(missing) < len(want)  # a single number has no rows
    if not is_any_there:
        return ""
    if missing:
        return f"`{name}` lacks {_shortened(missing[0])}."
    if others:
        return _has_too_many(name, _shortened(others[0]), others[0] in want.tolist())
    return ""


def _has_too_many(name: str, row: str, is_expected: bool) -> str:
    if is_expected:
        return f"`{name}` has {row} more often than it should."
    return f"`{name}` should not have {row}."


def _shortened(row: object) -> str:
    """Write a row; of a long one its beginning."""
    written = repr(row)
    return written if len(written) <= MOST_FIGURES else f"{written[:MOST_FIGURES]}…"


def _written(number: np.generic, other: np.generic) -> str:
    """Write a number with as many figures as distinguish it from another.

    An integer is written in full, also one beyond 64 bits.
    """
    if number.dtype.kind == "b":
        return str(bool(number))
    if number.dtype.kind == "U":
        return _cut(str(number).removeprefix(WHOLE))
    if number.dtype.kind in "iub":
        return str(int(number))
    value = float(number)
    if other.dtype.kind == "U":
        return f"{value:.{PRECISIONS[-1]}g}"
    other_value = float(other)
    for precision in PRECISIONS:
        written = f"{value:.{precision}g}"
        other_written = f"{other_value:.{precision}g}"
        if written != other_written:
            return written
    return written


def _cut(number: str) -> str:
    """Return a number; of a long one both ends, and its number of figures."""
    if len(number) <= MOST_FIGURES:
        return number
    half = MOST_FIGURES // 2
    return f"{number[:half]}…{number[-half:]} ({len(number)} figures)"
