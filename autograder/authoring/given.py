"""What students receive of a course: which files, and the proof that they hold no answer.

The files are listed one by one, so that no other file can slip in. They are written into a private
folder first. There each stub runs, and each file is searched for lines of solutions.
"""

import ast
import re
import shutil
import tempfile
import zipfile
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from autograder.authoring.build import GivesAnswers, check_stub, refuse_solved_stub, solutions
from autograder.authoring.imports import modules_of_checks
from autograder.authoring.slips import refuse_slips
from autograder.course import FILE, Course, MissingPackage, load_unit, read_course
from autograder.course_file import with_units
from autograder.data import manifest as read_manifest
from autograder.data import names as names_of_datasets
from autograder.errors import BadSource, UserError
from autograder.grading.key_file import load_key
from autograder.parsing import parse
from autograder.sandbox.own_code import author_server
from autograder.source.addresses import with_link
from autograder.source.markers import BEGIN, END
from autograder.source.pictures import picture_files
from autograder.source.solution import Solution, read_solution_file

ENOUGH_STEPS = 2  # steps of a line that gives an answer away; an operator counts as many
MOST_TOLD = 10  # number of solution lines that a message lists
# syntax that makes a line more than a name: `x - y`, `f(g(x))`, `a[i]`
_OPERATORS = (ast.BinOp, ast.BoolOp, ast.Compare, ast.AugAssign)
_STEPS = (
    ast.Call,
    ast.Subscript,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.Lambda,
)


class NotEmpty(UserError):
    """A folder to be written is not empty."""


# ---- which files


def given_files(course: Course, units: Sequence[str] = ()) -> Iterator[Path]:
    """List what students receive of some units, or of all, as paths below the course's folder.

    Of other units' checks and data it has only what these units use.
    """
    wanted = tuple(units) or course.units
    yield Path(FILE)
    modules = list(_modules_of_checks(course, wanted))
    for path in modules:
        yield path.relative_to(course.folder)
    for unit in wanted:
        yield course.stub(unit).relative_to(course.folder)
        yield course.key(unit).relative_to(course.folder)
    yield from _picture_files(course, wanted)
    for name in _datasets(course, wanted, modules):
        yield from _files_of_dataset(course, name)
    for page in course.about.student_docs:
        yield Path(page)


def _modules_of_checks(course: Course, units: Sequence[str]) -> list[Path]:
    """List the modules that the checks of some units need; all modules for a whole course."""
    if set(units) == set(course.units):
        return sorted(course.checks.glob("*.py"))
    needed = set(course.checks.glob("__init__.py"))
    for unit in units:
        needed.update(modules_of_checks(course, unit))
    return sorted(needed)


def _datasets(course: Course, units: Sequence[str], modules: Sequence[Path]) -> list[str]:
    """List the datasets that some units use, by name or by a role; all for a whole course.

    Without secret ones.
    """
    names = names_of_datasets(course)
    if set(units) != set(course.units):
        names = _datasets_named(course, units, modules)
    return [name for name in names if not read_manifest(course, name).secret]


def unused_datasets(course: Course) -> Iterator[str]:
    """Find the datasets that no unit of a course uses, by name or by a role; yield lines."""
    modules = sorted(course.checks.glob("*.py"))
    used = _datasets_named(course, course.units, modules)
    for name in names_of_datasets(course):
        if name not in used and not read_manifest(course, name).secret:
            yield (
                f"datasets/{name} is used by no check and no script, by its name or by a role. "
                "Delete it, or each release of the course will contain it."
            )


def _datasets_named(course: Course, units: Sequence[str], modules: Sequence[Path]) -> list[str]:
    texts = [path.read_text(encoding="utf-8") for path in modules]
    texts += [course.stub(unit).read_text(encoding="utf-8") for unit in units]
    text = "\n".join(texts)
    played = _roles_played(course, units, text)
    return [name for name in names_of_datasets(course) if name in played or _is_quoted(name, text)]


def _is_quoted(name: str, text: str) -> bool:
    return f'"{name}"' in text or f"'{name}'" in text


def _roles_played(course: Course, units: Sequence[str], text: str) -> set[str]:
    """Return the datasets of the roles that a text names, or that a check trains on."""
    roles = dict(course.about.corpora)
    played: set[str] = set()
    first = next(iter(roles), "")
    named = {role for role in roles if _is_quoted(role, text)}
    if re.search(r"\bcorpus\(\s*\)", text):
        named.add(first)
    for unit in units:
        for check in load_unit(course, unit).checks:
            if check.measure and not check.data:
                named.add(check.corpus or first)
    for role in named:
        played.update(roles.get(role, ()))
    return played


def _files_of_dataset(course: Course, name: str) -> Iterator[Path]:
    """List a dataset's manifest, its README, and the files that cannot be fetched elsewhere."""
    folder = course.folder / "datasets" / name
    dataset = read_manifest(course, name)
    yield (folder / "manifest.toml").relative_to(course.folder)
    names = ["README.md"]
    for part in (dataset, *dataset.parts.values()):
        if not part.sources:
            names.append(part.file)
    for file in names:
        path = folder / file
        if path.is_file():
            yield path.relative_to(course.folder)


def _picture_files(course: Course, units: Sequence[str]) -> Iterator[Path]:
    """List the pictures that stubs show, each once, as paths below the course's folder."""
    top = course.folder.resolve()
    found: set[Path] = set()
    for unit in units:
        stub = course.stub(unit)
        if stub.is_file():
            text = stub.read_text(encoding="utf-8")
            found.update(picture_files(text, stub.parent))
    for path in sorted(found):
        yield path.relative_to(top)


# ---- written and verified


def give(
    course: Course, folder: Path, units: Sequence[str] = (), with_solutions: bool = False
) -> None:
    """Write the files of `given_files` into an empty folder. If one leaks, write nothing.

    with_solutions: also the solutions of these units, and secret datasets, which are for graders
    and not for students.
    Raises `NotEmpty`; `UserError` if a file is missing; `Stale` if a stub is not what its solution
    makes; `GivesAnswers` if a check gives a stub points, or if a file holds a line of a solution.
    """
    refuse_full(folder)
    wanted = [name for name in course.units if name in units or not units]
    with _proven(course, wanted) as given:
        _copy(given, list(_files_below(given)), folder)
    if with_solutions:
        files = [course.solution(name).relative_to(course.folder) for name in wanted]
        for name in names_of_datasets(course):
            if read_manifest(course, name).secret:
                files += _files_of_dataset(course, name)
        _copy(course.folder, files, folder)


def refuse_answers(course: Course) -> None:
    """Verify that the files for students contain no answer. Raises what `give` does."""
    with _proven(course, course.units):
        pass


@contextmanager
def _proven(course: Course, units: Sequence[str]) -> Iterator[Path]:
    """Write the files for students of some units into a temporary folder, and verify them there.

    Yields the folder. Raises what `give` does.
    """
    found = dict(solutions(course, units))
    for name, solution in found.items():
        refuse_slips(course, name)
        check_stub(course, name, solution)
    files = list(given_files(course, units))
    with tempfile.TemporaryDirectory() as scratch:
        given = Path(scratch).resolve() / "course"
        _copy(course.folder, files, given)
        course_file = given / FILE
        if len(units) < len(course.units):
            text = course_file.read_text(encoding="utf-8")
            course_file.write_text(with_units(text, units), encoding="utf-8", newline="\n")
        for unit in units:
            _link_to_site(given / course.stub(unit).relative_to(course.folder), course, unit)
        readable = dict(_readable_solutions(course, found))
        own = [without_repairs(course, *one) for one in found.items()]
        for one in readable.items():
            try:
                own.append(without_repairs(course, *one))
            except MissingPackage:  # of a unit that is not handed out: its lines are looked for
                own.append(one[1])
        _refuse_leaks(given, own)
        written = list(_files_below(given))
        _refuse_solved_stubs(read_course(given))
        for path in set(_files_below(given)) - set(written):
            (given / path).unlink()  # compiled by Python
        yield given


def _link_to_site(stub: Path, course: Course, unit: str) -> None:
    """Put a link to a unit's page at its beginning, if the course has a site."""
    text = stub.read_text(encoding="utf-8")
    stub.write_text(with_link(text, course.about.site, unit), encoding="utf-8", newline="\n")


def _files_below(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, as paths below it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder)


def _readable_solutions(course: Course, but: Container[str]) -> Iterator[tuple[str, Solution]]:
    """Read the solutions of other units, without unfinished ones."""
    for name in course.units:
        if name not in but:
            with suppress(BadSource, OSError):
                yield name, read_solution_file(course.solution(name))


def without_repairs(course: Course, name: str, solution: Solution) -> Solution:
    """Return a solution whose functions are those that students receive with a mistake."""
    checks = load_unit(course, name).checks
    functions = {check.question.function for check in checks if check.question} - {""}
    if not functions:
        return solution
    given: set[int] = set()
    for node in parse(solution.text).body:
        if isinstance(node, ast.FunctionDef) and node.name in functions:
            given.update(range(node.lineno, (node.end_lineno or node.lineno) + 2))
    kept = []
    for number, line in enumerate(solution.text.split("\n"), 1):
        is_mark = line.strip() in (BEGIN, END)
        kept.append("" if number in given and is_mark else line)
    mistakes = [placed for placed in solution.mistakes if placed.first_line not in given]
    return Solution("\n".join(kept), tuple(mistakes))


def _copy(source: Path, files: Sequence[Path], folder: Path) -> None:
    """Copy files of one folder into another; write nothing if one of them is missing."""
    for path in files:
        if not (source / path).is_file():
            raise UserError(
                f"There is no {source / path}. Run `autograder build`, or correct course.toml."
            )
    for path in files:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, target)


def refuse_full(folder: Path) -> None:
    """Raise `NotEmpty` for a folder to be written that is not empty or is a file."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise NotEmpty(f"{folder} is a file. Name a new folder.")
    if any(folder.iterdir()):
        raise NotEmpty(f"{folder} is not empty. Name a new folder.")


def _refuse_solved_stubs(given: Course) -> None:
    """Run the stubs of a folder for students, with its own checks and keys."""
    for name in given.units:
        stub = given.stub(name).read_text(encoding="utf-8")
        key = load_key(given.key(name))
        with author_server(load_unit(given, name), stub=stub) as server:
            refuse_solved_stub(server, stub, key)


# ---- lines of solutions


def _refuse_leaks(folder: Path, found: Sequence[Solution]) -> None:
    leaked = leaks(folder, found)
    if not leaked:
        return
    lines = leaked[:MOST_TOLD]
    if len(leaked) > MOST_TOLD:
        lines.append(f"and {len(leaked) - MOST_TOLD} more")
    listed = "\n  ".join(lines)
    raise GivesAnswers(
        "Nothing was written, because these files would contain lines of solutions:\n"
        f"  {listed}\nTake them out. If a line gives no answer away, write it into the starter "
        "code, too, outside the markers of the solution."
    )


def leaks(folder: Path, found: Iterable[Solution]) -> list[str]:
    """Find where a folder for students holds a line of a solution, or a mistake's code.

    Returns lines `file: line`. Packed files, the engine's wheel and a kit, are read, too.
    """
    secrets = {line: _whole(line) for line in secret_lines(list(found))}
    leaked = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        for member, content in _contents(path):
            text = content.decode("utf-8", errors="replace")
            where = f"{path.relative_to(folder)}{member}"
            for line in sorted(secrets):
                if line in text and secrets[line].search(text):
                    leaked.append(f"{where}: {line}")
    return leaked


def secret_lines(found: Sequence[Solution]) -> set[str]:
    """Collect the lines of solutions that give an answer away.

    They are statements, neither imports nor the heads of loops and conditions, that compute
    something: with an operator, or with two calls, subscripts or comprehensions. A line that the
    code of some stub shows is no secret; its text is searched like every other file.
    """
    shown = "\n".join(solution.shown for solution in found)
    secrets = set()
    for solution in found:
        for line in solution.secret_lines:
            if line not in shown and _computes(line):
                secrets.add(line)
    return secrets


def _computes(line: str) -> bool:
    """Return whether a line of code is a statement that computes something, or part of one."""
    with suppress(SyntaxError, ValueError):
        return _count_steps(line) >= ENOUGH_STEPS
    with suppress(SyntaxError, ValueError):
        part = line.rstrip(",")
        return _count_steps(f"_({part})") > ENOUGH_STEPS
    return False


def _count_steps(code: str) -> int:
    steps = 0
    for node in ast.walk(parse(code)):
        if isinstance(node, _OPERATORS):
            steps += ENOUGH_STEPS
        elif isinstance(node, _STEPS):
            steps += 1
    return steps


def _whole(line: str) -> re.Pattern[str]:
    """Return a pattern of a line that does not match inside a longer statement."""
    goes_on = r"[\w(\[]|\.\w|[ ]*(?:[-+*/%@&|^<>=,]|(?:if|else|and|or|in|is|for)\b)"
    return re.compile(rf"(?<![\w.]){re.escape(line)}(?!{goes_on})")


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield a file's bytes; for a zip file those of each member, with its name in brackets."""
    if path.suffix not in (".whl", ".zip"):
        yield "", path.read_bytes()
        return
    with zipfile.ZipFile(path) as packed:
        for name in packed.namelist():
            yield f"[{name}]", packed.read(name)
