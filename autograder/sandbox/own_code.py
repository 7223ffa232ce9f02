"""Runs an author's own code on a system that cannot confine it: to build and validate a course.

`author_server` returns the forking server if it can confine its workers. Elsewhere each worker is a
separate process that imports the unit; one is always started ahead. No submission ever runs here:
`grade` uses only the forking server.
"""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import psutil

from autograder.course import Unit, addons
from autograder.sandbox.alone import READY
from autograder.sandbox.client import HASH_SEED, MAX_STUB, Server, ServerGone
from autograder.sandbox.inside import confinement, wire
from autograder.sandbox.worker import MAX_READ, Clock, Process, ReplyReader, Stopwatch, Worker

SERVE = "from autograder.sandbox.alone import serve; serve()"
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def author_server(unit: Unit, stub: str = "", hash_seed: str = HASH_SEED) -> Server:
    """Return a server for an author's own code, confined if possible."""
    if confinement.missing():
        return OwnServer(unit, stub, hash_seed)
    return Server(unit, stub=stub, hash_seed=hash_seed)


class OwnServer(Server):  # it has the interface of a server
    """Starts processes that run one unit's code, without confinement and without forking."""

    def __init__(self, unit: Unit, stub: str = "", hash_seed: str = HASH_SEED) -> None:
        self.unit = unit
        self._hash_seed = hash_seed
        self.unsafe = True
        self.walls = []
        self.why_no_bubblewrap = ""
        self._stub = stub[:MAX_STUB]
        self._turn = Lock()  # threads that try mutants take turns
        self._spare = self._start_alone()

    def _start_alone(self) -> subprocess.Popen[bytes]:
        """Start a process that imports the unit."""
        threads = dict.fromkeys(ONE_THREAD, "1")
        path = os.pathsep.join(place for place in sys.path if place)
        of_python = {
            "PYTHONPATH": path,
            "PYTHONHASHSEED": self._hash_seed,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        started = subprocess.Popen(
            [sys.executable, "-P", "-c", SERVE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **threads, **of_python},
        )
        setup = {
            "unit": self.unit.name,
            "checks": str(self.unit.course.checks),
            "addons": addons(self.unit.course),
            "stub": self._stub,
        }
        assert started.stdin
        started.stdin.write(f"{json.dumps(setup)}\n".encode())
        started.stdin.flush()
        return started

    def worker(self, source: bytes, name: str) -> Worker:
        """Return the worker for a file. Its process starts at the first request."""
        return OwnWorker(self, source, name)

    def take_process(self) -> subprocess.Popen[bytes]:
        """Return the process that was started ahead, and start the next one.

        Raises `ServerGone` if it could not import the unit.
        """
        with self._turn:
            taken = self._spare
            self._spare = self._start_alone()
        assert taken.stdout
        if os.read(taken.stdout.fileno(), 1) != READY:
            code = end(taken)
            raise ServerGone(f"a process that imports {self.unit.name} ended (exit code {code}).")
        return taken

    def close(self) -> None:
        """End the waiting process."""
        end(self._spare)


def end(started: subprocess.Popen[bytes], is_read: bool = False) -> int:
    """End a process. Return its exit code, negative for a signal.

    is_read: whether an `OwnProcess` reads its answers, and closes them itself.
    """
    started.kill()
    assert started.stdin
    assert started.stdout
    started.stdin.close()
    if not is_read:
        started.stdout.close()
    return started.wait()


class OwnWorker(Worker):
    """One file's worker, whose processes are started instead of forked."""

    def __init__(self, server: OwnServer, source: bytes, name: str) -> None:
        super().__init__(server, source, name)
        self._own_server = server
        self._started: subprocess.Popen[bytes] | None = None
        self._computed_before = 0.0  # of the present process, for its imports

    def _fork(self) -> Process:
        self._started = self._own_server.take_process()
        self._computed_before = 0.0
        self._computed_before = self._read_clock().computed
        self.asked = 0
        self._watch.begin_process()
        return OwnProcess(self._started.pid, 0, 0, self._started)

    def _read_clock(self) -> Clock:
        assert self._started
        try:
            times = psutil.Process(self._started.pid).cpu_times()
        except psutil.Error:
            return Clock(0.0, None)
        computed = times.user + times.system - self._computed_before
        return Clock(computed, None)

    def _end(self, grace: float) -> dict[str, Any]:
        started = self._started
        if self._process is None or started is None:
            return {}
        self._process = None
        self._started = None
        with suppress(subprocess.TimeoutExpired):
            started.wait(grace)
        code = end(started, is_read=True)
        return {"signal": max(0, -code), "code": code}


@dataclass(frozen=True)
class OwnProcess(Process):
    """A worker's process with its two pipes, which a thread reads: Windows cannot wait for two."""

    started: subprocess.Popen[bytes]
    pieces: "queue.Queue[bytes]" = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        """Read until the process ends; no bytes mean the end.

        Only this thread closes the pipe: if another did, the next process's pipe could get the same
        number, and its first bytes would be read here.
        """
        stream = self.started.stdout
        assert stream
        piece = b"-"
        with stream:
            while piece:
                try:
                    piece = os.read(stream.fileno(), MAX_READ)
                except OSError:  # so Windows says that the process has ended
                    piece = b""
                self.pieces.put(piece)

    def exchange(
        self, request: bytes, reader: ReplyReader, seconds: float, watch: Stopwatch
    ) -> wire.Message:
        """Send a request and read until its answer. Raises what `Process.exchange` raises."""
        stream = self.started.stdin
        assert stream
        look = time.monotonic() + watch.begin_check(seconds)
        try:
            stream.write(request)
            stream.flush()
        except OSError:
            raise EOFError from None
        while True:
            left = look - time.monotonic()
            if left <= 0:
                look = time.monotonic() + watch.time_left()
                continue
            try:
                piece = self.pieces.get(timeout=left)
            except queue.Empty:
                continue
            message = reader.add(piece)
            if message:
                watch.end_check()
                return message

    def close(self) -> None:
        """Leave the pipes to the code that ends the process."""
