"""A made-up class of 300 goes the whole way, and every student is accounted for at each step."""

import subprocess
import sys

import pytest
from this_course import ROOT

pytestmark = pytest.mark.proof


@pytest.mark.parametrize("platform", ["moodle", "canvas"])
def test_nobody_of_300_is_lost_between_a_download_and_the_tables(platform):
    """Collected, graded, given points by hand, and back: each once, with the same points."""
    script = ROOT / "tools" / "class_of_300.py"
    done = subprocess.run(
        [sys.executable, script, "--from", platform],
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "export: csv 300, canvas 300, moodle 300, mail 300, total 300" in done.stdout
