"""A unit's figures equal its script's output, and its small changes those of its code."""

import re

import numpy as np
import pytest
import this_course
from test_scripts import runs_well, script_in_full
from this_course import COURSE

from autograder.data import corpus
from autograder.grading.key_file import load_key
from autograder.grading.keys import build_key
from autograder.judging.prints import LENGTH, TAG
from autograder.sandbox.client import Server

pytestmark = pytest.mark.figures


MAY_DIFFER = 0.05  # fraction of small changes: a slow machine omits those that take long
ALIKE = 0.85  # fraction of prints: a change that leaves memory unfilled varies from run to run


@pytest.mark.parametrize("unit", COURSE.units)
def test_the_small_changes_in_a_key_are_those_that_would_be_made(unit):
    """A key's small changes are those that the present engine would make.

    `build` keeps them if only the author's code is unchanged; here the engine's counts, too.
    """
    stored = load_key(COURSE.key(unit))
    with Server(this_course.unit(unit)) as server:
        made = build_key(server, COURSE.public_seed, data={}, for_a_file=True)
    for check, known in made.items():
        kept = stored[check].small_changes
        found = known.small_changes
        both = [change for change in kept.changes if change in found.changes]
        assert len(both) >= (1 - MAY_DIFFER) * max(len(kept.changes), len(found.changes)), check
        if both:
            before = kept.prints[[kept.changes.index(change) for change in both]]
            now = found.prints[[found.changes.index(change) for change in both]]
            assert share_alike(now, before) >= ALIKE, check


def share_alike(one, other):
    """Return the fraction of prints, (changes, arrays, WIDTH), of one array up to rounding."""
    lengths = np.maximum(one[:, :, LENGTH], other[:, :, LENGTH])
    with np.errstate(invalid="ignore"):  # numbers too large to square
        apart = np.abs(one[:, :, LENGTH:] - other[:, :, LENGTH:]).max(axis=-1)
        are_near = (apart <= 1e-3 * lengths) | ~np.isfinite(lengths)
    have_one_tag = one[:, :, TAG] == other[:, :, TAG]
    return (have_one_tag & are_near).mean()


@pytest.mark.parametrize("unit", COURSE.units)
def test_the_ladder_is_what_the_script_prints(unit):
    """The script runs in full without a warning, and its text quotes its nats per character."""
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
