"""How a check that trains is judged: by its weights' shapes, their loss, and where they came from.

The loss on held-out text says whether training works. That the weights came of the first weights
and the batches that were given is seen by their direction: row by row, their cosine with the
solution's is far above that of weights that were trained from elsewhere.
"""

import math
from dataclasses import replace

import numpy as np

from autograder.check import Arrays, Check
from autograder.judging.describe import Comparison, describe_array
from autograder.judging.verdict import CheckKey, Remark, Verdict, verdict_of

MIN_ROW_COSINE = 0.15
# numbers of a matrix that is looked at: chance keeps the cosine of one so large below the minimum
MIN_MATRIX_SIZE = 1000


def judge_weights(comparison: Comparison) -> Verdict:
    """Judge whether trained weights can be measured: each has the shape of the solution's."""
    trained = comparison.answer.arrays
    remarks = []
    for name, expected in comparison.key.expected.arrays.items():
        weights = trained.get(name)
        if weights is None or weights.shape != expected.shape:
            description = describe_array(name, comparison)
            remarks.append(description.remark)
    share = 0.0 if remarks else 1.0
    return verdict_of(comparison.check, share, remarks)


def judge_loss(
    check: Check, key: CheckKey, loss: float, trained: Arrays | None = None, loss_unit: str = ""
) -> Verdict:
    """Compare the held-out loss of trained weights with the solution's on the same seed.

    trained: the weights. They must come from the same start and the same batches as the solution's.
    loss_unit: what the loss is counted in, in words.
    """
    ours = math.nan if key.loss is None else key.loss
    expected = key.expected.arrays
    cosine = row_cosine(trained or {}, expected)
    is_near = abs(loss - ours) <= check.within  # never where one of them is NaN
    if not is_near:
        remark = _remark_on_loss(check, loss, ours, loss_unit)
        verdict = verdict_of(check, 0.0, [remark])
    elif cosine < MIN_ROW_COSINE:
        remark = _remark_on_origin(loss)
        verdict = verdict_of(check, 0.0, [remark])
    else:
        verdict = verdict_of(check, 1.0)
    figures = _figures(loss, ours, check.within)
    return replace(verdict, loss=figures)


def _figures(loss: float, ours: float, within: float) -> tuple[float, ...]:
    """Return the figures that a verdict keeps; none where a loss is no number."""
    if not math.isfinite(loss - ours):
        return ()
    figures = (loss, ours, within)
    return tuple(round(figure, 6) for figure in figures)


def _remark_on_loss(check: Check, loss: float, ours: float, loss_unit: str) -> Remark:
    unit = f" {loss_unit}" if loss_unit else ""
    return Remark(
        f"held-out loss {loss:.4f}{unit}; ours on the same seed, batches and first weights "
        f"{ours:.4f}. They should agree within {check.within:g}. {_where_to_look(check)}"
    )


def _remark_on_origin(loss: float) -> Remark:
    return Remark(
        f"held-out loss {loss:.4f}, as ours, but these weights did not come from the first weights "
        "and the batches that were given. Train those."
    )


def _where_to_look(check: Check) -> str:
    """Ask what may be wrong with training, as far as the checks before have not shown it right."""
    if not check.needs:
        return "Does every step use its own batch and the newest weights?"
    passed = " and ".join(f"`{name}`" for name in check.needs)
    return (
        f"What {passed} asked is right, so look for what shows only in a longer run or at other "
        "sizes: does training end early, is something done in some steps only, is a number "
        "written into the code?"
    )


def row_cosine(trained: Arrays, ours: Arrays) -> float:
    """Return how alike trained weights are to the solution's: 1 for the same direction.

    It is the cosine of their rows: the median within a matrix, the least of all large matrices.
    Rows, because those that no text reaches stay as they were given, and could be made as large as
    one likes.
    """
    least = 1.0
    for name, expected in ours.items():
        if name in trained and _is_large_matrix(expected):
            cosine = _median_row_cosine(trained[name], expected)
            least = min(least, cosine)
    return least


def _is_large_matrix(array: np.ndarray) -> bool:
    if array.ndim < 2:
        return False
    return array.size >= MIN_MATRIX_SIZE


def _median_row_cosine(trained: np.ndarray, expected: np.ndarray) -> float:
    one = trained.astype(np.float64)
    other = expected.astype(np.float64)
    with np.errstate(all="ignore"):
        products = one * other
        dot_products = products.sum(-1)
        lengths = np.linalg.norm(one, axis=-1)
        other_lengths = np.linalg.norm(other, axis=-1)
        cosines = dot_products / (lengths * other_lengths)
    cosines = np.nan_to_num(cosines)  # a row of zeros has no direction
    return float(np.median(cosines))
