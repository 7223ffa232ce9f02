"""What is generated from `solutions/`: stubs and public keys."""

import ast
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from autograder.authoring.noise import refuse_unsteady
from autograder.authoring.slips import refuse_slips, refuse_slips_of_key, slips_of_script
from autograder.course import Course, Unit, UnknownUnit, load_unit
from autograder.data import NoData, all_unit_data, unit_data
from autograder.data import names as names_of_datasets
from autograder.errors import BadSource, UserError
from autograder.grading import key_file
from autograder.grading.judge import points_of
from autograder.grading.keys import build_key, for_students, solution_of
from autograder.grading.planted import asks_for_line, key_with_functions
from autograder.judging import CheckKey, Key
from autograder.sandbox.client import Server
from autograder.sandbox.own_code import author_server
from autograder.source.markers import BEGIN, END
from autograder.source.pictures import pictures
from autograder.source.solution import Solution, read_solution_file

NOT_WRITTEN = "raise NotImplementedError"  # the line of starter code in place of an answer
MARGIN = 0.3  # the tolerance of "about N lines" in an exercise


class Stale(UserError):
    """A generated file does not match its source; the text says what, and how to update it."""


class GivesAnswers(UserError):
    """A file for students contains an answer; the text says where, and what to do."""


def solutions(course: Course, units: Iterable[str] = ()) -> Iterator[tuple[str, Solution]]:
    """Read the solutions of some units, or of all: yield name and solution.

    Raises `UnknownUnit` if the units in course.toml are not those that have files; `BadSource` with
    all errors of a unit in whose markers an error would give answers away.
    """
    _require_files_of_units(course)
    for name in tuple(units) or course.units:
        path = course.solution(name)
        text = path.read_text(encoding="utf-8")
        slips = slips_of_script(text)
        if slips:
            raise BadSource({str(path): slips})
        yield name, read_solution_file(path)


def _require_files_of_units(course: Course) -> None:
    """Raise `UnknownUnit` if a unit has no solution or checks, or is not named."""
    for name in course.units:
        solution = course.solution(name)
        checks = course.checks / f"{name}.py"
        for path in (solution, checks):
            if not path.is_file():
                raise UnknownUnit(f"course.toml names the unit {name}, and there is no {path}.")
    for path in sorted(course.checks.glob("*.py")):
        name = path.stem
        if course.solution(name).is_file() and name not in course.units:
            raise UnknownUnit(
                f"{name} has a solution and checks. Add it to `units` in course.toml."
            )


def build(
    course: Course,
    units: Iterable[str] = (),
    check: bool = False,
    warn: Callable[[str], object] = lambda _: None,
) -> list[str]:
    """Write stubs and keys of some units, or of all; return what was written.

    check: write nothing, and raise `Stale` for the first file that is out of date.
    warn: called with a line for each thing that an author may want to change.
    Raises `BadSource`, with all errors of a unit.
    """
    written = []
    _require_files_of_units(course)
    for leftover in leftovers(course):
        warn(leftover)
    for name in tuple(units) or course.units:
        refuse_slips(course, name)
        solution = read_solution_file(course.solution(name))
        for warning in lengths_that_differ(name, solution):
            warn(warning)
        check_pictures(course, name, solution)
        if check:
            check_stub(course, name, solution)
        unit = load_unit(course, name)
        key_written = _build_key(unit, check, warn)  # otherwise the stub earns points
        stub = course.stub(name)
        if not _is_fresh(stub, solution):
            answers = _kept_answers(stub, solution.stub)
            written.append(_write(stub, solution.stub, check) + answers)
        written += key_written
    return written


def leftovers(course: Course) -> Iterator[str]:
    """Find what is left of a removed unit or dataset; yield a line for each."""
    for made in (course.assignments, course.key("").parent):
        for path in sorted(made.glob("*.*")):
            if path.suffix in (".py", ".safetensors") and path.stem not in course.units:
                yield f"{path} belongs to no unit of course.toml. Delete it."
    styles = course.folder / "solutions" / "styles"
    for path in sorted(styles.glob("*/")):
        if path.is_dir() and path.name not in course.units:
            yield f"{path} holds alternative solutions of no unit of course.toml. Delete it."
    there = names_of_datasets(course)
    for role, names in course.about.corpora.items():
        for name in names:
            if name not in there:
                yield (
                    f"course.toml names the dataset `{name}` for the role `{role}`, and there is "
                    f"no datasets/{name}/manifest.toml. Take it out of [corpora], or add it."
                )


def check_stub(course: Course, name: str, solution: Solution) -> None:
    """Raise `Stale` if a unit's stub is not what its solution makes."""
    stub = course.stub(name)
    if not _is_fresh(stub, solution):
        _write(stub, solution.stub, check=True)


def _is_fresh(stub: Path, solution: Solution) -> bool:
    if not stub.is_file():
        return False
    text = stub.read_text(encoding="utf-8")
    return text == solution.stub


def single_numbers(unit: Unit, key: Key) -> Iterator[str]:
    """Find checks whose answers are all single numbers; yield a line for each."""
    for check in unit.checks:
        if check.measure or check.question or check.name not in key:
            continue
        arrays = key[check.name].expected.arrays.values()
        if all(array.size == 1 and array.dtype.kind in "fiu" for array in arrays):
            yield (
                f"{unit.name}: all answers of `{check.name}` are single numbers, and one wrong "
                "number tells little about the mistake. Call the function on several inputs, and "
                "return its results as an array."
            )


def _build_key(unit: Unit, check: bool, warn: Callable[[str], object]) -> list[str]:
    """Write the public key of a unit if it has changed; return what was written.

    Losses on a corpus that is not available here are kept, and reported.
    """
    path = unit.course.key(unit.name)
    stored: Key = {}
    with suppress(key_file.NoKey):  # if there is none, or one of another format
        stored = key_file.load_key(path)
    solution = solution_of(unit)
    stub = solution.stub
    with author_server(unit, stub=stub) as server:
        refuse_unsteady(server)
        fresh = build_key(
            server, unit.course.public_seed, all_unit_data(unit), for_a_file=True, stored=stored
        )
        refuse_slips_of_key(unit, solution, fresh, unit.course.public_seed)
        refuse_solved_stub(server, stub, fresh)
        for warning in single_numbers(unit, fresh):
            warn(warning)
        public = for_students(unit, fresh)
        for asked in filter(asks_for_line, unit.checks):
            solved = fresh[asked.name].expected
            public[asked.name] = key_with_functions(server, asked, solved)
    kept = _losses_not_made_here(unit, stored, fresh)
    with tempfile.TemporaryDirectory() as scratch:
        saved = Path(scratch) / path.name
        key_file.save_key(saved, {**public, **kept})
        as_read_back = key_file.load_key(saved)
        differs = key_file.difference(unit, stored, as_read_back)
        if not differs:
            return []
        _refuse_if_only_checked(path, check, differs)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(saved, path)
    if kept:
        return [f"{path} (losses kept, as the data are not here: {', '.join(kept)})"]
    return [str(path)]


def refuse_solved_stub(server: Server, stub: str, key: Key) -> None:
    """Run what students receive. Raises `GivesAnswers` if a check gives points for it.

    key: of the public seed.
    """
    earned = list(_points_of_stub(server, stub, key))
    if earned:
        lines = "\n  ".join(earned)
        raise GivesAnswers(
            f"Nothing was written: the starter code of {server.unit.name} earns points, so it "
            f"contains an answer.\n  {lines}\n"
            f"Put all that students write between `{BEGIN}` and `{END}`."
        )


def _points_of_stub(server: Server, stub: str, key: Key) -> Iterator[str]:
    """Yield a line for each check that gives points for a stub, on the public seed.

    Of the training checks only those run that need no other check and whose data is here.
    """
    unit = server.unit
    data = unit_data(unit)
    with server.worker(stub.encode(), f"{unit.name}.py") as worker:
        for check in unit.checks:
            text = None
            if check.measure:
                if check.needs:
                    continue
                try:
                    text = data[check.name].train
                except NoData:
                    continue
            elif check.name not in key:
                path = unit.course.key(unit.name)
                raise Stale(f"{path} does not hold {check.name}. Run `autograder build`.")
            answer = worker.ask(check, unit.course.public_seed, text=text)
            if check.measure:
                earned = 0.0 if answer.failure else check.points
            else:
                earned = points_of(check, key[check.name], answer)
            if earned:
                yield f"{check.name}: {earned:g} of {check.points:g} points"


def _losses_not_made_here(unit: Unit, stored: Key, fresh: Key) -> dict[str, CheckKey]:
    """Return the entries of training checks that only the stored key has."""
    training = {check.name for check in unit.checks if check.measure}
    kept = {}
    not_made = stored.keys() - fresh.keys()
    for entry in sorted(not_made):
        check, _, _ = entry.partition("@")
        if check in training:
            kept[entry] = stored[entry]
    return kept


def _kept_answers(stub: Path, fresh: str) -> str:
    """Keep a copy of starter code in which somebody has written answers; return its path.

    Returns "" if there are none. fresh: the starter code that will replace it.
    """
    if not stub.is_file():
        return ""
    old = stub.read_text(encoding="utf-8")
    try:
        answered = _functions(old) & _unwritten(fresh) - _unwritten(old)
    except SyntaxError:  # starter code never contains these
        answered = {"it"}
    if not answered:
        return ""
    number = 1
    while (kept := stub.with_name(f"{stub.name}.kept{number}")).exists():
        number += 1
    shutil.copyfile(stub, kept)
    return f" (it held answers; a copy is {kept})"


def _unwritten(script: str) -> set[str]:
    """Return the functions and methods of a script that only raise `NotImplementedError`."""
    return _functions(script, NOT_WRITTEN)


NAMED = (ast.FunctionDef, ast.ClassDef)


def _functions(script: str, having: str = "") -> set[str]:
    """Return the functions and methods of a script, with the classes around them.

    having: a text that each of them contains.
    """
    found = set()
    below: list[tuple[str, ast.AST]] = [("", ast.parse(script))]
    while below:
        within, parent = below.pop()
        for node in ast.iter_child_nodes(parent):
            name = f"{within}.{node.name}" if isinstance(node, NAMED) else within
            below.append((name, node))
            if isinstance(node, ast.FunctionDef) and having in ast.unparse(node):
                found.add(name)
    return found


def _write(path: Path, text: str, check: bool) -> str:
    """Write a file and return its path; raise `Stale` instead if it is only checked."""
    _refuse_if_only_checked(path, check)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return str(path)


def _refuse_if_only_checked(path: Path, check: bool, differs: str = "") -> None:
    """Raise `Stale` if a file is only checked. differs: how it is out of date, if known."""
    if check:
        where = f" ({differs})" if differs else ""
        raise Stale(
            f"{path} is out of date{where}. Run `autograder build` and commit what it writes."
        )


def check_pictures(course: Course, name: str, solution: Solution) -> None:
    """Raise `Stale` if a unit's picture is missing, outside of the course, or not described."""
    folder = course.stub(name).parent
    top = course.folder.resolve()
    for picture in pictures(solution.text):
        file = (folder / picture.address).resolve()
        if not file.is_file() or not file.is_relative_to(top):
            raise Stale(
                f"{name} shows {picture.address}, but there is no such file in the course: {file}."
            )
        if not picture.words:
            raise Stale(
                f"{name} shows {picture.address} without a description. "
                "Write into the brackets what can be seen."
            )


def lengths_that_differ(name: str, solution: Solution) -> Iterator[str]:
    """Compare each exercise's "about N lines" with its solution regions.

    Yields a line for each that differs by more than a line and by more than 30 %.
    """
    # after the text before the first: each number of lines, and its exercise
    _, *parts = re.split(r"# \*\*Exercise\*\*.*about (\d+) lines?.*\n", solution.plain())
    numbers = parts[::2]
    exercises = parts[1::2]
    for written, exercise in zip(numbers, exercises, strict=True):
        promised = int(written)
        count = _count_lines_of_code(exercise)
        if abs(count - promised) > max(1, MARGIN * promised):
            function = re.search(r"def (\w+)", exercise)
            title = function[1] if function else "?"
            yield (
                f"{name}: the exercise of `{title}` says about {promised} lines; the solution has "
                f"{count}."
            )


def _count_lines_of_code(exercise: str) -> int:
    """Count the lines in an exercise's solution regions that are neither blank nor comments."""
    count = 0
    for region in re.findall(rf"{BEGIN}\n(.*?){END}", exercise, re.S):
        for line in region.split("\n"):
            code = line.strip()
            if code and not code.startswith("#"):
                count += 1
    return count
