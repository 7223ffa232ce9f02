"""The points of an answer: a pure function of the answer and its basis of comparison.

No code here starts a process, reads a clock, searches or writes text. What else decides about a
grade is a table in docs/architecture.md.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace

import numpy as np

from autograder.check import Answer, Check, Failure, is_text
from autograder.judging.compare import refuse_no_reference, right_arrays, wrong_arrays
from autograder.judging.key import KnownMistakes, Mistake
from autograder.judging.mistakes import (
    Explanation,
    answers_listed,
    explain_wrong,
    explained_arrays,
    mistakes_that_raise,
)
from autograder.judging.verdict import Status, Verdict
from autograder.question import Kind, Question

STATUS_OF_FAILURE: Mapping[Failure, Status] = {  # for all others: error
    Failure.TIMEOUT: "timeout",
    Failure.KILLED: "killed",
    Failure.STUB: "failed",
}


@dataclass(frozen=True)
class Standard:
    """The basis of comparison of an answer to one check.

    mistakes: the known mistakes that lose points here, each with its answer.
    constant: the arrays that cost points if they are wrong, and never earn any.
    ruled_out: the ids of mistakes that were not made, since they would have failed a check that
    passed.
    """

    expected: Answer
    mistakes: KnownMistakes = ()
    constant: frozenset[str] = frozenset()
    ruled_out: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Judgement:
    """The points of an answer, and the known mistakes by which it lost the rest.

    share: of the check's points.
    wrong: the arrays that differ from the solution's, in its order; none beside a failure.
    explanations: the known mistakes that give wrong arrays.
    raised: the known mistakes that end with the same error.
    failure: why the answer ended early.
    given: the answer to a question, in a few words; "" if it is invalid.
    """

    check: Check
    share: float
    wrong: tuple[str, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    raised: tuple[Mistake, ...] = ()
    failure: Failure = Failure.NONE
    given: str = ""

    @property
    def is_right(self) -> bool:
        """Return whether nothing that costs points is wrong."""
        if self.failure:
            return False
        return not self.wrong or self.is_prediction

    @property
    def is_prediction(self) -> bool:
        """Return whether every answer is right."""
        question = self.check.question
        return question is not None and question.predict

    @property
    def is_recorded(self) -> bool:
        """Return whether it is an answer for a person to read."""
        question = self.check.question
        return question is not None and question.by_hand and not self.failure

    @property
    def is_explained(self) -> bool:
        """Return whether known mistakes explain everything that is wrong."""
        if self.failure:
            return bool(self.raised)
        return explained_arrays(self.explanations).issuperset(self.wrong)

    @property
    def earned(self) -> float:
        """Return the points."""
        return round(self.check.points * self.share, 4)

    @property
    def status(self) -> Status:
        """Return how the check ended: passed only if nothing is wrong."""
        if self.is_recorded:
            return "recorded"
        if self.is_right:
            return "passed"
        if self.earned:
            return "partial"
        if self.failure:
            return STATUS_OF_FAILURE.get(self.failure, "error")
        return "failed"

    @property
    def agrees(self) -> bool:
        """Return whether the answer to a question is the right one."""
        if self.failure or self.is_recorded:
            return False
        return self.check.question is not None and not self.wrong

    def verdict(self) -> Verdict:
        """Return the verdict, without remarks, which explaining adds without changing the rest."""
        return Verdict(
            name=self.check.name,
            title=self.check.title,
            points=self.check.points,
            earned=self.earned,
            status=self.status,
            failure=self.failure,
            given=self.given,
            agrees=self.agrees,
        )


def judge(check: Check, standard: Standard, answer: Answer) -> Judgement:
    """Compare an answer with the solution's and with those of known mistakes.

    For a check that trains, decide whether its weights can be measured: see `judge_loss`.
    """
    if answer.failure:
        raised = mistakes_that_raise(standard.mistakes, answer, standard.ruled_out)
        share = _share_beside_failure(check, standard, answer)
        return Judgement(check, share, raised=tuple(raised), failure=answer.failure)
    if check.measure:
        if check.free:
            unlike = tuple(standard.expected.arrays.keys() - answer.arrays.keys())
        else:
            unlike = weights_of_another_shape(standard.expected, answer)
        return Judgement(check, 0.0 if unlike else 1.0, unlike)
    if check.question:
        return judge_question(check, check.question, standard, answer)
    wrong = tuple(wrong_arrays(check, standard.expected, answer))
    if not wrong:
        refuse_no_reference(check, standard.expected)
        return Judgement(check, 1.0)
    explanations = tuple(explain_wrong(check, standard, answer, wrong))
    shares = _shares(standard, answer, wrong, explanations)
    share = share_of_points(shares, standard.constant)
    return Judgement(check, share, wrong, explanations)


def judge_question(
    check: Check, question: Question, standard: Standard, answer: Answer
) -> Judgement:
    """Judge an answer to a question: several choices earn in part, and so may a mistake.

    A known mistake is the answer that it gives; for several choices it is the options in which it
    differs.
    """
    given = question.text(check.name, answer.arrays)
    if question.by_hand or not standard.expected.arrays:  # students' keys hold no hidden answers
        return Judgement(check, 0.0, given=given)
    wrong = tuple(wrong_arrays(check, standard.expected, answer))
    if not wrong:
        return Judgement(check, 1.0, given=given)
    explanations = tuple(answers_listed(check, standard, answer, wrong))
    share = 0.0
    if explained_arrays(explanations).issuperset(wrong):
        share = min(explanation.mistakes[0].keeps for explanation in explanations)
    if question.predict:
        share = 1.0
    elif question.kind is Kind.CHOICES:
        share = max(share, question.share(standard.expected.arrays, answer.arrays))
    return Judgement(check, share, wrong, explanations, given=given)


def weights_of_another_shape(expected: Answer, answer: Answer) -> tuple[str, ...]:
    """Return the trained weights that are missing or have another shape than the solution's."""
    names = []
    for name, ours in expected.arrays.items():
        weights = answer.arrays.get(name)
        if weights is None or weights.shape != ours.shape:
            names.append(name)
    return tuple(names)


def _share_beside_failure(check: Check, standard: Standard, answer: Answer) -> float:
    """Return the share of points for arrays that an answer named before a failure."""
    if check.measure or not answer.arrays:
        return 0.0
    expected = standard.expected
    right = right_arrays(check, expected, answer)
    if len(right) == len(expected.arrays):  # then the failure is in something that no array shows
        return 0.0
    # an array that a failed run did not name counts as wrong: a failure never earns more
    shares = {name: float(name in right) for name in expected.arrays}
    return share_of_points(shares, standard.constant)


def _shares(
    standard: Standard,
    answer: Answer,
    wrong: Container[str],
    explanations: tuple[Explanation, ...],
) -> dict[str, float]:
    """Return the correctness of each array: 1, 0, or the share that a known mistake keeps.

    An array that is one number keeps nothing, and a single infinity or NaN only beside an array
    that earns: a file that solves nothing can send them.
    """
    shares = {}
    for name in standard.expected.arrays:
        shares[name] = 0.0 if name in wrong else 1.0
    mistaken = {mistake.id: made.arrays for mistake, made in standard.mistakes}
    not_finite = set()
    for explanation in explanations:
        kept = min(mistake.keeps for mistake in explanation.mistakes)
        for name in explanation.arrays:
            sent = answer.arrays.get(name)
            same = [sent]  # up to rounding: the answer's, and those of the mistakes
            for mistake in explanation.mistakes:
                made = mistaken.get(mistake.id, {})
                same.append(made.get(name, sent))
            if name in standard.constant or not any(map(_is_one_number, same)):
                shares[name] = kept
            if kept and _is_not_finite(sent):
                not_finite.add(name)
    others = shares.keys() - not_finite - standard.constant
    if not any(shares[name] for name in others):
        shares |= dict.fromkeys(not_finite, 0.0)
    return shares


def arrays_kept(check: Check, standard: Standard, answer: Answer) -> frozenset[str]:
    """Return the wrong arrays of an answer that keep a part of their points for a known mistake."""
    judgement = judge(check, standard, answer)
    if judgement.failure:
        return frozenset()
    wrong = judgement.wrong
    shares = _shares(standard, answer, wrong, judgement.explanations)
    return frozenset(name for name in wrong if shares[name] > 0)


def _is_one_number(array: np.ndarray | None) -> bool:
    """Return whether an array is missing, zeros, or the same number throughout, or NaN.

    A file that solves nothing can send it.
    """
    if array is None:
        return True
    if is_text(array):
        return False
    if not array.any():
        return True
    if array.size == 1:
        return False
    is_as_first = (array == array.flat[0]) | (array != array)
    return bool(is_as_first.all())


def _is_not_finite(array: np.ndarray | None) -> bool:
    """Return whether an array is a single infinity or NaN."""
    if array is None or array.size != 1 or is_text(array):
        return False
    return not np.isfinite(array).all()


def share_of_points(right: Mapping[str, float], constant: Container[str]) -> float:
    """Return the share of a check's points for an answer with some wrong arrays.

    A file that solves nothing can send an array that is the same on every seed. So only the others
    earn, in equal parts; a wrong constant one costs an array's share among all.
    right: for each array its correctness: 1, 0, or the share that a known mistake keeps.
    """
    earning = []
    lost = 0.0
    for name, share in right.items():
        if name in constant:
            lost += 1 - share
        else:
            earning.append(share)
    if not earning:
        return 0.0
    earned = sum(earning) / len(earning)
    cost = lost / len(right)
    return max(0.0, earned - cost)


def not_reached(check: Check) -> Verdict:
    """Make the verdict on a check that was not run, because checks it needs have not passed."""
    return Verdict(
        name=check.name,
        title=check.title,
        points=check.points,
        earned=0.0,
        status="not_reached",
    )


def recorded(check: Check, given: str) -> Verdict:
    """Make the verdict on an answer that is stored and not judged here. given: the answer."""
    return replace(not_reached(check), status="recorded", given=given)


def unmet(check: Check, verdicts: Mapping[str, Verdict]) -> list[str]:
    """Return the checks that this one needs and that have not passed.

    A check that was not selected blocks nothing, nor does a question that was answered.
    """
    not_passed = []
    for name in check.needs:
        verdict = verdicts.get(name)
        if verdict is not None and verdict.status != "passed" and not verdict.given:
            not_passed.append(name)
    return not_passed
