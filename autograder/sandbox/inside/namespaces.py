"""Names of packages that one check may have put others in the place of, and that the next finds as
they were.

It helps whoever spoils a package for the exercises that follow. It is no wall: what a submission
hides from it stays hidden, and costs that submission.
"""

from collections.abc import Iterable
from operator import is_
from pkgutil import resolve_name
from typing import Any

NUMPY = ("numpy", "numpy.random", "numpy.linalg")


class Namespaces:
    """What some modules and classes hold now, by name, so that it can be put back."""

    def __init__(self, names: Iterable[str]) -> None:
        """names: of modules and classes, as they are imported: `numpy.linalg`, `numpy.ndarray`."""
        self._kept = [(owner, dict(vars(owner))) for owner in map(resolve_name, names)]

    def put_back(self) -> None:
        """Undo what was put in the place of a name, and take off what was added to a class."""
        for owner, kept in self._kept:
            now = vars(owner)
            if len(now) != len(kept) or not all(map(is_, now.values(), kept.values())):
                _put_back(owner, kept)


def _put_back(owner: Any, kept: dict[str, Any]) -> None:
    for name, value in list(vars(owner).items()):
        if name not in kept and isinstance(
            owner, type
        ):  # a module gains names by being imported from
            delattr(owner, name)
        elif name in kept and value is not kept[name]:
            setattr(owner, name, kept[name])
    for name in kept.keys() - vars(owner).keys():
        setattr(owner, name, kept[name])
