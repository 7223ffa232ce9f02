"""What students, Gradescope and notebook services get."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import jupytext

from autograder.authoring.build import _write, solutions
from autograder.course import load_unit, root
from autograder.data import names
from autograder.source.notebooks import as_notebook
from autograder.source.solution import Solution

PACKAGE = Path(__file__).parents[1]
INSTRUCTORS = ("authoring", "batch.py", "client.py", "cluster.py", "confinement.py", "doctor.py", "keys.py", "one.py")
NOT_RELEASED = ("tests", "__pycache__", *INSTRUCTORS, "nbgrader_bridge.py", "readable.py", "server.py")


def release(folder: Path) -> None:
    """Write what students get: stubs, keys, the package without the instructor's part, data manifests, a README.

    Raises `FileExistsError` where the folder is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty. Name a new folder.")
    ignore = shutil.ignore_patterns(*NOT_RELEASED)
    shutil.copytree(PACKAGE, folder / "autograder", ignore=ignore)
    shutil.copytree(root() / "checks", folder / "checks", ignore=ignore)
    shutil.copytree(root() / "assignments" / "keys", folder / "assignments" / "keys")
    for name, solution in solutions():
        _write(folder / "assignments" / f"{name}.py", solution.stub, False)
    for name in names():
        target = folder / "datasets" / name
        target.mkdir(parents=True)
        for part in ("manifest.toml", "README.md"):
            shutil.copy(root() / "datasets" / name / part, target)
    (folder / "docs").mkdir()
    shutil.copy(root() / "docs" / "student.md", folder / "docs")
    shutil.copy(root() / "pyproject.toml", folder)
    shutil.copy(root() / "docs" / "release.md", folder / "README.md")
    shutil.copytree(root() / ".devcontainer", folder / ".devcontainer")
    (folder / ".github" / "workflows").mkdir(parents=True)
    shutil.copy(root() / "docs" / "classroom.yml", folder / ".github" / "workflows")


def gradescope(folder: Path) -> None:
    """Write what Gradescope's autograder holds: the kit with its solutions, and the two scripts that it runs.

    Raises `FileExistsError` where the folder is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty. Name a new folder.")
    ignore = shutil.ignore_patterns("tests", "__pycache__", ".*")
    for part in ("autograder", "assignments", "checks", "solutions", "datasets"):
        shutil.copytree(root() / part, folder / part, ignore=ignore)
    for part in ("pyproject.toml", "README.md", "docs/gradescope/setup.sh", "docs/gradescope/run_autograder"):
        shutil.copy(root() / part, folder)


def notebooks(folder: Path, kit: str) -> None:
    """Write the units as notebooks whose first cell gets the rest of the course, and that rest as `kit.zip`.

    `kit` is where a notebook finds it: an address, or a path from the notebook. Raises `FileExistsError`.
    """
    if (folder / "kit.zip").exists():
        raise FileExistsError(f"{folder} holds notebooks. Name a new folder.")
    with tempfile.TemporaryDirectory() as scratch:
        release(Path(scratch))
        shutil.make_archive(str(folder / "kit"), "zip", scratch)
    first = "# %%\n" + (root() / "docs" / "first_cell.txt").read_text(encoding="utf-8").replace("KIT", kit)
    for name, solution in solutions():
        extra = "[torch]" if "torch" in load_unit(name).packages else ""
        book = as_notebook(solution.stub, name)
        book.cells[:0] = as_notebook(first.replace("EXTRA", extra), "kit").cells
        jupytext.write(book, folder / f"{name}.ipynb")


def leaks(folder: Path, found: Sequence[Solution]) -> list[str]:
    """Where a released folder holds a line of a solution region, or a mistake's code: `file: line`."""
    shown = "\n".join(solution.stub for solution in found)  # `model.train()` is an answer here and an example there
    secrets = {line for solution in found for line in solution.secret_lines if line not in shown}
    leaked = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        content = path.read_text(encoding="utf-8", errors="replace")
        leaked += [f"{path.relative_to(folder)}: {line}" for line in secrets if line in content]
    return leaked
