"""The material for grading a unit's submissions, on this machine or on another one.

Each grading thread has its own forking server, and all threads of a process share a key.
"""

import atexit
import threading
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from autograder.check import Answer, Corpus, Failure
from autograder.course import Unit, find_course, read_course
from autograder.data import unit_data
from autograder.explaining.explain import explained_failure, with_findings
from autograder.grading.keys import checks_to_run, solution_of
from autograder.grading.listed import listed_in_key
from autograder.grading.made_key import MadeKey
from autograder.grading.one import NOTHING, Postponed, grade_one
from autograder.grading.outline import outline_unit
from autograder.grading.store import AnswerStore, default_path
from autograder.judging import Standard, Verdict, judge
from autograder.sandbox.client import Server, ServerGone


@dataclass(frozen=True)
class GradingContext:
    """The material for grading a unit's submissions: plain data, which can be sent.

    course: the course's folder; another machine without it uses its own `$AUTOGRADER_COURSE`.
    unit_digest: of the solution and the checks; a server that was started for others is not used.
    store: the file of earlier answers; by default, if empty, the user's own.
    """

    course: str
    unit: str
    unit_digest: str
    seed: int
    quick: bool
    unsafe: bool
    store: str = ""

    def grade(
        self,
        source: bytes,
        name: str,
        passed: Mapping[str, Verdict],
        hurry: bool = False,
        earlier: Mapping[str, Verdict] = NOTHING,
        names: Sequence[str] = (),
    ) -> "Graded":
        """Grade one submission in a worker of this thread's server; once more if that dies.

        hurry: whether others are queued. Then it raises `Postponed` for a submission that waits.
        earlier: its verdicts until then. names: as in `grade_one`.
        """
        shared = _shared(self)
        before = shared.key.computed
        for _ in range(2):
            server = _server(self)
            try:
                verdicts = grade_one(
                    server,
                    source,
                    name,
                    self.seed,
                    shared.key,
                    shared.data,
                    passed,
                    hurry,
                    earlier,
                    mend=True,
                    complete=True,
                    names=names,
                )
                return Graded(verdicts, tuple(server.walls), shared.key.computed - before)
            except Postponed as postponed:
                if hurry:
                    raise
                verdicts = list(postponed.verdicts.values())
                return Graded(verdicts, tuple(server.walls), incomplete=True)
            except ServerGone as error:
                why = str(error)
                server.close()
                del _mine.server
            finally:
                shared.key.end_processes()
        message = (
            f"{why} This happened twice with this submission, so it got no points. To grade it "
            "again, remove its result."
        )
        unit = unit_at(self.course, self.unit)
        answer = Answer(failure=Failure.KILLED, message=message)
        return Graded(not_run(unit, shared.data, answer), tuple(server.walls))


@dataclass(frozen=True)
class Graded:
    """The verdicts of one submission.

    walls: the layers of its sandbox.
    answers_made: answers of the solution and its mistakes that had to be computed for it.
    incomplete: others used the processor, and a check was stopped for that: it has to be graded
    again.
    """

    verdicts: list[Verdict]
    walls: tuple[str, ...] = ()
    answers_made: int = 0
    incomplete: bool = False


def unit_at(folder: str, name: str) -> Unit:
    """Load a unit of the course in a folder; if it is missing, of this machine's own course."""
    path = Path(folder)
    course = read_course(path) if path.is_dir() else find_course()
    return outline_unit(course, name)


def not_run(unit: Unit, data: Container[str], answer: Answer) -> list[Verdict]:
    """Make the verdicts of a submission whose checks all failed in the same way."""
    nothing = Standard(Answer())
    verdicts = []
    for check in checks_to_run(unit, data):
        judgement = judge(check, nothing, answer)
        findings = explained_failure(judgement, answer)
        verdicts.append(with_findings(judgement.verdict(), findings))
    return verdicts


# ---- of this process


@dataclass(frozen=True)
class _Shared:
    """What all threads that grade a unit share: the key, and the data of training checks."""

    key: MadeKey
    data: Mapping[str, Corpus]


_mine = threading.local()  # the server of the grading thread, and what it serves
_started: list[Server] = []
_by_context: dict[GradingContext, _Shared] = {}
_turn = threading.Lock()


def _server(context: GradingContext) -> Server:
    """Return this thread's server.

    It starts another one if the last one served another unit, or an earlier version of this one.
    """
    wanted = (context.course, context.unit, context.unit_digest, context.unsafe)
    if hasattr(_mine, "server") and _mine.serves != wanted:
        _mine.server.close()
        del _mine.server
    if not hasattr(_mine, "server"):
        unit = unit_at(context.course, context.unit)
        _mine.server = Server(unit, context.unsafe, solution_of(unit).stub)
        _mine.serves = wanted
        _started.append(_mine.server)
    server: Server = _mine.server
    return server


def _shared(context: GradingContext) -> _Shared:
    """Return what all threads of this process share. No part of the key is made yet."""
    with _turn:
        if context not in _by_context:
            _by_context[context] = _make_shared(context)
        return _by_context[context]


def _make_shared(context: GradingContext) -> _Shared:
    unit = unit_at(context.course, context.unit)
    data: Mapping[str, Corpus] = {} if context.quick else unit_data(unit, context.seed)
    path = Path(context.store) if context.store else default_path()
    store = AnswerStore(path)
    server = partial(_server, context)
    key = MadeKey(unit, context.seed, data, store, server, listed_in_key(unit))
    return _Shared(key, data)


@atexit.register
def close_servers() -> None:
    """End the servers that this process started for grading, and forget the keys."""
    while _started:
        _started.pop().close()
    while _by_context:
        _, shared = _by_context.popitem()
        shared.key.close()
    if hasattr(_mine, "server"):
        del _mine.server
