"""Small changes of a script: which there are of each kind of code, and where they are made."""

import pytest
import small

from autograder.authoring.mutants import SECONDS, in_haste, mutants
from autograder.authoring.mutation_operators import Operator

COUNTERPARTS = {"mean": "sum", "sum": "mean"}


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("a + b", {"AOR": {"a - b"}, "ODL": {"a", "b"}}),
        ("a / b", {"AOR": {"a * b"}, "ODL": {"a"}, "SWAP": {"(b) / (a)"}}),
        (
            "a @ b",
            {
                "ODL": {"a", "b"},
                "SWAP": {"(b) @ (a)"},
                "TRANSPOSE": {"(a).T @ b", "a @ (b).T"},
            },
        ),
        ("a and b", {"COR": {"a or b"}}),
        ("a < b", {"ROR": {"a <= b", "a > b"}}),
        ("-a", {"ODL": {"a"}}),
        ("1", {"CRP": {"2", "0"}}),
        ("0", {"CRP": {"1"}}),
        ("0.5", {"CRP": {"1.0"}}),
        ("a.T", {"TRANSPOSE": {"a"}}),
        ("a[b:c]", {"SIR": {"a[:c]", "a[b:]"}}),
        ("x = a if b else c", {"COI": {"x = a if not (b) else c"}}),
        ("a += b", {"ASR": {"a -= b", "a = b"}, "SDL": {"pass"}}),
        ("f(a)", {"CALL_DELETION": {"a"}, "SDL": {"pass"}}),
        ("x = f(a, b)", {"SWAP": {"x = f(b, a)"}}),
        ("x = max(a, b)", {}),
        ("x = f(a, a)", {}),
        ("x = a.mean(axis=b)", {"NAME_REPLACEMENT", "CALL_DELETION", "OPTION_DELETION"}),
        ("x = a, b", {"SWAP": {"x = b, a"}}),
        ("x = (2, 2)", {"CRP"}),
    ],
)
def test_each_kind_of_code_has_its_changes(line, changed):
    """By the operators of mutation testing: each gives what it should, and no other gives any."""
    found = {}
    for mutant in mutants(line, COUNTERPARTS, within={1}):
        found.setdefault(mutant.operator.name, set()).add(mutant.after)
    if isinstance(changed, set):
        found = set(found)
    assert found == changed


def test_a_mutant_says_where_it_is_made():
    """In which method, on which line, and the changed line before and after."""
    text = "class Net:\n    def forward(self, a, b):\n        c = a\n        return c + b\n"
    first = mutants(text, {}, within={4})[0]
    assert first.name == "Net.forward: return c + b → return c - b"
    assert (first.line, first.operator) == (4, Operator.AOR)
    assert first.script == text.replace("c + b", "c - b")


def test_of_a_condition_only_the_test_is_changed():
    """The lines beneath it are no part of what is shown."""
    text = "if a:\n    x = b\n"
    (mutant,) = mutants(text, {}, within={1})
    assert (mutant.before, mutant.after) == ("if a:", "if not (a):")


def test_mutants_of_a_solution_are_made_in_its_regions():
    """What stands outside is given to students, and is right."""
    text = "a + b\n### BEGIN SOLUTION\na + b\n### END SOLUTION\na + b\n"
    assert {mutant.line for mutant in mutants(text, {})} == {3}


def test_a_change_over_several_lines_shows_those_that_differ():
    """Lines that are equal at the beginning and the end are left out."""
    text = "x = f(\n    a,\n    b,\n    c=1,\n)\n"
    (left_out,) = [m for m in mutants(text, {}, {1}) if m.operator is Operator.OPTION_DELETION]
    assert left_out.before == "c=1, )"
    assert left_out.line == 4


def test_a_mutant_has_seconds_only_where_it_does_not_train():
    """Many a mutant loops for ever; training takes the time that it takes."""
    unit = small.unit()
    hasty = in_haste(unit)
    for patient, check in zip(unit.checks, hasty.checks, strict=True):
        assert check.seconds == (patient.seconds if check.measure else SECONDS)
        assert check.seconds <= patient.seconds
