"""The parent's side of a worker: of whatever bytes come back, only the answer to the question
counts.
"""

import os
import struct
import threading
from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.check import Limits
from autograder.sandbox.client import MAX_STRAYS, Worker
from autograder.sandbox.inside.wire import MAX_FRAME, BadFrame, Message, decode, encode


class Parent(Worker):
    """The parent's side of a worker that is not there: what it reads was written by a test."""

    def __init__(self, asks: int, answers: int) -> None:
        server = SimpleNamespace(
            unit=SimpleNamespace(limits=Limits()), _command=lambda _: {"seconds": 0.0}
        )
        super().__init__(server, b"", "ada.py")
        self._fds, self._started = (asks, answers), {}


def exchange(written: list[bytes], token: str) -> Message:
    """What the parent takes for the answer to the question with `token`, of what was written in
    pieces.
    """
    (asked, asks), (answers, answered) = os.pipe(), os.pipe()

    def write() -> None:
        with suppress(OSError), os.fdopen(answered, "wb", 0) as stream:
            for piece in written:
                stream.write(piece)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        return Parent(asks, answers)._exchange(b"?", token, 5.0)
    finally:
        for end in (answers, asks, asked):
            os.close(end)
        writer.join()


FRAME = st.tuples(st.sampled_from(["asked", "before", "after", ""]), st.integers(0, 255)).map(
    lambda sent: encode(Message({"token": sent[0]}, {"x": np.array([sent[1]], np.uint8)}))
)


@settings(max_examples=400, deadline=None)
@given(st.lists(FRAME | st.binary(max_size=30), max_size=MAX_STRAYS + 4), st.integers(1, 400))
def test_of_any_bytes_only_the_first_answer_to_the_question_counts(frames, length):
    """Fuzzing the parent: frames of other questions, twice, cut and between garbage, in pieces of
    any length.
    """
    sent = b"".join(frames)
    try:
        found = exchange([sent[i : i + length] for i in range(0, len(sent), length)], "asked")
    except (BadFrame, EOFError):
        return
    assert found.fields == {"token": "asked"}
    first = next(decode(frame[8:]) for frame in frames if b"asked" in frame)
    assert found.arrays["x"] == first.arrays["x"]


ANSWER, OTHER, OLD = (
    encode(Message({"token": token}, {"x": np.array([number])}))
    for token, number in (("asked", 1), ("other", 2), ("old", 3))
)


@pytest.mark.parametrize(
    ("written", "error"),
    [
        # late answers to questions before, answers ahead of their question
        (
            [OLD, OTHER, ANSWER],
            None,
        ),
        ([ANSWER, ANSWER, OTHER], None),  # twice
        ([ANSWER[:5], ANSWER[5:]], None),  # in two pieces
        ([OTHER], EOFError),
        ([ANSWER[:-1]], EOFError),  # half an answer
        ([OTHER] * (MAX_STRAYS + 1) + [ANSWER], BadFrame),
        ([struct.pack("<Q", MAX_FRAME + 1)], BadFrame),
        ([struct.pack("<Q", 2**64 - 1), ANSWER], BadFrame),
        ([struct.pack("<Q", 0), ANSWER], BadFrame),
        ([b"garbage!", ANSWER], BadFrame),
    ],
)
def test_an_answer_is_the_one_to_the_question_that_was_asked(written, error):
    """By its token; what comes before counts for nothing, what comes after is never looked at."""
    if error:
        with pytest.raises(error):
            exchange(written, "asked")
    else:
        assert exchange(written, "asked").arrays["x"] == 1
