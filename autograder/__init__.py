"""Courses that grade themselves.

The names that a script of a course uses. Each is imported when it is first used, so that
`autograder --help` answers at once.
"""

from importlib import import_module
from typing import Any

from autograder.version import __version__ as __version__

__all__ = ["corpus", "dataset", "example", "unit"]

_HOME = {
    "corpus": "autograder.practice.notebook",
    "dataset": "autograder.practice.notebook",
    "example": "autograder.practice.notebook",
    "unit": "autograder.practice.notebook",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'autograder' has no attribute {name!r}")
