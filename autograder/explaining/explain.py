"""From a judgement to a verdict with remarks: what was wrong, and why, as far as it is known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from autograder.check import Answer, Check, Failure
from autograder.explaining.describe import findings_on, of_mistake
from autograder.explaining.looks import Comparison, look_at
from autograder.explaining.words import remark_on, remarks_on
from autograder.finding import Finding, FindingKind, Loss, Replied
from autograder.judging.carry import Following
from autograder.judging.compare import right_arrays, wrong_arrays
from autograder.judging.key import CheckKey, Excluded, PlainKey, none_excluded
from autograder.judging.mistakes import explain_wrong
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
    findings: list[Finding] = []
    comparison = Comparison(judgement.check, standard, key, answer, judgement.wrong, sizes)
    if judgement.failure is Failure.STUB:
        findings = _on_failure(judgement, standard, answer)
        written = _of_what_is_written(judgement.check, standard, answer)
        if written.wrong:
            comparison = replace(comparison, wrong=written.wrong)
            said = findings_on(comparison, written.explanations, excluded)
            # after the error; before what counts, which says what is right, too
            findings[1:1] = [one for one in said if one.kind is not FindingKind.ARE_RIGHT]
    elif judgement.failure:
        findings = _on_failure(judgement, standard, answer)
    elif judgement.check.measure:
        findings = [look_at(name, comparison) for name in judgement.wrong]
    elif judgement.check.question:
        return answered(judgement, answer)
    elif judgement.wrong:
        findings = findings_on(comparison, judgement.explanations, excluded)
    return replace(judgement.verdict(), remarks=remarks_on(findings))


def answered(judgement: Judgement, answer: Answer) -> Verdict:
    """Return the verdict on an answer to a question: of each wrong part, the author's words."""
    check = judgement.check
    assert check.question
    given = check.question.text(check.name, answer.arrays)
    if check.question.by_hand:
        recorded = Finding(FindingKind.RECORDED, replied=Replied(given, by_hand=True))
        verdict = replace(judgement.verdict(), status="recorded", given=given)
        return replace(verdict, remarks=remarks_on([recorded]))
    findings = []
    if judgement.wrong:
        replied = Replied(given, judgement.is_prediction, bool(judgement.explanations))
        findings.append(Finding(FindingKind.ANSWERED, replied=replied))
    for explanation in judgement.explanations:
        mistake = explanation.mistakes[0]
        parts = explanation.arrays if explanation.arrays != (check.name,) else ()
        findings.append(of_mistake(FindingKind.WRONG_PART, mistake, parts))
    verdict = judgement.verdict()
    agrees = not judgement.wrong
    return replace(verdict, remarks=remarks_on(findings), given=given, agrees=agrees)


def explained_plainly(judgement: Judgement, answer: Answer) -> Verdict:
    """Return the verdict of a judgement that nothing is known of but how it failed."""
    standard = Standard(Answer())
    return explained(judgement, standard, PlainKey(Answer()), answer, sizes={})


def _on_failure(judgement: Judgement, standard: Standard, answer: Answer) -> list[Finding]:
    """Tell a failure, the known mistake that fails by the same error, and what counts beside it.

    Nothing is said of wrong arrays here: they may be so because of the failure.
    """
    findings = []
    if judgement.raised:
        findings.append(of_mistake(FindingKind.MISTAKE_OF_ERROR, judgement.raised[0]))
    error = answer.error
    findings.append(
        Finding(FindingKind.ERROR, error=error, message=answer.message, place=error.place)
    )
    if judgement.share:
        right = right_arrays(judgement.check, standard.expected, answer)
        earning = tuple(name for name in right if name not in standard.constant)
        findings.append(Finding(FindingKind.STILL_COUNTS, earning))
    return findings


def _of_what_is_written(check: Check, standard: Standard, answer: Answer) -> Judgement:
    """Judge the arrays that an answer gave before it came to a function that is not written yet.

    None of them can need that function, so what is wrong in them is the work of those above it.
    """
    wrong = wrong_arrays(check, standard.expected, answer)
    given = tuple(name for name in wrong if name in answer.arrays)
    explanations = tuple(explain_wrong(check, standard, answer, given)) if given else ()
    return Judgement(check, 0.0, given, explanations)


def explained_loss(judgement: LossJudgement, loss_unit: str = "") -> Verdict:
    """Return the verdict on trained weights. loss_unit: what a loss is counted in, in words."""
    check = judgement.check
    verdict = replace(judgement.verdict(), loss=judgement.figures)
    if judgement.shortfall is Shortfall.NOTHING:
        return verdict
    is_loss = judgement.shortfall is Shortfall.LOSS
    kind = FindingKind.LOSS if is_loss else FindingKind.ORIGIN
    loss = Loss(
        f"{judgement.measured:.4f}", f"{judgement.ours:.4f}", f"{check.within:g}", loss_unit
    )
    finding = Finding(kind, loss=loss, names=tuple(check.needs))
    return replace(verdict, remarks=remarks_on([finding]))


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
        return replace(verdict, remarks=(_of_checks(FindingKind.HIDDEN, needed),))
    if following.judgement.is_right:
        return replace(verdict, remarks=(_of_checks(FindingKind.RIGHT_AFTER, needed),))
    told = explained(following.judgement, following.standard, key, answer, sizes, excluded)
    is_unwritten = following.judgement.failure is Failure.STUB
    if is_unwritten and len(told.remarks) == 1:
        return replace(verdict, remarks=told.remarks)  # nothing was compared
    first = _of_checks(FindingKind.CARRIED, needed)
    return replace(verdict, remarks=(first, *told.remarks))


def _of_checks(kind: FindingKind, names: Sequence[str]) -> Remark:
    """Return a remark that speaks of other checks."""
    return remark_on(Finding(kind, names=tuple(names)))


def explained_better(carried: Verdict, plainly: Verdict, needed: Sequence[str]) -> Verdict:
    """Return the verdict with the words of a comparison without early mistakes, if it says more.

    carried: with them carried forward. plainly: without. needed: the wrong checks before.
    """
    if _share_explained(plainly) <= _share_explained(carried):
        return carried
    first = _of_checks(FindingKind.READ_PLAINLY, needed)
    return replace(carried, remarks=(first, *plainly.remarks))


def explains_all(verdict: Verdict) -> bool:
    """Return whether remarks say how all wrong arrays, or the error, came about."""
    return _share_explained(verdict) == 1


def _share_explained(verdict: Verdict) -> float:
    """Return the share of what is wrong of which a remark says how it came about."""
    explained_count = count = 0
    for remark in verdict.remarks:
        says_why = remark.finding is not None and remark.finding.explains
        number = len(remark.arrays) or int(says_why)  # an error has no arrays
        count += number
        if says_why:
            explained_count += number
    return explained_count / count if count else 0.0


def waiting(check: Check, needed: Sequence[str]) -> Verdict:
    """Return the verdict on a check that was not run, with the checks that have to pass first."""
    return replace(not_reached(check), remarks=(_of_checks(FindingKind.WAITS, needed),))
