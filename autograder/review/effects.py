"""What a small change of code does to an array: the kinds that a student is asked to tell apart."""

from dataclasses import dataclass

import numpy as np

from autograder.check import is_text

SAME, SIGN, FACTOR, ROWS, EVERYWHERE, SHAPE, INFINITE = (
    "same",
    "sign",
    "factor",
    "rows",
    "everywhere",
    "shape",
    "infinite",
)
IN_WORDS = {
    SAME: "stays as it is",
    SIGN: "changes its sign in every place",
    FACTOR: "is multiplied by one number in every place, of several",
    ROWS: "changes in some of its rows only (along its first axis)",
    EVERYWHERE: "changes in another way",
    SHAPE: "gets another shape",
    INFINITE: "holds NaN or infinity",
}
# shares of the largest value
EQUAL = 1e-9  # at most so much is no change at all
CLEAR = 0.02  # so much is a change without doubt


@dataclass(frozen=True)
class Effect:
    """What happens to an array.

    kind: one of those above. rows: which rows change, where some do. factor: by which number.
    largest: the largest change, as a share of the largest value. shape: the new one, where it is
    another.
    """

    kind: str
    rows: tuple[int, ...] = ()
    factor: float = 0.0
    largest: float = 0.0
    shape: tuple[int, ...] = ()


def effect(before: np.ndarray, after: np.ndarray) -> Effect | None:
    """Return what a change did to an array.

    None where it is too small to be asked about, or where text became numbers or numbers text.
    """
    if is_text(before) != is_text(after):
        return None
    if before.shape != after.shape:
        return Effect(SHAPE, shape=after.shape)
    if is_text(before):
        return _of_text(before, after)
    return _of_numbers(before.astype(np.float64), after.astype(np.float64))


def _of_text(before: np.ndarray, after: np.ndarray) -> Effect:
    return _of_places(np.asarray(before != after), 0.0)


def _of_numbers(before: np.ndarray, after: np.ndarray) -> Effect | None:
    finite = bool(np.isfinite(before).all())
    if finite and not np.isfinite(after).all():
        return Effect(INFINITE)
    if not finite:
        return Effect(SAME) if np.array_equal(before, after, equal_nan=True) else None
    scale = max(_largest(before), _largest(after))
    largest = _largest(after - before)
    if largest <= EQUAL * scale:
        return Effect(SAME)
    if largest < CLEAR * scale:
        return None
    one = _one_factor(before, after)
    if one == -1:
        return Effect(SIGN, factor=one, largest=largest / scale)
    if one is not None and before.size > 1:  # a single number is always multiplied by something
        return Effect(FACTOR, factor=one, largest=largest / scale)
    return _of_places(np.abs(after - before) > EQUAL * scale, largest / scale)


def _largest(array: np.ndarray) -> float:
    return float(np.abs(array).max(initial=0.0))


def _one_factor(before: np.ndarray, after: np.ndarray) -> float | None:
    """Return the number that every place was multiplied by.

    None where there is none, or where a whole row is 0 and stays so.
    """
    rows = before.reshape(len(before), -1) if before.ndim else before.reshape(1, 1)
    has_row_of_zeros = not rows.any(1).all()
    if has_row_of_zeros or np.count_nonzero(before) < before.size / 2:
        return None
    factor = float((after * before).sum() / (before * before).sum())  # least squares
    largest = _largest(after)
    is_close = np.allclose(after, factor * before, rtol=1e-6, atol=EQUAL * largest)
    return round(factor, 6) if is_close and factor else None


def _of_places(changed: np.ndarray, largest: float) -> Effect:
    """Changed in some rows along the first axis, or in all of them; a number has no rows."""
    if not changed.any():
        return Effect(SAME)
    if changed.ndim == 0 or len(changed) < 2:
        return Effect(EVERYWHERE, largest=largest)
    rows = changed.reshape(len(changed), -1).any(1)
    if rows.all():
        return Effect(EVERYWHERE, largest=largest)
    return Effect(ROWS, rows=tuple(np.flatnonzero(rows).tolist()), largest=largest)
