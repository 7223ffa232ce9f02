"""Finds modules in a worker: what may not be read there is not installed there.

Packages import others where these are installed, and do without them where they are not. Only
`ModuleNotFoundError` says so; a file that may not be opened ends the import instead.
"""

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


class ReadableFinder(PathFinder):
    """Python's own finder of files, without those that may not be read."""

    @classmethod
    def find_spec(
        cls,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Find a module's file; None where there is none, or it may not be read."""
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or not spec.has_location or spec.origin is None:
            return spec
        try:
            os.close(os.open(spec.origin, os.O_RDONLY))
        except PermissionError:
            return None
        return spec


def install() -> None:
    """Look for modules so from now on."""
    sys.meta_path[:] = [
        ReadableFinder if finder is PathFinder else finder for finder in sys.meta_path
    ]
