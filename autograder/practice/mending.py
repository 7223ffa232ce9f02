"""Which small change mends a student's file: searched for here, on the public seed.

It is the search of a grade, run in the student's own process when the verdicts are there. It tells
where first; what kind of slip it is comes as a hint.
"""

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from functools import partial

from autograder.check import Answer, Check
from autograder.course import Unit
from autograder.explaining import repairs
from autograder.explaining.repairs import Mended
from autograder.grading.key_file import load_key
from autograder.judging import Verdict
from autograder.practice.limits import last_resort, within_limits
from autograder.practice.practise import Practised
from autograder.sandbox.inside.runner import run_experiment
from autograder.sandbox.inside.submission import Submission

LEAST_PATIENCE = 5.0  # seconds of a check: of a change that nothing can stop, the last resort


class Here:
    """Runs scripts in this process, one after another. Nothing is confined, as in all practice."""

    def __init__(self, unit: Unit, source: bytes) -> None:
        self._unit = unit
        self._source = source

    def ask(
        self, check: Check, seed: int, *, source: bytes | None = None, most_bytes: int = 0
    ) -> Answer:
        """Answer a check by a script, within its time. source: another one, from now on."""
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
        with _silence(), last_resort(patient):
            return within_limits(check, self._unit.limits, run)


@contextmanager
def _silence() -> Iterator[None]:
    """Drop what changed code prints and warns of: it is nothing that the student wrote."""
    with (
        open(os.devnull, "w") as nowhere,
        redirect_stdout(nowhere),
        redirect_stderr(nowhere),
        warnings.catch_warnings(record=True),  # the file may say itself that none is ignored
    ):
        warnings.simplefilter("ignore")
        yield


def to_mend(unit: Unit, verdicts: Mapping[str, Verdict]) -> Check | None:
    """Return the check for which a small change is worth looking for; None where there is none."""
    return repairs.unexplained(_asked(unit, verdicts), verdicts, unit.checks)


def _asked(unit: Unit, verdicts: Mapping[str, Verdict]) -> list[Check]:
    return [check for check in unit.checks if check.name in verdicts]


def mended(unit: Unit, source: bytes, practised: Sequence[Practised]) -> Mended | None:
    """Look for a small change with which the first check passes whose numbers nothing explains.

    source: the file. practised: what its checks came to. It may take some seconds.
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
    """Add to a check's verdict where a small change lets it pass, as a grade does."""
    if found is None or found.check != verdict.name:
        return verdict
    return repairs.with_mending(verdict, replace(found.found, slips=()))
