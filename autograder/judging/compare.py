"""How far two answers differ, and whether the judge can distinguish them."""

import math

import numpy as np

from autograder.check import WHOLE, Answer, Check, is_long, is_text
from autograder.question import Kind

# Fraction of an array's largest value by which an answer may differ. In float32, other styles of
# right answers reach 2e-4; the smallest mistake is 1e-2.
TOLERANCE = 1e-3
# fraction of the right array's largest value: beside a mistake's zeros, smaller numbers count as 0
ZERO = 1e-6
EXACT_KINDS = "iub"  # for numbers without rounding: integers and truth values


def deviation(check: Check, name: str, one: Answer, other: Answer) -> float:
    """Return how far two answers differ on an array, in units of the check's tolerance.

    `one` sets the tolerance: see `share_allowed`. The deviation is infinite for different shapes,
    for NaN or infinity at different indices, for unequal integers and text, for unequal numbers
    with a tolerance of 0, and if only one of the answers has the array.
    """
    want = one.arrays.get(name)
    got = other.arrays.get(name)
    if want is None and got is None:
        return 0.0
    if want is None or got is None:
        return math.inf
    if want.shape != got.shape:
        return math.inf
    if is_text(want) or is_text(got):
        return 0.0 if _is_same_text(want, got) else math.inf
    if same_bits(want, got):
        return 0.0
    return _deviation_of_numbers(want, got, share_allowed(check, name, want))


def share_allowed(check: Check, name: str, expected: np.ndarray) -> float:
    """Return an array's tolerance, as a fraction of its largest expected value."""
    question = check.question
    if question and question.kind is Kind.NUMBER:
        return question.allowed(float(expected)) / scale_of(expected)
    relative = check.tolerance.get(name, TOLERANCE)
    if is_text(expected):  # also integers beyond 64 bits, which have no float size
        return relative
    absolute = check.atol.get(name, 0.0)
    return relative + absolute / scale_of(expected) if absolute else relative


def same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two arrays are equal to the last bit, their types and shapes included."""
    if (one.dtype, one.shape) != (other.dtype, other.shape):
        return False
    return one.tobytes() == other.tobytes()


def wrong_places(check: Check, name: str, expected: Answer, answer: Answer) -> np.ndarray:
    """Return where an array is wrong, by the check's tolerance, as truth values of its shape.

    All are false for text, a missing array, or another shape. Integers beyond 64 bits are not text.
    """
    nowhere = np.zeros((), bool)
    want = expected.arrays.get(name)
    got = answer.arrays.get(name)
    if want is None or got is None:
        return nowhere
    if want.shape != got.shape:
        return nowhere
    if is_long(want) or is_long(got):
        return np.asarray(_as_written(want) != _as_written(got))
    if is_text(want) or is_text(got):
        return nowhere
    has_rounding = want.dtype.kind not in EXACT_KINDS  # integers and truth values have none
    if _are_whole(want, got):
        return np.asarray(want != got)
    want = want.astype(float)
    got = got.astype(float)
    both_nan = np.isnan(want) & np.isnan(got)
    right = both_nan | (want == got)
    if has_rounding:
        tolerance = share_allowed(check, name, want) * scale_of(want)
        with np.errstate(invalid="ignore"):
            distance = np.abs(want - got)
        right |= distance <= tolerance
    return np.asarray(~right)


def _as_written(array: np.ndarray) -> np.ndarray:
    """Return integers as text, in the form used beside a number beyond 64 bits."""
    return array if is_text(array) else np.char.add(WHOLE, array.astype(str))


def scale_of(expected: np.ndarray) -> float:
    """Return the largest size of an array's finite numbers, 1 if all are 0 or none is finite."""
    numbers = expected.astype(float)
    finite = numbers[np.isfinite(numbers)]
    sizes = np.abs(finite)
    largest = float(sizes.max(initial=0.0))
    return largest or 1.0


def _is_same_text(want: np.ndarray, got: np.ndarray) -> bool:
    if not is_text(want):
        return False
    if not is_text(got):
        return False
    return np.array_equal(want, got)


def _are_whole(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether both arrays are integers, which are compared exactly: a float has 53 bits."""
    return one.dtype.kind in "iu" and other.dtype.kind in "iu"


def _deviation_of_numbers(want: np.ndarray, got: np.ndarray, tolerance: float) -> float:
    """Return the largest difference of two arrays of one shape, in units of the tolerance."""
    if _are_whole(want, got):
        return 0.0 if np.array_equal(want, got) else math.inf
    expected = want.astype(np.float64, copy=False)
    found = got.astype(np.float64, copy=False)
    scale = _largest(expected)
    if not math.isfinite(scale):
        if not _is_same_beyond_numbers(expected, found):
            return math.inf
        finite = np.isfinite(expected)
        expected = expected[finite]
        found = found[finite]
        scale = _largest(expected)
    with np.errstate(invalid="ignore", over="ignore"):
        difference = _largest(expected - found)
    if math.isnan(difference):
        return math.inf
    allowed = 0.0 if want.dtype.kind in EXACT_KINDS else tolerance * (scale or 1.0)
    if not allowed:
        return math.inf if difference else 0.0
    return difference / allowed


def _largest(array: np.ndarray) -> float:
    """Return the largest magnitude in an array: 0 for an empty one, NaN if one number is NaN."""
    magnitudes = np.abs(array)
    return float(magnitudes.max(initial=0.0))


def _is_same_beyond_numbers(expected: np.ndarray, found: np.ndarray) -> bool:
    """Return whether two arrays have NaN, infinity and minus infinity at the same indices."""
    one = _without_numbers(expected)
    other = _without_numbers(found)
    return np.array_equal(one, other, equal_nan=True)


def _without_numbers(array: np.ndarray) -> np.ndarray:
    """Return an array with 0 in place of each finite number."""
    is_number = np.isfinite(array)
    return np.where(is_number, 0, array)


def furthest(check: Check, expected: Answer, answer: Answer) -> float:
    """Return an answer's deviation on its worst array, in tolerances."""
    return max((deviation(check, name, expected, answer) for name in expected.arrays), default=0.0)


def agree(check: Check, name: str, one: Answer, other: Answer) -> bool:
    """Return whether the judge cannot distinguish two answers on an array."""
    in_tolerances = deviation(check, name, one, other)
    return in_tolerances <= 1


def is_of_mistake(
    check: Check, name: str, expected: Answer, mistaken: Answer, answer: Answer
) -> bool:
    """Return whether an array equals a mistake's.

    Zeros have no scale: beside a mistake's zeros, an array has to be 0 up to rounding errors of the
    right one. Small numbers belong to another mistake.
    """
    if not agree(check, name, mistaken, answer):
        return False
    made = mistaken.arrays.get(name)
    right = expected.arrays.get(name)
    if made is None or right is None or is_text(made) or is_text(right):
        return True
    if not right.size or made.any():
        return True
    allowed = ZERO * scale_of(right)
    return _largest(answer.arrays[name].astype(float)) <= allowed


def is_right(check: Check, expected: Answer, answer: Answer) -> bool:
    """Return whether an answer to an exact check is right. It stops at the first wrong array."""
    if answer.failure:
        return False
    refuse_no_reference(check, expected)
    return all(agree(check, name, expected, answer) for name in expected.arrays)


def same_answer(check: Check, one: Answer, other: Answer) -> bool:
    """Return whether the judge cannot distinguish two answers without failure."""
    names = one.arrays.keys() | other.arrays.keys()
    return all(agree(check, name, one, other) for name in names)


def right_arrays(check: Check, expected: Answer, answer: Answer) -> list[str]:
    """Return the arrays of the expected answer on which an answer agrees with it."""
    right = []
    for name in expected.arrays:
        if agree(check, name, expected, answer):
            right.append(name)
    return right


def wrong_arrays(check: Check, expected: Answer, answer: Answer) -> list[str]:
    """Return the arrays of the expected answer on which an answer differs from it."""
    right = right_arrays(check, expected, answer)
    wrong = []
    for name in expected.arrays:
        if name not in right:
            wrong.append(name)
    return wrong


def refuse_no_reference(check: Check, expected: Answer) -> None:
    """Refuse to compare with nothing: any answer would be right. Raises `ValueError`."""
    if expected.failure or not expected.arrays:
        raise ValueError(f"there is no reference answer to `{check.name}`")


def constant_arrays(check: Check, one: Answer, other: Answer) -> frozenset[str]:
    """Return the arrays that earn nothing, given the solution's answers on two seeds.

    They are those that the judge finds equal on the two seeds, and those that the check lists.
    """
    same_on_both = right_arrays(check, one, other)
    return frozenset([*same_on_both, *check.costs])
