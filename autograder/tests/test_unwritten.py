"""An unwritten function does not hide feedback on the written ones."""

import small

from autograder.grading.keys import build_key
from autograder.grading.one import grade_one
from autograder.sandbox.client import Server

EXPERIMENTS = '''
    import numpy as np

    from autograder.check import check, named


    @check(points=2)
    def both(net, seed):
        """`double` and `halve` do what they are called after"""
        x = np.random.default_rng(seed).normal(size=9)
        return named("twice half", net.double(x), net.halve(x))
'''
SOLUTION = """
    def double(x):
        ### BEGIN SOLUTION
        y = x + x
        # mistake: y = x * x
        #   this squares; add x to itself.
        ### END SOLUTION
        return y


    def halve(x):
        ### BEGIN SOLUTION
        return x / 2
        ### END SOLUTION
"""
HALVE = "def halve(x):\n    raise NotImplementedError()\n"


def told(tmp_path, double):
    """Return the verdict on a file with only this `double` written."""
    unit = small.write_course(tmp_path, "pair", EXPERIMENTS, SOLUTION)
    script = f"def double(x):\n    {double}\n\n\n{HALVE}"
    with Server(unit) as server:
        key = build_key(server, small.SEED, data={})
        return grade_one(server, script.encode(), "ada.py", small.SEED, key, {})[0]


def test_a_known_mistake_above_what_is_not_written_is_named(tmp_path):
    """A known mistake above an unwritten function is diagnosed and costs as much as alone.

    So the student need not write the rest to read about it.
    """
    verdict = told(tmp_path, "return x * x")
    texts = [remark.text for remark in verdict.remarks]
    assert texts[0] == "`halve` is not written yet."
    assert "this squares; add x to itself." in texts[1]
    assert verdict.remarks[1].arrays == ("twice",)
    assert verdict.earned == 0


def test_of_a_right_function_above_what_is_not_written_nothing_wrong_is_said(tmp_path):
    """A right function above an unwritten one earns its arrays and gets no criticism."""
    verdict = told(tmp_path, "return 2 * x")
    assert [remark.finding.kind for remark in verdict.remarks] == ["error", "still counts"]
    assert verdict.earned == 1
