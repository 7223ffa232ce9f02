"""Judge and explain one answer by itself, as `grading.judge.Judge` does for all of a submission."""

from autograder.explaining import explain
from autograder.explaining.explain import with_findings
from autograder.grading.judge import excluded_by, standard_for
from autograder.judging import Standard, not_reached
from autograder.judging import judge as judge_points
from autograder.judging import judge_loss as judge_loss_points
from autograder.judging.key import none_excluded

__all__ = ["excluded_by", "judge", "judge_loss", "none_excluded", "points_earned", "waiting"]


def judge(check, key, answer, sizes, excluded=none_excluded):
    """Return the verdict on an answer, with its remarks."""
    standard = standard_for(check, key, answer, excluded)
    judgement = judge_points(check, standard, answer)
    findings = explain.explained(judgement, standard, key, answer, sizes, excluded)
    return with_findings(judgement.verdict(), findings)


def points_earned(check, key, answer):
    """Return the points of an answer judged with everything that a key holds."""
    standard = Standard(key.expected, key.mistakes, key.constant)
    return judge_points(check, standard, answer).earned


def judge_loss(check, key, loss, trained=None, loss_unit=""):
    """Return the verdict on trained weights, with its remarks."""
    judgement = judge_loss_points(check, key.expected, key.loss, loss, trained)
    return with_findings(judgement.verdict(), explain.explained_loss(judgement, loss_unit))


def waiting(check, needed):
    """Return the verdict on a check that waits for others."""
    return with_findings(not_reached(check), explain.waiting(needed))
