"""Code that passes all exact checks of a unit runs every example of it.

`benchmarks/examples.py` tries all such code.
"""

import ast

import pytest
import this_course
from this_course import COURSE
from whole_script import failed_example

from autograder.authoring.validate import styles
from autograder.grading.keys import solution_of

# one style of each unit: each once passed, or would have passed, and then failed an example
TRIED = {
    "unit0_pseudo_labels": "on_a_device",
    "unit1_embeddings": "numpy_inside",
    "unit2_unrolled_rnn": "reshapes",
    "unit3_scan": "double_inside",
    "unit4_manual_gradients": "lists",
    "unit5_stateful_lstm": "in_place",
    "unit6_recurrent_again": "lists",
}


@pytest.mark.parametrize("unit", this_course.EACH_UNIT)
def test_a_style_runs_every_example(unit):
    """Each style runs every example with small sizes, in this process."""
    style = styles(this_course.unit(unit))[TRIED[unit]]
    assert failed_example(unit, style) == ""


def test_the_lists_of_unit_5_come_out_right_for_its_solution(capsys):
    """Students follow them with a pencil: the solution gives each list's expected pieces."""
    script = solution_of(this_course.unit("unit5_stateful_lstm")).plain()
    function, example = [
        part
        for part in ast.parse(script).body
        if getattr(part, "name", "") == "surprising_pieces"
        or (isinstance(part, ast.With) and ", should be " in ast.unparse(part))
    ]
    exec(ast.unparse([function, *example.body]), {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 4
    for line in lines:
        found, expected = line.partition("]: ")[2].split(", should be ")
        assert found == expected, line


def test_every_unit_is_tried():
    """Every unit has small sizes and a style here."""
    assert list(TRIED) == list(COURSE.units)


@pytest.mark.parametrize(
    ("unit", "wrong", "example"),
    [
        (
            "unit0_pseudo_labels",
            "def split_rows(order, held_out, labelled):\n"
            "    parts = order.float().split([held_out, labelled, len(order) - held_out - "
            "labelled])\n"
            "    return parts",
            "digits, with and without pseudo-labels",
        ),
        (
            "unit4_manual_gradients",
            "def sample(params, start, length, temperature, rng):\n    return np.zeros(length)",
            "what the network writes",
        ),
    ],
)
def test_an_example_that_fails_is_told(unit, wrong, example):
    """The test above can fail: these two passed all checks once."""
    script = f"{solution_of(this_course.unit(unit)).plain()}\n\n# %%\n{wrong}"
    assert failed_example(unit, script).startswith(f"{example}: ")
