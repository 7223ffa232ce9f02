"""What students, notebook services and Gradescope receive, packed in the form of each.

`given.py` chooses the files and verifies that they hold no answer.
"""

import ast
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.authoring.build import solutions
from autograder.authoring.given import NotEmpty, give
from autograder.authoring.wheel import pack_wheel
from autograder.course import LOOK_THERE_TOO, Course, MissingPackage, load_unit
from autograder.grading.pool import fill_pool
from autograder.grading.provenance import versions
from autograder.parsing import parse
from autograder.practice.folder import GIVEN, MADE
from autograder.source.addresses import with_link
from autograder.source.pictures import attach_pictures

POOL = "keys.sqlite"


def release(course: Course, folder: Path, github: bool = False, units: Sequence[str] = ()) -> None:
    """Write what students receive of some units, or of all, into a folder.

    That is the files of `given_files`, this engine as a wheel, a README, instructions that make
    coding assistants teach, and settings for VS Code. github: also a workflow that checks each
    push.
    Raises what `give` does.
    """
    give(course, folder, units)
    wheel = pack_wheel(folder).name
    packages = packages_to_install(course, units)
    templates = RELEASED | GITHUB if github else RELEASED
    for name, template in templates.items():
        text = _fill_template(template, title=course.title, wheel=wheel, packages=packages)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    readme = folder / "README.md"
    readme.write_text(_readme(course, wheel, units), encoding="utf-8", newline="\n")
    given = folder / GIVEN  # `update` compares a student's files with these
    given.mkdir()
    for stub in sorted((folder / "assignments").glob("*.py")):
        shutil.copyfile(stub, given / f"{stub.stem}.txt")
    made = datetime.now(UTC).isoformat(timespec="seconds")
    (given / MADE).write_text(f"{made}\n", encoding="utf-8", newline="\n")


# file of a release → its template
RELEASED = {
    "AGENTS.md": "agents.md",
    ".gitattributes": "gitattributes",
    ".vscode/settings.json": "vscode/settings.json",
    ".vscode/extensions.json": "vscode/extensions.json",
}
GITHUB = {".github/workflows/checks.yml": "checks.yml"}


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


def _readme(course: Course, wheel: str, units: Sequence[str]) -> str:
    first, *_ = tuple(units) or course.units
    pages = [name for name in course.about.student_docs if name.endswith(".md")]
    return _fill_template(
        "release.md",
        title=course.title,
        wheel=wheel,
        packages=packages_to_install(course, units),
        first=course.short(first),
        script=f"assignments/{first}.py",
        docs=pages,
    )


def packages_to_install(course: Course, units: Sequence[str] = ()) -> str:
    """Return pip's arguments for the packages of some units, or of all, each in double quotes.

    cmd.exe does not know single quotes; inside them, `>=2.4` would write a file called `=2.4`.
    """
    return _typed(_packages_of(course, units))


def _typed(words: Sequence[str]) -> str:
    """Return pip's arguments as they are typed: requirements in double quotes, options without."""
    return " ".join(word if word.startswith("--") else f'"{word}"' for word in words)


def notebooks(course: Course, folder: Path, kit: str, units: Sequence[str] = ()) -> None:
    """Write some units, or all, as notebooks, and everything else that they need as `kit.zip`.

    The first cell of each notebook fetches the kit.
    kit: where a notebook finds it: an address, or a path from the notebook.
    Raises `NotEmpty`; `ModuleNotFoundError` without jupytext.
    """
    from autograder.source.notebooks import as_notebook, write_notebook

    archive = folder / "kit.zip"
    names = units or course.units
    there = [path for path in (archive, *_notebooks_in(folder, names)) if path.exists()]
    if there:
        raise NotEmpty(f"{there[0]} exists, and may be edited. Name a new folder.")
    with tempfile.TemporaryDirectory() as scratch:
        released = Path(scratch)
        release(course, released, units=units)
        (wheel,) = released.glob("*.whl")
        shutil.make_archive(str(archive.with_suffix("")), "zip", released)
    for name, solution in solutions(course, units):
        packages = _packages_of(course, [name])
        first = _fill_template(
            "first_cell.txt", kit=kit, unit=name, wheel=wheel.name, packages=packages
        )
        head = as_notebook(f"# %%\n{first}", "kit")
        book = as_notebook(with_link(solution.stub, course.about.site, name), name)
        attach_pictures(book, course.stub(name).parent)
        book.cells = [*head.cells, *book.cells]
        write_notebook(book, *_notebooks_in(folder, [name]))


def _notebooks_in(folder: Path, units: Iterable[str]) -> list[Path]:
    return [folder / f"{name}.ipynb" for name in units]


def _packages_of_unit(course: Course, name: str) -> Collection[str]:
    """Return the packages of a unit, also if one of them is not installed here.

    Then they are read from the file of its checks. Raises `MissingPackage` if that is no list.
    """
    try:
        return load_unit(course, name).packages
    except MissingPackage:
        text = (course.checks / f"{name}.py").read_text(encoding="utf-8")
        for node in ast.walk(parse(text)):
            match node:
                case ast.Call(func=ast.Name(id="UnitSettings"), keywords=keywords):
                    for keyword in keywords:
                        if keyword.arg == "packages":
                            with suppress(ValueError, TypeError):  # it is computed
                                return [*map(str, ast.literal_eval(keyword.value))]
        raise


def _packages_of(course: Course, units: Sequence[str]) -> list[str]:
    """Return pip's arguments for some units, or for all.

    They cover what the units' submissions may import, and packages of no unit, such as for plots.
    """
    needed: set[str] = set()
    of_units: set[str] = set()
    for name in course.units:
        packages = _packages_of_unit(course, name)
        of_units.update(packages)
        if name in units:
            needed.update(packages)
    installed = []
    indexes = []
    for name, package in course.about.packages.items():
        if not units or name in needed or name not in of_units:
            installed.append(package.install)
            indexes.append(package.index)
    return [*installed, *_options(indexes)]


def _options(indexes: Sequence[str]) -> list[str]:
    """Return pip's options for the indexes of packages, each once, without empty ones."""
    named = dict.fromkeys(filter(None, indexes))
    return [f"{LOOK_THERE_TOO}={index}" for index in named]


def gradescope(
    course: Course,
    folder: Path,
    units: Sequence[str] = (),
    seeds: int = 0,
    say: Callable[[str], object] = lambda _: None,
) -> None:
    """Write the content of Gradescope's autograder.

    That is what students receive, the solutions, and the two scripts that it runs.
    units: those that it grades, or all. seeds: the number of secret seeds whose keys it carries;
    with 0, each grading makes the parts of a key that it needs. say: called with a line for each
    key. Raises what `give` does.
    """
    units = tuple(units) or course.units
    give(course, folder, units, with_solutions=True)
    wheel = pack_wheel(folder).name
    if seeds:
        fill_pool(course, units, folder / POOL, seeds, say)
        keys = POOL
        packages = _as_here(course, units)
    else:
        keys = ""
        packages = packages_to_install(course, units)
    for name in ("setup.sh", "run_autograder"):
        text = _fill_template(
            f"gradescope/{name}", wheel=wheel, packages=packages, units=units, keys=keys
        )
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def classroom50(course: Course, folder: Path, units: Sequence[str] = ()) -> None:
    """Write the bundle of an assignment for Classroom 50.

    That is what students receive, the engine's wheel, and `autograder.py`. The bundle is public,
    and holds no solution. units: those that it checks, or all.
    Raises what `give` does.
    """
    give(course, folder, units)
    wheel = pack_wheel(folder).name
    packages = _packages_of(course, units)
    checked = tuple(units) or course.units
    text = _fill_template(
        "classroom50/autograder.py", wheel=wheel, packages=packages, units=checked
    )
    (folder / "autograder.py").write_text(text, encoding="utf-8", newline="\n")


def _as_here(course: Course, units: Sequence[str]) -> str:
    """Return pip's arguments so that keys made here match there.

    Packages that experiments compute with get the versions installed here.
    """
    exact: dict[str, str] = {}
    for name in units:
        unit = load_unit(course, name)
        exact.update(versions(unit))
    exact.pop("python")
    installed = []
    for name, version in exact.items():
        public, _, _ = version.partition("+")  # without the local version label
        installed.append(f"{name}=={public}")
    indexes = []
    for name, package in course.about.packages.items():
        indexes.append(package.index)
        if name not in exact:
            installed.append(package.install)
    return _typed([*installed, *_options(indexes)])
