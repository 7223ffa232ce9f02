"""What a submission hands on as it is: a right value in a wrong place, or memory nobody has filled.

Both are facts of the run. A wrong array of an answer may hold a value of the submission's own that
is right by itself: it occurs in right answers, or values that occur are made of it. Then the slip
is that it was handed on there, as it was.
"""

from collections.abc import Container, Mapping

import numpy as np

from autograder.relations.prints import WIDTH, are_near, say_little
from autograder.relations.records import FRESH, Records
from autograder.relations.values import Run, quoted_with_place

Array = np.ndarray
MOST_ARRAYS = 200  # of an answer, that are read


def read_answer(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Read the prints of an answer's arrays, by name; none where what was sent is out of form."""
    names, prints = arrays.get("answer"), arrays.get("answer_prints")
    if names is None or prints is None or names.ndim != 1 or names.size > MOST_ARRAYS:
        return {}
    if names.dtype.kind != "U" or prints.dtype.kind != "f" or prints.shape != (names.size, WIDTH):
        return {}
    return dict(zip(names.tolist(), prints, strict=True))


def handed_on(run: Run, answer: Mapping[str, Array], wrong: Container[str]) -> str:
    """Say of the first wrong array that holds a right value of another place which one that is.

    Return "" where none does. Example: "`dW` holds `dz` as it is (line 41: `return dz`), a value of
    which right ones are made elsewhere."
    """
    records = run.records
    for name, print_of in answer.items():
        if name not in wrong or not _tells(print_of, run.known.answer.get(name)):
            continue
        equal = np.flatnonzero(are_near(records.prints, print_of))
        for record in reversed(equal.tolist()):
            if not records.pieces[record] and run.is_right_elsewhere(record):
                return _as_it_is(name, run, record)
    return ""


def _tells(print_of: Array, expected: Array | None) -> bool:
    """Return whether an array's values are not the expected ones, and say enough."""
    if expected is None or are_near(print_of, expected):
        return False
    return not say_little(print_of[None]).any()


def _as_it_is(name: str, run: Run, record: int) -> str:
    text, place = quoted_with_place(run.records, record)
    if run.occurs(record):
        where = "a value that our right answers have elsewhere."
    else:
        where = "a value of which right ones are made elsewhere."
    return f"`{name}` holds {text} as it is ({place}), {where}"


def unfilled(records: Records, functions: Container[str]) -> str:
    """Say which function returns memory that nobody has filled; "" where none does.

    functions: of right answers, so that it is none that hands out memory to be filled.
    """
    for record, site in enumerate(records.sites):
        function = records.functions[records.statements[site]]
        is_fresh = records.results[site] and records.kinds[site] == FRESH
        if is_fresh and function in functions:
            text, place = quoted_with_place(records, record)
            return f"{text} ({place}) is returned as it was made: nothing has been written into it."
    return ""
