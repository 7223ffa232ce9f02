"""One submission: its checks in order, each asked, judged and, where it trains, measured."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

from autograder.check import Answer, Check, Corpus, Failure
from autograder.course import Unit
from autograder.grading.carrying import Carry, Early, Follows, carry_nothing, told_as_following
from autograder.grading.keys import SOLUTION, checks_to_run, measure, solution_of
from autograder.grading.repairs import Asked, with_repair
from autograder.judging import (
    CheckKey,
    Excluded,
    Key,
    Remark,
    Verdict,
    excluded_by,
    judge,
    judge_loss,
    key_name,
    not_reached,
    same_answer,
    same_bits,
    unmet,
)
from autograder.relations.written import NOT_KNOWN, Written
from autograder.sandbox.client import Server
from autograder.sandbox.definitions import names_in_definitions
from autograder.sandbox.worker import Worker

NOTHING: Mapping[str, Verdict] = MappingProxyType({})
# late answers of a submission, after which a check that is late is not asked again
SECOND_CHANCES = 2
# failures that a fresh process would not change
ASKED_ONCE = frozenset({Failure.STUB, Failure.MISSING, Failure.BROKEN})
HURRY = 1.0  # seconds that a submission may wait while others stand in line
TWO_ANSWERS = (
    "asked once more, in a new process, this check got another answer. The one that earns less "
    "counts. Chance, or something that an earlier exercise leaves behind, decides what is returned."
)


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
    mend: bool = False,
) -> list[Verdict]:
    """Grade one submission, check by check.

    source, name: the file's bytes, and what it is called.
    key: the answers of the solution and of known mistakes on `seed`. With one that can carry early
    mistakes forward, checks are judged too that need what known mistakes have spoilt.
    data: for each check that trains, the corpus it is given. Those without any are left out.
    Held-out text goes to the solution's worker only.
    passed: verdicts of an earlier run that still hold.
    hurry: whether others stand in line. Raises `Postponed` then, once the submission has waited for
    more than a second without computing anything.
    """
    verdicts: dict[str, Verdict] = {}
    early = Early()
    carry: Carry = getattr(key, "carry", carry_nothing)
    sizes = server.unit.sizes
    written = Written(partial(names_in_definitions, source))
    asked = []
    answers: dict[str, Answer] = {}
    with server.worker(source, name) as worker, Measurer(server) as measurer:
        for check in checks_to_run(server.unit, data):
            if hurry and worker.waited > HURRY:
                raise Postponed
            text = data[check.name] if check.measure else None
            known = key[key_name(check, text)]
            excluded = excluded_by(key, verdicts)
            lacking = unmet(check, verdicts)
            if lacking:
                ways = [] if check.measure else early.before(lacking)
                follows = Follows(check, known, carry, ways, lacking, sizes, excluded, written)
                verdict = _judge_following(worker, seed, follows, early)
            elif check.name in passed:
                verdict = passed[check.name]
            else:
                question = Question(check, seed, text, known, sizes, excluded, written)
                tried = try_twice(worker, question)
                verdict = _with_loss(measurer, question, tried)
                if tried.verdict.status != "passed":
                    if not check.measure:
                        verdict = early.with_doubts(verdict, known)
                    early.add(check, known, tried.answer, excluded)
                asked.append(check)
                answers[check.name] = tried.answer
            verdicts[check.name] = verdict
    if mend:
        verdicts = with_repair(Asked(server, source, seed, answers, key), verdicts, asked)
    return list(verdicts.values())


def _judge_following(worker: Worker, seed: int, follows: Follows, early: Early) -> Verdict:
    """Judge a check that needs what known mistakes have spoilt.

    Where nothing explains what is spoilt, the check is not reached.
    """
    if not follows.can_be_judged():
        return not_reached(follows.check, follows.needed)
    answer, seconds = _ask(worker, follows.check, seed)
    following = follows.judge(answer)
    early.follow(follows.check, following)
    verdict = told_as_following(following, follows.needed)
    return replace(verdict, seconds=round(seconds, 4))


@dataclass(frozen=True)
class Question:
    """A check that is asked of a submission, and what the answer is judged by."""

    check: Check
    seed: int
    text: Corpus | None
    key: CheckKey
    sizes: Mapping[str, int]
    excluded: Excluded
    written: Written = NOT_KNOWN

    def ask(self, worker: Worker) -> tuple[Answer, float]:
        """Ask a submission; return its answer, and the seconds that it took."""
        text = self.text.train if self.text else None
        return _ask(worker, self.check, self.seed, text)

    def judge(self, answer: Answer) -> Verdict:
        """Judge an answer."""
        return judge(self.check, self.key, answer, self.sizes, self.excluded, self.written)


@dataclass(frozen=True)
class _Tried:
    """An answer with its verdict.

    seconds: from question to answer, of both questions where it was asked twice. They hold what the
    submission took, and no judging.
    """

    answer: Answer
    verdict: Verdict
    seconds: float


def try_twice(worker: Worker, question: Question) -> _Tried:
    """Ask a check and judge the answer; ask once more where the first answer may not be its own.

    A check that fails after others have run is asked again in a fresh process, so that what they
    left behind cannot cost points. A submission can see that it is asked again, and so it has one
    guess: of two answers that differ the one that earns less counts.
    """
    late_before = worker.timeouts
    first = _try(worker, question)
    has_passed = first.verdict.status == "passed"
    if has_passed or worker.asked < 2:
        return first
    was_late = worker.timeouts > late_before
    if was_late and worker.timeouts > SECOND_CHANCES:
        return first
    if _is_final(first):
        return first
    worker.renew()
    answer, seconds = question.ask(worker)
    if _is_to_the_last_bit(first.answer, answer):
        verdict = first.verdict  # to judge a wrong answer takes longer than to compare it
    else:
        verdict = question.judge(answer)
        if not _is_same(question.check, first.answer, answer):
            verdict = _of_two(first.verdict, verdict)
    return _Tried(answer, verdict, first.seconds + seconds)


def _is_final(tried: _Tried) -> bool:
    """Return whether a fresh process would give no better answer to a check that has not passed."""
    if tried.answer.failure in ASKED_ONCE:
        return True
    remarks = tried.verdict.remarks
    all_explained = all(remark.mistake for remark in remarks)
    return bool(remarks) and all_explained


def _is_to_the_last_bit(first: Answer, second: Answer) -> bool:
    """Return whether two answers are equal in every bit, message and failure included."""
    if (first.failure, first.message) != (second.failure, second.message):
        return False
    if first.arrays.keys() != second.arrays.keys():
        return False
    return all(same_bits(array, second.arrays[name]) for name, array in first.arrays.items())


def _is_same(check: Check, first: Answer, second: Answer) -> bool:
    """Return whether the second answer stands for both: the first was none, or is the same."""
    if first.failure:
        return True
    if second.failure:
        return False
    return same_answer(check, first, second)


def _of_two(one: Verdict, other: Verdict) -> Verdict:
    """Choose between the verdicts on two different answers to one question; it says so."""
    less = one if one.earned <= other.earned else other
    remarks = (*less.remarks, Remark(TWO_ANSWERS))
    return replace(less, two_answers=True, remarks=remarks)


def _try(worker: Worker, question: Question) -> _Tried:
    answer, seconds = question.ask(worker)
    verdict = question.judge(answer)
    return _Tried(answer, verdict, seconds)


def _ask(worker: Worker, check: Check, seed: int, text: str | None = None) -> tuple[Answer, float]:
    """Ask a check; return the answer, and the seconds that it took."""
    began = time.perf_counter()
    answer = worker.ask(check, seed, text=text)
    seconds = time.perf_counter() - began
    return answer, seconds


class Measurer:
    """Measures the weights that one submission has trained, by the solution.

    One process measures all of them. Nothing of the submission runs there.
    """

    def __init__(self, server: Server) -> None:
        """Start nothing: most submissions that are wrong train nothing."""
        self._server = server
        self._worker: Worker | None = None

    @property
    def unit(self) -> Unit:
        """Return the unit of the checks that train."""
        return self._server.unit

    def loss(self, question: Question, answer: Answer, text: Corpus) -> float:
        """Measure the held-out loss of trained weights; NaN where there is none."""
        if self._worker is None:
            plain = solution_of(self.unit).plain()
            self._worker = self._server.worker(plain.encode(), SOLUTION)
        return measure(self._worker, question.check, question.seed, answer, text)

    def __enter__(self) -> "Measurer":
        return self

    def __exit__(self, *raised: object) -> None:
        if self._worker is not None:
            self._worker.__exit__(*raised)


def _with_loss(measurer: Measurer, question: Question, tried: _Tried) -> Verdict:
    """Return the verdict on an answer; where weights can be measured, the verdict on their loss."""
    check = question.check
    verdict = tried.verdict
    if question.text and verdict.status == "passed":
        loss = measurer.loss(question, tried.answer, question.text)
        unit = measurer.unit.loss_unit(check)
        weights = tried.answer.arrays
        verdict = judge_loss(check, question.key, loss, weights, unit)
    return replace(verdict, seconds=round(tried.seconds, 4))
