"""The figures of a unit's text are those that its script prints: `make figures`, some minutes."""

import re

import pytest
from test_scripts import runs_well, script_in_full
from this_course import COURSE

from autograder.data import corpus

pytestmark = pytest.mark.figures


@pytest.mark.parametrize("unit", COURSE.units)
def test_the_ladder_is_what_the_script_prints(unit):
    """The script runs in full, without a warning; its text's rungs are nats per character."""
    printed = runs_well(unit, script_in_full(unit))
    text = script_in_full(unit).read_text()
    if "# ## The ladder so far" not in text or corpus(COURSE).name != "nietzsche":
        return
    figures = re.findall(r"(?:held out|stateful): ([\d.]+) nats per character", printed)
    ladder = re.findall(rf"^# \| {unit[:4]} {unit[4]}: .+ \| ([\d.]+) \|$", text, re.M)
    assert figures
    assert [float(rung) for rung in ladder] == pytest.approx(
        sorted(map(float, figures), reverse=True), abs=0.02
    )
