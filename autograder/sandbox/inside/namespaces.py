"""Restores names of packages and of Python that a check replaced: the next check finds them.

It helps a student who damages a package in one exercise with the exercises that follow. It is no
security layer: changes that a submission hides from it stay hidden, and affect only that
submission.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any

ALWAYS = ("builtins", "numpy", "numpy.random", "numpy.linalg")

# A check can replace Python's own functions, too, and the restoring code must not call such a one.
_vars, _len, _zip, _list = vars, len, zip, list
_isinstance, _type, _setattr, _delattr = isinstance, type, setattr, delattr


@dataclass(frozen=True)
class _Snapshot:
    """The names and values of a module or class."""

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
        """Restore replaced or deleted values. Remove names added to a class."""
        # for a class only: a module gains names when parts of it are imported
        if _isinstance(self.owner, _type):
            for name in _list(_vars(self.owner)):
                if name not in self.values:
                    _delattr(self.owner, name)
        now = _vars(self.owner)
        for name, before in self.values.items():
            if name not in now or now[name] is not before:
                _setattr(self.owner, name, before)


class Namespaces:
    """The present content of some modules and classes, by name, to be restored."""

    def __init__(self, names: Iterable[str]) -> None:
        """Record the present content.

        names: of modules and classes, as they are imported: `numpy.linalg`, `numpy.ndarray`.
        """
        self._snapshots = []
        for name in names:
            owner = resolve_name(name)
            values = dict(vars(owner))
            self._snapshots.append(_Snapshot(owner, values))

    def put_back(self) -> None:
        """Undo replacements of names, and remove names added to a class."""
        for snapshot in self._snapshots:
            if not snapshot.holds():
                snapshot.restore()
