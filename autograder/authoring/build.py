"""What is generated from `solutions/`: stubs and public keys."""

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from autograder.course import Course, Unit, UnknownUnit, load_unit
from autograder.data import all_unit_data
from autograder.errors import UserError
from autograder.grading import key_file
from autograder.grading.keys import build_key, solution_of
from autograder.judging import Key
from autograder.sandbox.client import Server
from autograder.source.pictures import pictures
from autograder.source.solution import BEGIN, END, Solution, read_solution


class Stale(UserError):
    """Something generated does not match its source; the text says which, and the command that
    mends it.
    """


def solutions(course: Course, units: Iterable[str] = ()) -> Iterator[tuple[str, Solution]]:
    """Read the solutions of some units, or of all. Raises `UnknownUnit` where a script or its
    checks are missing.
    """
    for name in course.units:
        for path in (course.solution(name), course.checks / f"{name}.py"):
            if not path.is_file():
                raise UnknownUnit(f"course.toml names the unit {name}, and there is no {path}.")
    for path in sorted(course.checks.glob("*.py")):
        if course.solution(path.stem).is_file() and path.stem not in course.units:
            raise UnknownUnit(
                f"{path.stem} has a solution and checks. Add it to `units` in course.toml."
            )
    for name in tuple(units) or course.units:
        yield name, read_solution(course.solution(name).read_text(encoding="utf-8"))


def build(course: Course, units: Iterable[str] = (), check: bool = False) -> list[str]:
    """Write stubs and keys of some units, or of all; say what was written.

    check: write nothing, and raise `Stale` for the first that is out of date.
    """
    written = []
    for name, solution in solutions(course, units):
        check_lengths(name, solution)
        check_pictures(course, name, solution)
        if not _is_fresh(course.stub(name), solution):
            written.append(_write(course.stub(name), solution.stub, check))
        written += _build_key(load_unit(course, name), check)
    return written


def check_stub(course: Course, name: str, solution: Solution) -> None:
    """Raise `Stale` where a unit's stub is not what its solution makes."""
    if not _is_fresh(course.stub(name), solution):
        _write(course.stub(name), solution.stub, check=True)


def _is_fresh(stub: Path, solution: Solution) -> bool:
    return stub.is_file() and stub.read_text(encoding="utf-8") == solution.stub


def _build_key(unit: Unit, check: bool) -> list[str]:
    """Write the public key of a unit where it is not what it should be.

    Losses on a corpus that cannot be had here are kept, and said to be.
    """
    with Server(unit, stub=solution_of(unit).stub) as server:
        fresh = build_key(server, unit.course.public_seed, all_unit_data(unit))
    path = unit.course.key(unit.name)
    stored: Key = {}
    with suppress(key_file.NoKey):  # where there is none, or one of another format
        stored = key_file.load_key(path)
    trained = {check.name for check in unit.checks if check.measure}
    kept = {
        entry: stored[entry]
        for entry in stored.keys() - fresh.keys()
        if entry.split("@")[0] in trained
    }
    with tempfile.TemporaryDirectory() as scratch:  # compared as it would be read back
        saved = Path(scratch) / path.name
        key_file.save_key(saved, fresh | kept)
        if key_file.same_key(unit, stored, key_file.load_key(saved)):
            return []
        words = f" (not here, so as before: {', '.join(kept)})" if kept else ""
        line = _write(path, "", check) + words
        shutil.move(saved, path)
    return [line]


def _write(path: Path, text: str, check: bool) -> str:
    if check:
        raise Stale(f"{path} is out of date. Run `autograder build` and commit what it writes.")
    path.parent.mkdir(parents=True, exist_ok=True)
    if text:
        path.write_text(text, encoding="utf-8")
    return str(path)


def check_pictures(course: Course, name: str, solution: Solution) -> None:
    """Raise `Stale` where a picture of a unit is missing, lies outside of the course, or is not
    described.
    """
    for picture in pictures(solution.text):
        file = (course.stub(name).parent / picture.address).resolve()
        if not file.is_file() or not file.is_relative_to(course.folder.resolve()):
            raise Stale(
                f"{name} shows {picture.address}, and there is no such file in the course: {file}."
            )
        if not picture.words:
            raise Stale(
                f"{name} shows {picture.address} without words. Write into the brackets what can "
                "be seen, for readers who cannot."
            )


def check_lengths(name: str, solution: Solution) -> None:
    """Compare each exercise's "about N lines" with its solution regions. Raises `Stale`."""
    parts = re.split(r"# \*\*Exercise\*\*.*about (\d+) lines?.*\n", solution.plain())
    for promised, part in zip(parts[1::2], parts[2::2], strict=True):
        regions = re.findall(rf"{BEGIN}\n(.*?){END}", part, re.S)
        lines = [
            line
            for region in regions
            for line in region.split("\n")
            if line.strip() and line.strip()[0] != "#"
        ]
        if len(lines) != int(promised):
            title = (re.search(r"def (\w+)", part) or ["", "?"])[1]
            raise Stale(
                f"{name}: the exercise of `{title}` says about {promised} lines; the solution has "
                f"{len(lines)}."
            )
