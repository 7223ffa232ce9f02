"""Finds the source of random numbers: a check, or the solution that it runs.

An experiment runs twice on one seed. In the second run each function of the solution returns its
values of the first run, so any difference comes from the check.
"""

import copy
import pickle
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from autograder.check import Check
from autograder.course import Unit
from autograder.grading.keys import solution_of
from autograder.sandbox.inside.submission import Submission


class _NotRepeatable(Exception):
    """A run cannot be repeated: a function changes its arguments, or another function is called."""


@dataclass
class _RecordedCalls:
    """The calls of one run, in order.

    given: the arguments of the functions, as bytes. results: their return values.
    """

    given: list[bytes] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)


class _Recorded:
    """Stands for a submission in an experiment: records calls, or replays those of a first run.

    first: the calls of that run; None in the first run itself.
    """

    def __init__(self, submission: Any, first: _RecordedCalls) -> None:
        self._submission = submission
        self._first = first
        self.calls = _RecordedCalls()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._submission, name)
        if not isinstance(found, FunctionType):
            raise _NotRepeatable
        return self._recorded(name, found)

    def _recorded(self, name: str, function: FunctionType) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            given = pickle.dumps((name, arguments, options))
            number = len(self.calls.given)
            self.calls.given.append(given)
            if number < len(self._first.results):
                return copy.deepcopy(self._first.results[number])
            result = function(*arguments, **options)
            if pickle.dumps((name, arguments, options)) != given:
                raise _NotRepeatable
            self.calls.results.append(copy.deepcopy(result))
            return result

        return call


def draws_of_its_own(unit: Unit, check: Check) -> bool:
    """Return whether a check draws numbers that its seed does not fix. False if that is unclear."""
    with suppress(Exception):
        first = _run(unit, check, _RecordedCalls())
        second = _run(unit, check, first[1])
        return first[0] != second[0] or first[1].given != second[1].given
    return False


def _run(unit: Unit, check: Check, first: _RecordedCalls) -> tuple[bytes, _RecordedCalls]:
    """Run a check on the public seed. Returns its answer as bytes, and the calls that it made."""
    solution = Submission(solution_of(unit).plain().encode(), "solution.py")
    recorded = _Recorded(solution, first)
    seed = unit.course.public_seed
    unit.experiments.reset(seed)
    answer = pickle.dumps(check.experiment(recorded, seed))
    return answer, recorded.calls
