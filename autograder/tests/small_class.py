"""A small class of the fixture course: what each student submits, and its points."""

from dataclasses import dataclass, replace
from pathlib import Path

import jupytext
import nbformat
import small

from autograder.grading.keys import solution_of

SOLVED = {name: solution_of(small.unit(name)).plain() for name in (small.UNIT, small.WORDS)}
STUBS = {name: solution_of(small.unit(name)).stub for name in (small.UNIT, small.WORDS)}


def changed(old: str, new: str, name: str = small.UNIT) -> str:
    """Return a solution in which one passage is replaced."""
    assert SOLVED[name].count(old) == 1
    return SOLVED[name].replace(old, new)


def notebook(script: str) -> str:
    """A script as a notebook with its cells in reverse order."""
    book = jupytext.reads(script, "py:percent")
    return nbformat.writes(nbformat.v4.new_notebook(cells=book.cells[::-1]))


@dataclass(frozen=True)
class HandIn:
    """A submission: a student's file for a unit, and the points that it earns."""

    student: str
    points: float
    content: str | bytes
    unit: str = small.UNIT
    suffix: str = ".py"


CLASS = [
    HandIn("always_one", 0, "def double(x):\n    return 1\n\n\nrunning_sum = fit = double\n"),
    HandIn("complete", 11, SOLVED[small.UNIT]),
    HandIn("complete", 3, SOLVED[small.WORDS], small.WORDS),
    HandIn("crash", 7, changed("return sums, x.sum(0)", "raise ValueError('no sums')")),
    HandIn("halved", 10, changed("return sums, x.sum(0)", "return sums, x.mean(0)")),
    HandIn("notebook", 11, notebook(SOLVED[small.UNIT]), suffix=".ipynb"),
    HandIn("no_space", 0, changed('" ".join', '"".join', small.WORDS), small.WORDS),
    HandIn("not_text", 0, b"\0\1\2"),
    HandIn("squared", 9, changed("return 2 * x", "return x * x")),
    HandIn("stub", 0, STUBS[small.UNIT]),
    HandIn("uphill", 6, changed("weights - rate * error", "weights + rate * error")),
    HandIn("wrong_shape", 9, changed("return 2 * x", "return 2 * x[:-1]")),
]


def hand_in(folder: Path, one: HandIn) -> None:
    """Write a submission where `grade` looks for it."""
    path = folder / one.student / one.unit / f"{one.unit}{one.suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(one.content if isinstance(one.content, bytes) else one.content.encode())


def hand_in_class(folder: Path) -> Path:
    """Write the submissions of the whole class into a folder."""
    for one in CLASS:
        hand_in(folder, one)
    return folder


def by(student: str, unit: str = small.UNIT, **changes: object) -> HandIn:
    """Return what a student of the class submits for a unit, with a change."""
    (one,) = [one for one in CLASS if (one.student, one.unit) == (student, unit)]
    return replace(one, **changes)  # type: ignore[arg-type]
