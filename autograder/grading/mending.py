"""Which small change mends a submission: searched for in a grade, behind walls, points first."""

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

NAME = "submission.py"  # what the changed file is called


def graded_file(
    server: Server, source: bytes, seed: int, answers: Mapping[str, Answer], key: Key
) -> GradedFile:
    """Return a submission that was graded, with what runs changes of it.

    source: the file. answers: its own, by check. key: what they were compared with.
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
    """Add to the first wrong answer that nothing explains which small change mends it, if one does.

    checks: those that were asked. Whatever happens here, the points stand.
    """
    told = dict(verdicts)
    # where the server has ended, the next submission finds out; and what a submission sends may be
    # anything
    with suppress(Exception):
        found = mended(file, checks, verdicts)
        if found:
            shown = _printable(found.found)
            told[found.check] = with_mending(verdicts[found.check], shown)
    return told


def _printable(found: Mending) -> Mending:
    """Return what mends a file, with text of the submission that can be shown."""
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
