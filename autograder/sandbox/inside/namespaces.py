"""Puts names of packages and of Python back that a check replaced: the next finds them as before.

It helps a student who spoils a package for the exercises that follow. It is no wall: what a
submission hides from it stays hidden, and costs that submission.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any

ALWAYS = ("builtins", "numpy", "numpy.random", "numpy.linalg")

# A check can replace Python's own functions, too, and what puts them back must not call such a one.
_vars, _len, _zip, _list = vars, len, zip, list
_isinstance, _type, _setattr, _delattr = isinstance, type, setattr, delattr


@dataclass(frozen=True)
class _Snapshot:
    """What a module or class held by name."""

    owner: Any
    values: dict[str, Any]

    def holds(self) -> bool:
        """Return whether the owner still holds the same values under the same names."""
        now = _vars(self.owner)
        if _len(now) != _len(self.values):
            return False
        for value, before in _zip(now.values(), self.values.values(), strict=True):
            if value is not before:
                return False
        return True

    def restore(self) -> None:
        """Put values back that were replaced or deleted. Take off what was added to a class."""
        # of a class only: a module gains names by being imported from
        if _isinstance(self.owner, _type):
            for name in _list(_vars(self.owner)):
                if name not in self.values:
                    _delattr(self.owner, name)
        now = _vars(self.owner)
        for name, before in self.values.items():
            if name not in now or now[name] is not before:
                _setattr(self.owner, name, before)


class Namespaces:
    """What some modules and classes hold now, by name, so that it can be put back."""

    def __init__(self, names: Iterable[str]) -> None:
        """names: of modules and classes, as they are imported: `numpy.linalg`, `numpy.ndarray`."""
        self._snapshots = []
        for name in names:
            owner = resolve_name(name)
            values = dict(vars(owner))
            self._snapshots.append(_Snapshot(owner, values))

    def put_back(self) -> None:
        """Undo what was put in the place of a name, and take off what was added to a class."""
        for snapshot in self._snapshots:
            if not snapshot.holds():
                snapshot.restore()
