"""A hundred mutilations of a correct notebook, as notebooks come back from a class.

Each is a seeded change of its JSON. None changes the code of graded functions, so each earns full
marks if a submission is read by its definitions.
"""

import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from autograder.tests.nbgrader_course import fill as fill

Book = dict[str, Any]
Mutilation = Callable[[Book, random.Random], object]
ODD_CELLS = (
    "1 / 0",
    "%matplotlib inline\n!ls",
    "def half(:\n",
    "raise SystemExit",
    "import sys\nprint('careful', file=sys.stderr)",
    "%%javascript\nalert(1)",
    "for i in range(:",
    "assert sigmoid(0) == 1, 'my test'",
)


def exact(book: Any) -> Any:
    """Return the notebook without examples and training."""
    book.cells = [
        c for c in book.cells if "autograder.example(" not in c.source and c.id != "check-training"
    ]
    return book


def cells(book: Book, kind: str) -> list[dict[str, Any]]:
    """Return the cells of a kind: `write` (solutions), `check`, `markdown`, or `code` for all."""
    named = {"write": "write-", "check": "check-"}.get(kind)
    if named:
        return [
            c
            for c in book["cells"]
            if c["metadata"].get("nbgrader", {}).get("grade_id", "").startswith(named)
        ]
    return [cell for cell in book["cells"] if cell["cell_type"] == kind]


def index(book: Book, cell: dict[str, Any]) -> int:
    """Return the position of a cell."""
    return next(i for i, other in enumerate(book["cells"]) if other is cell)


def new_cell(kind: str, source: str) -> dict[str, Any]:
    """Return a cell that the course does not have."""
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source}
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def checks_deleted(book: Book, rng: random.Random) -> None:
    for cell in rng.sample(cells(book, "check"), rng.randint(1, 6)):
        book["cells"].remove(cell)


def all_text_deleted(book: Book, rng: random.Random) -> None:
    book["cells"] = [
        cell for cell in book["cells"] if cell["cell_type"] == "code" or rng.random() < 0.1
    ]


def solutions_duplicated(book: Book, rng: random.Random) -> None:
    for cell in rng.sample(cells(book, "write"), 2):
        book["cells"].insert(index(book, cell) + rng.randint(0, 1), deepcopy(cell))


def checks_duplicated(book: Book, rng: random.Random) -> None:
    for cell in rng.sample(cells(book, "check"), 2):
        book["cells"].insert(index(book, cell), deepcopy(cell))


def split_between_lines(book: Book, rng: random.Random) -> None:
    """Split a cell as the editor's command does: the first part keeps the metadata."""
    cell = rng.choice(cells(book, "write"))
    lines = cell["source"].split("\n")
    at = rng.randint(1, len(lines) - 1)
    first_part = "\n".join(lines[:at])
    second_part = "\n".join(lines[at:])
    cell["source"] = first_part
    behind = index(book, cell) + 1
    book["cells"].insert(behind, new_cell("code", second_part))


def merged_with_the_check(book: Book, rng: random.Random) -> None:
    for cell in rng.sample(cells(book, "check"), 3):
        book["cells"][index(book, cell) - 1]["source"] += "\n\n" + cell["source"]
        book["cells"].remove(cell)


def solution_as(kind: str) -> Mutilation:
    def retype(book: Book, rng: random.Random) -> None:
        cell = rng.choice(cells(book, "write"))
        cell["cell_type"] = kind
        cell.pop("outputs"), cell.pop("execution_count")

    return retype


def check_as_text(book: Book, rng: random.Random) -> None:
    cell = rng.choice(cells(book, "check"))
    cell["cell_type"] = "markdown"
    cell.pop("outputs"), cell.pop("execution_count")


def grade_ids_changed(book: Book, rng: random.Random) -> None:
    for cell in rng.sample(cells(book, rng.choice(["write", "check"])), 3):
        cell["metadata"]["nbgrader"]["grade_id"] += "-copy"


def grade_ids_swapped(book: Book, rng: random.Random) -> None:
    one, other = (cell["metadata"]["nbgrader"] for cell in rng.sample(cells(book, "check"), 2))
    one["grade_id"], other["grade_id"] = other["grade_id"], one["grade_id"]


def metadata_removed(book: Book, rng: random.Random) -> None:
    for cell in book["cells"]:
        if rng.random() < 0.8:
            cell["metadata"] = {}


def metadata_changed(book: Book, rng: random.Random) -> None:
    marked = [*cells(book, "write"), *cells(book, "check")]
    for cell in rng.sample(marked, 5):
        marks = cell["metadata"]["nbgrader"]
        name = rng.choice(["points", "locked", "grade", "solution", "schema_version"])
        if name == "points":
            marks[name] = 100
        elif name == "schema_version":
            marks[name] = 1
        else:
            marks[name] = not marks.get(name)


def cell_ids_missing(book: Book, rng: random.Random) -> None:
    for cell in rng.sample(book["cells"], len(book["cells"]) - 3):
        cell.pop("id", None)
    book["nbformat_minor"] = rng.choice([2, 4, 5])


def cell_ids_repeated(book: Book, rng: random.Random) -> None:
    for cell in rng.sample(book["cells"], 5):
        cell["id"] = "copy"


def old_format(book: Book, rng: random.Random) -> None:
    """Convert to nbformat 3, of 2013: worksheets, `input`, headings."""
    for cell in book["cells"]:
        cell.pop("id", None)
        if cell["cell_type"] == "code":
            cell |= {
                "input": cell.pop("source"),
                "language": "python",
                "prompt_number": rng.randint(1, 9),
            }
            cell.pop("execution_count")
    book |= {
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": book.pop("cells"), "metadata": {}}],
    }
    book["metadata"] = {"name": ""}


def other_kernel(book: Book, rng: random.Random) -> None:
    specs: list[dict[str, Any]] = [
        {"kernelspec": {"name": "julia-1.9", "display_name": "Julia", "language": "julia"}},
        {"kernelspec": {"name": "conda-env-rnn-py", "display_name": "rnn", "language": "python"}},
        {"kernelspec": {"name": "python2", "display_name": "Python 2", "language": "python"}},
        {"language_info": {"name": "R"}},
        {},
    ]
    book["metadata"] = rng.choice(specs) | {"author": rng.choice("abcdefghij")}


def stored_outputs(book: Book, rng: random.Random) -> None:
    """Store old numbers, errors, warnings, large pictures and text that looks like full marks."""
    data = {"text/plain": "100", "text/html": "<b>passed</b>", "image/png": "A" * 400_000}
    made = [
        {"output_type": "execute_result", "metadata": {}, "execution_count": 1, "data": data},
        {"output_type": "stream", "name": "stderr", "text": "Warning: " * 1000},
        {"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []},
    ]
    for cell in rng.sample(cells(book, "code"), 6):
        cell["outputs"], cell["execution_count"] = [rng.choice(made)], rng.randint(1, 900)


def checks_edited(book: Book, rng: random.Random) -> None:
    for cell in rng.sample(cells(book, "check"), 3):
        cell["source"] = rng.choice(["100", "check = lambda name: 100", "# done", "check()"])


def solutions_reordered(book: Book, rng: random.Random) -> None:
    """Move each solution to the place of another."""
    places = [index(book, cell) for cell in cells(book, "write")]
    moved = [book["cells"][place] for place in places]
    rng.shuffle(moved)
    for place, cell in zip(places, moved, strict=True):
        book["cells"][place] = cell


def odd_cells_added(book: Book, rng: random.Random) -> None:
    for source in rng.sample(ODD_CELLS, 3):
        book["cells"].insert(rng.randint(1, len(book["cells"])), new_cell("code", source))


def old_attempts_kept(book: Book, rng: random.Random) -> None:
    """Keep earlier attempts in cells of another type."""
    for cell in rng.sample(cells(book, "write"), 3):
        first = cell["source"].split(":\n")[0] + ":\n    return None"
        book["cells"].insert(
            index(book, cell) + rng.randint(0, 1), new_cell(rng.choice(["raw", "markdown"]), first)
        )


def names_taken(book: Book, rng: random.Random) -> None:
    """Give a student's own variables names of the course."""
    for source in ("check = 3", "autograder = None", "rng = x = h = t = 0"):
        place = index(book, rng.choice(cells(book, "check")))
        book["cells"].insert(place, new_cell("code", source))


def lines_changed(book: Book, rng: random.Random) -> None:
    """Store lines as other editors do: lists, Windows line ends, blank lines, comments."""
    for cell in book["cells"]:
        way = rng.randint(0, 3)
        if way == 0:
            cell["source"] = cell["source"].splitlines(keepends=True)
        elif way == 1:
            cell["source"] = cell["source"].replace("\n", "\r\n")
        elif way == 2 and cell["cell_type"] == "code" and not cell["source"].startswith("check("):
            cell["source"] = "# mine\n\n" + cell["source"] + "\n\n"


KINDS: dict[str, Mutilation] = {
    "checks deleted": checks_deleted,
    "text deleted": all_text_deleted,
    "solutions duplicated": solutions_duplicated,
    "checks duplicated": checks_duplicated,
    "a solution split": split_between_lines,
    "a check merged into its solution": merged_with_the_check,
    "a solution as Markdown": solution_as("markdown"),
    "a solution as a raw cell": solution_as("raw"),
    "a check as Markdown": check_as_text,
    "grade ids changed": grade_ids_changed,
    "grade ids swapped": grade_ids_swapped,
    "metadata removed": metadata_removed,
    "metadata changed": metadata_changed,
    "cell ids missing": cell_ids_missing,
    "cell ids repeated": cell_ids_repeated,
    "an old format": old_format,
    "another kernel": other_kernel,
    "stored outputs": stored_outputs,
    "checks edited": checks_edited,
    "solutions reordered": solutions_reordered,
    "odd cells added": odd_cells_added,
    "old attempts kept": old_attempts_kept,
    "names taken": names_taken,
    "lines changed": lines_changed,
}


def mutilated(correct: str, count: int = 100) -> Iterator[tuple[str, str]]:
    """Yield `count` mutilations of a notebook's text, each with its name.

    The last ones combine several kinds.
    """
    kinds = list(KINDS)
    for seed in range(count):
        rng, book = random.Random(seed), json.loads(correct)
        for cell in book["cells"]:
            cell["source"] = "".join(cell["source"])
        names = [kinds[seed % len(kinds)]]
        if seed >= 4 * len(kinds):
            names = ["checks deleted", "stored outputs", "a solution split", "odd cells added"][
                seed % 3 :
            ]
        for name in names:
            KINDS[name](book, rng)
        yield f"{seed + 1:03} {' and '.join(names)}", json.dumps(book, ensure_ascii=False)
