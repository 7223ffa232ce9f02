"""From a judgement to findings: what was wrong, and why, as far as it is known.

Findings stand beside a verdict. `with_findings` adds them to it as remarks; the rest of a verdict
is made elsewhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from autograder.check import Answer, Check, Failure
from autograder.explaining.describe import findings_on, have_one_text, of_mistake
from autograder.explaining.looks import Comparison, look_at
from autograder.explaining.words import remarks_on
from autograder.finding import Finding, FindingKind, Loss, Replied
from autograder.judging.carry import Following
from autograder.judging.compare import right_arrays, wrong_arrays
from autograder.judging.key import CheckKey, Excluded, none_excluded
from autograder.judging.mistakes import explain_wrong
from autograder.judging.points import Judgement, Standard
from autograder.judging.training import LossJudgement, Shortfall
from autograder.judging.verdict import Verdict


def with_findings(verdict: Verdict, findings: Iterable[Finding]) -> Verdict:
    """Add what was found to a verdict, as remarks."""
    return replace(verdict, remarks=remarks_on(findings))


def explained(
    judgement: Judgement,
    standard: Standard,
    key: CheckKey,
    answer: Answer,
    sizes: Mapping[str, int],
    excluded: Excluded = none_excluded,
) -> list[Finding]:
    """Find what was wrong with a judged answer.

    standard: the basis of comparison. key: of the check, which knows the answers of small changes
    of right answers; it may run experiments for them.
    sizes: letter → size, for shapes in words.
    excluded: whether a small change cannot have been made, since it would have failed a passed
    check.
    """
    comparison = Comparison(judgement.check, standard, key, answer, judgement.wrong, sizes)
    if judgement.failure is Failure.STUB:
        findings = _on_failure(judgement, standard, answer)
        written = _of_what_is_written(judgement.check, standard, answer)
        if written.wrong:
            comparison = replace(comparison, wrong=written.wrong)
            said = findings_on(comparison, written.explanations, excluded)
            # after the error; before what counts, which also says what is right
            findings[1:1] = [one for one in said if one.kind is not FindingKind.ARE_RIGHT]
        return findings
    if judgement.failure:
        return _on_failure(judgement, standard, answer)
    if judgement.check.measure:
        return [look_at(name, comparison) for name in judgement.wrong]
    if judgement.check.question:
        return _on_answer(judgement)
    if judgement.wrong:
        return findings_on(comparison, judgement.explanations, excluded)
    return []


def _on_answer(judgement: Judgement) -> list[Finding]:
    """Report the answer to a question and, for each wrong part, the author's words."""
    given = judgement.given
    if judgement.is_recorded:
        return [Finding(FindingKind.RECORDED, replied=Replied(given, by_hand=True))]
    findings = []
    if judgement.wrong:
        replied = Replied(given, judgement.is_prediction, bool(judgement.explanations))
        findings.append(Finding(FindingKind.ANSWERED, replied=replied))
    for explanation in judgement.explanations:
        mistake = explanation.mistakes[0]
        is_whole = explanation.arrays == (judgement.check.name,)
        parts = () if is_whole else explanation.arrays
        findings.append(of_mistake(FindingKind.WRONG_PART, mistake, parts))
    return findings


def explained_failure(judgement: Judgement, answer: Answer) -> list[Finding]:
    """Find what was wrong with an answer whose failure is all that is known."""
    return _on_failure(judgement, Standard(Answer()), answer)


def _on_failure(judgement: Judgement, standard: Standard, answer: Answer) -> list[Finding]:
    """Report a failure, a known mistake with the same error, and what counts beside it.

    Wrong arrays are not mentioned, because the failure may have caused them.
    """
    findings = []
    if have_one_text(judgement.raised):
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
    """Judge the arrays that an answer gave before it reached an unwritten function.

    None of them can need that function, so their errors come from the functions above it.
    """
    wrong = wrong_arrays(check, standard.expected, answer)
    given = tuple(name for name in wrong if name in answer.arrays)
    explanations = tuple(explain_wrong(check, standard, answer, given)) if given else ()
    return Judgement(check, 0.0, given, explanations)


KIND_OF_SHORTFALL = {
    Shortfall.LOSS: FindingKind.LOSS,
    Shortfall.HIGHER: FindingKind.LOSS_AND_OURS,
    Shortfall.NOTHING: FindingKind.LOSS_AND_OURS,  # with free weights it can be below ours
    Shortfall.ORIGIN: FindingKind.ORIGIN,
}


def explained_loss(judgement: LossJudgement, loss_unit: str = "") -> list[Finding]:
    """Find the fault of trained weights. loss_unit: the unit of a loss, in words."""
    check = judgement.check
    if judgement.shortfall is Shortfall.NOTHING and not check.free:
        return []
    kind = KIND_OF_SHORTFALL[judgement.shortfall]
    loss = Loss(
        f"{judgement.measured:.4f}", f"{judgement.ours:.4f}", f"{check.within:g}", loss_unit
    )
    return [Finding(kind, loss=loss, names=tuple(check.needs))]


def explained_following(
    following: Following,
    key: CheckKey,
    needed: Sequence[str],
    answer: Answer,
    sizes: Mapping[str, int],
    excluded: Excluded,
) -> list[Finding]:
    """Find what was wrong with an answer that depends on wrong ones.

    key: of the check with the early mistakes made. needed: the wrong checks that it needs.
    """
    if following.has_passed:
        return []
    if following.is_hidden:
        return [_of_checks(FindingKind.HIDDEN, needed)]
    if following.judgement.is_right:
        earns_all = following.telling_share == 1
        kind = FindingKind.RIGHT_AFTER if earns_all else FindingKind.RIGHT_AFTER_IN_PART
        return [_of_checks(kind, needed)]
    found = explained(following.judgement, following.standard, key, answer, sizes, excluded)
    is_unwritten = following.judgement.failure is Failure.STUB
    if is_unwritten and len(found) == 1:
        return found  # no comparison was made
    costs_nothing = following.telling_share == 1
    kind = FindingKind.CARRIED if costs_nothing else FindingKind.CARRIED_IN_PART
    return [_of_checks(kind, needed), *found]


def _of_checks(kind: FindingKind, names: Sequence[str]) -> Finding:
    """Return a finding that refers to other checks."""
    return Finding(kind, names=tuple(names))


def explained_better(
    carried: Sequence[Finding], plainly: Sequence[Finding], needed: Sequence[str]
) -> Sequence[Finding]:
    """Return the findings of a comparison without early mistakes, if they say more.

    carried: the findings with early mistakes carried forward. plainly: without.
    needed: the earlier wrong checks.
    """
    if _share_explained(plainly) <= _share_explained(carried):
        return carried
    return [_of_checks(FindingKind.READ_PLAINLY, needed), *plainly]


def explains_all(findings: Sequence[Finding]) -> bool:
    """Return whether findings give the cause of all wrong arrays, or of the error."""
    return _share_explained(findings) == 1


def _share_explained(findings: Sequence[Finding]) -> float:
    """Return the share of wrong arrays and errors whose cause a finding gives."""
    explained_count = count = 0
    for finding in findings:
        number = len(finding.arrays) or int(finding.explains)  # an error has no arrays
        count += number
        if finding.explains:
            explained_count += number
    return explained_count / count if count else 0.0


def waiting(needed: Sequence[str]) -> list[Finding]:
    """Return only which checks have to pass first, for a check that was not run."""
    return [_of_checks(FindingKind.WAITS, needed)]


def not_judged(needed: Sequence[str]) -> list[Finding]:
    """Return only which checks did not pass, for a check that a grade does not judge."""
    return [_of_checks(FindingKind.NOT_JUDGED, needed)]
