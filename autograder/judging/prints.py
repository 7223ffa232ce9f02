"""What a solution answers with one small change in it, kept as *prints*.

A print is a few numbers an array, by which arrays that are equal up to rounding are known again,
and from which no array can be made. Keys hold prints, so a change of this module makes them stale.
"""

from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from autograder.check import is_text
from autograder.slip import Slip

Array = np.ndarray
TAG, LENGTH = 0, 1  # places in a print, before the mixes
MIXES = 4  # numbers of a print that each mix all entries of an array
WIDTH = 2 + MIXES  # the tag, the length, and the mixes
UNCHANGED = 0.0  # the tag of an array that is as the solution's
NO_ENTRIES = np.zeros(0)
FREQUENCIES = np.sqrt([2.0, 3.0, 5.0, 7.0])


@dataclass(frozen=True)
class SmallChange:
    """One small change: its id, the definition it is made in, and the slip that it is.

    function: "" where a submission need not have that definition.
    """

    id: str
    function: str
    slip: Slip

    @property
    def style(self) -> str:
        """Return the style of the right answer that it changes; "" of the solution."""
        style, _, _ = self.id.rpartition(" ")
        return style


@dataclass(frozen=True)
class ChangedAnswers:
    """What small changes of the solution answer to a check, as far as they answer otherwise.

    arrays: the names of the check's arrays.
    prints: of each change and array a print, (changes, arrays, WIDTH).
    made_of: in a key's file, the digest of the code that they come from.
    """

    changes: tuple[SmallChange, ...] = ()
    arrays: tuple[str, ...] = ()
    prints: Array = field(default_factory=lambda: np.zeros((0, 0, WIDTH)))
    made_of: str = ""

    def spoilt_by(self, identity: str) -> bool:
        """Return whether a change with this id answers otherwise than the solution."""
        identities = {change.id for change in self.changes}
        return identity in identities


NO_CHANGES = ChangedAnswers()


def print_of(array: Array | None, is_exact: bool) -> Array:
    """Make the print of an array: its tag, its length as a vector, and mixes of its entries.

    The tag says the shape and where NaN and infinity are; of an exact array all that it holds.

    is_exact: whether it is text, or should hold whole numbers or truth values.
    Returns (WIDTH,).
    """
    if array is None:
        return _print(b"missing")
    if is_text(array):
        text = f"{array.shape} {array.tolist()}"
        return _print(text.encode())
    shape = str(array.shape).encode()
    numbers = array.astype(np.float64)
    if is_exact:
        without_minus_zero = numbers + 0.0
        return _print(shape + without_minus_zero.tobytes())
    is_finite = np.isfinite(numbers)
    finite = np.where(is_finite, numbers, 0)
    if is_finite.all():
        return _print(shape, finite.ravel())
    not_finite = np.where(is_finite, 0, numbers)
    return _print(shape + not_finite.tobytes(), finite.ravel())


def _print(content: bytes, entries: Array = NO_ENTRIES) -> Array:
    """Put a print together: of what the tag stands for, and of entries that may be rounded."""
    tag = _tag(content)
    places = np.arange(1.0, entries.size + 1)
    weights = np.cos(np.outer(FREQUENCIES, places))  # (MIXES, entries)
    with np.errstate(over="ignore"):
        length = np.linalg.norm(entries)
        mixes = weights @ entries
    return np.array([tag, length, *mixes])


def _tag(content: bytes) -> float:
    """Take 48 bits of a checksum, which a float holds exactly; never that of what is unchanged."""
    checksum = sha256(content).digest()
    number = int.from_bytes(checksum[:6], "big")
    return float(1 + number)


def is_exact(expected: Array) -> bool:
    """Return whether answers must equal an expected array exactly."""
    if is_text(expected):
        return True
    return expected.dtype.kind in "iub"
