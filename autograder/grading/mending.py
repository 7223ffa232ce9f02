"""Which small change mends a submission: searched for in a grade, behind walls, points first."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from autograder.check import Answer, Check, names_in_experiment
from autograder.explaining.repairs import Expected, Wrong, mending, unexplained, with_mending
from autograder.finding import Mending
from autograder.grading.keys import plain_solution
from autograder.judging import Key, Verdict
from autograder.sandbox.client import Server
from autograder.sandbox.worker import Worker, printable
from autograder.source.addons import names_of_addons

NAME = "submission.py"  # what the changed file is called


@dataclass(frozen=True)
class GradedFile:
    """A submission that was graded: its file, the seed of its experiments, and its answers.

    key: what the answers were compared with.
    """

    server: Server
    source: bytes
    seed: int
    answers: Mapping[str, Answer]
    key: Key


def with_repair(
    asked: GradedFile, verdicts: Mapping[str, Verdict], checks: Sequence[Check]
) -> dict[str, Verdict]:
    """Add to the first wrong answer that nothing explains which small change mends it, if one does.

    checks: those that were asked. Whatever happens here, the points stand.
    """
    told = dict(verdicts)
    check = unexplained(checks, verdicts)
    if check is None:
        return told
    found = None
    # where the server has ended, the next submission finds out; and what a submission sends may be
    # anything
    with suppress(Exception):
        wrong = _wrong(asked, check, verdicts, checks)
        found = mending(wrong, sorted(names_in_experiment(check.experiment)))
    if found:
        told[check.name] = with_mending(verdicts[check.name], _printable(found))
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


def _wrong(
    asked: GradedFile, check: Check, verdicts: Mapping[str, Verdict], checks: Sequence[Check]
) -> Wrong:
    def expected(one: Check) -> Expected:
        return Expected(one, asked.key[one.name].expected)

    passed = []
    for other in checks:
        if not other.measure and verdicts[other.name].status == "passed":
            passed.append(expected(other))
    pairs, axis_functions = names_of_addons(asked.server.unit)
    return Wrong(
        open=partial(_worker, asked.server),
        source=asked.source,
        seed=asked.seed,
        expected=expected(check),
        answer=asked.answers[check.name],
        passed=passed,
        pairs=pairs,
        axis_functions=axis_functions,
        right=plain_solution(asked.server.unit),
    )


def _worker(server: Server, source: bytes) -> Worker:
    return server.worker(source, NAME)
