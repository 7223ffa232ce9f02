"""nbgrader's own commands in a course that the bridge has built, and its gradebook."""

import csv
import multiprocessing
import os
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import nbformat

from autograder.source.notebooks import as_notebook

# import nbgrader once for all commands: the import takes longer than most of them
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["nbgrader.apps.nbgraderapp", "nbgrader.apps", "nbgrader.converters"])


def nbgrader(folder, *arguments):
    """Run nbgrader's real command in its course's folder, in its own process; return its output."""
    # of `alembic`, which it calls
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    # ipykernel behaves differently if it sees that
    environment.pop("PYTEST_CURRENT_TEST", None)
    with tempfile.NamedTemporaryFile() as said:
        command = (folder, list(map(str, arguments)), environment, said.name)
        process = FORKS.Process(target=_run, args=command)
        process.start()
        process.join(timeout=900)
        words = Path(said.name).read_text()
    assert process.exitcode == 0, words[-3000:]
    return words


def _run(folder, arguments, environment, said):
    """Run nbgrader's command; write its output and that of its kernels to a file."""
    file = os.open(said, os.O_WRONLY)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["nbgrader", *arguments]
    from nbgrader.apps.nbgraderapp import main

    main()


def query(folder, words, *values):
    """Return rows of nbgrader's gradebook."""
    with (
        closing(sqlite3.connect(folder / "gradebook.db")) as gradebook,
        gradebook,
    ):  # closed, and before that committed
        return gradebook.execute(words, values).fetchall()


def scores(folder, student):
    """Return nbgrader's scores for each check's cell of a student: (automatic, manual)."""
    words = """select base_cell.name, auto_score, manual_score from grade
        join base_cell on base_cell.id = grade.cell_id
        join submitted_notebook on submitted_notebook.id = grade.notebook_id
        join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
        where student_id = ?"""
    return {name: (auto, manual) for name, auto, manual in query(folder, words, student)}


def exported(folder, unit):
    """Return student → points, as nbgrader exports them."""
    with open(folder / "grades.csv", newline="", encoding="utf-8") as file:
        return {
            row["student_id"]: float(row["score"])
            for row in csv.DictReader(file)
            if row["assignment"] == unit
        }


def submit(folder, student, book, unit):
    """Submit a notebook where nbgrader collects it."""
    path = folder / "submitted" / student / unit / f"{unit}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(book if isinstance(book, str) else nbformat.writes(book))
    return path


def fill(release, script):
    """Return the released notebook with a script's code in its exercises."""
    code = {cell.id: cell.source for cell in as_notebook(script, release.stem).cells}
    book = nbformat.read(release, 4)
    for cell in book.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = code[cell.id]
    return book
