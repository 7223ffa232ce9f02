"""The server that forks workers: trusted code, one thread, no secrets.

It imports what a unit needs once, and then forks a worker for each submission. The parent's
commands are JSON on descriptor 0; replies go back the same way.
"""

import gc
import json
import math
import os
import resource
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np

from autograder.check import Arrays, Experiments, load_experiments
from autograder.sandbox.inside import confinement, finder, first_use, memory, runner, wire
from autograder.sandbox.inside.namespaces import Namespaces

MAX_SETUP = 1 << 20  # bytes of the first message
MAX_COMMAND = 1 << 16  # bytes of each later one
FORKS_BEFORE_HUGE_PAGES = 3  # after this many, optimizing the later ones saves time
POLL_SECONDS = 0.001  # seconds between two looks at a worker that may end by itself

# descriptors of a worker
REQUESTS = 3
ANSWERS = 4
RULESET = 5  # closed when the worker is confined
FIRST_TO_CLOSE = 6
MAX_DESCRIPTOR = 65536

Task = Callable[[BinaryIO, BinaryIO], None]  # a worker's task with its two pipes


@dataclass
class Forker:
    """What every worker inherits at the fork: the unit, the layers, and data on the server."""

    experiments: Experiments
    names: Namespaces  # of packages, as before any submission
    walls: confinement.Walls | None  # None: workers are not confined
    null: int  # descriptor of /dev/null
    server: int  # process id
    address_space: int  # bytes that the server has, and so a new worker
    starters: list[str]  # packages that have started threads
    forks: int = 0

    def fork(self, task: Task, descriptors: Sequence[int]) -> dict[str, int]:
        """Fork a worker for a task. Return its process id.

        descriptors: for its input and its output. They are closed here.
        """
        if self.forks == FORKS_BEFORE_HUGE_PAGES and self.walls:
            memory.use_huge_pages()
        self.forks += 1
        pid = os.fork()
        if pid == 0:
            _work(self, task, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        return {"pid": pid}


def serve() -> None:
    """Import a unit. Then obey the parent's commands, until it closes the socket."""
    control = socket.socket(fileno=os.dup(0))
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    setup = json.loads(control.recv(MAX_SETUP))
    forker = _prepare(setup, null)
    threads = _count_threads(patient=True) if forker.walls else 1
    os.environ.clear()
    for name in first_use.OF_THREADS:
        os.putenv(name, "1")  # for C code; Python's `os.environ` stays empty
    # set explicitly: tempfile would look for a writable folder, and there is none
    tempfile.tempdir = "/tmp"
    _reply(control, {"threads": threads, "starters": forker.starters})
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, MAX_COMMAND, 2)
        if not data:
            return
        command = json.loads(data)
        reply = _obey(command, forker, descriptors)
        _reply(control, reply)


def _prepare(setup: Mapping[str, Any], null: int) -> Forker:
    """Do once what all workers share: import the unit, warm it up, and make the layers."""
    gc.disable()  # imported objects stay
    confine = bool(setup["confine"])
    if confine:
        confinement.die_with_parent()
    checks = Path(setup["checks"])
    experiments = load_experiments(checks, setup["unit"], setup["addons"])
    starters = _import_packages(setup["packages"])
    runner.warm(experiments, setup["stub"].encode())
    names = runner.names_to_keep(experiments)
    gc.freeze()
    gc.enable()
    walls = None
    address_space = 0
    if confine:
        finder.install()
        walls = confinement.make_walls(setup["readable"], setup["listed"], setup["landlock"])
        address_space = memory.address_space()
    return Forker(experiments, names, walls, null, os.getpid(), address_space, starters)


def _import_packages(names: Sequence[str]) -> list[str]:
    """Import a unit's packages that its checks have not imported, to save submissions' time.

    Some packages load their parts on demand; these are loaded, too. Import errors are left to
    submissions. Return the packages that have started threads.
    """
    starters = []
    for name in names:
        threads = _count_threads()
        if name not in sys.modules:
            with suppress(Exception):
                package = import_module(name)
                for part in getattr(package, "__all__", ()):
                    getattr(package, part, None)
        first_use.use_once(name)
        if _count_threads() > threads:
            starters.append(name)
    return starters


def _count_threads(patient: bool = False) -> int:
    """Return the number of threads. patient: wait a second for those that are about to end."""
    ends = time.monotonic() + (1.0 if patient else 0.0)
    while True:
        threads = len(os.listdir("/proc/self/task"))
        if threads == 1 or time.monotonic() >= ends:
            return threads
        time.sleep(0.01)


def _reply(control: socket.socket, reply: Mapping[str, Any]) -> None:
    text = json.dumps(reply)
    control.send(text.encode())


def _obey(
    command: Mapping[str, Any], forker: Forker, descriptors: Sequence[int]
) -> Mapping[str, Any]:
    """Carry out a command. Return the reply.

    descriptors: of a worker's two pipes, with a command that forks one.
    """
    match command["do"]:
        case "work":
            task = _answer_with(forker)
            return forker.fork(task, descriptors)
        case "probe":
            secret = command["secret"]
            _lay_bait(Path(secret))
            task = _probe_with(secret)
            return forker.fork(task, descriptors)
        case "clock":
            pid = command["pid"]
            return {"seconds": _processor_time(pid), "queued": _time_in_line(pid)}
        case "end":
            return _end(command["pid"], command["grace"])
    raise ValueError(f"no such command: {command['do']}")


def _answer_with(forker: Forker) -> Task:
    """Return the task of a worker that runs a submission."""

    def task(requests: BinaryIO, answers: BinaryIO) -> None:
        runner.answer_requests(requests, answers, forker.experiments, forker.names)

    return task


def _probe_with(secret: str) -> Task:
    """Return the task of a worker that tries to break out. See `_lay_bait`."""

    def task(_: BinaryIO, answers: BinaryIO) -> None:
        refused = _probe(secret)
        message = wire.Message({"token": "probe"}, refused)
        frame = wire.encode(message)
        answers.write(frame)
        answers.flush()

    return task


def _work(forker: Forker, task: Task, descriptors: Sequence[int]) -> NoReturn:
    """Run as the forked worker: arrange descriptors, confine the process, do the task."""
    try:
        _be_the_first_to_go()
        inbox = os.dup(descriptors[0])
        outbox = os.dup(descriptors[1])
        os.dup2(forker.null, 0)
        os.dup2(forker.null, 1)
        os.dup2(forker.null, 2)
        os.dup2(inbox, REQUESTS)
        os.dup2(outbox, ANSWERS)
        if forker.walls:
            _confine(forker, forker.walls)
        else:
            os.closerange(RULESET, MAX_DESCRIPTOR)
        requests = os.fdopen(REQUESTS, "rb")
        answers = os.fdopen(ANSWERS, "wb")
        task(requests, answers)
    finally:
        os._exit(0)


def _be_the_first_to_go() -> None:
    """When memory runs out, let the kernel kill this process before the grader and the server."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _confine(forker: Forker, walls: confinement.Walls) -> None:
    """Confine a forked worker. It ends here if its server has ended."""
    confinement.die_with_parent()
    if os.getppid() != forker.server:
        os._exit(1)
    os.dup2(walls.ruleset, RULESET)
    os.closerange(FIRST_TO_CLOSE, MAX_DESCRIPTOR)
    limits = forker.experiments.settings.limits
    confinement.confine(
        replace(walls, ruleset=RULESET),
        cpu_seconds=math.ceil(limits.seconds),
        address_space=forker.address_space + (limits.megabytes << 20),
    )


def _end(pid: int, grace: float) -> dict[str, int]:
    """Kill a worker unless it ends by itself within `grace` seconds. Return how it ended."""
    until = time.monotonic() + grace
    while time.monotonic() < until:
        if _has_ended(pid):
            break
        time.sleep(POLL_SECONDS)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return {"signal": os.WTERMSIG(status), "code": os.WEXITSTATUS(status)}


def _has_ended(pid: int) -> bool:
    """Return whether a worker has ended. It can still be waited for."""
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    how = os.waitid(os.P_PID, pid, options)
    return how is not None


def _processor_time(pid: int) -> float:
    """Return the CPU time (s) of a worker."""
    clock = (~pid << 3) | 2  # Linux's clock of another process: clock_getcpuclockid(3)
    with suppress(OSError):
        return time.clock_gettime(clock)
    return 0.0


def _time_in_line(pid: int) -> float | None:
    """Return the seconds that a worker was ready to compute and had no processor.

    Return None if the kernel does not report it.
    """
    with suppress(OSError, ValueError, IndexError):
        statistics = Path(f"/proc/{pid}/schedstat").read_text()
        nanoseconds = statistics.split()[1]
        return int(nanoseconds) / 1e9
    return None


def _lay_bait(path: Path) -> None:
    """Write a file that the self-test's worker must not read, and verify that the server can.

    The server writes it, not the grader: behind bubblewrap the grader's files do not exist, and a
    missing file cannot show that it is protected.
    """
    path.write_text("secret")
    if path.read_text() != "secret":
        raise RuntimeError(f"{path} does not hold what was just written into it. Is the disk full?")


def _probe(secret: str) -> Arrays:
    """Try what a submission must not do. Return for each attempt whether it was refused.

    secret: the path of an existing file: see `_lay_bait`.
    """
    server = os.getppid()
    server_memory = f"/proc/{server}/mem"
    engine_file = confinement.__file__
    new_file = "/tmp/autograder-probe"
    attempts: dict[str, Callable[[], object]] = {
        "reading another's file": lambda: os.open(secret, os.O_RDONLY),
        "reading the grader's files": lambda: os.open(engine_file, os.O_RDONLY),
        "reading the server's memory": lambda: os.open(server_memory, os.O_RDONLY),
        "writing a file": lambda: os.open(secret, os.O_WRONLY),
        "writing to /tmp": lambda: os.open(new_file, os.O_WRONLY | os.O_CREAT),
        "changing a file's mode": lambda: os.chmod(secret, 0),
        "opening a socket": socket.socket,
        "signalling the server": lambda: os.kill(server, 0),
        "starting a process": os.fork,
        "changing its own limits": lambda: resource.setrlimit(resource.RLIMIT_CPU, (1, 1)),
    }
    refused = {}
    for name, attempt in attempts.items():
        refused[name] = np.array(is_refused(attempt))
    return refused


def is_refused(attempt: Callable[[], object]) -> bool:
    """Return whether an attempt is forbidden.

    An attempt that fails for another reason, such as "no such file", was not refused.
    """
    try:
        attempt()
    except PermissionError:  # EPERM and EACCES
        return True
    except OSError:
        return False
    except ValueError:  # setrlimit's form of EPERM
        return True
    return False
