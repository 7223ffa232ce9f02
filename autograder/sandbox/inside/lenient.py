"""Lets an experiment continue after a function of a submission raises an exception.

The exception becomes a value, `Unanswered`, that propagates through computations: what depends on
it cannot be named, and all else is named as usual. An experiment ends only when it looks into such
a value.
"""

from collections.abc import Callable
from typing import Any

from autograder.check import Unanswered


class Lenient:
    """A submission whose functions return `Unanswered` instead of raising an exception."""

    def __init__(self, implementation: Any) -> None:
        self._implementation = implementation
        self._answered = False

    def __getattr__(self, name: str) -> Any:
        try:
            value = getattr(self._implementation, name)
        except Exception as error:
            return Unanswered(error)
        return self._lenient(name, value) if callable(value) else value

    def _lenient(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            for value in (*arguments, *options.values()):
                if isinstance(value, Unanswered):
                    return value
            try:
                result = function(*arguments, **options)
            except Exception as error:
                return Unanswered(error)
            self._answered = True
            return result

        call.__name__ = name
        call.__wrapped__ = function  # type: ignore[attr-defined]
        return call


def has_answered(lenient: Lenient) -> bool:
    """Return whether a function has returned.

    It is no method, because a student's function may have the same name.
    """
    return lenient._answered
