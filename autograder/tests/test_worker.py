"""The wire: what is encoded comes back; hostile bytes are refused and never raise anything else."""

import json
import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from safetensors.numpy import save

from autograder.worker import MAX_ARRAYS, BadFrame, Message, decode, encode

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
