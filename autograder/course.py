"""Which units there are, and where the course is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.check import Check, Limits, import_checks


class UnknownUnit(Exception):
    """A unit that does not exist was asked for; the text names the nearest."""


@dataclass(frozen=True)
class Unit:
    """A unit's checks in order, and the sizes that its letters stand for."""

    name: str
    checks: tuple[Check, ...]
    sizes: Mapping[str, int]
    packages: tuple[str, ...]  # what a submission may import beyond the standard library
    limits: Limits = Limits()  # noqa: RUF009 (frozen)


def unit_names() -> list[str]:
    """The stems of all units, in order."""
    return sorted(path.stem for path in (root() / "checks").glob("unit*.py"))


def find_unit(name: str) -> str:
    """The unit that `name` is the whole or the beginning of (`unit4`). Raises `UnknownUnit`, naming the nearest."""
    from difflib import get_close_matches

    units = unit_names()
    found = [unit for unit in units if unit == name] or [unit for unit in units if name and unit.startswith(name)]
    if len(found) == 1:
        return found[0]
    stems = {unit.split("_")[0]: unit for unit in units} | {unit: unit for unit in units}
    near = get_close_matches(name, stems, 1, 0.4)
    hint = f"Did you mean `{stems[near[0]]}`?" if near else f"There is: {', '.join(units)}."
    raise UnknownUnit(f"There is no unit `{name}`. {hint}")


def load_unit(name: str) -> Unit:
    """The unit of that exact name: the `Check` objects of its module, in order."""
    module = import_checks(root() / "checks", name)
    checks = tuple(value for value in vars(module).values() if isinstance(value, Check))
    return Unit(name, checks, module.SIZES, tuple(module.PACKAGES), getattr(module, "LIMITS", Limits()))


def root() -> Path:
    """The course's folder: the one this kit lies in. Where a kit was installed without one, that of `workplace`.

    A folder that somebody grades from, a student's perhaps, must not bring solutions and data of its own.
    """
    own = Path(__file__).resolve().parent.parent
    return own if _is_course(own) else _around_here() or own


def workplace() -> Path:
    """The folder of the course that a student works in: the one around the current folder, else `root`."""
    return _around_here() or root()


def _around_here() -> Path | None:
    here = Path.cwd().resolve()
    return next((folder for folder in (here, *here.parents) if _is_course(folder)), None)


def _is_course(folder: Path) -> bool:
    return (folder / "datasets").is_dir() and any((folder / part).is_dir() for part in ("assignments", "solutions"))
