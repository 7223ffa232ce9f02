"""Finds arguments that never vary: a function with a constant in their place passes.

The author's own solution runs here on a few seeds, and the arguments of its functions are recorded.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import wraps
from types import FunctionType
from typing import Any

import numpy as np

from autograder.course import Unit
from autograder.grading.keys import checks_to_run, solution_of
from autograder.sandbox.inside.submission import Submission

FEWEST_CALLS = 2  # number of calls of a function after which an argument should have varied
SCALARS = (bool, int, float, str)


@dataclass
class _Calls:
    """The calls of a function so far.

    values: parameter → the numbers and texts that were passed. varied: the parameters that got an
    array, or that some calls left out.
    """

    count: int = 0
    values: dict[str, list[Any]] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)

    def note(self, arguments: dict[str, Any]) -> None:
        """Record one call, by parameter."""
        self.count += 1
        for parameter, value in arguments.items():
            value = value.item() if isinstance(value, np.generic) else value
            if isinstance(value, SCALARS):
                self.values.setdefault(parameter, []).append(value)
            else:
                self.others.add(parameter)

    def constants(self) -> Iterator[tuple[str, Any]]:
        """Yield the parameters that had a single value in all calls, with it."""
        if self.count < FEWEST_CALLS:
            return
        for parameter, values in self.values.items():
            if parameter in self.others or len(values) < self.count:
                continue
            if all(value == values[0] for value in values):
                yield parameter, values[0]


class _Listening:
    """Stands for a submission in an experiment, and records the calls of its functions."""

    def __init__(self, submission: Any, calls: dict[str, _Calls]) -> None:
        self._submission = submission
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._submission, name)
        if isinstance(found, FunctionType):
            return _heard(found, self._calls.setdefault(name, _Calls()))
        return found


def _heard(function: FunctionType, calls: _Calls) -> Callable[..., Any]:
    signature = inspect.signature(function)

    @wraps(function)
    def heard(*arguments: Any, **options: Any) -> Any:
        result = function(*arguments, **options)
        bound = signature.bind(*arguments, **options)
        calls.note(dict(bound.arguments))
        return result

    return heard


def arguments_that_never_vary(unit: Unit, seeds: Sequence[int]) -> list[str]:
    """Report the arguments that have one value in all calls of all exact checks, on all seeds."""
    submission = Submission(solution_of(unit).plain().encode(), "solution.py")
    calls: dict[str, _Calls] = {}
    listening = _Listening(submission, calls)
    for seed in seeds:
        for check in checks_to_run(unit, data=()):
            unit.experiments.reset(seed)
            try:
                check.experiment(listening, seed)
            except Exception:  # for example if the experiment uses more than a function
                continue
    told = []
    for function, noted in calls.items():
        for parameter, value in noted.constants():
            told.append(
                f"`{function}`: `{parameter}` is {value!r} in each call of the exact checks, so a "
                "function that ignores it passes them. Call it with another value, too."
            )
    return told
