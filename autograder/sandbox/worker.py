"""The parent's side of one submission's worker: sends requests, and reads hostile bytes.

Only the first answer with a request's own token counts, and only within the time limit; if there is
none, the worker's partial answer counts.
"""

import os
import secrets
import select
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from autograder.check import Answer, Arrays, Check, Error, Failure, Limits
from autograder.course import Unit
from autograder.sandbox.inside import wire

# seconds: after a slower answer the CPU clock is read, so that a check that slept leaves no unused
# time to the next
QUICK = 0.05
# seconds that a check may wait after its submission has used its whole allowance
LEAST_WAITING = 0.5
LEAST_LOOK = 0.005  # seconds from one look at the clocks to the next
MOST_OF_THE_TIME = 0.99  # a worker is stopped just before the kernel would end it silently
GRACE = 0.3  # seconds for a worker that closed its pipe to end by itself
MAX_UNEXPECTED = 8  # frames that answer no request of ours, before a check is given up
MAX_READ = 1 << 20  # bytes at a time
# after fewer bytes without a complete answer, more are waited for: a worker that writes single
# bytes would keep the grader busy for its whole check
SMALL_PIECE, PAUSE = 1 << 12, 0.005
# failures that a worker reports before a second run
TOLD_BEFORE = frozenset({Failure.RAISED, Failure.STUB, Failure.MISSING, Failure.BROKEN})


@dataclass(frozen=True)
class Clock:
    """The seconds that a process has computed, and that it was queued for a processor.

    queued: None if the kernel does not report it.
    """

    computed: float
    queued: float | None


def stolen_time() -> float:
    """Return the seconds that the host of a virtual machine took from its processors until now.

    A process has no processor then, and its own kernel does not count it as queued. 0 on a machine
    that is not virtual, or does not report it. Source: `man 5 proc_stat`, the column "steal".
    """
    unknown = suppress(OSError, ValueError, IndexError, AttributeError)  # no `sysconf` on Windows
    with unknown, open("/proc/stat") as statistics:
        _, *ticks = statistics.readline().split()
        return int(ticks[7]) / os.sysconf("SC_CLK_TCK")
    return 0.0


def disk_time() -> float:
    """Return the seconds in which a process of this machine stood still for a disk until now.

    A worker does so where a library that a submission imports is not in memory yet. Its kernel
    rarely counts this for each process. 0 where it is not reported. Source:
    Documentation/accounting/psi.rst of Linux, the line "some".
    """
    with suppress(OSError, ValueError, IndexError), open("/proc/pressure/io") as pressure:
        _, _, total = pressure.readline().partition("total=")
        return int(total) / 1e6
    return 0.0


class Crowded(TimeoutError):
    """The wall-clock limit is exceeded, mostly because others used the processor."""


class Stopwatch:
    """Measures the time of one submission's checks against its limits.

    waited: seconds in which its processes neither computed nor were queued, no host took a
    processor away, and nobody stood still for a disk.
    queued: seconds in which they were queued for a processor, as far as the kernel reports them.
    """

    def __init__(self, limits: Limits, read_clock: Callable[[], Clock]) -> None:
        self.waited = 0.0
        self.queued = 0.0
        self._limits = limits
        self._read_clock = read_clock  # of the present process
        self._paused: float | None = time.monotonic()  # since when no check has been under way
        self._ends = self._paused + limits.seconds
        self._seconds = 0.0  # CPU time (s) that the present check may take
        self._began = 0.0
        # usage of the present process before the present check; an upper bound after quick answers
        self._computed_before = 0.0
        self._queued_before = 0.0
        self._taken_before = 0.0

    def is_over(self) -> bool:
        """Return whether the time for all checks together is over."""
        now = time.monotonic() if self._paused is None else self._paused
        return now > self._ends

    @property
    def is_crowded(self) -> bool:
        """Return whether others used the processor for most of a submission's time."""
        return self.queued > self._limits.seconds / 2

    def begin_process(self) -> None:
        """Measure another process from now on."""
        self._computed_before = 0.0
        self._queued_before = 0.0

    def begin_check(self, seconds: float) -> float:
        """Measure a check from now on. Return the seconds until the first look at the clocks.

        seconds: of CPU time that it may take.
        """
        self._seconds = seconds
        self._began = time.monotonic()
        if self._paused is not None:
            self._ends += self._began - self._paused
            self._paused = None
        self._taken_before = stolen_time() + disk_time()
        most_waited = self._may_wait()
        return min(seconds, most_waited)

    def pause(self) -> None:
        """Count no time until the next check: the grader judges, or makes the reference outputs."""
        self._paused = time.monotonic()

    def end_check(self) -> None:
        """Record what the present check used, so that the next is not charged for it."""
        elapsed = time.monotonic() - self._began
        if elapsed <= QUICK:
            self._computed_before += elapsed
            return
        clock = self._read_clock()
        waited = self._waited(elapsed, clock)
        self.waited += waited or 0.0
        self.queued += self._stood_in_line(clock)
        self._computed_before = clock.computed
        self._queued_before = clock.queued or 0.0

    def time_left(self) -> float:
        """Return the seconds until the next look at the clocks.

        Raises `TimeoutError`, with the reason, if the time is over; `Crowded` if others used the
        processor for most of it.
        """
        now = time.monotonic()
        elapsed = now - self._began
        most_elapsed = self._seconds * self._limits.patience
        clock = self._read_clock()
        queued = self._stood_in_line(clock)
        if now > self._ends:
            self.queued += queued
            kind = Crowded if self.is_crowded else TimeoutError
            raise kind("was under way when a submission's time for all its checks was over")
        if elapsed > most_elapsed:
            self.queued += queued
            kind = Crowded if queued > elapsed / 2 else TimeoutError
            raise kind(f"took longer than {most_elapsed:g} seconds, most of them waiting,")
        computed = clock.computed - self._computed_before
        if computed > MOST_OF_THE_TIME * self._seconds:
            raise TimeoutError(f"took longer than {self._seconds:g} seconds")
        left = min(
            self._seconds - computed,
            most_elapsed - elapsed,
            self._ends - now,
        )
        waited = self._waited(elapsed, clock)
        if waited is not None:
            most_waited = self._may_wait()
            if waited > most_waited:
                self.waited += waited
                raise TimeoutError(
                    f"waited for {most_waited:.2g} seconds without computing anything"
                )
            left = min(left, most_waited - waited)
        return max(LEAST_LOOK, left)

    def _stood_in_line(self, clock: Clock) -> float:
        """Return the seconds in which the present check was queued for a processor."""
        if clock.queued is None:
            return 0.0
        return clock.queued - self._queued_before

    def _waited(self, elapsed: float, clock: Clock) -> float | None:
        """Return the seconds in which the present check neither computed nor was queued.

        Nor are those counted that a host took from any processor, or that any process stood still
        for a disk: whose they were is unknown.
        elapsed: seconds since the request. Return None if the kernel does not report it.
        """
        if clock.queued is None:
            return None
        computed = clock.computed - self._computed_before
        taken = stolen_time() + disk_time() - self._taken_before
        return max(0.0, elapsed - computed - self._stood_in_line(clock) - taken)

    def _may_wait(self) -> float:
        """Return the seconds that the next check may wait."""
        left = self._limits.waiting_in_all - self.waited
        at_least = max(left, LEAST_WAITING)
        return min(self._limits.waiting, at_least)


class ReplyReader:
    """Finds the answer to one request among the bytes that a worker writes.

    so_far: the partial answer that counts if no other comes; None if none was sent.
    """

    def __init__(self, token: str, most_bytes: int = wire.MAX_FRAME) -> None:
        """Begin to read. most_bytes: the limit on everything that the worker writes."""
        self.so_far: wire.Message | None = None
        self._token = token
        self._most_bytes = most_bytes
        self._unread = bytearray()
        self._total = 0
        self._unexpected = 0

    def add(self, piece: bytes) -> wire.Message | None:
        """Take bytes; no bytes mean the end. Return the answer as soon as it is complete.

        Raises `EOFError`, and `BadFrame` for too many bytes or anything malformed.
        """
        if not piece:
            raise EOFError
        self._total += len(piece)
        if self._total > self._most_bytes:
            raise wire.TooManyBytes("too many bytes")
        self._unread += piece
        for message in take_frames(self._unread, self._most_bytes):
            is_ours = message.fields.get("token") == self._token
            is_last = wire.SO_FAR not in message.fields
            if is_ours and is_last:
                return message
            if is_ours:
                self.so_far = message
            self._unexpected += 1
            if self._unexpected > MAX_UNEXPECTED:
                raise wire.BadFrame("too many answers beside the one asked for")
        return None


def take_frames(unread: bytearray, most_bytes: int = wire.MAX_FRAME) -> list[wire.Message]:
    """Remove whole frames from the front of the input. Raises `BadFrame`.

    After too many of them the rest is left. most_bytes: the limit of a frame.
    """
    found: list[wire.Message] = []
    while len(unread) >= wire.LENGTH_BYTES:
        head = bytes(unread[: wire.LENGTH_BYTES])
        end = wire.LENGTH_BYTES + wire.frame_length(head, most_bytes)
        if len(unread) < end:
            break
        file = bytes(unread[wire.LENGTH_BYTES : end])
        message = wire.decode(file)
        found.append(message)
        del unread[:end]
        if len(found) > MAX_UNEXPECTED:
            break
    return found


@dataclass(frozen=True)
class Process:
    """A worker's process: its number, and our ends of its two pipes."""

    pid: int
    requests: int
    answers: int

    def exchange(
        self, request: bytes, reader: ReplyReader, seconds: float, watch: Stopwatch
    ) -> wire.Message:
        """Send a request and read until its answer.

        reader: of the request's answer. seconds: of CPU time that its check may take.
        Raises `TimeoutError`, `EOFError`, `BadFrame`.
        """
        unsent = memoryview(request)
        look = time.monotonic() + watch.begin_check(seconds)
        while True:
            left = look - time.monotonic()
            if left <= 0:
                look = time.monotonic() + watch.time_left()
                continue
            to_write = [self.requests] if unsent else []
            readable, writable, _ = select.select([self.answers], to_write, [], left)
            if writable:
                unsent = self._write(unsent)
            if readable:
                piece = os.read(self.answers, MAX_READ)
                message = reader.add(piece)
                if message:
                    watch.end_check()
                    return message
                if len(piece) < SMALL_PIECE:
                    time.sleep(PAUSE)

    def _write(self, unsent: memoryview) -> memoryview:
        """Write what the pipe accepts. Return the rest. Raises `EOFError`."""
        try:
            written = os.write(self.requests, unsent)
        except BrokenPipeError:
            raise EOFError from None
        return unsent[written:]

    def close(self) -> None:
        """Close our ends of the pipes."""
        os.close(self.requests)
        os.close(self.answers)


class Forking(Protocol):
    """The protocol of what forks and manages workers: the client's `Server`."""

    unit: Unit

    def command(
        self, message: Mapping[str, Any], descriptors: Sequence[int] = ()
    ) -> dict[str, Any]:
        """Send a command and some descriptors. Return the reply. Raises `ServerGone`."""


class Worker:
    """One submission's worker.

    A check that kills it, exceeds a limit or floods the pipe affects only itself; the next gets a
    new process.
    asked: requests to the present process.
    timeouts: late answers, of all processes.
    crowded: those of them that were late because others used the processor.
    tell_names: whether to report which definitions ran; only a solution's report is trusted.
    names_run: the definitions of the present file that ran; None if unreported.
    """

    def __init__(self, server: Forking, source: bytes, name: str) -> None:
        self.asked = 0
        self.timeouts = 0
        self.crowded = 0
        self.tell_names = False
        self.names_run: frozenset[str] | None = None
        self._server = server
        file = wire.text_array(source)
        hello = wire.Message({"name": name}, {"source": file})
        self._hello = wire.encode(hello)
        self._process: Process | None = None
        self._watch = Stopwatch(server.unit.limits, self._read_clock)

    @property
    def waited(self) -> float:
        """Seconds in which processes of this submission neither computed nor were queued."""
        return self._watch.waited

    def renew(self) -> None:
        """End the present process: the next check begins in one where no other has run."""
        self._end(0.0)

    def ask(
        self,
        check: Check,
        seed: int,
        role: str = "experiment",
        arrays: Arrays | None = None,
        text: str | None = None,
        source: bytes | None = None,
        most_bytes: int = wire.MAX_FRAME,
    ) -> Answer:
        """Run one check, within the check's time. A failure says how the worker ended.

        role: "experiment", or "measure" for the loss of the weights in `arrays`.
        text: the text that a check trains on, or is measured on.
        source: another file, which this process runs from now on in place of the present one.
        most_bytes: the limit of its reply.
        """
        if self._watch.is_over():
            self.crowded += self._watch.is_crowded
            seconds = self._server.unit.limits.seconds
            message = f"a submission has {seconds:g} seconds; the earlier checks used them up."
            return Answer(failure=Failure.TIMEOUT, message=message)
        token = secrets.token_hex(8)
        fields = {
            "check": check.name,
            "seed": str(seed),
            "token": token,
            "role": role,
        }
        if self.tell_names:
            fields["tell"] = "ran"
        sent = _sent(arrays or {}, text, source)
        frame = wire.encode(wire.Message(fields, sent))
        if self._process is None:
            self._process = self._fork()
            frame = self._hello + frame
        self.asked += 1
        if source is not None:
            self.names_run = None
        reader = ReplyReader(token, most_bytes)
        try:
            reply = self._process.exchange(frame, reader, check.seconds, self._watch)
            failure = _failure_of(reply)
        except TimeoutError as error:
            self.timeouts += 1
            self.crowded += isinstance(error, Crowded)
            self._end(0.0)
            late = Answer(failure=Failure.TIMEOUT, message=f"{error} and was stopped.")
            return _answer_so_far(reader, late)
        except wire.TooManyBytes as error:
            self._end(0.0)
            message = f"the answer is far too large ({error}; {most_bytes} are read at most)."
            return Answer(failure=Failure.KILLED, message=message)
        except wire.BadFrame as error:
            self._end(0.0)
            message = f"the answer could not be read ({error})."
            return Answer(failure=Failure.KILLED, message=message)
        except EOFError:
            status = self._end(GRACE)
            killed = Answer(failure=Failure.KILLED, message=_how_it_ended(status))
            return _answer_so_far(reader, killed)
        finally:
            self._watch.pause()
        if self.tell_names and "ran" in reply.fields:
            names = reply.fields["ran"].split("\n")
            self.names_run = frozenset(names)
        return _answer_of(reply, failure)

    def _fork(self) -> Process:
        """Make the server fork a process. Raises `ServerGone`."""
        its_requests, requests = os.pipe()
        answers, its_answers = os.pipe()
        try:
            started = self._server.command({"do": "work"}, (its_requests, its_answers))
        finally:
            os.close(its_requests)
            os.close(its_answers)
        os.set_blocking(requests, False)
        self.asked = 0
        self._watch.begin_process()
        return Process(started["pid"], requests, answers)

    def _read_clock(self) -> Clock:
        """Read the present process's times of computing and of queueing."""
        assert self._process
        command = {"do": "clock", "pid": self._process.pid}
        reply = self._server.command(command)
        computed = float(reply["seconds"])
        return Clock(computed, reply["queued"])

    def _end(self, grace: float) -> dict[str, Any]:
        """End the present process, if there is one. Return how it ended.

        grace: seconds in which it may end by itself.
        """
        if self._process is None:
            return {}
        process = self._process
        self._process = None
        process.close()
        command = {"do": "end", "pid": process.pid, "grace": grace}
        return self._server.command(command)

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self._end(0.0)


def _sent(weights: Arrays, text: str | None, source: bytes | None) -> Arrays:
    """Return the arrays that are sent with a request."""
    arrays = {}
    for name, array in weights.items():
        arrays[f"w.{name}"] = array
    if text is not None:
        arrays["text"] = wire.text_array(text)
    if source is not None:
        arrays["source"] = wire.text_array(source)
    return arrays


TOLD = (
    "message",
    "error",
    "place",
    "function",
    "in_check",
)  # fields of a reply that contain a submission's text


def _answer_of(reply: wire.Message, failure: Failure) -> Answer:
    told = {name: printable(reply.fields.get(name, "")) for name in TOLD}
    error = Error(told["error"], told["place"], told["function"], told["in_check"])
    return Answer(reply.arrays, failure, told["message"], error=error)


def _answer_so_far(reader: ReplyReader, ended: Answer) -> Answer:
    """Return a worker's partial answer before it was ended, or `ended` if it is empty.

    An experiment that raised an exception runs a second time, for the values of the other
    functions. If that ends the process, the exception is still reported.
    """
    if reader.so_far is None:
        return ended
    try:
        failure = _failure_of(reader.so_far)
    except wire.BadFrame:
        return ended
    return _answer_of(reader.so_far, failure) if failure in TOLD_BEFORE else ended


def _failure_of(reply: wire.Message) -> Failure:
    """Return the failure in a reply. Raises `BadFrame` for an unknown word."""
    try:
        return Failure(reply.fields.get("failure", ""))
    except ValueError:
        raise wire.BadFrame("a failure of no kind") from None


# by their numbers on Linux, where workers run: Windows has no SIGKILL
SIGNALS = {
    11: "a segmentation fault",
    6: "abort",
    9: "a limit on its time or memory",
}


def _how_it_ended(status: Mapping[str, Any]) -> str:
    """Say how a worker ended. status: by `signal`, or else by an exit `code`."""
    number = status.get("signal")
    if number:
        cause = SIGNALS.get(number, f"signal {number}")
        return f"the program was ended by {cause} while this check ran."
    code = status.get("code", "?")
    return f"the program exited (exit code {code}) while this check ran."


def printable(text: str) -> str:
    """Return text of a submission without control characters and terminal escapes, truncated."""
    shown = []
    for character in text[: wire.MAX_MESSAGE]:
        shown.append(character if character.isprintable() else " ")
    return "".join(shown)
