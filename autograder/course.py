"""A course is a folder: its file `course.toml`, the search for it, and its units.

The engine never guesses a course. It is named (`--course`, or `$AUTOGRADER_COURSE`), or it is the
folder around the current one that contains a `course.toml`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from traceback import extract_tb
from typing import Annotated

import msgspec

from autograder.check import Check, Experiments, Limits, load_experiments
from autograder.errors import BadSource, SourceFault, UserError
from autograder.schema import read_toml

FILE = "course.toml"
VARIABLE = "AUTOGRADER_COURSE"
FORMAT = 1
SIMILAR = 0.4  # of 1, by difflib: names nearer than this may be intended

Seed = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


class NoCourse(UserError):
    """No course was found, or the named folder is no course.

    The text says where the search looked.
    """


class UnknownUnit(UserError):
    """An unknown unit or check was requested; the text names the nearest one."""


LOOK_THERE_TOO = "--extra-index-url"  # pip's option


class MissingPackage(UserError):
    """A unit needs a package that is not installed; the text says how to install it."""


class Package(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A package that the course's scripts or checks import.

    install: pip's argument.
    index: the address of a further package index, with a smaller build.
    why: its purpose, in a few words.
    module: the name to import, if that is not the package's.
    addon: a module that makes experiments with this package repeatable: see
    `autograder.check.Addon`.
    """

    install: str
    why: str = ""
    module: str = ""
    addon: str = ""
    index: str = ""

    @property
    def command(self) -> str:
        """Return the command that installs it, for any shell: cmd knows no single quotes."""
        command = f'pip install "{self.install}"'
        return f"{command} {LOOK_THERE_TOO}={self.index}" if self.index else command


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words of the course's subject.

    loss: the unit of a held-out loss.
    training_hint: the hint for a check that trains.
    """

    loss: str = ""
    training_hint: str = (
        "It runs what you wrote above, on real data. How do the parts work together?"
    )


class CourseFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `course.toml`.

    corpora: role → names of datasets; the first that is available is taken.
    student_docs: files below the course's folder for students.
    site: the web address of the pages of `autograder site`; "" if there is none.
    """

    format: int
    title: str
    units: Annotated[list[str], msgspec.Meta(min_length=1)]
    public_seed: Seed
    corpora: dict[str, Annotated[list[str], msgspec.Meta(min_length=1)]] = {}
    packages: dict[str, Package] = {}
    words: Words = Words()
    student_docs: list[str] = []
    site: Annotated[str, msgspec.Meta(pattern="^(https?://.+)?$")] = ""


@dataclass(frozen=True, eq=False)
class Course:
    """A course's folder and its file's content. There is one object per folder in a process."""

    folder: Path
    about: CourseFile

    @property
    def title(self) -> str:
        """Return the course's title."""
        return self.about.title

    @property
    def units(self) -> tuple[str, ...]:
        """Return the names of its units, in order."""
        return tuple(self.about.units)

    @property
    def public_seed(self) -> int:
        """Return the seed of the public keys."""
        return self.about.public_seed

    @property
    def checks(self) -> Path:
        """Return the folder of experiments."""
        return self.folder / "checks"

    @property
    def assignments(self) -> Path:
        """Return the folder that students work in."""
        return self.folder / "assignments"

    def solution(self, unit: str) -> Path:
        """Return the path of a unit's solution, which students do not have."""
        solutions = self.folder / "solutions"
        return solutions / f"{unit}.py"

    def solution_there(self, unit: str) -> Path:
        """Return the path of a unit's solution.

        Raises `NoCourse` if there is none, as in a student's copy.
        """
        path = self.solution(unit)
        if not path.is_file():
            words = "this needs the solutions, which this copy of the course does not have"
            raise NoCourse(f"There is no {path}: {words}.")
        return path

    def stub(self, unit: str) -> Path:
        """Return the path of the students' script."""
        return self.assignments / f"{unit}.py"

    def key(self, unit: str) -> Path:
        """Return the path of the arrays of the public seed."""
        keys = self.assignments / "keys"
        return keys / f"{unit}.safetensors"

    def short(self, unit: str) -> str:
        """Return the shortest unambiguous name of a unit.

        It ends before an underscore, if no other unit begins so.
        """
        if unit not in self.units:
            return unit
        parts = unit.split("_")
        for length in range(1, len(parts)):
            name = "_".join(parts[:length])
            begin_so = [other for other in self.units if other.startswith(name)]
            if begin_so == [unit]:
                return name
        return unit


@dataclass(frozen=True)
class Unit:
    """A unit of a course, with its experiments."""

    course: Course
    name: str
    experiments: Experiments

    @property
    def checks(self) -> tuple[Check, ...]:
        """Return its checks, in order."""
        return self.experiments.checks

    def check_called(self, name: str) -> Check:
        """Return the check of this name. Raises `UnknownUnit`, which names the nearest."""
        checks = {check.name: check for check in self.checks}
        if name in checks:
            return checks[name]
        near = get_close_matches(name, checks, n=1)
        hint = f"Did you mean `{near[0]}`?" if near else f"Known checks: {', '.join(checks)}."
        raise UnknownUnit(f"There is no check `{name}` in {self.name}. {hint}")

    @property
    def sizes(self) -> dict[str, int]:
        """Letter → its size in shapes."""
        return dict(self.experiments.settings.sizes)

    @property
    def packages(self) -> tuple[str, ...]:
        """Return what a submission may import beyond the standard library."""
        return self.experiments.settings.packages

    @property
    def limits(self) -> Limits:
        """Return what one submission may use."""
        return self.experiments.settings.limits

    def loss_unit(self, check: Check) -> str:
        """Return the unit of a check's loss, in the course's words.

        Return "" if it trains on data of its own.
        """
        if check.data:
            return ""
        return self.course.about.words.loss


def find_course(named: Path | None = None, start: Path | None = None) -> Course:
    """Find the course: `named`, else the one of `$AUTOGRADER_COURSE`, else the one around `start`.

    start: a folder; the current one if it is not given.
    Raises `NoCourse`, `BadFile`.
    """
    if named is not None:
        return read_course(named)
    in_environment = os.environ.get(VARIABLE)
    if in_environment:
        return read_course(Path(in_environment))
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return read_course(folder)
    raise NoCourse(
        f"There is no {FILE} in {start} or above it. Run the command inside a course's folder, "
        f"or name one: --course FOLDER, or the variable {VARIABLE}."
    )


def read_course(folder: Path) -> Course:
    """Read the course in `folder`. Raises `NoCourse`, `BadFile`."""
    path = folder / FILE
    if not path.is_file():
        raise NoCourse(f"{folder} is no course: it holds no {FILE}.")
    changed = path.stat().st_mtime_ns
    return _read(folder.resolve(), changed)


@cache
def _read(folder: Path, _changed: int) -> Course:
    """Read a course, again if its file has changed.

    _changed: the time of the change, in nanoseconds.
    """
    path = folder / FILE
    about = read_toml(path, CourseFile)
    if about.format != FORMAT:
        raise NoCourse(
            f"{path}: format = {about.format}, and this version reads format {FORMAT}. "
            "Install the version of the autograder that the course was written for."
        )
    twice = set()
    for name in about.units:
        if about.units.count(name) > 1:
            twice.add(name)
    if twice:
        names = ", ".join(sorted(twice))
        raise NoCourse(f"{path}: `units` names {names} more than once.")
    for name in about.units:
        if not name.isidentifier():
            raise NoCourse(
                f"{path}: a unit cannot be called `{name}`. Use letters, numerals and "
                "underscores, and no numeral at its beginning: it is the name of a Python file."
            )
    return Course(folder, about)


def find_unit(course: Course, name: str) -> str:
    """Find the unit called `name`, or the only one that begins so. Raises `UnknownUnit`."""
    if name in course.units:
        return name
    lower = name.lower()  # Windows and macOS ignore the case of a file name
    begin_so = [unit for unit in course.units if name and unit.lower().startswith(lower)]
    if len(begin_so) == 1:
        return begin_so[0]
    nearest = _nearest_unit(course, name)
    if nearest:
        hint = f"Did you mean `{nearest}`?"
    else:
        known = ", ".join(course.units)
        hint = f"Known units: {known}."
    raise UnknownUnit(f"There is no unit `{name}`. {hint}")


def _nearest_unit(course: Course, name: str) -> str | None:
    """Return the unit whose name, long or short, is nearest to a name. None if none is near."""
    units = {}
    for unit in course.units:
        short_name = course.short(unit)
        units[short_name] = unit
    for unit in course.units:
        units[unit] = unit
    near = get_close_matches(name, units, n=1, cutoff=SIMILAR)
    if not near:
        return None
    (nearest,) = near
    return units[nearest]


def load_unit(course: Course, name: str) -> Unit:
    """Load the unit of that exact name. Raises `UnknownUnit`, `MissingPackage`, `BadSource`."""
    file = course.checks / f"{name}.py"
    if not file.is_file():
        raise UnknownUnit(f"{name} has no file of checks: {file} is missing.")
    add_ons = addons(course)
    with telling_of_missing_packages(course, name), telling_of_errors(course.checks):
        experiments = load_experiments(course.checks, name, add_ons)
    return Unit(course, name, experiments)


@contextmanager
def telling_of_errors(folder: Path) -> Iterator[None]:
    """Load code of a course's author.

    Raises `BadSource` with the author's line if that raises an error. A failing import is shown
    with its traceback, because the missing module may be anywhere.
    """
    try:
        yield
    except (UserError, ImportError):
        raise
    except SyntaxError as error:
        file = Path(error.filename or "")
        if not file.is_relative_to(folder):
            raise
        slip = SourceFault(error.lineno or 0, f"Python cannot read it: {error.msg}.")
        raise BadSource({str(file): [slip]}) from error
    except Exception as error:
        for frame in reversed(extract_tb(error.__traceback__)):
            if Path(frame.filename).is_relative_to(folder):
                slip = SourceFault(frame.lineno or 0, f"{type(error).__name__}: {error}")
                raise BadSource({frame.filename: [slip]}) from error
        raise


@contextmanager
def telling_of_missing_packages(course: Course, who: str) -> Iterator[None]:
    """Run code of a course's author.

    who: what needs the packages.
    Raises `MissingPackage` if one of the course's packages cannot be imported. Any other failing
    import is the author's mistake, and is shown with its traceback.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        for needing, module in addons(course).items():
            if error.name and f"{module}.".startswith(f"{error.name}."):
                raise MissingPackage(
                    f"{course.folder / FILE}: the add-on of {needing} cannot be imported: there is "
                    f"no module {error.name}. Correct its name, or install its package."
                ) from None
        for name, package in course.about.packages.items():
            if error.name == (package.module or name):
                raise MissingPackage(
                    f"{who} needs {name}, which is not installed. Install it: {package.command}"
                ) from None
        raise


def addons(course: Course) -> dict[str, str]:
    """Return the add-on that experiments need by package, for packages that have one."""
    addons = {}
    for name, package in course.about.packages.items():
        if package.addon:
            addons[name] = package.addon
    return addons
