"""What is generated from `solutions/`: stubs, public keys, and the folder that students get."""

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jupytext

from autograder import practice
from autograder.checking import UnknownUnit, load_unit, unit_names
from autograder.data import corpus, load, names, root
from autograder.solution import BEGIN, END, STUB, Solution, read_solution

PACKAGE = Path(__file__).parent
INSTRUCTORS = [
    "building",
    "calibrating",
    "cluster",
    "doctor",
    "grading",
    "mutating",
    "nbgrader",
    "proofs",
    "sandbox",
    "validating",
    "walls",
]
NOT_RELEASED = ("tests", "__pycache__", *(f"{name}.py" for name in INSTRUCTORS))


class Stale(Exception):
    """Something generated does not match its source; the text says which, and the command that mends it."""


def solutions() -> Iterator[tuple[str, Solution]]:
    """The unit names and solutions of the course. Raises `UnknownUnit` where a script or its checks are missing."""
    found = sorted(path.stem for path in (root() / "solutions").glob("unit*.py"))
    if odd := set(found) ^ set(unit_names()):
        raise UnknownUnit(f"{', '.join(sorted(odd))}: a unit is both solutions/UNIT.py and autograder/checks/UNIT.py.")
    for name in found:
        yield name, read_solution((root() / "solutions" / f"{name}.py").read_text(encoding="utf-8"))


def build(check: bool = False) -> list[str]:
    """Write stubs and keys, and say what was written; with `check`, raise `Stale` for the first that is out of date."""
    from autograder.grading import build_key
    from autograder.sandbox import Server

    written = []
    for name, solution in solutions():
        check_lengths(name, solution)
        stub, key = root() / "assignments" / f"{name}.py", practice.KEYS / f"{name}.safetensors"
        if not stub.is_file() or stub.read_text(encoding="utf-8") != solution.stub:
            written.append(_write(stub, solution.stub, check))
        with Server(name) as server:
            fresh = build_key(server, practice.PUBLIC_SEED, available_corpora())
        stored = practice.load_key(key) if key.is_file() else {}
        kept = {entry: known for entry, known in stored.items() if "@" in entry and entry not in fresh}
        with tempfile.TemporaryDirectory() as scratch:  # compared as it would be read back
            practice.save_key(saved := Path(scratch) / key.name, fresh | kept)
            if not practice.same_key(stored, practice.load_key(saved)):
                written.append(_write(key, "", check) + f" (not here, so as before: {', '.join(kept)})" * bool(kept))
                shutil.move(saved, key)
    return written


def available_corpora() -> list:  # type: ignore[type-arg]
    """The corpora that can be had here, at least one. A key keeps the others' losses as they are."""
    found = []
    for name in ("nietzsche", "austen"):
        try:
            found.append(load(name))
        except Exception:
            continue
    return found or [corpus()]


def _write(path: Path, text: str, check: bool) -> str:
    if check:
        raise Stale(f"{path} is out of date. Run `autograder build` and commit what it writes.")
    path.parent.mkdir(exist_ok=True)
    if text:
        path.write_text(text, encoding="utf-8")
    return str(path)


def check_lengths(name: str, solution: Solution) -> None:
    """Compare each exercise's "about N lines" with its solution regions. Raises `Stale`."""
    parts = re.split(r"# \*\*Exercise\*\*.*about (\d+) lines?.*\n", solution.plain())
    for promised, part in zip(parts[1::2], parts[2::2], strict=True):
        regions = re.findall(rf"{BEGIN}\n(.*?){END}", part, re.S)
        lines = [line for region in regions for line in region.split("\n") if line.strip() and line.strip()[0] != "#"]
        if len(lines) != int(promised):
            title = (re.search(r"def (\w+)", part) or ["", "?"])[1]
            raise Stale(
                f"{name}: the exercise of `{title}` says about {promised} lines; the solution has {len(lines)}."
            )


def release(folder: Path) -> None:
    """Write what students get: stubs, keys, the package without the instructor's part, data manifests, a README.

    Raises `FileExistsError` where the folder is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty. Name a new folder.")
    ignore = shutil.ignore_patterns(*NOT_RELEASED)
    shutil.copytree(PACKAGE, folder / "autograder", ignore=ignore)
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
    for part in ("autograder", "solutions", "datasets"):
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


def as_notebook(script: str, unit: str) -> Any:
    """A percent script as a notebook whose cells keep their ids from build to build.

    `check-NAME` is a check's cell, `write-NAME` an exercise by the first name it defines; others count from these on.
    """
    book, last, count = jupytext.reads(script, "py:percent"), unit, 0
    for cell in book.cells:
        if found := re.search(r'^check\("(\w+)"\)$', cell.source, re.M):
            last, count = f"check-{found[1]}", 0
        elif BEGIN in cell.source or STUB.split("\n")[0] in cell.source:
            defined = re.search(r"^(?:def|class) (\w+)", cell.source, re.M)
            last, count = f"write-{defined[1] if defined else unit}", 0
        cell.id = f"{last}-{count}" if count else last
        count += 1
    return book


def leaks(folder: Path, found: Sequence[Solution]) -> list[str]:
    """Where a released folder holds a line of a solution region, or a mistake's code: `file: line`."""
    shown = "\n".join(solution.stub for solution in found)  # `model.train()` is an answer here and an example there
    secrets = {line for solution in found for line in solution.secret_lines if line not in shown}
    leaked = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        content = path.read_text(encoding="utf-8", errors="replace")
        leaked += [f"{path.relative_to(folder)}: {line}" for line in secrets if line in content]
    return leaked
