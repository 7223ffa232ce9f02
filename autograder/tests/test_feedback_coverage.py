"""Feedback on unlisted mistakes, counted by the first check that fails."""

import pytest

from autograder.authoring.feedback_coverage import FeedbackCoverage, diagnosis_of
from autograder.check import Failure
from autograder.explaining.words import remark_on
from autograder.finding import (
    Certainty,
    ChangeFound,
    Finding,
    FindingKind,
    Look,
    LookKind,
    Mending,
    Operation,
    OperationKind,
    Relation,
    RelationKind,
)
from autograder.judging import Verdict
from autograder.source.edits import Edit

RIGHT = Verdict("one", "", 1, 1, "passed")


def failed(kind, arrays=("a",), **data):
    """Return the verdict on a failed check with one finding."""
    return Verdict("two", "", 1, 0, "failed", (remark_on(Finding(kind, arrays, **data)),))


REVERSED = Relation(RelationKind.CHANGED, Operation(OperationKind.REVERSED))
NAMED = failed(FindingKind.MISTAKE, mistakes=("a slip.",), code="return 2 * x")
RELATED = failed(FindingKind.RELATION, certainty=Certainty.SURE, relation=REVERSED)
RAISED = Verdict(
    "two",
    "",
    1,
    0,
    "error",
    (remark_on(Finding(FindingKind.ERROR, message="line 3: ValueError")),),
    failure=Failure.RAISED,
)
COUNTED = Look(LookKind.WRONG_VALUES, counts=((3, 3),))
VALUES = failed(FindingKind.LOOK, look=COUNTED)
OWN_WORDS = failed(FindingKind.LOOK, look=Look(LookKind.OWN_WORDS, words="count again."))
LEFT_OUT = Verdict(
    "three", "", 1, 0, "not_reached", (remark_on(Finding(FindingKind.WAITS, names=("two",))),)
)


def mutant_of(function):
    """Return a mutant of a function."""
    return Edit("x", 0, 1, "y", function)


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        ([RIGHT, NAMED], "named"),
        ([RIGHT, RELATED, NAMED], "related"),
        ([LEFT_OUT, RAISED], "error"),
        ([VALUES, NAMED], "neither"),
        ([OWN_WORDS], "own words"),
        ([RIGHT, LEFT_OUT], None),
    ],
)
def test_the_first_check_that_fails_says_how_a_mistake_is_told(verdicts, told):
    """The first failing check determines how a mistake is diagnosed."""
    assert diagnosis_of(verdicts) == told


def test_words_that_a_check_has_for_an_array_tell_something():
    """A check's own words for an array count separately, and only if nothing else is diagnosed."""
    own_words = Look(LookKind.OWN_WORDS, words="count again.")
    both = failed(FindingKind.RELATION, relation=REVERSED, look=own_words)
    assert diagnosis_of([RIGHT, both]) == "related"
    assert both.remarks[0].text == "your values are the expected ones reversed. count again."


@pytest.mark.parametrize(
    ("functions", "is_untrue"),
    [((), False), (("double",), False), (("Net.forward", "halve"), True), (("doubled",), True)],
)
def test_a_small_change_of_another_function_is_untrue(functions, is_untrue):
    """Naming a small change of another function is wrong; function names are compared whole."""
    change = ChangeFound(functions, ())
    told_change = failed(FindingKind.SMALL_CHANGE, change=change)
    coverage = FeedbackCoverage()
    coverage.add([told_change], mutant_of("double"), {})
    assert bool(coverage.untrue) == is_untrue
    if functions:
        mended = failed(FindingKind.LOOK, look=COUNTED, mending=Mending(functions[0]))
        coverage = FeedbackCoverage()
        coverage.add([mended], mutant_of("double"), {})
        assert (bool(coverage.untrue), coverage.counts["repaired"]) == (is_untrue, 1)


def test_a_name_from_another_function_is_untrue():
    """Naming a mistake of another function is wrong.

    The share leaves out mutants that raise an error or lose no points.
    """
    coverage, places = FeedbackCoverage(), {"return 2 * x": frozenset({"double"})}
    for function, verdict in (
        ("double", NAMED),
        ("Net.forward", NAMED),
        ("halve", RELATED),
        ("halve", VALUES),
    ):
        coverage.add([RIGHT, verdict], mutant_of(function), places)
    coverage.add([RIGHT, RAISED], mutant_of("double"), places)
    coverage.add([RIGHT], mutant_of("double"), places)
    assert (coverage.answered, coverage.share) == (4, 0.75)
    assert coverage.untrue == [
        "Net.forward: x → y: got: your values match this known mistake: a slip."
    ]
