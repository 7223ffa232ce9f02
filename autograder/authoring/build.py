"""What is generated from `solutions/`: stubs and public keys."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from autograder.course import UnknownUnit, root, unit_names
from autograder.data import available_corpora
from autograder.grading import key_file
from autograder.practice import practise
from autograder.source.solution import BEGIN, END, Solution, read_solution


class Stale(Exception):
    """Something generated does not match its source; the text says which, and the command that mends it."""


def solutions() -> Iterator[tuple[str, Solution]]:
    """The unit names and solutions of the course. Raises `UnknownUnit` where a script or its checks are missing."""
    found = sorted(path.stem for path in (root() / "solutions").glob("unit*.py"))
    if odd := set(found) ^ set(unit_names()):
        raise UnknownUnit(f"{', '.join(sorted(odd))}: a unit is both solutions/UNIT.py and checks/UNIT.py.")
    for name in found:
        yield name, read_solution((root() / "solutions" / f"{name}.py").read_text(encoding="utf-8"))


def build(check: bool = False) -> list[str]:
    """Write stubs and keys, and say what was written; with `check`, raise `Stale` for the first that is out of date."""
    from autograder.grading.keys import build_key
    from autograder.sandbox.client import Server

    written = []
    for name, solution in solutions():
        check_lengths(name, solution)
        stub, key = root() / "assignments" / f"{name}.py", key_file.KEYS / f"{name}.safetensors"
        if not stub.is_file() or stub.read_text(encoding="utf-8") != solution.stub:
            written.append(_write(stub, solution.stub, check))
        with Server(name) as server:
            fresh = build_key(server, practise.PUBLIC_SEED, available_corpora())
        stored = key_file.load_key(key) if key.is_file() else {}
        kept = {entry: known for entry, known in stored.items() if "@" in entry and entry not in fresh}
        with tempfile.TemporaryDirectory() as scratch:  # compared as it would be read back
            key_file.save_key(saved := Path(scratch) / key.name, fresh | kept)
            if not key_file.same_key(stored, key_file.load_key(saved)):
                written.append(_write(key, "", check) + f" (not here, so as before: {', '.join(kept)})" * bool(kept))
                shutil.move(saved, key)
    return written


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
