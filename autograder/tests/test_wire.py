"""The wire: messages survive encoding, and hostile bytes raise nothing but a refusal."""

import json
import struct
import time
import tracemalloc
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from safetensors.numpy import save

from autograder.check import is_text
from autograder.sandbox.inside import wire
from autograder.sandbox.inside.wire import (
    DTYPES,
    MAX_ARRAYS,
    MAX_DIMENSIONS,
    MAX_FRAME,
    MAX_MESSAGE,
    MAX_TEXT,
    BadFrame,
    Message,
    decode,
    encode,
    unpack_text,
)

KINDS = st.sampled_from(["f8", "f4", "i8", "?", "u1"])


@given(
    st.dictionaries(
        st.text("abcxyz_", min_size=1), KINDS.flatmap(lambda k: arrays(k, array_shapes(min_dims=0)))
    )
)
def test_what_is_encoded_comes_back(sent):
    """Names, order, types, shapes and values survive encoding, NaN and infinity too."""
    got = decode(encode(Message({"token": "t"}, sent))[8:])
    assert list(got.arrays) == list(sent)
    assert got.fields == {"token": "t"}
    for name, array in sent.items():
        assert got.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(got.arrays[name], array)


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_message_or_a_bad_frame(blob):
    """Random bytes give a message or a BadFrame."""
    with suppress(BadFrame):
        decode(blob)


@given(st.data())
def test_a_changed_frame_is_a_message_or_a_bad_frame(data):
    """A good frame with changed bytes, or cut anywhere, gives a message or a BadFrame."""
    message = Message({"token": "t"}, {"a": np.ones(3), "b": np.zeros((2, 2))})
    body = bytearray(encode(message)[8:])
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(body)))
    with suppress(BadFrame):
        decode(bytes(body[:end]))


def frame(header: object, body: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


FACTS = {"token": "t"}

# ---- fuzzing with a limit of executions or seconds

WILD = st.sampled_from(
    [None, True, -1, 0, 2**31, 2**63, 2**64, 1e400, "", "F64", "\ud800", [], [0, 8], [2**62, 4], {}]
)
ENTRIES = st.lists(
    st.tuples(st.sampled_from(sorted(DTYPES)), st.lists(st.integers(0, 3), max_size=3)), max_size=3
)
CHANGES = st.lists(
    st.tuples(st.sampled_from(["dtype", "shape", "data_offsets", "more"]), WILD), max_size=1
)
TOLD = st.dictionaries(
    st.sampled_from(["token", "message", "order"]), st.text(max_size=9) | WILD, max_size=2
)


@st.composite
def frames_near_the_format(draw) -> bytes:
    """Draw a safetensors frame with at most one change to its first array.

    The facts may be any.
    """
    header, at = {"__metadata__": draw(TOLD)}, 0
    for number, (dtype, shape) in enumerate(draw(ENTRIES)):
        size = int(np.prod(shape)) * np.dtype(DTYPES[dtype]).itemsize
        header[f"a{number}"] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    for where, value in draw(CHANGES):
        header.get("a0", header["__metadata__"])[where] = value
    text = json.dumps(header).encode()
    return (
        struct.pack("<Q", max(0, len(text) + draw(st.sampled_from([0, 0, 0, -1, 1]))))
        + text
        + bytes(at)
    )


REACHED = {"executions": 0, "messages": 0}


def within_limits(message: Message) -> bool:
    """Check what the other side relies on in any message."""
    arrays = message.arrays.values()
    return (
        all(
            isinstance(fact, str) and len(fact) <= 2 * MAX_MESSAGE
            for fact in message.fields.values()
        )
        and len(arrays) <= MAX_ARRAYS
        and all(array.ndim <= MAX_DIMENSIONS and array.dtype.kind in "fiub" for array in arrays)
        and sum(array.nbytes for array in arrays) <= MAX_FRAME
    )


def test_headers_of_every_kind_are_a_message_or_a_bad_frame(record_property):
    """2,000 headers of all kinds give a message or a BadFrame.

    Types, shapes, offsets and facts vary.
    """

    @settings(max_examples=2000, deadline=None, database=None)
    @given(frames_near_the_format())
    def tried(blob):
        REACHED["executions"] += 1
        with suppress(BadFrame):
            assert within_limits(decode(blob))
            REACHED["messages"] += 1

    began = time.monotonic()
    tried()
    told = (
        f"the wire: {REACHED['executions']:,} frames near the format in "
        f"{time.monotonic() - began:.1f} s"
    )
    record_property("told", f"{told}, {REACHED['messages']:,} of them messages, all others refused")
    assert REACHED["executions"] >= 2000
    assert REACHED["messages"] > 200


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        struct.pack("<Q", 2**63),
        frame({"__metadata__": FACTS}) + b" " * 10,
        frame(
            {"a": {"dtype": "F64", "shape": [2], "data_offsets": [0, 8]}, "__metadata__": FACTS},
            b"\0" * 8,
        ),
        frame(
            {
                "a": {"dtype": "F64", "shape": [2**62, 4], "data_offsets": [0, 8]},
                "__metadata__": FACTS,
            },
            b"\0" * 8,
        ),
        frame(
            {n: {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]} for n in "ab"}
            | {"__metadata__": FACTS},
            b"\0",
        ),
        frame(
            {
                "a": {"dtype": "F64", "shape": [0, 2**63], "data_offsets": [0, 0]},
                "__metadata__": FACTS,
            }
        ),
        frame(
            {
                "a": {"dtype": "F64", "shape": [0, 2**61], "data_offsets": [0, 0]},
                "__metadata__": FACTS,
            }
        ),
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
    """Wrong offsets, too many arrays or dimensions, and malformed names and facts are refused."""
    with pytest.raises(BadFrame):
        decode(blob)


def test_complex_numbers_do_not_travel():
    """Complex numbers are refused, because no check uses them."""
    with pytest.raises((BadFrame, ValueError, TypeError, KeyError, AttributeError)):
        decode(save({"a": np.ones(1, np.complex64)}, FACTS))


# ---- text

TEXTS = st.text(max_size=9).filter(lambda text: "\0" not in text)  # NumPy drops those at the end
NESTED = st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(
    lambda shape: st.lists(TEXTS, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]).map(
        lambda texts: np.array(texts).reshape(shape)
    )
)


@given(
    st.dictionaries(
        st.text("abcxyz_", min_size=1),
        TEXTS.map(np.array) | NESTED | st.just(np.ones(2)),
        max_size=4,
    )
)
def test_text_comes_back_beside_numbers(sent):
    """Strings survive beside numbers, alone and in rows, empty and in every alphabet.

    The numbers stay numbers.
    """
    got = decode(encode(Message({"token": "t"}, sent))[8:])
    assert got.fields == {"token": "t"}
    assert list(got.arrays) == list(sent)
    for name, array in sent.items():
        assert is_text(got.arrays[name]) == is_text(array)
        np.testing.assert_array_equal(got.arrays[name], array)


def text_frame(packed: object, names: str = "a") -> bytes:
    """Return a frame's body with one array of bytes that its facts call text."""
    raw = packed if isinstance(packed, bytes) else json.dumps(packed).encode()
    return save({"a": np.frombuffer(raw or b"\0", np.uint8)}, FACTS | {"text": names})


LONG = "x" * (MAX_TEXT // 4 // 1000)


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(b"no JSON", id="no JSON"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff\xfe", id="no UTF-8"),
        pytest.param(b'"a" "b"', id="two values"),
        pytest.param("\ud800", id="half a character"),
        pytest.param(["fine", "\udfff"], id="half a character in a list"),
        pytest.param(b"[" * 100_000, id="nested without an end"),
        pytest.param(b"[" * 100_000 + b'"a"' + b"]" * 100_000, id="nested deeply"),
        pytest.param(b"[" * 900 + b'"a"' + b"]" * 900, id="nested as deeply as Python reads"),
        pytest.param([[[[[[[[["a"]]]]]]]]], id="nine dimensions"),
        pytest.param([[["a"], ["b", "c"]]], id="rows of unequal length"),
        pytest.param(["a", ["b"]], id="a text and a row"),
        pytest.param([[], ["a"]], id="an empty row and one that is not"),
        pytest.param(["a", 1], id="a number beside a text"),
        pytest.param(1, id="a number"),
        pytest.param([1.5, 2], id="numbers"),
        pytest.param(["a", None], id="null"),
        pytest.param(["a", True], id="true"),
        pytest.param({"a": "b"}, id="a table"),
        pytest.param([{"a": "b"}], id="a table in a list"),
        pytest.param(b"9" * 5000, id="a number of many digits"),
        pytest.param(b"NaN", id="NaN"),
        pytest.param(
            [LONG, *["y"] * 1001], id="one long text among many: each would have its room"
        ),
        pytest.param(
            b"[" + b"[]," * (20 << 20) + b'"a"]',
            id="so many lists that reading them fills the memory",
        ),
        pytest.param(b"[" + b"{}," * (20 << 20) + b'"a"]', id="so many tables"),
        pytest.param(b'"' + b"x" * MAX_TEXT + b'"', id="one text that is too long"),
    ],
)
def test_text_out_of_form_is_refused(packed):
    """Malformed text raises only `BadFrame` and uses little memory."""
    blob = text_frame(packed)
    tracemalloc.start()
    try:
        with pytest.raises(BadFrame):
            decode(blob)
        assert tracemalloc.get_traced_memory()[1] < 2 * len(blob) + (50 << 20)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "array", [np.ones(3), np.ones((2, 2), np.uint8), np.zeros(0, np.uint8), np.array(True)]
)
def test_numbers_that_a_frame_calls_text_are_refused(array):
    """Numbers declared as text are refused, because their bytes are no JSON text."""
    with pytest.raises(BadFrame):
        decode(save({"a": array}, FACTS | {"text": "a"}))


@pytest.mark.parametrize("names", ["b", "\n\n", "a\nb\nb", "token", "\0", "a" * 2000])
def test_a_name_in_text_that_is_no_array_counts_for_nothing(names):
    """A text entry that names no array is ignored, and other arrays are read."""
    got = decode(text_frame("A. L.", names))
    assert got.fields == {"token": "t"}
    assert is_text(got.arrays["a"]) == (names[:2] == "a\n")


def test_a_name_that_stands_twice_in_text_is_read_once():
    """A name listed twice as text is read once: after the first time it is no longer JSON."""
    got = decode(text_frame("A. L.", "a\na"))
    assert got.arrays["a"].tolist() == "A. L."


@pytest.mark.parametrize("part", [b"[]", b'""', b"[[]]", b'["a"]'])
@pytest.mark.parametrize("count", [1, 7])
def test_a_frame_of_many_small_texts_costs_the_reader_nothing(part, count, monkeypatch):
    """A frame of two million small texts is refused before one is parsed.

    Parsing them would keep the grader's threads busy for ten seconds.
    """
    small = b"[" + b",".join([part] * (MAX_TEXT // 8 // len(part))) + b"]"
    packed = {f"a{i}": np.frombuffer(small, np.uint8) for i in range(count)}
    blob = save(packed, FACTS | {"text": "\n".join(packed)})
    monkeypatch.setattr(wire, "unpack_text", None)  # called, it would raise
    with pytest.raises(BadFrame, match=r"too many texts|together"):
        decode(blob)


def test_texts_that_only_together_are_too_long_are_refused():
    """Texts whose total is too long are refused.

    The frame has the maximum of arrays, each as large as NumPy may make it.
    """
    one = ["x" * (MAX_TEXT // 4 // 100 - 1), *[""] * 99]
    packed = np.frombuffer(json.dumps(one).encode(), np.uint8)
    names = [f"a{number}" for number in range(MAX_ARRAYS)]
    some, every = (
        save(dict.fromkeys(names, packed), FACTS | {"text": "\n".join(text)})
        for text in (names[:8], names)
    )
    assert len([array for array in decode(some).arrays.values() if is_text(array)]) == 8
    with pytest.raises(BadFrame, match="together"):
        decode(every)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=4),
    )
)
def test_any_json_is_text_or_a_bad_frame(value):
    """Random JSON declared as text gives an array of strings or a refusal."""
    with suppress(BadFrame):
        array = decode(text_frame(value)).arrays["a"]
        assert is_text(array) or array.size == 0
        assert array.ndim <= MAX_DIMENSIONS
        assert array.nbytes <= MAX_TEXT


def test_a_file_over_the_limit_is_refused_though_its_form_is_right():
    """A stored file above the limit is refused, though it is well formed.

    No length precedes it that could be checked first.
    """
    content = save({"a": np.zeros(MAX_FRAME, np.uint8)}, FACTS)
    with pytest.raises(BadFrame, match="bytes"):
        decode(content)


def test_a_text_is_refused_by_its_bytes_before_it_is_read():
    """Text is refused by its size in bytes before parsing, in a stored key, too.

    White space takes no room after parsing, but time and memory during it.
    """
    packed = np.frombuffer(b" " * MAX_TEXT + b'"a"', np.uint8)
    with pytest.raises(BadFrame, match="too long"):
        unpack_text(packed)


def test_half_a_character_in_a_fact_is_replaced():
    """A lone surrogate in a fact, which an exception may hold, is replaced."""
    assert decode(encode(Message({"message": "a\ud800b"}, {}))[8:]).fields == {"message": "a?b"}
