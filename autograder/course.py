"""A course is a folder: what its file `course.toml` says, where it is, and which units it has.

The engine never guesses a course. It is named (`--course`, or `$AUTOGRADER_COURSE`), or it is the
folder around the current one that holds a `course.toml`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec

from autograder.check import Check, Experiments, Limits, load_experiments
from autograder.errors import UserError
from autograder.schema import read_toml

FILE = "course.toml"
VARIABLE = "AUTOGRADER_COURSE"
FORMAT = 1

Seed = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


class NoCourse(UserError):
    """No course was found, or the one that was named is none; the text says where it was looked
    for.
    """


class UnknownUnit(UserError):
    """A unit or check that does not exist was asked for; the text names the nearest."""


class MissingPackage(UserError):
    """A unit needs a package that is not installed; the text says how to install it."""


class Package(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A package that the course's scripts or checks import.

    `install` is what pip is given, `why` says in a few words what it is for, `module` what is
    imported, where that is not the package's name. `addon` is a module that makes experiments with
    this package repeatable: see `autograder.check.Addon`.
    """

    install: str
    why: str = ""
    module: str = ""
    addon: str = ""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words that speak of the course's subject: the unit of a held-out loss, and the hint for a
    check that trains.
    """

    loss: str = ""
    training_hint: str = (
        "It runs what you wrote above, on real data. How do the parts work together?"
    )


class CourseFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in `course.toml`.

    `corpora` maps a role to names of datasets: the first that can be had is taken. `student_docs`
    are files below the course's folder that students get.
    """

    format: int
    title: str
    units: Annotated[list[str], msgspec.Meta(min_length=1)]
    public_seed: Seed
    corpora: dict[str, Annotated[list[str], msgspec.Meta(min_length=1)]] = {}
    packages: dict[str, Package] = {}
    words: Words = Words()
    student_docs: list[str] = []


@dataclass(frozen=True, eq=False)
class Course:
    """A course's folder and what its file says. There is one object per folder in a process."""

    folder: Path
    about: CourseFile

    @property
    def title(self) -> str:
        """What the course is called."""
        return self.about.title

    @property
    def units(self) -> tuple[str, ...]:
        """The names of its units, in order."""
        return tuple(self.about.units)

    @property
    def public_seed(self) -> int:
        """The seed of the keys that students get."""
        return self.about.public_seed

    @property
    def checks(self) -> Path:
        """The folder of experiments."""
        return self.folder / "checks"

    @property
    def assignments(self) -> Path:
        """The folder that students work in."""
        return self.folder / "assignments"

    def solution(self, unit: str) -> Path:
        """The path of a unit's solution, which students do not have."""
        return self.folder / "solutions" / f"{unit}.py"

    def solution_there(self, unit: str) -> Path:
        """The path of a unit's solution. Raises `NoCourse` where there is none, as in a student's
        copy.
        """
        path = self.solution(unit)
        if not path.is_file():
            words = "this needs the solutions, which this copy of the course does not have"
            raise NoCourse(f"There is no {path}: {words}.")
        return path

    def stub(self, unit: str) -> Path:
        """The path of the script that students get."""
        return self.assignments / f"{unit}.py"

    def key(self, unit: str) -> Path:
        """The path of the arrays of the public seed."""
        return self.assignments / "keys" / f"{unit}.safetensors"

    def short(self, unit: str) -> str:
        """The shortest name of a unit that can be typed: up to an underscore, if no other begins
        so.
        """
        if unit not in self.units:
            return unit
        parts = unit.split("_")
        for length in range(1, len(parts)):
            name = "_".join(parts[:length])
            if [other for other in self.units if other.startswith(name)] == [unit]:
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
        """Its checks, in order."""
        return self.experiments.checks

    @property
    def sizes(self) -> dict[str, int]:
        """Letter → the size that it stands for in shapes."""
        return dict(self.experiments.settings.sizes)

    @property
    def packages(self) -> tuple[str, ...]:
        """What a submission may import beyond the standard library."""
        return self.experiments.settings.packages

    @property
    def limits(self) -> Limits:
        """What one submission may use."""
        return self.experiments.settings.limits

    def loss_unit(self, check: Check) -> str:
        """What the loss of a check is counted in, in the course's words, where it trains on one of
        its corpora.
        """
        return "" if check.data else self.course.about.words.loss


def find_course(named: Path | None = None, start: Path | None = None) -> Course:
    """Find the course: `named`, else the one of `$AUTOGRADER_COURSE`, else the one around `start`.

    `start` is the current folder where it is not given. Raises `NoCourse`, `BadFile`.
    """
    if named is not None:
        return read_course(named)
    if variable := os.environ.get(VARIABLE):
        return read_course(Path(variable))
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
    return _read(folder.resolve(), path.stat().st_mtime_ns)


@cache
def _read(folder: Path, _changed: int) -> Course:
    about = read_toml(folder / FILE, CourseFile)
    if about.format != FORMAT:
        raise NoCourse(
            f"{folder / FILE}: format = {about.format}, and this version reads format {FORMAT}. "
            "Install the version of the autograder that the course was written for."
        )
    if twice := {name for name in about.units if about.units.count(name) > 1}:
        raise NoCourse(f"{folder / FILE}: `units` names {', '.join(sorted(twice))} more than once.")
    for name in about.units:
        if not name.isidentifier():
            raise NoCourse(
                f"{folder / FILE}: a unit cannot be called `{name}`. Use letters, numerals and "
                "underscores: it is the name of a Python file."
            )
    return Course(folder, about)


def find_unit(course: Course, name: str) -> str:
    """Find the unit that `name` is, or that alone begins with it. Raises `UnknownUnit`."""
    if name in course.units:
        return name
    found = [unit for unit in course.units if name and unit.startswith(name)]
    if len(found) == 1:
        return found[0]
    names = {course.short(unit): unit for unit in course.units} | {u: u for u in course.units}
    near = get_close_matches(name, names, 1, 0.4)
    hint = (
        f"Did you mean `{names[near[0]]}`?" if near else f"Known units: {', '.join(course.units)}."
    )
    raise UnknownUnit(f"There is no unit `{name}`. {hint}")


def load_unit(course: Course, name: str) -> Unit:
    """Load the unit of that exact name. Raises `UnknownUnit`, `MissingPackage`."""
    if not (course.checks / f"{name}.py").is_file():
        raise UnknownUnit(
            f"{name} has no file of checks: {course.checks / f'{name}.py'} is missing."
        )
    with telling_of_missing_packages(course, name):
        return Unit(course, name, load_experiments(course.checks, name, addons(course)))


@contextmanager
def telling_of_missing_packages(course: Course, who: str) -> Iterator[None]:
    """Run what a course's author wrote. Raises `MissingPackage` where one of the course's packages
    cannot be imported.

    Any other import that fails is the author's mistake, and is shown with its traceback.

    who: what needs the packages.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        for needing, module in addons(course).items():
            if error.name and f"{module}.".startswith(f"{error.name}."):
                raise MissingPackage(
                    f"{course.folder / FILE}: the add-on of {needing} cannot be imported: there is "
                    f"no module {error.name}. Correct its name, or install what brings it."
                ) from None
        for name, package in course.about.packages.items():
            if error.name == (package.module or name):
                install = f"pip install '{package.install}'"
                raise MissingPackage(
                    f"{who} needs {name}, which is not installed. Install it: {install}"
                ) from None
        raise


def addons(course: Course) -> dict[str, str]:
    """Package → the add-on that its experiments need, of those packages that have one."""
    return {name: package.addon for name, package in course.about.packages.items() if package.addon}
