"""The untrusted side: runs experiments on a submission and answers with bytes.

Everything here shares a process with the submission, which may change any of it. So nothing here decides anything:
the other side reads the bytes as hostile ones.
"""

import json
import os
import re
import struct
import sys
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from autograder.checking import Answer, Arrays, Check, as_array
from autograder.solution import Broken, Missing, Submission

MAX_FRAME = 64 << 20  # bytes
MAX_HEADER = 64 << 10
MAX_ARRAYS = 64
MAX_DIMENSIONS = 8
MAX_MESSAGE = 1000  # characters
DTYPES = {"F64": "f8", "F32": "f4", "F16": "f2", "I64": "i8", "I32": "i4", "I16": "i2", "I8": "i1", "U8": "u1"}
DTYPES |= {"U64": "u8", "U32": "u4", "U16": "u2", "BOOL": "?"}


class BadFrame(Exception):
    """Bytes that are no answer of ours."""


@dataclass(frozen=True)
class Message:
    """What goes over the wire in both directions: facts (strings) and arrays."""

    facts: Mapping[str, str]
    arrays: Arrays


def encode(message: Message) -> bytes:
    """Length, then a safetensors file with the facts as its metadata."""
    arrays = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in message.arrays.items()}
    facts = {name: fact.encode(errors="replace").decode() for name, fact in message.facts.items()}
    blob: bytes = save(arrays, {**facts, "order": "\n".join(arrays)})  # safetensors keeps no order
    return struct.pack("<Q", len(blob)) + blob


def decode(blob: bytes) -> Message:
    """Read a frame's body as hostile bytes. Raises `BadFrame` for anything over a limit or out of form."""
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
    order = facts.pop("order", "").split("\n")
    return Message(facts, {name: arrays[name] for name in dict.fromkeys([*order, *arrays]) if name in arrays})


def _is_fact(fact: tuple[Any, Any]) -> bool:
    return isinstance(fact[1], str) and len(fact[1]) <= MAX_MESSAGE * 2


def _array(name: str, entry: Mapping[str, Any]) -> tuple[str, np.ndarray]:
    if entry["dtype"] not in DTYPES or len(entry["shape"]) > MAX_DIMENSIONS or len(name) > 64:
        raise BadFrame("an array's type, shape or name")
    try:
        return name, np.frombuffer(entry["data"], DTYPES[entry["dtype"]]).reshape(entry["shape"])
    except (ValueError, OverflowError) as error:  # no bytes, and dimensions that NumPy cannot hold
        raise BadFrame("an array's shape") from error


def run_experiment(check: Check, implementation: Any, seed: int, text: str | None = None) -> Answer:
    """Run one experiment; whatever a submission raises becomes part of the answer."""
    np.random.seed(seed % 2**32)
    if torch := sys.modules.get("torch"):  # so that an answer is the same whatever ran before in this process
        torch.manual_seed(seed)
        torch.set_grad_enabled(True)
        torch.set_default_dtype(torch.float32)
    extra = [text] if check.measure else []
    try:
        with np.errstate(all="ignore"):
            arrays = check.experiment(implementation, seed, *extra)
        return Answer({name: as_array(name, value) for name, value in arrays.items()})
    except Missing as error:
        return Answer(failure="missing", message=str(error))
    except Broken as error:
        return Answer(failure="broken", message=str(error))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if isinstance(error, NotImplementedError) and (name := _stub(error)):
            return Answer(failure="stub", message=f"`{name}` is not written yet.")
        return Answer(failure="raised", message=describe(error)[:MAX_MESSAGE])


def _stub(error: NotImplementedError) -> str:
    """The function of a submission that raised this, as a stub does; empty where torch did, which has words for it."""
    where, innermost = _last_frame(error), traceback.extract_tb(error.__traceback__)[-1]
    return where[1] if where and where[1] == innermost.name and not str(error) else ""


def describe(error: BaseException) -> str:
    """An exception in a student's words: the line of their own file, the function, the type and the text."""
    where = _last_frame(error)
    words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, ModuleNotFoundError):
        words += ". This unit is graded without it."
    return f"{where[0]}, in `{where[1]}`: {words}" if where else words


def _last_frame(error: BaseException) -> tuple[str, str] | None:
    """Place and function of the innermost frame that is not this kit's or a library's."""
    kit = os.path.dirname(os.path.abspath(__file__))
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if place := re.match(r"<((?:cell \d+, )?line) (\d+)\|", frame.filename):  # a `Statement`'s, with an offset
            name = frame.name.replace("<module>", "the top level")
            return f"{place[1]} {int(place[2]) + (frame.lineno or 0)}", name
        if "ipykernel" in frame.filename or "<ipython" in frame.filename:
            return f"line {frame.lineno} of the cell", frame.name
        if os.path.basename(frame.filename).startswith("unit") and not frame.filename.startswith(kit):
            return f"line {frame.lineno}", frame.name
    return None


def warm(checks: Iterable[Check] = (), stub: bytes = b"") -> None:
    """Read a script and a frame once, and begin each experiment: what that imports and makes is then there before any
    fork. An experiment ends where it asks for what nobody has written.
    """
    nothing = Submission(b"import math\nx = 1\ndef f():\n    return [x for _ in range(3)]\n", "warm.py")
    _ = nothing.f
    Submission(stub, "stub.py")  # its cells are parsed then, and most submissions hold many of them unchanged
    decode(encode(Message({}, {"x": np.zeros(1)}))[8:])
    for check in checks:
        if not check.measure:
            run_experiment(check, nothing, 0)
    del sys.modules["submission"]


def answer_questions(inbox: BinaryIO, outbox: BinaryIO, checks: Mapping[str, Check]) -> None:
    """Read a submission, then questions about it, and answer each: the whole life of a worker."""
    first = receive(inbox)
    source = first.arrays["source"].tobytes()
    implementation: Any = None
    while (question := receive(inbox, eof=True)).facts:
        check, facts = checks[question.facts["check"]], question.facts
        try:
            implementation = implementation or Submission(source, first.facts["name"])
            answer = _answer(check, implementation, question)
        except Broken as error:
            answer = Answer(failure="broken", message=str(error))
        reply = Message({"token": facts["token"], "failure": answer.failure, "message": answer.message}, answer.arrays)
        outbox.write(encode(reply))
        outbox.flush()


def _answer(check: Check, implementation: Any, question: Message) -> Answer:
    text = question.arrays["text"].tobytes().decode() if "text" in question.arrays else None
    if question.facts["role"] == "measure" and check.measure:
        weights = {name[2:]: array for name, array in question.arrays.items() if name.startswith("w.")}
        return Answer({"loss": np.array(check.measure(implementation, weights, text))})
    return run_experiment(check, implementation, int(question.facts["seed"]), text)


def receive(stream: BinaryIO, eof: bool = False) -> Message:
    """Read one frame. At the end of the stream: a message without facts where `eof`, else `BadFrame`."""
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
