"""The untrusted side: runs experiments on a submission and answers with bytes.

Everything here shares a process with the submission, which may change any of it. So nothing here
decides anything: the other side reads the bytes as hostile ones.
"""

import os
import re
import sys
import sysconfig
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from autograder.check import Answer, Check, Experiments, Failure, as_array, noting
from autograder.sandbox.inside.causes import Explain, explain_error, no_cause, with_cause
from autograder.sandbox.inside.cells import Broken
from autograder.sandbox.inside.lenient import Lenient, has_answered
from autograder.sandbox.inside.namespaces import NUMPY, Namespaces
from autograder.sandbox.inside.submission import Missing, Submission, names_run
from autograder.sandbox.inside.wire import MAX_MESSAGE, Message, decode, encode, receive


class Stopped(BaseException):
    """Raised from outside in the thread of an experiment, to end it."""


def run_experiment(
    check: Check,
    implementation: Any,
    seed: int,
    reset: Callable[[int], object],
    text: str | None = None,
    explain: Explain = no_cause,
) -> Answer:
    """Run one experiment; whatever a submission raises becomes part of the answer.

    Where one function raises, the experiment is run again without it, for what the others return.
    reset: brings random numbers into the state of a seed, so that what ran before in this process
    changes nothing.
    text: what a check that trains is given.
    explain: tells an exception by its cause.
    """
    if check.measure:
        answer = _run(check, implementation, seed, reset, [text], explain)
        return Answer({}, answer.failure, answer.message) if answer.failure else answer
    began = time.monotonic()
    answer = _run(check, implementation, seed, reset, [], explain)
    tired = time.monotonic() - began > check.seconds / 4
    if not answer.failure or answer.failure == Failure.STOPPED or tired:
        return answer
    lenient = Lenient(implementation)
    others = _run(check, lenient, seed, reset, []).arrays
    more = has_answered(lenient) and len(others) > len(answer.arrays)
    return replace(answer, arrays=others) if more else answer


def _run(
    check: Check,
    implementation: Any,
    seed: int,
    reset: Callable[[int], object],
    extra: Sequence[str | None],
    explain: Explain = no_cause,
) -> Answer:
    """Run an experiment once; of one that ends early, the answer holds what was named before."""
    with noting() as noted:
        try:
            reset(seed)
            with np.errstate(all="ignore"):
                arrays = check.experiment(implementation, seed, *extra)
            return Answer({name: as_array(name, value) for name, value in arrays.items()})
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            failure, message = _failure(error, check)
            if failure == Failure.RAISED:
                message = with_cause(message, explain(error, check))[:MAX_MESSAGE]
            return Answer(noted, failure, message)


def _failure(error: BaseException, check: Check) -> tuple[Failure, str]:
    """The kind of a failure, and its words."""
    if isinstance(error, Stopped):
        return Failure.STOPPED, ""
    if isinstance(error, Missing):
        return Failure.MISSING, str(error)
    if isinstance(error, Broken):
        return Failure.BROKEN, str(error)
    if isinstance(error, NotImplementedError) and (name := _stub(error, check)):
        return Failure.STUB, f"`{name}` is not written yet."
    return Failure.RAISED, describe(error, check)[:MAX_MESSAGE]


def _stub(error: NotImplementedError, check: Check) -> str:
    """The submission's function that raised a bare NotImplementedError; "" if a library did."""
    frames = traceback.extract_tb(error.__traceback__)
    where = _last_frame(frames, check)
    return where[1] if where and where[1] == frames[-1].name and not str(error) else ""


def describe(error: BaseException, check: Check) -> str:
    """Describe an exception in a student's terms: the line of their own file, the function, the
    type and the text.
    """
    where = place(traceback.extract_tb(error.__traceback__), check)
    words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, ModuleNotFoundError):
        words += ". This unit is graded without it."
    return f"{where}: {words}" if where else words


def place(frames: Sequence[traceback.FrameSummary], check: Check) -> str:
    """The innermost place in the student's file: "line 3, in `double`"; empty where no frame is
    theirs.
    """
    where = _last_frame(frames, check)
    return f"{where[0]}, in `{where[1]}`" if where else ""


def place_of_thread(thread: int, check: Check) -> str:
    """Where in the student's file another thread is, which runs an experiment."""
    frames = traceback.extract_stack(sys._current_frames().get(thread))
    ours = [number for number, frame in enumerate(frames) if frame.filename == __file__]
    return place(frames[ours[-1] :], check) if ours else ""


RAN = "ran"  # the fact that says which definitions have run

KIT = str(Path(__file__).resolve().parents[2])
STANDARD = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib"))
PACKAGES = {"site-packages", "dist-packages"}  # by name: the server's Python knows no environment


def _last_frame(frames: Sequence[traceback.FrameSummary], check: Check) -> tuple[str, str] | None:
    """Place and function of the innermost frame that is not the check's, this kit's or a
    library's.
    """
    checks = os.path.dirname(check.experiment.__code__.co_filename)
    not_theirs = tuple(f"{folder}{os.sep}" for folder in (KIT, *STANDARD, checks))
    for frame in reversed(frames):
        if place := re.match(
            r"<((?:cell \d+, )?line) (\d+)\|", frame.filename
        ):  # a `Statement`'s, with an offset
            name = frame.name.replace("<module>", "the top level")
            return f"{place[1]} {int(place[2]) + (frame.lineno or 0)}", name
        if "ipykernel" in frame.filename or "<ipython" in frame.filename:
            return f"line {frame.lineno} of the cell", frame.name
        library = frame.filename.startswith(not_theirs) or PACKAGES & set(
            Path(frame.filename).parts
        )
        if frame.filename.endswith(".py") and not library:
            return f"line {frame.lineno}", frame.name
    return None


def warm(experiments: Experiments, stub: bytes = b"") -> None:
    """Do before any fork what every submission would otherwise do: import, parse, and begin each
    experiment.

    stub: the script that students get; its cells are parsed, and most submissions hold many of them
    unchanged. An experiment ends where it asks for what nobody has written.
    """
    experiments.warm()
    nothing = Submission(
        b"import math\nx = 1\ndef f():\n    return [x for _ in range(3)]\n", "warm.py"
    )
    _ = nothing.f
    Submission(stub, "stub.py")
    decode(encode(Message({}, {"x": np.zeros(1)}))[8:])
    for check in experiments.checks:
        if not check.measure:
            _run(check, nothing, 0, experiments.reset, [])
    del sys.modules["submission"]


def names_to_keep(experiments: Experiments) -> Namespaces:
    """What each check finds as it was: the names of NumPy, and those that add-ons speak of."""
    others = [name for addon in experiments.addons for name in getattr(addon, "NAMESPACES", ())]
    return Namespaces([*NUMPY, *others])


def answer_questions(
    inbox: BinaryIO, outbox: BinaryIO, experiments: Experiments, names: Namespaces
) -> None:
    """Read a submission, then questions about it, and answer each: the whole life of a worker.

    names: what is put back before each run of an experiment, of which a question may need two.
    """

    def reset(seed: int) -> None:
        names.put_back()
        for addon in experiments.addons:
            if undo := getattr(addon, "undo", None):
                undo()
        experiments.reset(seed)

    checks = {check.name: check for check in experiments.checks}
    first = receive(inbox)
    source = first.arrays["source"].tobytes()
    implementation: Any = None
    while (question := receive(inbox, eof=True)).facts:
        check, facts = checks[question.facts["check"]], question.facts
        if "source" in question.arrays:  # asked of variants of the solution alone
            source, implementation = question.arrays["source"].tobytes(), None
        try:
            implementation = implementation or Submission(source, first.facts["name"])
            answer = _answer(check, implementation, question, experiments, reset)
        except Broken as error:
            answer = Answer(failure=Failure.BROKEN, message=str(error))
        told = {"token": facts["token"], "failure": answer.failure, "message": answer.message}
        if facts.get("tell") == RAN:  # asked of the solution alone
            told[RAN] = "\n".join(sorted(names_run(implementation)))
        reply = Message(told, answer.arrays)
        outbox.write(encode(reply))
        outbox.flush()


def _answer(
    check: Check,
    implementation: Any,
    question: Message,
    experiments: Experiments,
    reset: Callable[[int], object],
) -> Answer:
    explain = partial(explain_error, experiments)
    text = question.arrays["text"].tobytes().decode() if "text" in question.arrays else None
    if question.facts["role"] == "measure" and check.measure:
        weights = {
            name[2:]: array for name, array in question.arrays.items() if name.startswith("w.")
        }
        return Answer({"loss": np.array(check.measure(implementation, weights, text))})
    return run_experiment(check, implementation, int(question.facts["seed"]), reset, text, explain)
