"""Grades one submission: its checks in order, each run, judged and, if it trains, measured."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from autograder.check import Answer, Check, Corpus, Failure
from autograder.course import Unit
from autograder.explaining.explain import explained_loss, with_findings
from autograder.explaining.words import remark_on
from autograder.finding import Finding, FindingKind
from autograder.grading.judge import Carry, Follows, Judge, Judged, carry_nothing
from autograder.grading.keys import SOLUTION, checks_to_run, measure, solution_of
from autograder.grading.mending import graded_file, with_repair
from autograder.grading.planted import Handed, asks_for_line
from autograder.judging import (
    CheckKey,
    Key,
    Verdict,
    judge_loss,
    key_name,
    let_in,
    most_bytes,
    same_answer,
    same_bits,
)
from autograder.sandbox.client import Server
from autograder.sandbox.worker import Worker

NOTHING: Mapping[str, Verdict] = MappingProxyType({})
# late answers of a submission, after which a late check is not repeated
SECOND_CHANCES = 2
# failures that a fresh process would not change
ASKED_ONCE = frozenset({Failure.STUB, Failure.MISSING, Failure.BROKEN})
HURRY = 1.0  # seconds that a submission may wait while others are queued


class Postponed(Exception):
    """A submission waits while others are queued: it is graded after them.

    verdicts: those on the checks that it has answered. crowded: whether it was late because others
    used the processor, so that it is graded with no other beside it.
    """

    def __init__(self, verdicts: Mapping[str, Verdict], crowded: bool = False) -> None:
        super().__init__(verdicts, crowded)
        self.verdicts = verdicts
        self.crowded = crowded


def grade_one(
    server: Server,
    source: bytes,
    name: str,
    seed: int,
    key: Key,
    data: Mapping[str, Corpus],
    passed: Mapping[str, Verdict] = NOTHING,
    hurry: bool = False,
    earlier: Mapping[str, Verdict] = NOTHING,
    mend: bool = False,
    complete: bool = False,
    names: Sequence[str] = (),
) -> list[Verdict]:
    """Grade one submission, check by check.

    source, name: the file's bytes, and its name.
    key: the answers of the solution and of known mistakes on `seed`. If it can carry early mistakes
    forward, checks that need spoilt ones are judged, too.
    data: for each check that trains, its corpus. Checks without data are left out. Held-out text
    goes to the solution's worker only.
    passed: verdicts of an earlier run that still hold.
    hurry: whether others are queued. Then it raises `Postponed` once the submission has waited for
    more than a second without computing anything, or if others used the processor so long that a
    check was stopped.
    complete: whether to raise `Postponed` at the end, if others used the processor so long that a
    check was stopped: then the verdicts are no grade.
    earlier: verdicts of the run that ended so. A submission can cause that, and so it has no second
    guess: a verdict that earns less than now counts.
    names: all names of the student, for mistakes that are planted by name; with none, any name in
    the file is accepted.
    """
    handed = Handed(server.unit, names)
    carry: Carry = getattr(key, "carry", carry_nothing)
    judge = Judge(key, server.unit.sizes, carry)
    questions = {check.name for check in server.unit.checks if check.question}
    verdicts = judge.verdicts
    asked = []
    answers: dict[str, Answer] = {}
    with server.worker(source, name) as worker, Measurer(server) as measurer:
        for check in checks_to_run(server.unit, data):
            crowded = worker.crowded + measurer.crowded > 0
            if hurry and (crowded or worker.waited > HURRY):
                raise Postponed(verdicts, crowded=crowded)
            text = data[check.name] if check.measure else None
            known = key[key_name(check, text)]
            lacking = judge.lacking(check)
            if lacking:
                follows = judge.follows(check, known, lacking)
                if follows is not None:
                    verdict = _judge_following(worker, seed, judge, follows)
                elif check.measure or check.question or questions.intersection(lacking):
                    verdict = judge.not_judged(check, lacking)
                else:
                    verdict = _judge_if_right(worker, seed, judge, check, known, lacking)
            elif check.name in passed:
                verdict = passed[check.name]
            else:
                one = AskedCheck(check, seed, text, known, judge, handed)
                tried = try_twice(worker, one)
                verdict = _with_loss(measurer, one, tried)
                if asks_for_line(check):
                    verdict = handed.told(tried.judged.answer, verdict)
                if not verdict.is_done:
                    judge.note(tried.judged)
                asked.append(check)
                answers[check.name] = tried.judged.answer
            verdicts[check.name] = _not_more_than(earlier.get(check.name), verdict)
        if complete and worker.crowded + measurer.crowded:
            raise Postponed(verdicts, crowded=True)
    if mend:
        file = graded_file(server, source, seed, answers, key)
        verdicts = with_repair(file, verdicts, asked)
    return list(verdicts.values())


def _judge_if_right(
    worker: Worker, seed: int, judge: Judge, check: Check, key: CheckKey, lacking: Sequence[str]
) -> Verdict:
    """Run a check that needs wrong, unexplained ones: it passes if all of its answer is right.

    Otherwise nothing is known of it.
    """
    answer, seconds = _ask(worker, check, key, seed)
    verdict = judge.right_or_none(check, key, answer) or judge.not_judged(check, lacking)
    return replace(verdict, seconds=round(seconds, 4))


def _judge_following(worker: Worker, seed: int, judge: Judge, follows: Follows) -> Verdict:
    """Run and judge a check that needs checks which known mistakes have spoilt."""
    answer, seconds = _ask(worker, follows.check, follows.key, seed)
    verdict = judge.judge_following(follows, answer)
    return replace(verdict, seconds=round(seconds, 4))


@dataclass(frozen=True)
class AskedCheck:
    """A check that runs on a submission, and the basis for judging its answer.

    handed: who submitted it, for mistakes that are planted by name.
    """

    check: Check
    seed: int
    text: Corpus | None
    key: CheckKey
    submission: Judge
    handed: Handed | None = None

    def ask(self, worker: Worker) -> tuple[Answer, float]:
        """Run the check on a submission; return its answer, and the seconds that it took."""
        text = self.text.train if self.text else None
        return _ask(worker, self.check, self.key, self.seed, text)

    def judge(self, answer: Answer) -> Judged:
        """Judge an answer."""
        key = self.key
        if self.handed and asks_for_line(self.check) and not answer.failure:
            key = self.handed.key(self.check, answer)
        return self.submission.judge(self.check, key, answer)


@dataclass(frozen=True)
class _Tried:
    """A judged answer.

    seconds: from request to answer, for both requests if there were two. They include the
    submission's time, and no judging.
    two_answers: whether the second request got a different answer.
    """

    judged: Judged
    seconds: float
    two_answers: bool = False


def try_twice(worker: Worker, asked: AskedCheck) -> _Tried:
    """Run a check and judge the answer; run it again if the first answer may not be its own.

    A check that fails after others have run is repeated in a fresh process, so that their side
    effects cannot cost points. A submission can notice the repetition, and so it has one guess: of
    two different answers the one that earns less counts.
    """
    late_before = worker.timeouts
    first = _try(worker, asked)
    if first.judged.judgement.is_right or worker.asked < 2:
        return first
    was_late = worker.timeouts > late_before
    if was_late and worker.timeouts > SECOND_CHANCES:
        return first
    if _is_final(first.judged):
        return first
    worker.renew()
    answer, seconds = asked.ask(worker)
    judged = first.judged  # judging a wrong answer takes longer than comparing it
    two_answers = False
    if not is_to_the_last_bit(judged.answer, answer):
        judged = asked.judge(answer)
        if not _is_same(asked.check, first.judged.answer, answer):
            judged = _lesser(first.judged, judged)
            two_answers = True
    return _Tried(judged, first.seconds + seconds, two_answers)


def _is_final(judged: Judged) -> bool:
    """Return whether a fresh process would give no better answer to a failed check."""
    answer = judged.answer
    if answer.failure:
        return answer.failure in ASKED_ONCE
    return judged.judgement.is_explained


def is_to_the_last_bit(first: Answer, second: Answer) -> bool:
    """Return whether two answers are equal in every bit, message and failure included."""
    if first.failure != second.failure or first.message != second.message:
        return False
    if first.too_large != second.too_large:
        return False
    if first.arrays.keys() != second.arrays.keys():
        return False
    others = [second.arrays[name] for name in first.arrays]
    return all(map(same_bits, first.arrays.values(), others))


def _is_same(check: Check, first: Answer, second: Answer) -> bool:
    """Return whether the second answer replaces both: the first was none, or is the same."""
    if first.failure:
        return True
    if second.failure:
        return False
    return same_answer(check, first, second)


def _lesser(one: Judged, other: Judged) -> Judged:
    """Choose of two different answers to one check the one that earns less."""
    return one if one.judgement.earned <= other.judgement.earned else other


def _not_more_than(before: Verdict | None, now: Verdict) -> Verdict:
    """Choose between a verdict and an earlier one, if that is on an answer."""
    if before is None or before.failure or before.status == "not_reached":
        return now
    if before.earned == now.earned:
        return now
    return _of_two_answers(before if before.earned < now.earned else now)


def _of_two_answers(verdict: Verdict) -> Verdict:
    """Mark a verdict as being on one of two different answers."""
    remarks = (*verdict.remarks, remark_on(Finding(FindingKind.TWO_ANSWERS)))
    return replace(verdict, two_answers=True, remarks=remarks)


def _try(worker: Worker, asked: AskedCheck) -> _Tried:
    answer, seconds = asked.ask(worker)
    return _Tried(asked.judge(answer), seconds)


def _ask(
    worker: Worker, check: Check, key: CheckKey, seed: int, text: str | None = None
) -> tuple[Answer, float]:
    """Run a check; return the answer, and the seconds that it took.

    A value far larger than the key's is dropped.
    """
    expected = key.expected.arrays
    most = most_bytes(expected, check.free)
    began = time.perf_counter()
    answer = worker.ask(check, seed, text=text, most_bytes=most)
    seconds = time.perf_counter() - began
    return let_in(answer, expected, check.free), seconds


class Measurer:
    """Measures the weights that one submission has trained, by the solution.

    One process measures all of them. Nothing of the submission runs there.
    """

    def __init__(self, server: Server) -> None:
        """Start nothing: most wrong submissions train nothing."""
        self._server = server
        self._worker: Worker | None = None

    @property
    def unit(self) -> Unit:
        """Return the unit of the checks that train."""
        return self._server.unit

    def loss(self, asked: AskedCheck, answer: Answer, text: Corpus) -> float:
        """Measure the held-out loss of trained weights; NaN if there is none."""
        if self._worker is None:
            plain = solution_of(self.unit).plain()
            self._worker = self._server.worker(plain.encode(), SOLUTION)
        return measure(self._worker, asked.check, asked.seed, answer, text)

    @property
    def crowded(self) -> int:
        """Return how often others used the processor so long that a measurement was stopped."""
        return self._worker.crowded if self._worker else 0

    def __enter__(self) -> "Measurer":
        return self

    def __exit__(self, *raised: object) -> None:
        if self._worker is not None:
            self._worker.__exit__(*raised)


def _with_loss(measurer: Measurer, asked: AskedCheck, tried: _Tried) -> Verdict:
    """Return the verdict on an answer; if weights can be measured, the verdict on their loss."""
    check = asked.check
    judged = tried.judged
    verdict = asked.submission.explain(judged)
    if asked.text and judged.judgement.is_right:
        weights = judged.answer.arrays
        loss = measurer.loss(asked, judged.answer, asked.text)
        expected = judged.standard.expected
        measured = judge_loss(check, expected, asked.key.loss, loss, weights)
        findings = explained_loss(measured, measurer.unit.loss_unit(check))
        verdict = with_findings(measured.verdict(), findings)
    if tried.two_answers:
        verdict = _of_two_answers(verdict)
    return replace(verdict, seconds=round(tried.seconds, 4))
