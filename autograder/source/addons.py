"""What add-ons know about code: names that may be exchanged, functions that take an axis."""

from collections.abc import Sequence

from autograder.check import addon_in
from autograder.course import Unit, addons


def names_of_addons(unit: Unit) -> tuple[list[Sequence[str]], list[str]]:
    """Return the names that a course's add-ons exchange, and the functions that take an axis."""
    pairs: list[Sequence[str]] = []
    axis_functions: list[str] = []
    for module in addons(unit.course).values():
        addon = addon_in(module)
        pairs += addon.counterparts
        axis_functions += addon.axis_functions
    return pairs, axis_functions
