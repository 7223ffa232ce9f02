"""The wire's format: a length, then a safetensors file with facts as its metadata; read as hostile
bytes.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from autograder.check import Arrays, is_text

MAX_FRAME = 64 << 20  # bytes
# bytes of one array of text: as JSON, which takes up to 25 times that to read, and in NumPy
MAX_TEXT = 8 << 20
MAX_HEADER = 64 << 10
MAX_ARRAYS = 64
MAX_DIMENSIONS = 8
MAX_MESSAGE = 1000  # characters
DTYPES = {
    "F64": "f8",
    "F32": "f4",
    "F16": "f2",
    "I64": "i8",
    "I32": "i4",
    "I16": "i2",
    "I8": "i1",
    "U8": "u1",
}
DTYPES |= {"U64": "u8", "U32": "u4", "U16": "u2", "BOOL": "?"}


class BadFrame(Exception):
    """Bytes that are no answer of ours."""


@dataclass(frozen=True)
class Message:
    """What goes over the wire in both directions: facts (strings) and arrays."""

    facts: Mapping[str, str]
    arrays: Arrays


def encode(message: Message) -> bytes:
    """Write a message: a length, then a safetensors file with the facts as its metadata."""
    arrays = {name: _packed(array) for name, array in message.arrays.items()}
    facts = {name: fact.encode(errors="replace").decode() for name, fact in message.facts.items()}
    facts["order"] = "\n".join(arrays)  # safetensors keeps none
    facts["text"] = "\n".join(name for name, array in message.arrays.items() if is_text(array))
    blob: bytes = save(arrays, facts)
    return struct.pack("<Q", len(blob)) + blob


def _packed(array: np.ndarray) -> np.ndarray:
    """The array as safetensors takes it: contiguous; of text, its bytes."""
    if is_text(array):
        return pack_text(array)
    return np.ascontiguousarray(array).reshape(array.shape)


def pack_text(array: np.ndarray) -> np.ndarray:
    """Turn an array of text into the bytes of a JSON text."""
    return np.frombuffer(json.dumps(array.tolist()).encode(), np.uint8)


def unpack_text(packed: np.ndarray) -> np.ndarray:
    """Turn the bytes of a JSON text, read as hostile ones, into an array of text. Raises
    `BadFrame`.
    """
    if packed.nbytes > MAX_TEXT:
        raise BadFrame("a text that is too long")
    try:
        value = json.loads(packed.tobytes())
        longest, count = _measure_text(value)
        if 4 * max(1, longest) * count > MAX_TEXT:  # NumPy gives each text the room of the longest
            raise BadFrame("a text that is too long")
        array = np.array(value, dtype=np.str_)
    except (ValueError, TypeError, RecursionError) as error:
        raise BadFrame("an array of text") from error
    if array.ndim > MAX_DIMENSIONS:
        raise BadFrame("an array's shape")
    return array


def _measure_text(value: Any) -> tuple[int, int]:
    """The length of the longest text in nested lists, and how many there are. Raises `TypeError`,
    `ValueError`.
    """
    if isinstance(value, str):
        value.encode()  # half a character cannot be written or shown
        return len(value), 1
    if not isinstance(value, list):
        raise TypeError("no text")
    sizes = [_measure_text(part) for part in value]
    return max((longest for longest, _ in sizes), default=0), sum(count for _, count in sizes)


def decode(blob: bytes) -> Message:
    """Read a frame's body as hostile bytes. Raises `BadFrame` for anything over a limit or out of
    form.
    """
    if len(blob) < 8 or len(blob) > MAX_FRAME:
        raise BadFrame(f"{len(blob)} bytes")
    (header,) = struct.unpack("<Q", blob[:8])
    if header > min(MAX_HEADER, len(blob) - 8):
        raise BadFrame("header too long")
    try:
        entries = deserialize(blob)  # type: ignore[no-untyped-call]
        facts = dict(json.loads(blob[8 : 8 + header])["__metadata__"])
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadFrame(type(error).__name__) from None
    if len(entries) > MAX_ARRAYS or not all(map(_is_fact, facts.items())):
        raise BadFrame("facts or arrays out of form")
    arrays = dict(_array(name, entry) for name, entry in entries)
    room = 0
    for name in dict.fromkeys(facts.pop("text", "").split("\n")):
        if name in arrays:
            arrays[name] = unpack_text(arrays[name])
            room += arrays[name].nbytes
            if room > MAX_FRAME:
                raise BadFrame("texts that are too long together")
    order = facts.pop("order", "").split("\n")
    return Message(
        facts, {name: arrays[name] for name in dict.fromkeys([*order, *arrays]) if name in arrays}
    )


def _is_fact(fact: tuple[Any, Any]) -> bool:
    return isinstance(fact[1], str) and len(fact[1]) <= MAX_MESSAGE * 2


def _array(name: str, entry: Mapping[str, Any]) -> tuple[str, np.ndarray]:
    if entry["dtype"] not in DTYPES or len(entry["shape"]) > MAX_DIMENSIONS or len(name) > 64:
        raise BadFrame("an array's type, shape or name")
    try:
        return name, np.frombuffer(entry["data"], DTYPES[entry["dtype"]]).reshape(entry["shape"])
    except (ValueError, OverflowError) as error:  # no bytes, and dimensions that NumPy cannot hold
        raise BadFrame("an array's shape") from error


def receive(stream: BinaryIO, eof: bool = False) -> Message:
    """Read one frame. At the end of the stream: a message without facts where `eof`, else
    `BadFrame`.
    """
    head = stream.read(8)
    if not head and eof:
        return Message({}, {})
    if len(head) < 8:
        raise BadFrame("no length")
    (size,) = struct.unpack("<Q", head)
    if size > MAX_FRAME:
        raise BadFrame(f"{size} bytes announced")
    return decode(stream.read(size))


def text_array(text: str | bytes) -> np.ndarray:
    """Text as an array of bytes, to travel with a question."""
    raw = text.encode() if isinstance(text, str) else text
    return np.frombuffer(raw, np.uint8) if raw else np.zeros(0, np.uint8)
