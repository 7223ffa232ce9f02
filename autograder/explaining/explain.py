"""From a judgement to a verdict with remarks: what was wrong, and why, as far as it is known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from autograder.check import Answer, Check
from autograder.explaining import words
from autograder.explaining.describe import Comparison, describe_array, remarks_on
from autograder.explaining.small_changes import Excluded, none_excluded
from autograder.judging.carry import Following
from autograder.judging.compare import right_arrays
from autograder.judging.key import CheckKey, PlainKey
from autograder.judging.points import Judgement, Standard, not_reached
from autograder.judging.training import LossJudgement, Shortfall
from autograder.judging.verdict import Remark, Verdict


def explained(
    judgement: Judgement,
    standard: Standard,
    key: CheckKey,
    answer: Answer,
    sizes: Mapping[str, int],
    excluded: Excluded = none_excluded,
) -> Verdict:
    """Return the verdict of a judgement, with remarks on all that is wrong.

    standard: what the answer was compared with. key: of the check, which knows what small changes
    of right answers give; it may run experiments for that.
    sizes: letter → size, for shapes in words.
    excluded: whether a small change cannot have been made, since it would have spoilt a check that
    has passed.
    """
    remarks: list[Remark] = []
    comparison = Comparison(judgement.check, standard, key, answer, judgement.wrong, sizes)
    if judgement.failure:
        remarks = _on_failure(judgement, standard, answer)
    elif judgement.check.measure:
        remarks = [describe_array(name, comparison).remark for name in judgement.wrong]
    elif judgement.wrong:
        remarks = remarks_on(comparison, judgement.explanations, excluded)
    return replace(judgement.verdict(), remarks=tuple(remarks))


def explained_plainly(judgement: Judgement, answer: Answer) -> Verdict:
    """Return the verdict of a judgement that nothing is known of but how it failed."""
    standard = Standard(Answer())
    return explained(judgement, standard, PlainKey(Answer()), answer, sizes={})


def _on_failure(judgement: Judgement, standard: Standard, answer: Answer) -> list[Remark]:
    """Tell a failure, the known mistake that fails by the same error, and what counts beside it.

    Nothing is said of wrong arrays: they may be so because of the failure.
    """
    remarks = []
    if judgement.raised:
        mistake = judgement.raised[0]
        text = words.error_is(mistake.text)
        remarks.append(Remark(text, mistake=mistake.code, words=mistake.text))
    remarks.append(Remark(answer.message, place=answer.error.place))
    if judgement.share:
        right = right_arrays(judgement.check, standard.expected, answer)
        earning = tuple(name for name in right if name not in standard.constant)
        remarks.append(Remark(words.still_counts(len(earning)), earning))
    return remarks


def explained_loss(judgement: LossJudgement, loss_unit: str = "") -> Verdict:
    """Return the verdict on trained weights. loss_unit: what a loss is counted in, in words."""
    check = judgement.check
    remarks: tuple[Remark, ...] = ()
    if judgement.shortfall is Shortfall.LOSS:
        text = words.loss_is_another(check, judgement.measured, judgement.ours, loss_unit)
        remarks = (Remark(text),)
    elif judgement.shortfall is Shortfall.ORIGIN:
        remarks = (Remark(words.other_origin(judgement.measured)),)
    return replace(judgement.verdict(), remarks=remarks, loss=judgement.figures)


def explained_following(
    following: Following,
    key: CheckKey,
    needed: Sequence[str],
    answer: Answer,
    sizes: Mapping[str, int],
    excluded: Excluded,
) -> Verdict:
    """Return the verdict on a check that follows wrong ones.

    key: of the check with the early mistakes made. needed: the wrong checks that it needs.
    """
    verdict = following.verdict()
    if following.has_passed:
        return verdict
    if following.is_hidden:
        return replace(verdict, remarks=(Remark(words.hidden_by(needed)),))
    if following.judgement.is_right:
        return replace(verdict, remarks=(Remark(words.right_after(needed)),))
    told = explained(following.judgement, following.standard, key, answer, sizes, excluded)
    first = Remark(words.judged_after(needed))
    return replace(verdict, remarks=(first, *told.remarks))


def explained_better(carried: Verdict, plainly: Verdict, needed: Sequence[str]) -> Verdict:
    """Return the verdict with the words of a comparison without early mistakes, if it says more.

    carried: with them carried forward. plainly: without. needed: the wrong checks before.
    """
    if _share_explained(plainly) <= _share_explained(carried):
        return carried
    first = Remark(words.read_plainly(needed))
    return replace(carried, remarks=(first, *plainly.remarks))


def explains_all(verdict: Verdict) -> bool:
    """Return whether remarks say how all wrong arrays, or the error, came about."""
    return _share_explained(verdict) == 1


def _share_explained(verdict: Verdict) -> float:
    """Return the share of what is wrong of which a remark says how it came about."""
    explained_count = count = 0
    for remark in verdict.remarks:
        says_why = bool(remark.words or remark.relation)
        number = len(remark.arrays) or int(says_why)  # an error has no arrays
        count += number
        if says_why:
            explained_count += number
    return explained_count / count if count else 0.0


def waiting(check: Check, needed: Sequence[str]) -> Verdict:
    """Return the verdict on a check that was not run, with the checks that have to pass first."""
    remark = Remark(words.waits_for(needed))
    return replace(not_reached(check), remarks=(remark,))
