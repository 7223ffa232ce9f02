"""What a submission hands on as it is: a right value in a wrong place, or memory nobody has filled.

Both are facts of the run. A wrong array of an answer may have a value of the submission's own of
which right values are computed elsewhere. Then it was handed on one step too early.
"""

from collections.abc import Collection, Container, Mapping

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


def handed_on(run: Run, answer: Mapping[str, Array], wrong: Collection[str]) -> str:
    """Say of wrong arrays that have the values of an expression of which right values are made.

    Return "" where one of them has not. Example: "`dW` has the values of `dz` (line 41: `return
    dz`), of which right values are made in another place."
    """
    records = run.records
    sentences = []
    for name in wrong:
        print_of = answer.get(name)
        if print_of is None or not _tells(print_of, run.known.answer.get(name)):
            return ""
        equal = np.flatnonzero(are_near(records.prints, print_of)).tolist()
        making = [record for record in equal if run.makes_right_values(record)]
        whole = [record for record in making if run.is_computed_here(record)]
        if not whole:
            return ""
        text, place = quoted_with_place(records, whole[-1])
        sentences.append(f"`{name}` has the values of {text} ({place})")
    if not sentences:
        return ""
    return f"{', '.join(sentences)}, of which right values are made in another place."


def _tells(print_of: Array, expected: Array | None) -> bool:
    """Return whether an array's values are not the expected ones, and say enough."""
    if expected is None or are_near(print_of, expected):
        return False
    return not say_little(print_of[None]).any()


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
