"""What students, notebook services and Gradescope get: named file by file, so that nothing else can
slip in.
"""

import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.authoring.build import check_stub, solutions
from autograder.authoring.wheel import pack_wheel
from autograder.course import Course, load_unit
from autograder.data import manifest as read_manifest
from autograder.errors import UserError
from autograder.grading.pool import fill_pool
from autograder.grading.provenance import versions
from autograder.source.pictures import attach_pictures, picture_files
from autograder.source.solution import Solution

POOL = "keys.sqlite"


class NotEmpty(UserError):
    """A folder that is to be written holds something already."""


def released_files(course: Course) -> Iterator[Path]:
    """List what students get of a course, as paths below its folder."""
    yield Path("course.toml")
    for path in sorted(course.checks.glob("*.py")):
        yield path.relative_to(course.folder)
    for unit in course.units:
        yield course.stub(unit).relative_to(course.folder)
        yield course.key(unit).relative_to(course.folder)
    yield from _picture_files(course)
    for manifest in sorted(course.folder.glob("datasets/*/manifest.toml")):
        yield manifest.relative_to(course.folder)
        about = read_manifest(course, manifest.parent.name)
        files = [about, *about.parts.values()]
        # what can be had elsewhere is fetched from there
        ours = [each.file for each in files if not each.sources]
        for name in ("README.md", *ours):
            if (manifest.parent / name).is_file():
                yield (manifest.parent / name).relative_to(course.folder)
    for name in course.about.student_docs:
        yield Path(name)


def _picture_files(course: Course) -> Iterator[Path]:
    """List the pictures that stubs show, each once, as paths below the course's folder."""
    found = set()
    for unit in course.units:
        stub = course.stub(unit)
        if stub.is_file():
            found |= set(picture_files(stub.read_text(encoding="utf-8"), stub.parent))
    for path in sorted(found):
        yield path.relative_to(course.folder.resolve())


def release(course: Course, folder: Path, github: bool = False) -> None:
    """Write what students get: the files of `released_files`, this engine as a wheel, a README,
    what asks coding assistants to teach, and settings for VS Code.

    github: also a workflow that checks each push.

    Raises `NotEmpty`, `UserError` where a file is missing, and `Stale` where a stub is not what its
    solution makes: it may hold answers.
    """
    for name, solution in solutions(course):
        check_stub(course, name, solution)
    _copy(course, list(released_files(course)), folder)
    wheel = pack_wheel(folder)
    facts = {"title": course.title, "wheel": wheel.name, "packages": packages_to_install(course)}
    for name, template in (RELEASED | (GITHUB if github else {})).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(_template(template, **facts), encoding="utf-8")
    (folder / "README.md").write_text(_readme(course, wheel.name), encoding="utf-8")


# file of a release → its template
RELEASED = {
    "AGENTS.md": "agents.md",
    ".vscode/settings.json": "vscode/settings.json",
    ".vscode/extensions.json": "vscode/extensions.json",
}
GITHUB = {".github/workflows/checks.yml": "checks.yml"}


def _copy(course: Course, files: Sequence[Path], folder: Path) -> None:
    """Copy files of a course into an empty folder; nothing is written where one of them is
    missing.
    """
    refuse_full(folder)
    for path in files:
        if not (course.folder / path).is_file():
            raise UserError(
                f"There is no {course.folder / path}. Run `autograder build`, or mend course.toml."
            )
    for path in files:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(course.folder / path, target)


def refuse_full(folder: Path) -> None:
    """Raise `NotEmpty` for a folder that is to be written, and holds something or is a file."""
    if folder.exists() and not folder.is_dir():
        raise NotEmpty(f"{folder} is a file. Name a new folder.")
    if folder.exists() and any(folder.iterdir()):
        raise NotEmpty(f"{folder} is not empty. Name a new folder.")


def _template(name: str, **facts: object) -> str:
    environment = Environment(  # of text, not of HTML
        loader=PackageLoader("autograder.authoring"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    return environment.get_template(name).render(facts)


def _readme(course: Course, wheel: str) -> str:
    first = course.units[0]
    return _template(
        "release.md",
        title=course.title,
        wheel=wheel,
        packages=packages_to_install(course),
        first=course.short(first),
        script=f"assignments/{first}.py",
        docs=course.about.student_docs,
    )


def packages_to_install(course: Course) -> str:
    """What pip is given for the packages of a course, each in quotes."""
    return " ".join(f"'{package.install}'" for package in course.about.packages.values())


def notebooks(course: Course, folder: Path, kit: str) -> None:
    """Write the units as notebooks whose first cell gets the rest of the course, and that rest as
    `kit.zip`.

    kit: where a notebook finds it: an address, or a path from the notebook.
    Raises `NotEmpty`; `ModuleNotFoundError` without jupytext.
    """
    import jupytext

    from autograder.source.notebooks import as_notebook

    if (folder / "kit.zip").exists():
        raise NotEmpty(f"{folder} holds notebooks. Name a new folder.")
    with tempfile.TemporaryDirectory() as scratch:
        release(course, Path(scratch))
        wheel = next(Path(scratch).glob("*.whl")).name
        shutil.make_archive(str(folder / "kit"), "zip", scratch)
    for name, solution in solutions(course):
        facts = {"kit": kit, "wheel": wheel, "packages": _packages_of(course, name)}
        first = _template("first_cell.txt", **facts)
        book = as_notebook(solution.stub, name)
        attach_pictures(book, course.stub(name).parent)
        book.cells[:0] = as_notebook(f"# %%\n{first}", "kit").cells
        jupytext.write(book, folder / f"{name}.ipynb")


def _packages_of(course: Course, unit: str) -> list[str]:
    """What pip is given for one unit: what its submissions may import, and what belongs to no unit,
    as plots do.
    """
    theirs = load_unit(course, unit).packages
    of_units = {package for name in course.units for package in load_unit(course, name).packages}
    packages = course.about.packages.items()
    return [
        its.install for package, its in packages if package in theirs or package not in of_units
    ]


def gradescope(
    course: Course,
    folder: Path,
    units: Sequence[str] = (),
    seeds: int = 0,
    say: Callable[[str], object] = lambda _: None,
) -> None:
    """Write what Gradescope's autograder holds: what students get, the solutions, and the two
    scripts that it runs.

    units: those that it grades, or all. seeds: how many secret seeds it carries the keys of; where
    there are none, each grading makes the parts of a key that it needs. say: called with a line for
    each key. Raises `NotEmpty`.
    """
    units = tuple(units) or course.units
    solutions_of_units = [course.solution(unit).relative_to(course.folder) for unit in course.units]
    _copy(course, [*released_files(course), *solutions_of_units], folder)
    wheel = pack_wheel(folder).name
    if seeds:
        fill_pool(course, units, folder / POOL, seeds, say)
    packages = _as_here(course, units) if seeds else packages_to_install(course)
    facts = {"wheel": wheel, "packages": packages, "units": units, "keys": POOL if seeds else ""}
    for name in ("setup.sh", "run_autograder"):
        (folder / name).write_text(_template(f"gradescope/{name}", **facts), encoding="utf-8")


def classroom50(course: Course, folder: Path, units: Sequence[str] = ()) -> None:
    """Write the bundle of an assignment for Classroom 50: what students get, the engine's wheel,
    and `autograder.py`.

    The bundle is public, and holds no solution. units: those that it checks, or all. Raises
    `NotEmpty`, `Stale`.
    """
    for name, solution in solutions(course):
        check_stub(course, name, solution)
    _copy(course, list(released_files(course)), folder)
    wheel = pack_wheel(folder).name
    packages = [package.install for package in course.about.packages.values()]
    facts = {"wheel": wheel, "packages": packages, "units": tuple(units) or course.units}
    (folder / "autograder.py").write_text(
        _template("classroom50/autograder.py", **facts), encoding="utf-8"
    )


def _as_here(course: Course, units: Sequence[str]) -> str:
    """What pip is given so that keys made here fit there: the same versions of what experiments
    compute with.
    """
    exact: dict[str, str] = {}
    for unit in units:
        exact |= versions(load_unit(course, unit))
    exact.pop("python")
    pinned = [f"'{name}=={version.split('+')[0]}'" for name, version in exact.items()]
    others = [
        f"'{package.install}'"
        for name, package in course.about.packages.items()
        if name not in exact
    ]
    return " ".join([*pinned, *others])


def leaks(folder: Path, found: Sequence[Solution]) -> list[str]:
    """Find where a released folder holds a line of a solution region, or a mistake's code: `file:
    line`.

    What is packed, the engine's wheel and a kit, is read too.
    """
    shown = "\n".join(solution.stub for solution in found)  # skip lines that some stub shows anyway
    secrets = {line for solution in found for line in solution.secret_lines if line not in shown}
    leaked = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        for name, content in _contents(path):
            text = content.decode("utf-8", errors="replace")
            leaked += [
                f"{path.relative_to(folder)}{name}: {line}" for line in secrets if line in text
            ]
    return leaked


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """A file's bytes; of a zip file those of each member, with the member's name in brackets."""
    if path.suffix not in (".whl", ".zip"):
        yield "", path.read_bytes()
        return
    with zipfile.ZipFile(path) as packed:
        for name in packed.namelist():
            yield f"[{name}]", packed.read(name)
