"""One submission: its checks in order, each asked, judged and, where it trains, measured."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from autograder.check import Answer, Check, Corpus, Failure
from autograder.grading.carrying import Early, Follows, carry_nothing, told_as_following
from autograder.grading.keys import SOLUTION, checks_to_run, measure, solution_of
from autograder.judging import (
    Key,
    Remark,
    Verdict,
    excluded_by,
    judge,
    judge_loss,
    key_name,
    not_reached,
    same_answer,
    unmet,
)
from autograder.sandbox.client import Server, Worker

NOTHING: Mapping[str, Verdict] = MappingProxyType({})
# late answers of a submission, after which a check that is late is not asked again
SECOND_CHANCES = 2
# failures that a fresh process would not change
ASKED_ONCE = frozenset({Failure.STUB, Failure.MISSING, Failure.BROKEN})
HURRY = 1.0  # seconds that a submission may wait while others stand in line


class Postponed(Exception):
    """A submission waits while others stand in line: it is graded after them."""


def grade_one(
    server: Server,
    source: bytes,
    name: str,
    seed: int,
    key: Key,
    data: Mapping[str, Corpus],
    passed: Mapping[str, Verdict] = NOTHING,
    hurry: bool = False,
) -> list[Verdict]:
    """Grade one submission, check by check.

    source, name: the file's bytes, and what it is called.
    key: the answers of the solution and of known mistakes on `seed`. One that can also carry early
    mistakes forward
        has checks judged that need what known mistakes have spoilt.
    data: what checks that train are given, by check; those without any are left out. Held-out text
    goes to
        the solution's worker.
    passed: verdicts of an earlier run that hold still.
    hurry: whether others stand in line. Raises `Postponed` then, once the submission has waited for
        more than a second without computing anything.
    """
    verdicts: dict[str, Verdict] = {}
    early, carry = Early(), getattr(key, "carry", carry_nothing)
    with server.worker(source, name) as worker:
        for check in checks_to_run(server.unit, data):
            if hurry and worker.waited > HURRY:
                raise Postponed
            text = data[check.name] if check.measure else None
            known, not_made = key[key_name(check, text)], excluded_by(key, verdicts)
            if lacking := unmet(check, verdicts):
                ways = [] if check.measure else early.before(lacking)
                follows = Follows(check, known, carry, ways, lacking, server.unit.sizes, not_made)
                verdicts[check.name] = _followed(worker, seed, follows, early)
                continue
            if check.name in passed:
                verdicts[check.name] = passed[check.name]
                continue
            judged = partial(judge, check, known, sizes=server.unit.sizes, excluded=not_made)
            answer, verdict, seconds = _tried(
                worker, check, seed, text.train if text else None, judged
            )
            if verdict.status != "passed":
                early.add(check, known, answer, not_made)
            if text and verdict.status == "passed":
                loss = _held_out_loss(server, check, seed, answer, text)
                verdict = judge_loss(
                    check, known, loss, answer.arrays, server.unit.loss_unit(check)
                )
            verdicts[check.name] = replace(verdict, seconds=round(seconds, 4))
    return list(verdicts.values())


def _followed(worker: Worker, seed: int, follows: Follows, early: Early) -> Verdict:
    """Judge a check that needs what known mistakes have spoilt; where nothing explains that, it is
    not reached.
    """
    if not follows.can_be_judged():
        return not_reached(follows.check, follows.needed)
    answer, seconds = _timed(worker, follows.check, seed, None)
    following = follows.judge(answer)
    early.follow(follows.check, following)
    return replace(told_as_following(following, follows.needed), seconds=round(seconds, 4))


def _held_out_loss(server: Server, check: Check, seed: int, answer: Answer, text: Corpus) -> float:
    plain = solution_of(server.unit).plain().encode()
    with server.worker(plain, SOLUTION) as ours:
        return measure(ours, check, seed, answer, text)


def _tried(
    worker: Worker, check: Check, seed: int, text: str | None, judged: Callable[..., Verdict]
) -> tuple[Answer, Verdict, float]:
    """Ask a check and judge the answer; the seconds from question to answer are the submission's
    only.

    A check that fails after others have run is asked again in a fresh process, so that what they
    left behind cannot cost points. It is not asked again if known mistakes explain every wrong
    array. A submission can see that it is asked again, and so it has one guess: of two answers that
    differ the one that earns less counts.
    """
    answer, seconds = _timed(worker, check, seed, text)
    verdict = judged(answer=answer)
    explained = verdict.remarks and all(remark.mistake for remark in verdict.remarks)
    late = answer.failure == Failure.TIMEOUT and worker.timeouts > SECOND_CHANCES
    final = explained or late or answer.failure in ASKED_ONCE
    if verdict.status == "passed" or final or worker.asked < 2:
        return answer, verdict, seconds
    worker.renew()
    second, again = _timed(worker, check, seed, text)
    seconds += again
    if answer.failure or (not second.failure and same_answer(check, answer, second)):
        return second, judged(answer=second), seconds
    return second, _of_two(verdict, judged(answer=second)), seconds


TWO_ANSWERS = (
    "asked once more, in a new process, this check got another answer. The one that earns less "
    "counts. Chance, or "
    "something that an earlier exercise leaves behind, decides what is returned."
)


def _of_two(one: Verdict, other: Verdict) -> Verdict:
    """The verdict of two answers to one question that differ: it says so."""
    less = one if one.earned <= other.earned else other
    return replace(less, two_answers=True, remarks=(*less.remarks, Remark(TWO_ANSWERS)))


def _timed(worker: Worker, check: Check, seed: int, text: str | None) -> tuple[Answer, float]:
    began = time.perf_counter()
    answer = worker.ask(check, seed, text=text)
    return answer, time.perf_counter() - began
