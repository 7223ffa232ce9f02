"""The size limit of the trusted side: how large an answer may be, before it is read.

A submission may return a gigabyte under the name of any array. A value far larger than the expected
array is wrong whatever it holds, so it is dropped here, before it is converted, compared or stored.
Afterwards an answer is at most a few times as large as the expected one.
"""

from dataclasses import replace

import numpy as np

from autograder.check import Amount, Answer, Arrays, TooLarge, is_text

# limit of an array: this multiple of the expected size, and this addition for small ones
TIMES, BYTES_MORE = 16, 64 << 10
# the same for everything that a worker sends for one question over the wire
TIMES_OF_FRAME, BYTES_OF_FRAME = 4, 4 << 20
# the same if a check accepts any number of weights
BYTES_OF_FREE = 32 << 20
BYTES_OF_NUMBER = 8  # a judge compares numbers as float64, whatever their type
BYTES_OF_CHARACTER = 4


def most_bytes(expected: Arrays, free: bool = False) -> int:
    """Return the number of bytes that a worker may send in reply to one question.

    expected: the arrays of a right answer. Unknown ones count as small. free: whether arrays may
    have any number of entries, as in a check with `free=True`.
    """
    most = BYTES_OF_FRAME + TIMES_OF_FRAME * sum(map(_bytes_to_judge, expected.values()))
    return max(most, BYTES_OF_FREE) if free else most


def let_in(answer: Answer, expected: Arrays, free: bool = False) -> Answer:
    """Drop unexpected arrays, and those that are far larger than the expected ones.

    The answer keeps the size of the latter.
    expected, free: as in `most_bytes`.
    """
    arrays = {}
    too_large = {}
    for name, array in answer.arrays.items():
        if name not in expected:
            continue
        most = TIMES * _bytes_to_judge(expected[name]) + BYTES_MORE
        if free or _bytes_to_judge(array) <= most:
            arrays[name] = array
        else:
            too_large[name] = TooLarge(array.shape, amount(array))
    return replace(answer, arrays=arrays, too_large=too_large)


def amount(array: np.ndarray) -> Amount:
    """Return the size of an array's content."""
    if is_text(array):
        return Amount(array.nbytes // BYTES_OF_CHARACTER, of_text=True)
    return Amount(array.size)


def _bytes_to_judge(array: np.ndarray) -> int:
    return array.nbytes if is_text(array) else array.size * BYTES_OF_NUMBER
