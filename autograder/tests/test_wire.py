"""The wire: what is encoded comes back; hostile bytes are refused and never raise anything else."""

import json
import os
import struct
import threading
import time
from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from safetensors.numpy import save

from autograder.check import Limits
from autograder.sandbox.client import MAX_STRAYS, Worker
from autograder.sandbox.inside.wire import (
    DTYPES,
    MAX_ARRAYS,
    MAX_DIMENSIONS,
    MAX_FRAME,
    MAX_MESSAGE,
    BadFrame,
    Message,
    decode,
    encode,
)

KINDS = st.sampled_from(["f8", "f4", "i8", "?", "u1"])


@given(st.dictionaries(st.text("abcxyz_", min_size=1), KINDS.flatmap(lambda k: arrays(k, array_shapes(min_dims=0)))))
def test_round_trip(sent):
    """Names, order, types, shapes and values survive, NaN and infinity too."""
    got = decode(encode(Message({"token": "t"}, sent))[8:])
    assert list(got.arrays) == list(sent)
    assert got.facts == {"token": "t"}
    for name, array in sent.items():
        assert got.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(got.arrays[name], array)


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_message_or_a_bad_frame(blob):
    """Fuzzing: nothing else is raised."""
    with suppress(BadFrame):
        decode(blob)


@given(st.data())
def test_a_changed_frame_is_a_message_or_a_bad_frame(data):
    """Fuzzing near the format: any byte of a good frame changed, the frame cut anywhere."""
    blob = bytearray(encode(Message({"token": "t"}, {"a": np.ones(3), "b": np.zeros((2, 2))}))[8:])
    blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    with suppress(BadFrame):
        decode(bytes(blob[: data.draw(st.integers(0, len(blob)))]))


def frame(header: object, body: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


FACTS = {"token": "t"}

# ---- fuzzing for a bounded while: so many executions, or so many seconds

WILD = st.sampled_from([None, True, -1, 0, 2**31, 2**63, 2**64, 1e400, "", "F64", "\ud800", [], [0, 8], [2**62, 4], {}])
ENTRIES = st.lists(st.tuples(st.sampled_from(sorted(DTYPES)), st.lists(st.integers(0, 3), max_size=3)), max_size=3)
CHANGES = st.lists(st.tuples(st.sampled_from(["dtype", "shape", "data_offsets", "more"]), WILD), max_size=1)
TOLD = st.dictionaries(st.sampled_from(["token", "message", "order"]), st.text(max_size=9) | WILD, max_size=2)


@st.composite
def frames_near_the_format(draw) -> bytes:
    """A frame's body as safetensors has it, at most one thing of its first array changed, with any facts."""
    header, at = {"__metadata__": draw(TOLD)}, 0
    for number, (dtype, shape) in enumerate(draw(ENTRIES)):
        size = int(np.prod(shape)) * np.dtype(DTYPES[dtype]).itemsize
        header[f"a{number}"] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    for where, value in draw(CHANGES):
        header.get("a0", header["__metadata__"])[where] = value
    text = json.dumps(header).encode()
    return struct.pack("<Q", max(0, len(text) + draw(st.sampled_from([0, 0, 0, -1, 1])))) + text + bytes(at)


REACHED = {"executions": 0, "messages": 0}


def within_limits(message: Message) -> bool:
    """What the other side relies on, of any message."""
    arrays = message.arrays.values()
    return (
        all(isinstance(fact, str) and len(fact) <= 2 * MAX_MESSAGE for fact in message.facts.values())
        and len(arrays) <= MAX_ARRAYS
        and all(array.ndim <= MAX_DIMENSIONS and array.dtype.kind in "fiub" for array in arrays)
        and sum(array.nbytes for array in arrays) <= MAX_FRAME
    )


def test_headers_of_every_kind_are_a_message_or_a_bad_frame(record_property):
    """Fuzzing within the format, 2,000 times: types, shapes, offsets and facts of every kind."""

    @settings(max_examples=2000, deadline=None, database=None)
    @given(frames_near_the_format())
    def tried(blob):
        REACHED["executions"] += 1
        with suppress(BadFrame):
            assert within_limits(decode(blob))
            REACHED["messages"] += 1

    began = time.monotonic()
    tried()
    told = f"the wire: {REACHED['executions']:,} frames near the format in {time.monotonic() - began:.1f} s"
    record_property("told", f"{told}, {REACHED['messages']:,} of them messages, all others refused")
    assert REACHED["executions"] >= 2000 and REACHED["messages"] > 200


class Parent(Worker):
    """The parent's side of a worker that is not there: what it reads was written by a test."""

    def __init__(self, asks: int, answers: int) -> None:
        server = SimpleNamespace(unit=SimpleNamespace(limits=Limits()), _command=lambda _: {"seconds": 0.0})
        super().__init__(server, b"", "ada.py")
        self._fds, self._started = (asks, answers), {}


def exchange(written: list[bytes], token: str) -> Message:
    """What the parent takes for the answer to the question with `token`, of what was written in pieces."""
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
    """Fuzzing the parent: frames of other questions, twice, cut and between garbage, in pieces of any length."""
    sent = b"".join(frames)
    try:
        found = exchange([sent[i : i + length] for i in range(0, len(sent), length)], "asked")
    except (BadFrame, EOFError):
        return
    assert found.facts == {"token": "asked"}
    first = next(decode(frame[8:]) for frame in frames if b"asked" in frame)
    assert found.arrays["x"] == first.arrays["x"]


ANSWER, OTHER, OLD = (
    encode(Message({"token": token}, {"x": np.array([number])}))
    for token, number in (("asked", 1), ("other", 2), ("old", 3))
)


@pytest.mark.parametrize(
    ("written", "error"),
    [
        ([OLD, OTHER, ANSWER], None),  # late answers to questions before, answers ahead of their question
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


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        struct.pack("<Q", 2**63),
        frame({"__metadata__": FACTS}) + b" " * 10,
        frame({"a": {"dtype": "F64", "shape": [2], "data_offsets": [0, 8]}, "__metadata__": FACTS}, b"\0" * 8),
        frame({"a": {"dtype": "F64", "shape": [2**62, 4], "data_offsets": [0, 8]}, "__metadata__": FACTS}, b"\0" * 8),
        frame(
            {n: {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]} for n in "ab"} | {"__metadata__": FACTS}, b"\0"
        ),
        frame({"a": {"dtype": "F64", "shape": [0, 2**63], "data_offsets": [0, 0]}, "__metadata__": FACTS}),
        frame({"a": {"dtype": "F64", "shape": [0, 2**61], "data_offsets": [0, 0]}, "__metadata__": FACTS}),
        frame({"__metadata__": {"token": 3}}),
        frame({"__metadata__": {"token": {}}}),
        frame({"__metadata__": [FACTS]}),
        frame({"__metadata__": None}),
        save({"a": np.ones(1)}, {"message": "x" * 5000}),
        struct.pack("<Q", 5000) + b"[" * 5000,
        save({"a": np.ones(1)}),
        save({f"{n}": np.ones(1) for n in range(MAX_ARRAYS + 1)}, FACTS),
        save({"a": np.ones((1,) * 9)}, FACTS),
        save({"a" * 65: np.ones(1)}, FACTS),
    ],
)
def test_frames_out_of_form_are_refused(blob):
    """Overlapping or wrong offsets, too many arrays or dimensions, long names, facts that are no strings."""
    with pytest.raises(BadFrame):
        decode(blob)


def test_complex_numbers_do_not_travel():
    """A type that no check uses is refused."""
    with pytest.raises((BadFrame, ValueError, TypeError, KeyError, AttributeError)):
        decode(save({"a": np.ones(1, np.complex64)}, FACTS))
