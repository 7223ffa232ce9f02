"""The wire's format: a length, then a safetensors file, which is treated as hostile bytes.

A message is strings by name (`fields`, the file's metadata) and arrays by name.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from autograder.check import Arrays, is_text

LENGTH_BYTES = 8  # of a frame's length, and of the length of a safetensors header
MAX_FRAME = 64 << 20  # bytes
# bytes of all text in a frame: as JSON, which needs up to 25 times that to parse, and in NumPy
MAX_TEXT = 8 << 20
MAX_TEXTS = 200_000  # texts and lists in a frame; reading each takes microseconds
MAX_HEADER = 64 << 10  # bytes
MAX_ARRAYS = 64
MAX_DIMENSIONS = 8
MAX_NAME = 64  # characters of an array's name
MAX_MESSAGE = 1000  # characters
MAX_FIELD = 2 * MAX_MESSAGE  # characters
BYTES_OF_A_CHARACTER = 4  # in an array of NumPy
SO_FAR = "so_far"  # a field of a partial answer, which counts if no other comes
DTYPES = {
    "F64": "f8",
    "F32": "f4",
    "F16": "f2",
    "I64": "i8",
    "I32": "i4",
    "I16": "i2",
    "I8": "i1",
    "U64": "u8",
    "U32": "u4",
    "U16": "u2",
    "U8": "u1",
    "BOOL": "?",
}


class BadFrame(Exception):
    """Bytes that are not one of our messages."""


class TooManyBytes(BadFrame):
    """One or several frames exceed the limit on bytes."""


@dataclass(frozen=True)
class Message:
    """A message over the wire, in either direction."""

    fields: Mapping[str, str]
    arrays: Arrays


def encode(message: Message) -> bytes:
    """Write a message as a frame: its length, then a safetensors file."""
    arrays = {}
    names_of_text = []
    for name, array in message.arrays.items():
        arrays[name] = _pack(array)
        if is_text(array):
            names_of_text.append(name)
    metadata = {}
    for name, field in message.fields.items():
        encoded = field.encode(errors="replace")
        metadata[name] = encoded.decode()
    metadata["order"] = "\n".join(arrays)  # safetensors has no type for text
    metadata["text"] = "\n".join(names_of_text)
    file: bytes = save(arrays, metadata)
    return struct.pack("<Q", len(file)) + file


def _pack(array: np.ndarray) -> np.ndarray:
    """Return an array in safetensors' form: contiguous; for text, its bytes."""
    if is_text(array):
        return pack_text(array)
    # the shape again: `ascontiguousarray` turns a single number into a list
    return np.ascontiguousarray(array).reshape(array.shape)


def pack_text(array: np.ndarray) -> np.ndarray:
    """Turn an array of text into the bytes of a JSON text."""
    text = json.dumps(array.tolist())
    return np.frombuffer(text.encode(), np.uint8)


def unpack_text(packed: np.ndarray) -> np.ndarray:
    """Turn the bytes of a JSON text, treated as hostile, into an array of text.

    Raises `BadFrame`.
    """
    if packed.nbytes > MAX_TEXT:
        raise BadFrame("a text that is too long")
    try:
        value = json.loads(packed.tobytes())
        longest, count = _measure_text(value)
        # NumPy gives each text the room of the longest
        if max(1, longest) * count * BYTES_OF_A_CHARACTER > MAX_TEXT:
            raise BadFrame("an array of too many or too long texts")
        array = np.array(value, dtype=np.str_)
    except (ValueError, TypeError, RecursionError) as error:
        raise BadFrame("an array of text") from error
    if array.ndim > MAX_DIMENSIONS:
        raise BadFrame("an array's shape")
    return array


def _refuse_slow_texts(packed: Sequence[np.ndarray]) -> None:
    """Refuse texts that would keep the reader busy. Raises `BadFrame`.

    Each text has two quotation marks, and each list a bracket.
    """
    size = sum(array.nbytes for array in packed)
    if size > MAX_TEXT:
        raise BadFrame("texts that are too long together")
    parts = 0
    for array in packed:
        raw = array.tobytes()
        parts += raw.count(b'"') // 2
        parts += raw.count(b"[")
    if parts > MAX_TEXTS:
        raise BadFrame("too many texts")


def _measure_text(value: Any) -> tuple[int, int]:
    """Return the length of the longest text in nested lists, and the number of texts.

    Raises `TypeError` for anything else, and `ValueError` for a lone surrogate.
    """
    if isinstance(value, str):
        value.encode()  # a lone surrogate cannot be written or shown
        return len(value), 1
    if not isinstance(value, list):
        raise TypeError("no text")
    longest = 0
    count = 0
    for part in value:
        longest_there, count_there = _measure_text(part)
        longest = max(longest, longest_there)
        count += count_there
    return longest, count


def decode(file: bytes) -> Message:
    """Decode what follows a frame's length, as hostile bytes.

    Raises `BadFrame` for anything over a limit or malformed.
    """
    if not LENGTH_BYTES <= len(file) <= MAX_FRAME:
        raise BadFrame(f"{len(file)} bytes")
    (header,) = struct.unpack("<Q", file[:LENGTH_BYTES])
    end_of_header = LENGTH_BYTES + header
    if header > MAX_HEADER or end_of_header > len(file):
        raise BadFrame("header too long")
    try:
        entries = deserialize(file)  # type: ignore[no-untyped-call]
        content = json.loads(file[LENGTH_BYTES:end_of_header])
        metadata = dict(content["__metadata__"])
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadFrame(type(error).__name__) from None
    if len(entries) > MAX_ARRAYS:
        raise BadFrame("too many arrays")
    for field in metadata.values():
        if not isinstance(field, str) or len(field) > MAX_FIELD:
            raise BadFrame("a field that is too long, or no text")
    arrays = {}
    for name, entry in entries:
        arrays[name] = _read_array(name, entry)
    names_of_text = metadata.pop("text", "").split("\n")
    order = metadata.pop("order", "").split("\n")
    _unpack_texts(arrays, names_of_text)
    return Message(metadata, _in_order(arrays, order))


def _read_array(name: str, entry: Mapping[str, Any]) -> np.ndarray:
    """Read an array of a safetensors file. Raises `BadFrame`."""
    dtype = DTYPES.get(entry["dtype"])
    shape = entry["shape"]
    if dtype is None:
        raise BadFrame("an array's type, shape or name")
    if len(shape) > MAX_DIMENSIONS or len(name) > MAX_NAME:
        raise BadFrame("an array's type, shape or name")
    try:
        numbers = np.frombuffer(entry["data"], dtype)
        return numbers.reshape(shape)
    except (ValueError, OverflowError) as error:  # no bytes, and dimensions that NumPy cannot hold
        raise BadFrame("an array's shape") from error


def _unpack_texts(arrays: Arrays, names: list[str]) -> None:
    """Replace the bytes of text arrays by the arrays. Raises `BadFrame`.

    names: of the arrays that are declared as text. One may be repeated, or name no array.
    """
    packed = {}
    for name in names:
        if name in arrays:
            packed[name] = arrays[name]
    _refuse_slow_texts(list(packed.values()))
    total = 0
    for name, array in packed.items():
        text = unpack_text(array)
        arrays[name] = text
        total += text.nbytes
        if total > MAX_FRAME:
            raise BadFrame("texts that are too long together")


def _in_order(arrays: Arrays, order: list[str]) -> Arrays:
    """Return the arrays named in `order` in its order, then the others."""
    ordered = {}
    for name in [*order, *arrays]:
        if name in arrays:
            ordered[name] = arrays[name]
    return ordered


def frame_length(head: bytes, most: int = MAX_FRAME) -> int:
    """Return the number of bytes after the first eight of a frame. Raises `BadFrame`.

    most: the limit.
    """
    if len(head) < LENGTH_BYTES:
        raise BadFrame("no length")
    (length,) = struct.unpack("<Q", head)
    if length > MAX_FRAME:
        raise BadFrame(f"{length} bytes announced")
    if length > most:
        raise TooManyBytes(f"{length} bytes announced")
    return int(length)


def receive(stream: BinaryIO) -> Message:
    """Read one message. Raises `BadFrame`, also at the end of the stream."""
    message = receive_or_end(stream)
    if message is None:
        raise BadFrame("no length")
    return message


def receive_or_end(stream: BinaryIO) -> Message | None:
    """Read one message. Return None at the end of the stream. Raises `BadFrame`."""
    head = stream.read(LENGTH_BYTES)
    if not head:
        return None
    length = frame_length(head)
    file = stream.read(length)
    return decode(file)


def text_array(text: str | bytes) -> np.ndarray:
    """Turn a text into an array of bytes, to be sent with a request."""
    raw = text.encode() if isinstance(text, str) else text
    if not raw:
        return np.zeros(0, np.uint8)  # `frombuffer` takes no empty buffer
    return np.frombuffer(raw, np.uint8)
