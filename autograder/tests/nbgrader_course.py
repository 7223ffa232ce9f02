"""nbgrader's own commands in a course that the bridge has built, and its gradebook."""

import csv
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import nbformat

from autograder.source.notebooks import as_notebook


def nbgrader(folder, *arguments):
    """Run nbgrader's real command in its course's folder; what it said."""
    command = [sys.executable, "-m", "nbgrader", *map(str, arguments)]
    # of `alembic`, which it calls
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    # ipykernel behaves in another way where it sees that
    environment.pop("PYTEST_CURRENT_TEST", None)
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def query(folder, words, *values):
    """Rows of nbgrader's gradebook."""
    with (
        closing(sqlite3.connect(folder / "gradebook.db")) as gradebook,
        gradebook,
    ):  # closed, and before that committed
        return gradebook.execute(words, values).fetchall()


def scores(folder, student):
    """What nbgrader holds for each check's cell of a student: (by the machine, by hand)."""
    words = """select base_cell.name, auto_score, manual_score from grade
        join base_cell on base_cell.id = grade.cell_id
        join submitted_notebook on submitted_notebook.id = grade.notebook_id
        join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
        where student_id = ?"""
    return {name: (auto, manual) for name, auto, manual in query(folder, words, student)}


def exported(folder, unit):
    """Student → points, as nbgrader exports them."""
    with open(folder / "grades.csv", newline="", encoding="utf-8") as file:
        return {
            row["student_id"]: float(row["score"])
            for row in csv.DictReader(file)
            if row["assignment"] == unit
        }


def submit(folder, student, book, unit):
    """Hand in a notebook where nbgrader collects it."""
    path = folder / "submitted" / student / unit / f"{unit}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(book if isinstance(book, str) else nbformat.writes(book))
    return path


def fill(release, script):
    """The unit's notebook as nbgrader released it, with the code of a script in its exercises."""
    code = {cell.id: cell.source for cell in as_notebook(script, release.stem).cells}
    book = nbformat.read(release, 4)
    for cell in book.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = code[cell.id]
    return book
