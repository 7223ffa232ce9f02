"""What this course's checks say themselves of what they cannot use."""

import this_course
from this_course import COURSE

from autograder.grading.keys import solution_of
from autograder.sandbox.inside.runner import run_experiment
from autograder.sandbox.inside.submission import Submission


def answer(unit_name, check_name, right, wrong):
    """Return the answer of a check to the solution with one line changed."""
    unit = this_course.unit(unit_name)
    text = solution_of(unit).text
    assert right in text
    spoilt = Submission(text.replace(right, wrong).encode(), "solution.py")
    (check,) = (check for check in unit.checks if check.name == check_name)
    return run_experiment(check, spoilt, COURSE.public_seed, unit.experiments.reset)


def test_a_constant_that_is_no_parameter_is_told():
    """A float has no gradient. What was named before counts."""
    right = "self.constant = nn.Parameter(torch.tensor(float(mean)))"
    given = answer("unit1_embeddings", "dot_and_biases", right, "self.constant = mean")
    assert given.message == (
        "TypeError: `constant` should be an `nn.Parameter`, which optimizers find; it is a float."
    )
    assert "gradient_in_user_weight" in given.arrays
