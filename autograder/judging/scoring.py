"""What an answer earns, and the remarks that say what went wrong."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

import numpy as np

from autograder.check import Answer, Check, Failure, is_text
from autograder.judging.compare import right_arrays
from autograder.judging.describe import Comparison, remarks_on, words_of_mistakes
from autograder.judging.explain import Explanation, explain_wrong, mistakes_that_raise
from autograder.judging.training import judge_weights
from autograder.judging.verdict import (
    ERROR_IS,
    CheckKey,
    Excluded,
    Mistake,
    Remark,
    Status,
    Verdict,
    verdict_of,
)
from autograder.relations.small_changes import SmallChange
from autograder.relations.written import NOT_KNOWN, Written

STATUS_OF_FAILURE: Mapping[Failure, Status] = {  # of all others: error
    Failure.TIMEOUT: "timeout",
    Failure.KILLED: "killed",
    Failure.STUB: "failed",
}


def none_excluded(mistake: Mistake | SmallChange) -> bool:
    """Exclude no mistake."""
    return False


def judge(
    check: Check,
    key: CheckKey,
    answer: Answer,
    sizes: Mapping[str, int],
    excluded: Excluded = none_excluded,
    written: Written = NOT_KNOWN,
) -> Verdict:
    """Compare an answer with the solution's and the known mistakes', and say what went wrong.

    sizes: letter → size, for shapes in words.
    excluded: whether a mistake cannot have been made, since it would have spoilt a check that has
    passed. It is asked of those mistakes only that look like the answer.
    written: what stands in the submission.
    """
    comparison = Comparison(check, key, answer, sizes, written)
    if answer.failure:
        return _judge_failure(comparison, excluded)
    if check.measure:
        return judge_weights(comparison)
    if not comparison.wrong:
        return verdict_of(check, 1.0)
    return _judge_wrong_arrays(comparison, excluded)


def points_earned(check: Check, key: CheckKey, answer: Answer) -> float:
    """Return the points that an answer to an exact check earns, as `judge` gives them.

    Nothing is looked for that a student would be told: that takes most of a judge's time.
    """
    comparison = Comparison(check, key, answer, sizes={})
    if answer.failure:
        share = _share_beside_failure(comparison)
    elif comparison.wrong:
        explanations = explain_wrong(check, key, answer, comparison.wrong, none_excluded)
        share = _share_of_wrong_arrays(comparison, explanations)
    else:
        share = 1.0
    return verdict_of(check, share).earned


def _judge_failure(comparison: Comparison, excluded: Excluded) -> Verdict:
    """Judge an answer that ended early; a known mistake that fails by the same error is named.

    Arrays that were still named and are right earn their share. Wrong ones may be so because
    of the failure, and nothing is said of them.
    """
    answer = comparison.answer
    remarks = _mistake_that_raises(comparison, excluded)
    remarks.append(Remark(answer.message))
    share = _share_beside_failure(comparison)
    if share:
        remarks.append(_remark_on_right_arrays(comparison))
    verdict = verdict_of(comparison.check, share, remarks)
    if not verdict.earned:
        status = STATUS_OF_FAILURE.get(answer.failure, "error")
        verdict = replace(verdict, status=status)
    return replace(verdict, failure=answer.failure)


def _mistake_that_raises(comparison: Comparison, excluded: Excluded) -> list[Remark]:
    """Name the known mistake that raises the same error, if it is one."""
    possible = mistakes_that_raise(comparison.key, comparison.answer, excluded)
    if not possible:
        return []
    # many lines raise an error in the same words
    text = words_of_mistakes(possible, comparison.written, is_made=False, fact=ERROR_IS)
    return [Remark(text, mistake=possible[0].code)]


def _remark_on_right_arrays(comparison: Comparison) -> Remark:
    key = comparison.key
    earning = []
    for name in right_arrays(comparison.check, key.expected, comparison.answer):
        if name not in key.constant:
            earning.append(name)
    text = "right, and it counts." if len(earning) == 1 else "right, and they count."
    return Remark(text, tuple(earning))


def _share_beside_failure(comparison: Comparison) -> float:
    """Return the share of points that arrays earn which were named although something failed."""
    check = comparison.check
    key = comparison.key
    answer = comparison.answer
    if check.measure or not answer.arrays:
        return 0.0
    expected = key.expected
    right = right_arrays(check, expected, answer)
    if len(right) == len(expected.arrays):  # then the failure is in what no array shows
        return 0.0
    shares = {}
    for name in expected.arrays:
        # one that is constant and was not named costs nothing: the failure was before it
        if name in answer.arrays or name not in key.constant:
            shares[name] = float(name in right)
    return share_of_points(shares, key.constant)


def _judge_wrong_arrays(comparison: Comparison, excluded: Excluded) -> Verdict:
    """Judge an answer some of whose arrays are wrong.

    A known mistake that explains them may leave a part of their share.
    """
    check = comparison.check
    key = comparison.key
    answer = comparison.answer
    explanations = explain_wrong(check, key, answer, comparison.wrong, excluded)
    share = _share_of_wrong_arrays(comparison, explanations)
    remarks = remarks_on(comparison, explanations, excluded)
    return verdict_of(check, share, remarks)


def _share_of_wrong_arrays(comparison: Comparison, explanations: Sequence[Explanation]) -> float:
    shares = _shares(comparison, explanations)
    return share_of_points(shares, comparison.key.constant)


def _shares(comparison: Comparison, explanations: Sequence[Explanation]) -> dict[str, float]:
    """Return for each array how far it is right: 1, 0, or what a known mistake keeps."""
    key = comparison.key
    found = comparison.answer.arrays
    shares = dict.fromkeys(key.expected.arrays, 1.0)
    for name in comparison.wrong:
        shares[name] = 0.0
    for explanation in explanations:
        kept = min(mistake.keeps for mistake in explanation.mistakes)
        for name in explanation.arrays:
            array = found.get(name)
            if name in key.constant or not _is_one_number(array):
                shares[name] = kept
    return shares


def _is_one_number(array: np.ndarray | None) -> bool:
    """Return whether an array is missing, zeros, or the same number throughout.

    That can be sent by a file that solves nothing.
    """
    if array is None:
        return True
    if is_text(array):
        return False
    if not array.any():
        return True
    if array.size == 1:
        return False
    is_as_first = array == array.flat[0]
    return bool(is_as_first.all())


def share_of_points(right: Mapping[str, float], constant: Container[str]) -> float:
    """Return the share of a check's points that an answer earns, some of whose arrays are wrong.

    A file that solves nothing can send an array that is the same on every seed. So only the others
    earn, in equal parts; one that is constant and wrong costs what an array is worth among all.
    right: for each array how far it is right: 1, 0, or what a known mistake keeps.
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


def not_reached(check: Check, needed: Sequence[str]) -> Verdict:
    """Make the verdict on a check that was not run, because checks it needs have not passed."""
    names = " and ".join(f"`{name}`" for name in needed)
    verb = "pass" if len(needed) > 1 else "passes"
    remark = Remark(f"runs once {names} {verb}.")
    return Verdict(
        name=check.name,
        title=check.title,
        points=check.points,
        earned=0.0,
        status="not_reached",
        remarks=(remark,),
    )


def unmet(check: Check, verdicts: Mapping[str, Verdict]) -> list[str]:
    """Name the checks that this one needs and that have not passed.

    A check that was not asked for holds nobody back.
    """
    not_passed = []
    for name in check.needs:
        verdict = verdicts.get(name)
        if verdict is not None and verdict.status != "passed":
            not_passed.append(name)
    return not_passed
