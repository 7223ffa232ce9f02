"""Finds modules in a worker: a file that it may not read counts as not installed.

Packages import others if these are installed, and do without them if they are not. Only
`ModuleNotFoundError` says so; a file that may not be opened would end the import instead.
"""

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


class ReadableFinder(PathFinder):
    """Python's own finder of files, without unreadable ones."""

    @classmethod
    def find_spec(
        cls,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Find a module's file; None if there is none, or it may not be read."""
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or not spec.has_location or spec.origin is None:
            return spec
        try:
            os.close(os.open(spec.origin, os.O_RDONLY))
        except PermissionError:
            return None
        return spec


def install() -> None:
    """Install the finder."""
    sys.meta_path[:] = [
        ReadableFinder if finder is PathFinder else finder for finder in sys.meta_path
    ]
