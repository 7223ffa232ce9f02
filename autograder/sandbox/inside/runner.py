"""The untrusted side: runs experiments on a submission and answers with bytes.

Everything here shares a process with the submission, which may change any of it. So nothing here decides anything:
the other side reads the bytes as hostile ones.
"""

import os
import re
import sys
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from autograder.check import Answer, Check, as_array
from autograder.sandbox.inside.cells import Broken
from autograder.sandbox.inside.submission import Missing, Submission
from autograder.sandbox.inside.wire import MAX_MESSAGE, Message, decode, encode, receive


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
    kit = str(Path(__file__).resolve().parents[2])
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
