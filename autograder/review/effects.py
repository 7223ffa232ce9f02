"""The effects of a small change of code on an array, which a student has to distinguish."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from autograder.check import is_text


class EffectKind(Enum):
    """The effect on an array, in a student's words, in the order of a sheet's letters."""

    SAME = "stays as it is"
    SIGN = "changes its sign everywhere"
    FACTOR = "is multiplied by the same number everywhere (for an array of one number, choose E)"
    ROWS = "changes in some of its rows only (along its first axis)"
    EVERYWHERE = "changes in another way"
    SHAPE = "gets another shape"
    INFINITE = "holds NaN or infinity"


# fractions of the largest value
EQUAL = 1e-9  # up to this there is no change
CLEAR = 0.02  # from this on there is certainly a change


@dataclass(frozen=True)
class Effect:
    """The effect on an array.

    rows: which rows change, if some do. factor: of all values. largest: the largest change, as a
    fraction of the largest value. shape: the new one, if it differs.
    """

    kind: EffectKind
    rows: tuple[int, ...] = ()
    factor: float = 0.0
    largest: float = 0.0
    shape: tuple[int, ...] = ()


def effect(before: np.ndarray, after: np.ndarray) -> Effect | None:
    """Return the effect of a change on an array.

    None if it is too small for a question, or if text became numbers or numbers text.
    """
    if is_text(before) != is_text(after):
        return None
    if before.shape != after.shape:
        return Effect(EffectKind.SHAPE, shape=after.shape)
    if is_text(before):
        changed = np.asarray(before != after)
        return _of_places(changed, 0.0)
    before = before.astype(np.float64)
    after = after.astype(np.float64)
    if np.isfinite(before).all():
        return _of_numbers(before, after)
    if np.array_equal(before, after, equal_nan=True):
        return Effect(EffectKind.SAME)
    return None


def _of_numbers(before: np.ndarray, after: np.ndarray) -> Effect | None:
    """Return the effect of a change on finite numbers; None if it is too small."""
    if not np.isfinite(after).all():
        return Effect(EffectKind.INFINITE)
    scale = max(_largest(before), _largest(after))
    difference = after - before
    largest = _largest(difference)
    if largest <= EQUAL * scale:
        return Effect(EffectKind.SAME)
    if largest < CLEAR * scale:
        return None
    share = largest / scale
    factor = _one_factor(before, after)
    if factor is not None and _is_mostly_zeros(before):
        return None  # nobody sees it there, and "in another way" would be untrue
    if factor == -1:
        return Effect(EffectKind.SIGN, factor=factor, largest=share)
    if factor is not None and before.size > 1:  # a single number is always multiplied by something
        return Effect(EffectKind.FACTOR, factor=factor, largest=share)
    changed = np.abs(difference) > EQUAL * scale
    return _of_places(changed, share)


def _largest(array: np.ndarray) -> float:
    """Return the largest absolute value; 0 for an empty array."""
    largest = np.abs(array).max(initial=0.0)
    return float(largest)


def _one_factor(before: np.ndarray, after: np.ndarray) -> float | None:
    """Return the number by which every entry was multiplied.

    None if there is none, or if a whole row is 0 and stays so.
    """
    has_row_of_zeros = not _any_in_row(before).all()
    if has_row_of_zeros:
        return None
    squares = (before * before).sum()
    factor = float((after * before).sum() / squares)  # least squares
    tolerance = EQUAL * _largest(after)
    is_close = np.allclose(after, factor * before, rtol=1e-6, atol=tolerance)
    if not is_close or factor == 0:
        return None
    return float(f"{factor:.6g}")


def _is_mostly_zeros(array: np.ndarray) -> bool:
    return bool(np.count_nonzero(array) < array.size / 2)


def _of_places(changed: np.ndarray, largest: float) -> Effect:
    """Return whether an array changed in some rows along its first axis, or in all of them.

    changed: for each entry whether it changed. A single number, or row, has no rows.
    """
    if not changed.any():
        return Effect(EffectKind.SAME)
    rows = _any_in_row(changed)
    if len(rows) == 1 or rows.all():
        return Effect(EffectKind.EVERYWHERE, largest=largest)
    indices = np.flatnonzero(rows)
    return Effect(EffectKind.ROWS, rows=tuple(indices.tolist()), largest=largest)


def _any_in_row(array: np.ndarray) -> np.ndarray:
    """Return for each row along the first axis whether it has a nonzero entry."""
    if array.ndim == 0:
        array = array.reshape(1)
    rows = array.reshape(len(array), -1)
    return np.asarray(rows.any(axis=1))
