"""How a check that trains is judged: by its weights' shapes, their loss, and their origin.

The loss on held-out text says whether training works. Whether the weights come from the given
initial weights and batches shows in their direction: row by row, their cosine with the solution's
is far above that of weights that were trained from elsewhere.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from autograder.check import Answer, Arrays, Check
from autograder.judging.points import Judgement
from autograder.judging.verdict import Verdict

MIN_ROW_COSINE = 0.15
# numbers in a tested matrix: in one this large, chance keeps the cosine below the minimum
MIN_MATRIX_SIZE = 1000


class Shortfall(StrEnum):
    """What is wrong with trained weights."""

    NOTHING = ""
    LOSS = "loss"  # their loss differs from the solution's
    HIGHER = "higher"  # their loss is above the solution's, where points follow the loss
    ORIGIN = "origin"  # they come from other initial weights, or other batches


@dataclass(frozen=True)
class LossJudgement(Judgement):
    """The points of trained weights by their held-out loss.

    measured, ours: their loss and the solution's. shortfall: why they do not earn the points.
    """

    measured: float = math.nan
    ours: float = math.nan
    shortfall: Shortfall = Shortfall.NOTHING

    @property
    def is_right(self) -> bool:
        """Return whether nothing is wrong with the weights."""
        return not self.shortfall

    @property
    def figures(self) -> tuple[float, ...]:
        """Return the losses that a verdict stores; none if a loss is not a number."""
        if not math.isfinite(self.measured - self.ours):
            return ()
        figures = [self.measured, self.ours]
        if not self.check.free:
            figures.append(self.check.within)
        return tuple(round(figure, 6) for figure in figures)

    def verdict(self) -> Verdict:
        """Return the verdict with its losses, without remarks."""
        return replace(super().verdict(), loss=self.figures)


def judge_loss(
    check: Check,
    expected: Answer,
    ours: float | None,
    loss: float,
    trained: Arrays | None = None,
) -> LossJudgement:
    """Compare the held-out loss of trained weights with the solution's on the same seed.

    expected: the solution's weights. ours: their loss; None if there is none.
    trained: the weights. They must come from the same initial weights and batches as the
    solution's.
    """
    target = math.nan if ours is None else ours
    if check.free:
        share = share_by_loss(check, target, loss)
        lacks = Shortfall.NOTHING if share == 1 else Shortfall.HIGHER
        return LossJudgement(check, share, measured=loss, ours=target, shortfall=lacks)
    is_near = abs(loss - target) <= check.within  # never if one of them is NaN
    shortfall = Shortfall.NOTHING
    if not is_near:
        shortfall = Shortfall.LOSS
    elif row_cosine(trained or {}, expected.arrays) < MIN_ROW_COSINE:
        shortfall = Shortfall.ORIGIN
    share = 0.0 if shortfall else 1.0
    return LossJudgement(check, share, measured=loss, ours=target, shortfall=shortfall)


def share_by_loss(check: Check, ours: float, loss: float) -> float:
    """Return the share of points for a loss: 1 up to the solution's, 0 from `within` above it.

    In between it falls linearly. A loss that is not a number, or is negative, earns 0.
    """
    if not (math.isfinite(loss - ours) and loss >= 0):
        return 0.0
    above = loss - ours
    if above <= 0:
        return 1.0
    return max(0.0, 1 - above / check.within) if check.within else 0.0


def row_cosine(trained: Arrays, ours: Arrays) -> float:
    """Return the similarity of trained weights to the solution's: 1 for the same direction.

    It is the cosine of their rows: the median within a matrix, the minimum over all large matrices.
    Rows are used because those that no text reaches keep their initial values, which could be made
    arbitrarily large.
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
