"""Which small change repairs a student's file: searched here, on the public seed.

It is the search of a grade, run in the student's own process after the verdicts. It reports the
line first; the kind of error is a hint.
"""

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from functools import partial

from autograder.check import Answer, Check, Failure
from autograder.course import Unit
from autograder.explaining import repairs
from autograder.explaining.repairs import Mended
from autograder.grading.key_file import load_key
from autograder.judging import Verdict
from autograder.practice.limits import last_resort, memory_limit, within_limits
from autograder.practice.practise import Practised
from autograder.sandbox.inside.runner import run_experiment
from autograder.sandbox.inside.submission import Submission

LEAST_PATIENCE = 5.0  # seconds for a check: the last resort against a change that nothing can stop


class Here:
    """Runs scripts in this process, one after another. Nothing is confined, as in all practice."""

    def __init__(self, unit: Unit, source: bytes) -> None:
        self._unit = unit
        self._source = source

    def ask(
        self, check: Check, seed: int, *, source: bytes | None = None, most_bytes: int = 0
    ) -> Answer:
        """Answer a check by a script, within its time. source: another script from now on."""
        if source is not None:
            self._source = source
        experiments = self._unit.experiments
        run = partial(
            run_experiment,
            check,
            Submission(self._source, ""),
            seed,
            experiments.reset,
            only_once=True,
        )
        patient = replace(check, seconds=max(check.seconds, LEAST_PATIENCE))
        limits = self._unit.limits
        try:
            with _silence(), last_resort(patient), memory_limit(limits):
                return within_limits(check, limits, run)
        except MemoryError:  # while the answer holds the memory, nobody can note the exception
            return Answer(failure=Failure.KILLED)


@contextmanager
def _silence() -> Iterator[None]:
    """Discard output and warnings of changed code, which the student did not write."""
    with (
        open(os.devnull, "w") as nowhere,
        redirect_stdout(nowhere),
        redirect_stderr(nowhere),
        warnings.catch_warnings(record=True),  # the file itself may disable ignoring
    ):
        warnings.simplefilter("ignore")
        yield


def to_mend(unit: Unit, verdicts: Mapping[str, Verdict]) -> Check | None:
    """Return the check for which a small change should be searched; None if there is none."""
    return repairs.unexplained(_asked(unit, verdicts), verdicts, unit.checks)


def _asked(unit: Unit, verdicts: Mapping[str, Verdict]) -> list[Check]:
    return [check for check in unit.checks if check.name in verdicts]


def mended(unit: Unit, source: bytes, practised: Sequence[Practised]) -> Mended | None:
    """Search for a small change that makes the first unexplained check pass.

    source: the file. practised: the results of its checks. It may take some seconds.
    """
    verdicts = {one.verdict.name: one.verdict for one in practised}
    file = repairs.GradedFile(
        unit=unit,
        open=partial(_here, unit),
        source=source,
        seed=unit.course.public_seed,
        answers={one.verdict.name: one.answer for one in practised},
        key=load_key(unit.course.key(unit.name)),
    )
    return repairs.mended(file, _asked(unit, verdicts), verdicts)


@contextmanager
def _here(unit: Unit, source: bytes) -> Iterator[Here]:
    yield Here(unit, source)


def with_place(verdict: Verdict, found: Mended | None) -> Verdict:
    """Add to a check's verdict the place of a small change that makes it pass, as a grade does."""
    if found is None or found.check != verdict.name:
        return verdict
    return repairs.with_mending(verdict, replace(found.found, slips=()))
