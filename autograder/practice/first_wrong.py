"""The first wrong number of an array: what it should be and what it is.

Only practice shows it: on the public seed the expected numbers lie in the student's own key.
"""

from dataclasses import replace

import numpy as np

from autograder.check import Answer, Check, is_text
from autograder.judging import TOLERANCE, CheckKey, Remark, Verdict


def with_first_wrong(verdict: Verdict, check: Check, key: CheckKey, answer: Answer) -> Verdict:
    """Add the first wrong number to each remark that names no known mistake."""
    if check.measure or not verdict.remarks:
        return verdict
    known = {mistake.text for mistake, _ in key.mistakes}
    remarks = [
        remark if remark.text in known else _with_example(remark, check, key.expected, answer)
        for remark in verdict.remarks
    ]
    return replace(verdict, remarks=tuple(remarks))


def _with_example(remark: Remark, check: Check, expected: Answer, answer: Answer) -> Remark:
    found = (first_wrong(name, check, expected, answer) for name in remark.arrays)
    return replace(remark, example=next(filter(None, found), ""))


def wrong_places(name: str, check: Check, expected: Answer, answer: Answer) -> np.ndarray:
    """Where an array is wrong, as truth values; nowhere where it is text, missing, or has another
    shape.
    """
    nowhere = np.zeros((), bool)
    want, got = expected.arrays.get(name), answer.arrays.get(name)
    if want is None or got is None or is_text(want) or is_text(got) or want.shape != got.shape:
        return nowhere
    exact = np.bool_(want.dtype.kind in "iub")
    want, got = want.astype(float), got.astype(float)
    scale = np.abs(want[np.isfinite(want)]).max(initial=0.0) or 1.0
    with np.errstate(invalid="ignore"):
        near = ~exact & (np.abs(want - got) <= check.tolerance.get(name, TOLERANCE) * scale)
    wrong: np.ndarray = ~(near | (want == got) | (np.isnan(want) & np.isnan(got)))
    return wrong


def first_wrong(name: str, check: Check, expected: Answer, answer: Answer) -> str:
    """Say what the first wrong number of an array should be and is; nothing where there is none."""
    wrong = wrong_places(name, check, expected, answer)
    if not wrong.any():
        return ""
    place = tuple(np.argwhere(wrong)[0].tolist())
    want, got = expected.arrays[name][place], answer.arrays[name][place]
    return (
        f"`{name}{list(place) or ''}` should be {_written(want, got)} and is {_written(got, want)}."
    )


def _written(number: np.generic, other: np.generic) -> str:
    """Write a number with as many decimals as it takes to tell it from another."""
    if number.dtype.kind == "b" and other.dtype.kind == "b":
        return str(bool(number))
    one, two = float(number), float(other)
    decimals = next(
        (decimals for decimals in (4, 6, 8) if f"{one:.{decimals}g}" != f"{two:.{decimals}g}"), 12
    )
    return f"{one:.{decimals}g}"
