"""What students, notebook services and Gradescope get.

It is named file by file, so that nothing else can slip in.
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
        stub = course.stub(unit)
        key = course.key(unit)
        yield stub.relative_to(course.folder)
        yield key.relative_to(course.folder)
    yield from _picture_files(course)
    manifests = course.folder.glob("datasets/*/manifest.toml")
    for manifest in sorted(manifests):
        yield from _files_of_dataset(course, manifest)
    for name in course.about.student_docs:
        yield Path(name)


def _files_of_dataset(course: Course, manifest: Path) -> Iterator[Path]:
    """List a dataset's manifest, its README, and those files that cannot be fetched elsewhere."""
    folder = manifest.parent
    dataset = read_manifest(course, folder.name)
    yield manifest.relative_to(course.folder)
    names = ["README.md"]
    for part in (dataset, *dataset.parts.values()):
        if not part.sources:
            names.append(part.file)
    for name in names:
        path = folder / name
        if path.is_file():
            yield path.relative_to(course.folder)


def _picture_files(course: Course) -> Iterator[Path]:
    """List the pictures that stubs show, each once, as paths below the course's folder."""
    top = course.folder.resolve()
    found: set[Path] = set()
    for unit in course.units:
        stub = course.stub(unit)
        if stub.is_file():
            text = stub.read_text(encoding="utf-8")
            found.update(picture_files(text, stub.parent))
    for path in sorted(found):
        yield path.relative_to(top)


def release(course: Course, folder: Path, github: bool = False) -> None:
    """Write what students get into a folder.

    That is the files of `released_files`, this engine as a wheel, a README, what asks coding
    assistants to teach, and settings for VS Code. github: also a workflow that checks each push.

    Raises `NotEmpty`, `UserError` where a file is missing, and `Stale` where a stub is not what its
    solution makes: it may hold answers.
    """
    for name, solution in solutions(course):
        check_stub(course, name, solution)
    files = list(released_files(course))
    _copy(course, files, folder)
    wheel = pack_wheel(folder).name
    packages = packages_to_install(course)
    templates = RELEASED | GITHUB if github else RELEASED
    for name, template in templates.items():
        text = _fill_template(template, title=course.title, wheel=wheel, packages=packages)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    readme = folder / "README.md"
    readme.write_text(_readme(course, wheel), encoding="utf-8")


# file of a release → its template
RELEASED = {
    "AGENTS.md": "agents.md",
    ".vscode/settings.json": "vscode/settings.json",
    ".vscode/extensions.json": "vscode/extensions.json",
}
GITHUB = {".github/workflows/checks.yml": "checks.yml"}


def _copy(course: Course, files: Sequence[Path], folder: Path) -> None:
    """Copy files of a course into an empty folder; write nothing where one of them is missing."""
    refuse_full(folder)
    for path in files:
        source = course.folder / path
        if not source.is_file():
            raise UserError(f"There is no {source}. Run `autograder build`, or mend course.toml.")
    for path in files:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(course.folder / path, target)


def refuse_full(folder: Path) -> None:
    """Raise `NotEmpty` for a folder that is to be written, and holds something or is a file."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise NotEmpty(f"{folder} is a file. Name a new folder.")
    if any(folder.iterdir()):
        raise NotEmpty(f"{folder} is not empty. Name a new folder.")


def _fill_template(name: str, **values: object) -> str:
    """Fill in a template of text; it is no HTML, so nothing is escaped."""
    environment = Environment(
        loader=PackageLoader("autograder.authoring"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    template = environment.get_template(name)
    return template.render(values)


def _readme(course: Course, wheel: str) -> str:
    first = course.units[0]
    pages = [name for name in course.about.student_docs if name.endswith(".md")]
    return _fill_template(
        "release.md",
        title=course.title,
        wheel=wheel,
        packages=packages_to_install(course),
        first=course.short(first),
        script=f"assignments/{first}.py",
        docs=pages,
    )


def packages_to_install(course: Course) -> str:
    """Return what pip is given for the packages of a course, each in quotes."""
    quoted = []
    for package in course.about.packages.values():
        quoted.append(f"'{package.install}'")
    return " ".join(quoted)


def notebooks(course: Course, folder: Path, kit: str) -> None:
    """Write the units as notebooks, and the rest of the course as `kit.zip`.

    The first cell of each notebook gets the kit.

    kit: where a notebook finds it: an address, or a path from the notebook.
    Raises `NotEmpty`; `ModuleNotFoundError` without jupytext.
    """
    from autograder.source.notebooks import as_notebook, write_notebook

    archive = folder / "kit.zip"
    if archive.exists():
        raise NotEmpty(f"{folder} holds notebooks. Name a new folder.")
    with tempfile.TemporaryDirectory() as scratch:
        released = Path(scratch)
        release(course, released)
        (wheel,) = released.glob("*.whl")
        shutil.make_archive(str(archive.with_suffix("")), "zip", released)
    for name, solution in solutions(course):
        packages = _packages_of(course, name)
        first = _fill_template("first_cell.txt", kit=kit, wheel=wheel.name, packages=packages)
        head = as_notebook(f"# %%\n{first}", "kit")
        book = as_notebook(solution.stub, name)
        attach_pictures(book, course.stub(name).parent)
        book.cells = [*head.cells, *book.cells]
        write_notebook(book, folder / f"{name}.ipynb")


def _packages_of(course: Course, unit: str) -> list[str]:
    """Return what pip is given for one unit.

    That is what its submissions may import, and what belongs to no unit, as plots do.
    """
    of_this_unit = load_unit(course, unit).packages
    of_units: set[str] = set()
    for name in course.units:
        other_unit = load_unit(course, name)
        of_units.update(other_unit.packages)
    installed = []
    for name, package in course.about.packages.items():
        if name in of_this_unit or name not in of_units:
            installed.append(package.install)
    return installed


def gradescope(
    course: Course,
    folder: Path,
    units: Sequence[str] = (),
    seeds: int = 0,
    say: Callable[[str], object] = lambda _: None,
) -> None:
    """Write what Gradescope's autograder holds.

    That is what students get, the solutions, and the two scripts that it runs.

    units: those that it grades, or all. seeds: how many secret seeds it carries the keys of; where
    there are none, each grading makes the parts of a key that it needs. say: called with a line for
    each key. Raises `NotEmpty`.
    """
    units = tuple(units) or course.units
    files = list(released_files(course))
    for unit in course.units:
        solution = course.solution(unit)
        files.append(solution.relative_to(course.folder))
    _copy(course, files, folder)
    wheel = pack_wheel(folder).name
    if seeds:
        fill_pool(course, units, folder / POOL, seeds, say)
        keys = POOL
        packages = _as_here(course, units)
    else:
        keys = ""
        packages = packages_to_install(course)
    for name in ("setup.sh", "run_autograder"):
        text = _fill_template(
            f"gradescope/{name}", wheel=wheel, packages=packages, units=units, keys=keys
        )
        (folder / name).write_text(text, encoding="utf-8")


def classroom50(course: Course, folder: Path, units: Sequence[str] = ()) -> None:
    """Write the bundle of an assignment for Classroom 50.

    That is what students get, the engine's wheel, and `autograder.py`. The bundle is
    public, and holds no solution. units: those that it checks, or all.

    Raises `NotEmpty`, `Stale`.
    """
    for name, solution in solutions(course):
        check_stub(course, name, solution)
    files = list(released_files(course))
    _copy(course, files, folder)
    wheel = pack_wheel(folder).name
    packages = [package.install for package in course.about.packages.values()]
    checked = tuple(units) or course.units
    text = _fill_template(
        "classroom50/autograder.py", wheel=wheel, packages=packages, units=checked
    )
    (folder / "autograder.py").write_text(text, encoding="utf-8")


def _as_here(course: Course, units: Sequence[str]) -> str:
    """Return what pip is given so that keys made here fit there.

    What experiments compute with is installed in the versions that there are here.
    """
    exact: dict[str, str] = {}
    for name in units:
        unit = load_unit(course, name)
        exact.update(versions(unit))
    exact.pop("python")
    installed = []
    for name, version in exact.items():
        public, _, _ = version.partition("+")  # without what is local to a machine
        installed.append(f"'{name}=={public}'")
    for name, package in course.about.packages.items():
        if name not in exact:
            installed.append(f"'{package.install}'")
    return " ".join(installed)


def leaks(folder: Path, found: Sequence[Solution]) -> list[str]:
    """Find where a released folder holds a line of a solution region, or a mistake's code.

    Returns lines `file: line`. What is packed, the engine's wheel and a kit, is read too.
    """
    secrets = _secret_lines(found)
    leaked = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        for member, content in _contents(path):
            text = content.decode("utf-8", errors="replace")
            where = f"{path.relative_to(folder)}{member}"
            for line in sorted(secrets):
                if line in text:
                    leaked.append(f"{where}: {line}")
    return leaked


def _secret_lines(found: Sequence[Solution]) -> set[str]:
    """Collect the secret lines of solutions, without those that some stub shows anyway."""
    stubs = [solution.stub for solution in found]
    shown = "\n".join(stubs)
    secrets = set()
    for solution in found:
        for line in solution.secret_lines:
            if line not in shown:
                secrets.add(line)
    return secrets


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield a file's bytes; of a zip file those of each member, with its name in brackets."""
    if path.suffix not in (".whl", ".zip"):
        yield "", path.read_bytes()
        return
    with zipfile.ZipFile(path) as packed:
        for name in packed.namelist():
            yield f"[{name}]", packed.read(name)
