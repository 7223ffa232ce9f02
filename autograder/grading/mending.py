"""Which small change repairs a submission: searched in a grade, in the sandbox, points first."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from autograder.check import Answer, Check
from autograder.explaining.repairs import GradedFile, mended, with_mending
from autograder.finding import Mending
from autograder.grading.keys import plain_solution
from autograder.judging import Key, Verdict
from autograder.sandbox.client import Server
from autograder.sandbox.worker import Worker, printable

NAME = "submission.py"  # the name of the changed file


def graded_file(
    server: Server, source: bytes, seed: int, answers: Mapping[str, Answer], key: Key
) -> GradedFile:
    """Return a graded submission, with a runner of its changes.

    source: the file. answers: its own, by check. key: the basis of comparison.
    """
    return GradedFile(
        unit=server.unit,
        open=partial(_worker, server),
        source=source,
        seed=seed,
        answers=answers,
        key=key,
        right=plain_solution(server.unit),
    )


def _worker(server: Server, source: bytes) -> Worker:
    return server.worker(source, NAME)


def with_repair(
    file: GradedFile, verdicts: Mapping[str, Verdict], checks: Sequence[Check]
) -> dict[str, Verdict]:
    """Add to the first unexplained wrong answer the small change that repairs it, if there is one.

    checks: the requested ones. Whatever happens here, the points stay.
    """
    told = dict(verdicts)
    # if the server has ended, the next submission will notice; and a submission may send anything
    with suppress(Exception):
        found = mended(file, checks, verdicts)
        if found:
            shown = _printable(found.found)
            told[found.check] = with_mending(verdicts[found.check], shown)
    return told


def _printable(found: Mending) -> Mending:
    """Return the repair of a file, with displayable text of the submission."""
    slips = []
    for slip in found.slips:
        names = tuple(printable(name) for name in slip.names)
        slips.append(replace(slip, names=names, option=printable(slip.option)))
    return replace(
        found,
        function=printable(found.function),
        statement=printable(found.statement),
        slips=tuple(slips),
    )
