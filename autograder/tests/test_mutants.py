"""Mutants of a solution: their kinds, their descriptions and their time limits."""

import small

from autograder.authoring.mutants import NO_MUTANTS, SECONDS, in_haste, mutants, name_of
from autograder.slip import Slip, SlipKind, replaced

SCRIPT = """
class Net:
    def forward(self, a, b):
        ### BEGIN SOLUTION
        c = f(
            a,
            b,
            d=1,
        )
        return c + b + max(a, b) + 1 / c
        ### END SOLUTION

def given(a):
    return a + 1
"""
SLIPS_OF_SUM = {replaced("-", "+"), replaced("*", "+"), Slip(SlipKind.TERM)}


def made():
    """Return all mutants of the script."""
    return mutants(small.unit(), SCRIPT)


def test_a_mutant_says_where_it_is_made():
    """A mutant names its method and shows the changed line before and after."""
    names = {name_of(mutant): mutant for mutant in made()}
    mutant = names[
        "Net.forward: return c + b + max(a, b) + 1 / c → return ((c) - (b)) + max(a, b) + 1 / c"
    ]
    assert mutant.script == SCRIPT.replace("c + b", "((c) - (b))")
    assert mutant.slip == replaced("-", "+")


def test_mutants_are_made_in_the_regions_of_a_solution():
    """Mutants change only the solution's regions; the code outside is given to students."""
    assert {mutant.function for mutant in made()} == {"Net.forward"}
    assert {mutant.line for mutant in made()} <= set(range(4, 10))


def test_kinds_that_prove_nothing_are_no_mutants():
    """Mutations that prove nothing are skipped, such as exchanging two variables.

    The table gives the reason for each kind.
    """
    kinds = {mutant.slip.kind for mutant in made()}
    assert not kinds & NO_MUTANTS.keys()
    slips = {mutant.slip for mutant in made() if mutant.line == 9}
    assert slips >= SLIPS_OF_SUM


def test_a_change_that_is_none_is_no_mutant():
    """Equivalent changes are skipped: `max(b, a)`, or 1 for a dividend that is 1."""
    codes = {mutant.code for mutant in made()}
    assert not codes & {"max(b, a)", "(1 / (c))"}
    assert "((1) * (c))" in codes


def test_a_change_over_several_lines_shows_those_that_differ():
    """A change over several lines shows only the lines that differ."""
    (swapped,) = [one for one in made() if one.slip.kind is SlipKind.ARGUMENTS_SWAPPED]
    assert name_of(swapped) == "Net.forward: c = f( a, b, d=1, ) → c = f(b, a, d=1)"
    (left_out,) = [one for one in made() if one.slip.kind is SlipKind.OPTION]
    assert name_of(left_out) == "Net.forward: d=1, → **{},"


def test_a_mutant_has_seconds_only_where_it_does_not_train():
    """Only mutants of exact checks have a time limit: many loop for ever.

    Training takes the time that it takes.
    """
    unit = small.unit()
    hasty = in_haste(unit)
    for patient, check in zip(unit.checks, hasty.checks, strict=True):
        assert check.seconds == (patient.seconds if check.measure else SECONDS)
        assert check.seconds <= patient.seconds
