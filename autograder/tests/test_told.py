"""What is said of mistakes that nobody wrote: counted by the first check that fails."""

from dataclasses import replace

import pytest
import small

from autograder.authoring.told import Telling, how_told
from autograder.check import Failure
from autograder.judging import Remark, Verdict
from autograder.source.edits import Edit

RIGHT = Verdict("one", "", 1, 1, "passed")
NAMED = Verdict("two", "", 1, 0, "failed", (Remark("a slip.", ("a",), "return 2 * x"),))
RELATED = Verdict("two", "", 1, 0.5, "partial", (Remark("reversed.", ("a",), relation="reversed"),))
RAISED = Verdict("two", "", 1, 0, "error", (Remark("line 3: ValueError"),), failure=Failure.RAISED)
VALUES = Verdict("two", "", 1, 0, "failed", (Remark("wrong values in 3 of 3 places.", ("a",)),))
LEFT_OUT = Verdict("three", "", 1, 0, "not_reached", (Remark("Do this first: `two`."),))


def mutant_of(function):
    """A mutant that is made in a function."""
    return Edit("x", 0, 1, "y", function)


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        ([RIGHT, NAMED], "named"),
        ([RIGHT, RELATED, NAMED], "related"),
        ([LEFT_OUT, RAISED], "error"),
        ([VALUES, NAMED], "neither"),
        ([RIGHT, LEFT_OUT], None),
    ],
)
def test_the_first_check_that_fails_says_how_a_mistake_is_told(verdicts, told):
    """What later ones say comes late."""
    assert how_told(verdicts) == told


def test_words_that_a_check_has_for_an_array_tell_something():
    """They are counted by themselves, and only where nothing else is told."""
    plain = replace(small.check(), name="two")
    check = replace(plain, words={"a": "wrong values in 3 of 3 places."})
    assert how_told([RIGHT, VALUES], [check]) == "own words"
    assert how_told([RIGHT, RELATED], [check]) == "related"
    assert how_told([RIGHT, VALUES], [plain]) == "neither"


def test_a_name_from_another_function_is_untrue():
    """The share leaves out what ends with an error, and what loses nothing."""
    telling, places = Telling(), {"return 2 * x": frozenset({"double"})}
    for function, verdict in (
        ("double", NAMED),
        ("Net.forward", NAMED),
        ("halve", RELATED),
        ("halve", VALUES),
    ):
        telling.add([RIGHT, verdict], mutant_of(function), places)
    telling.add([RIGHT, RAISED], mutant_of("double"), places)
    telling.add([RIGHT], mutant_of("double"), places)
    assert (telling.answered, telling.share) == (4, 0.75)
    assert telling.untrue == ["Net.forward: x → y: got: a slip."]
