"""One submission: its checks in order, each asked, judged and, where it trains, measured."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from autograder.check import Answer, Check, Corpus
from autograder.course import Unit
from autograder.grading.keys import SOLUTION, checks_to_run, key_name, measure, solution_of
from autograder.judging import Key, Verdict, judge, judge_loss, not_made, not_reached, unmet

if TYPE_CHECKING:  # it needs Linux, and practice, which needs names of this module, does not
    from autograder.sandbox.client import Server, Worker

NOTHING: Mapping[str, Verdict] = MappingProxyType({})


def grade_one(
    server: "Server",
    source: bytes,
    name: str,
    seed: int,
    key: Key,
    data: Mapping[str, Corpus],
    passed: Mapping[str, Verdict] = NOTHING,
) -> list[Verdict]:
    """Grade one submission, check by check.

    source, name: the file's bytes, and what it is called.
    key: the answers of the solution and of known mistakes on `seed`.
    data: what checks that train are given, by check; those without any are left out. Held-out text goes to
        the solution's worker.
    passed: verdicts of an earlier run that hold still.
    """
    verdicts: dict[str, Verdict] = {}
    with server.worker(source, name) as worker:
        for check in checks_to_run(server.unit, data):
            if lacking := unmet(check, verdicts):
                verdicts[check.name] = not_reached(check, lacking)
                continue
            if check.name in passed:
                verdicts[check.name] = passed[check.name]
                continue
            began = time.perf_counter()
            text = data[check.name] if check.measure else None
            known = key[key_name(check, text)]
            judged = partial(judge, check, known, sizes=server.unit.sizes, ruled_out=partial(not_made, key, verdicts))
            answer, verdict = _tried(worker, check, seed, text.train if text else None, judged)
            if text and verdict.status == "passed":
                loss = _held_out_loss(server, check, seed, answer, text)
                verdict = judge_loss(check, known, loss, answer.arrays, loss_unit(server.unit, check))
            verdicts[check.name] = replace(verdict, seconds=round(time.perf_counter() - began, 4))
    return list(verdicts.values())


def loss_unit(unit: Unit, check: Check) -> str:
    """What the loss of a check is counted in, in the course's words, where it trains on one of the course's corpora."""
    return "" if check.data else unit.course.about.words.loss


def _held_out_loss(server: "Server", check: Check, seed: int, answer: Answer, text: Corpus) -> float:
    plain = solution_of(server.unit).plain().encode()
    with server.worker(plain, SOLUTION) as ours:
        return measure(ours, check, seed, answer, text)


def _tried(
    worker: "Worker", check: Check, seed: int, text: str | None, judged: Callable[..., Verdict]
) -> tuple[Answer, Verdict]:
    """Ask a check and judge the answer.

    A check that fails after others have run is asked again in a fresh process, so that what they left behind cannot
    cost points. It is not asked again if known mistakes explain every wrong array.
    """
    answer = worker.ask(check, seed, text=text)
    verdict = judged(answer=answer)
    explained = verdict.remarks and all(remark.mistake for remark in verdict.remarks)
    if verdict.status == "passed" or explained or worker.asked < 2 or answer.failure in ("stub", "missing", "broken"):
        return answer, verdict
    worker.renew()
    answer = worker.ask(check, seed, text=text)
    return answer, judged(answer=answer)
