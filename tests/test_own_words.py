"""The feedback that this course's checks write themselves about values they cannot use."""

import numpy as np
import pytest
import this_course
from this_course import COURSE

from autograder.grading.keys import solution_of
from autograder.sandbox.inside.runner import run_experiment
from autograder.sandbox.inside.submission import Submission


def answer(unit_name, check_name, right, wrong):
    """Return a check's answer to the solution with one line changed."""
    unit = this_course.unit(unit_name)
    text = solution_of(unit).text
    assert right in text
    spoilt = Submission(text.replace(right, wrong).encode(), "solution.py")
    (check,) = (check for check in unit.checks if check.name == check_name)
    return run_experiment(check, spoilt, COURSE.public_seed, unit.experiments.reset)


def test_a_constant_that_is_no_parameter_is_told():
    """A float in place of a parameter is reported as having no gradient.

    Values named before count.
    """
    right = "self.constant = nn.Parameter(torch.tensor(float(mean)))"
    given = answer("unit1_embeddings", "dot_and_biases", right, "self.constant = mean")
    assert given.message == (
        "TypeError: `constant` should be an `nn.Parameter`, which optimizers find; it is a float."
    )
    assert "gradient_in_user_weight" in given.arrays


def test_a_loss_by_view_fails_on_transposed_targets_only():
    """A loss by `view` fails on transposed windows only, in PyTorch's words; the rest counts."""
    right = "F.cross_entropy(logits.flatten(0, -2), targets.flatten())"
    wrong = "F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.view(-1))"
    given = answer("unit2_unrolled_rnn", "loss_in_nats", right, wrong)
    assert "view size is not compatible" in given.message
    assert "of_transposed_targets" not in given.arrays
    assert np.isfinite(given.arrays["sequences"])
    assert given.arrays["same_after"]


def test_an_epoch_by_view_fails_on_transposed_batches_only():
    given = answer("unit5_stateful_lstm", "two_epochs", "y.flatten())\n", "y.view(-1))\n").arrays
    assert np.isnan(given["of_transposed_batches"]).all()
    assert np.isfinite(given["losses_clipped"]).all()


def test_a_text_that_is_always_the_same_without_a_generator_is_seen():
    """Text that is always equal without a generator is detected.

    PyTorch's own generator was seeded by the function.
    """
    right = "    ids, state, x = [], None, torch.tensor(start)[:, None]\n"
    seeded = "    torch.manual_seed(0)\n" + right
    given = answer("unit5_stateful_lstm", "generating", right, seeded).arrays
    assert not given["no_generator_other_text"]
    assert given["other_seed_other_text"]


def test_a_softmax_shifted_by_the_first_score_overflows_within_a_row():
    right, wrong = "z.max(-1, keepdims=True))\n", "z[..., :1])\n"
    with np.errstate(over="ignore", invalid="ignore"):
        given = answer("unit4_manual_gradients", "softmax_values", right, wrong).arrays
    assert np.isnan(given["scores_far_apart"]).any()
    assert np.isfinite(given["large_scores"]).all()


LOOPS = {
    "in_rounds": (
        "    ys, distance = xs, 1\n",
        "    return torch.cat([xs[:1], *scan(op, xs[:1], xs[1:].unsqueeze(1))])\n",
        "called `op` 63 times",
    ),
    "recurrence": (
        "    return A * h0 + B\n",
        "    return torch.stack(scan(lambda h, ab: ab[0] * h + ab[1], h0, zip(a, b)))\n",
        "called torch at least 512 times",
    ),
    "recurrence_backward": (
        "g = linear_recurrence(following.flip(0), dh.flip(0), torch.zeros_like(h0))",
        "g = torch.stack(scan(lambda g, x: x[0] * g + x[1], torch.zeros_like(h0), "
        "zip(following.flip(0), dh.flip(0))))",
        "called torch at least 512 times",
    ),
}


@pytest.mark.parametrize("check", LOOPS)
def test_a_loop_keeps_less_than_half_of_a_scan_in_rounds(check):
    """A loop over the steps is told by its calls. Only the arrays named before them count."""
    right, loop, words = LOOPS[check]
    whole = answer("unit3_scan", check, right, right)
    given = answer("unit3_scan", check, right, loop)
    assert words in given.message
    assert 0 < len(given.arrays) < len(whole.arrays) / 2
