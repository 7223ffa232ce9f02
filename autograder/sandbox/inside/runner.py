"""The untrusted side: runs experiments on a submission and answers with bytes.

All code here shares a process with the submission, which may change any of it. So no code here
decides anything: the other side treats the bytes as hostile.
"""

import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from opcode import opmap
from typing import Any, BinaryIO

import numpy as np

from autograder.check import (
    Answer,
    Arrays,
    Check,
    Error,
    Experiments,
    Failure,
    as_array,
    noting,
)
from autograder.question import Question
from autograder.sandbox.inside import locations
from autograder.sandbox.inside.causes import Explain, explain_error, no_cause, with_cause
from autograder.sandbox.inside.cells import Broken
from autograder.sandbox.inside.lenient import Lenient, has_answered
from autograder.sandbox.inside.namespaces import ALWAYS, Namespaces
from autograder.sandbox.inside.submission import Missing, Submission, names_run
from autograder.sandbox.inside.wire import (
    LENGTH_BYTES,
    MAX_MESSAGE,
    SO_FAR,
    Message,
    decode,
    encode,
    receive,
    receive_or_end,
)

RAN = "ran"  # the field of an answer that says which definitions have run
# fraction of a check's time: an experiment that took more before it failed is not run a second time
SHARE_FOR_A_SECOND_RUN = 1 / 4
MOST_OF_A_CHECK = 300  # characters of an error that a check's own code raised
WEIGHTS = "w."  # prefix of the names of weights to be measured

Reset = Callable[[int], object]  # sets random numbers to the state of a seed


TellSoFar = Callable[[Answer], None]


def tell_nobody(answer: Answer) -> None:
    """Ignore an answer that is known before the last run."""


class Stopped(BaseException):
    """Raised from outside in the thread of an experiment, to stop it."""


def run_experiment(
    check: Check,
    implementation: Any,
    seed: int,
    reset: Reset,
    text: str | None = None,
    explain: Explain = no_cause,
    only_once: bool = False,
    tell_so_far: TellSoFar = tell_nobody,
) -> Answer:
    """Run one experiment. Whatever a submission raises becomes part of the answer.

    If one function raises, the experiment runs again without it, for the values of the others,
    unless `only_once`.
    reset: called before each run, so that earlier runs in this process change nothing.
    text: the argument of a check that trains.
    explain: returns an exception's cause.
    tell_so_far: called with the partial answer, before a second run that may end the process.
    """
    if check.measure:
        answer = _run(check, implementation, seed, reset, [text], explain)
        if answer.failure:
            return replace(answer, arrays={})  # weights of an interrupted training are no evidence
        return answer
    began = time.process_time()  # as a check's seconds: other programs make no difference
    answer = _run(check, implementation, seed, reset, [], explain)
    elapsed = time.process_time() - began
    if not answer.failure or answer.failure == Failure.STOPPED:
        return answer
    if only_once or check.question:
        return answer
    if elapsed > check.seconds * SHARE_FOR_A_SECOND_RUN:
        return answer
    tell_so_far(answer)
    lenient = Lenient(implementation)
    second = _run(check, lenient, seed, reset, [])
    names_more = len(second.arrays) > len(answer.arrays)
    if names_more and has_answered(lenient):
        return replace(answer, arrays=second.arrays)
    return answer


def _run(
    check: Check,
    implementation: Any,
    seed: int,
    reset: Reset,
    extra: Sequence[str | None],
    explain: Explain = no_cause,
) -> Answer:
    """Run an experiment once. If it ends early, the answer holds the arrays named before.

    extra: further arguments after the implementation and the seed.
    """
    with noting() as named_before:
        try:
            reset(seed)
            with np.errstate(all="ignore"):
                returned = check.experiment(implementation, seed, *extra)
            if check.question:
                return _answered(check.name, check.question, returned)
            arrays = {}
            for name, value in returned.items():
                arrays[name] = as_array(name, value)
            return Answer(arrays)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            answer = failed(error, check)
            if answer.failure == Failure.RAISED:
                cause = explain(error, check)
                message = with_cause(answer.message, cause)[:MAX_MESSAGE]
                answer = replace(answer, message=message)
            return replace(answer, arrays=named_before)


def _answered(name: str, question: Question, returned: Any) -> Answer:
    """Read the answer to a question; an invalid one fails, with what a valid one is."""
    try:
        return Answer(question.read(name, returned))
    except TypeError as error:
        words = str(error)[:MAX_MESSAGE]
        return Answer(failure=Failure.RAISED, message=words, error=Error(words))


def failed(error: BaseException, check: Check) -> Answer:
    """Return the answer that represents an exception."""
    if isinstance(error, Stopped):
        return Answer(failure=Failure.STOPPED)
    if isinstance(error, Missing):
        return Answer(failure=Failure.MISSING, message=str(error))
    if isinstance(error, Broken):
        return Answer(failure=Failure.BROKEN, message=str(error))
    if isinstance(error, NotImplementedError):
        stub = _stub(error, check)
        if stub:
            return Answer(failure=Failure.STUB, message=f"`{stub}` is not written yet.")
    known = error_of(error, check)
    message = _in_words(known)
    if not known.place and _is_of_the_check(error, check):
        known = replace(known, in_check=_line_of_checks(error, check))
        message = f"The check cannot use what was returned ({message[:MOST_OF_A_CHECK]})."
    return Answer(failure=Failure.RAISED, message=message, error=known)


def _is_of_the_check(error: BaseException, check: Check) -> bool:
    """Return whether an experiment failed in its own code, or in a library that it called.

    An exception of the engine, or by a `raise` of the experiment, already says what is expected.
    """
    frames = traceback.extract_tb(error.__traceback__)
    checks = os.path.dirname(check.experiment.__code__.co_filename)
    in_checks = [os.path.dirname(frame.filename) == checks for frame in frames]
    in_engine = frames[-1].filename.startswith(f"{locations.ENGINE}{os.sep}")
    if in_checks[-1]:
        return not _is_raised_on_purpose(error)
    return any(in_checks) and not in_engine


def _line_of_checks(error: BaseException, check: Check) -> str:
    """Return the innermost line of the checks in a traceback: "checks/lines.py line 3"."""
    checks = os.path.dirname(check.experiment.__code__.co_filename)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        folder, file = os.path.split(frame.filename)
        if folder == checks:
            return f"{os.path.basename(folder)}/{file} line {frame.lineno}"
    return ""


def _is_raised_on_purpose(error: BaseException) -> bool:
    """Return whether the code where an exception began is a `raise`."""
    innermost = error.__traceback__
    while innermost and innermost.tb_next:
        innermost = innermost.tb_next
    if innermost is None:
        return False
    instruction = innermost.tb_frame.f_code.co_code[innermost.tb_lasti]
    return instruction == opmap["RAISE_VARARGS"]


def _stub(error: NotImplementedError, check: Check) -> str:
    """Return the submission's function that raised an error without a text; "" if a library did."""
    if str(error):
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    location = locations.innermost(frames, check)
    if location and location.function == frames[-1].name:
        return location.function
    return ""


def error_of(error: BaseException, check: Check) -> Error:
    """Return the facts about an exception: its type and text, the student's line and function."""
    words = type(error).__name__
    if str(error):
        words += f": {error}"
    if isinstance(error, ModuleNotFoundError):
        words += ". This unit is graded without it."
    frames = traceback.extract_tb(error.__traceback__)
    location = locations.innermost(frames, check)
    words = words[:MAX_MESSAGE]
    return Error(words, location.line, location.function) if location else Error(words)


def _in_words(error: Error) -> str:
    """Describe an exception: the line of the student's file, the function, type and text."""
    if not error.place:
        return error.words
    location = locations.Location(error.place, error.function)
    return f"{location}: {error.words}"[:MAX_MESSAGE]


def place_of_thread(thread: int, check: Check) -> str:
    """Return another thread's place in the student's file: "line 3, in `double`".

    Return "" if it runs no experiment, or no code of the student's.
    """
    current = sys._current_frames().get(thread)
    frames = traceback.extract_stack(current)
    below = None
    for number, frame in enumerate(frames):
        if frame.filename == __file__:
            below = number
    if below is None:
        return ""
    location = locations.innermost(frames[below:], check)
    return str(location) if location else ""


WARM_UP_SCRIPT = b"import math\nx = 1\ndef f():\n    return [x for _ in range(3)]\n"


def warm(experiments: Experiments, stub: bytes = b"") -> None:
    """Do before any fork what every submission would otherwise do.

    That is to import, to parse, and to begin each experiment.
    stub: the students' script. Its cells are parsed, and most submissions hold many of them
    unchanged. An experiment ends at the first name that nobody has written.
    """
    experiments.warm()
    nothing = Submission(WARM_UP_SCRIPT, "warm.py")
    _ = nothing.f
    Submission(stub, "stub.py")
    message = Message({}, {"x": np.zeros(1)})
    frame = encode(message)
    decode(frame[LENGTH_BYTES:])
    for check in experiments.checks:
        if not check.measure:
            _run(check, nothing, 0, experiments.reset, [])
    del sys.modules["submission"]


def names_to_keep(experiments: Experiments) -> Namespaces:
    """Return the names that each check must find unchanged: of Python, NumPy and the add-ons."""
    names = list(ALWAYS)
    for addon in experiments.addons:
        names += addon.namespaces
    return Namespaces(names)


def answer_requests(
    inbox: BinaryIO, outbox: BinaryIO, experiments: Experiments, names: Namespaces
) -> None:
    """Read a submission, then requests about it, and answer each: the whole life of a worker.

    names: restored before each run of an experiment; a request may need two runs.
    """
    checks = {check.name: check for check in experiments.checks}
    reset = partial(_reset, experiments, names)
    hello = receive(inbox)
    source = hello.arrays["source"].tobytes()
    implementation: Any = None

    def send(request: Message, answer: Answer, **more: str) -> None:
        fields = {
            "token": request.fields["token"],
            "failure": answer.failure,
            "message": answer.message,
            "error": answer.error.words,
            "place": answer.error.place,
            "function": answer.error.function,
            "in_check": answer.error.in_check,
        }
        frame = encode(Message(fields | more, answer.arrays))
        outbox.write(frame)
        outbox.flush()

    def send_so_far(request: Message, answer: Answer) -> None:
        names.put_back()
        send(request, answer, **{SO_FAR: "yes"})

    while True:
        request = receive_or_end(inbox)
        if request is None:
            return
        check = checks[request.fields["check"]]
        if _asks_of_variant(request):
            variant = request.arrays["source"].tobytes()
            if variant != source:
                source = variant
                implementation = None
        tell_so_far = partial(send_so_far, request)
        asks_what_ran = request.fields.get("tell") == RAN  # only for scripts that a grader trusts
        try:
            if implementation is None or asks_what_ran:
                implementation = Submission(source, hello.fields["name"])
            answer = _answer(check, implementation, request, experiments, reset, tell_so_far)
            names.put_back()  # the code that sends the answer needs them, too
        except KeyboardInterrupt as error:  # nobody is at a keyboard: code or a library raised it
            names.put_back()
            words = _in_words(error_of(error, check))
            message = f"the program exited while this check ran. {words}"
            answer = Answer(failure=Failure.KILLED, message=message[:MAX_MESSAGE])
        except Broken as error:
            answer = Answer(failure=Failure.BROKEN, message=str(error))
        more = {}
        if asks_what_ran and implementation is not None:
            more[RAN] = "\n".join(sorted(names_run(implementation)))
        send(request, answer, **more)


def _reset(experiments: Experiments, names: Namespaces, seed: int) -> None:
    """Undo side effects of an earlier run, and set random numbers to the state of a seed."""
    names.put_back()
    for addon in experiments.addons:
        addon.undo()
    experiments.reset(seed)


def _answer(
    check: Check,
    implementation: Any,
    request: Message,
    experiments: Experiments,
    reset: Reset,
    tell_so_far: TellSoFar,
) -> Answer:
    text = None
    if "text" in request.arrays:
        raw = request.arrays["text"].tobytes()
        text = raw.decode()
    if check.measure and request.fields["role"] == "measure":
        weights = _weights(request)
        try:
            loss = check.measure(implementation, weights, text)
        except Exception as error:
            return failed(error, check)
        return Answer({"loss": np.array(loss)})
    seed = int(request.fields["seed"])
    if _asks_of_variant(request):  # a failed one has no answer, and no student to inform
        return run_experiment(check, implementation, seed, reset, only_once=True)
    explain = partial(explain_error, experiments)
    return run_experiment(
        check, implementation, seed, reset, text, explain, tell_so_far=tell_so_far
    )


def _asks_of_variant(request: Message) -> bool:
    """Return whether a request brings another file, as those on variants of the solution do."""
    return "source" in request.arrays


def _weights(request: Message) -> Arrays:
    """Return the weights that a request asks to measure."""
    weights = {}
    for name, array in request.arrays.items():
        if name.startswith(WEIGHTS):
            weights[name.removeprefix(WEIGHTS)] = array
    return weights
