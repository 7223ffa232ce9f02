"""What add-ons know of code: names that may be exchanged, functions that take an axis."""

from collections.abc import Sequence
from importlib import import_module

from autograder.course import Unit, addons


def names_of_addons(unit: Unit) -> tuple[list[Sequence[str]], list[str]]:
    """Return the names that a course's add-ons exchange, and the functions that take an axis."""
    pairs: list[Sequence[str]] = []
    axis_functions: list[str] = []
    for package in addons(unit.course).values():
        addon = import_module(package)
        pairs += getattr(addon, "MUTANT_NAMES", ())
        axis_functions += getattr(addon, "AXIS_FUNCTIONS", ())
    return pairs, axis_functions
