"""The server that forks workers: trusted code, one thread, no secrets.

It imports what a unit needs once and then forks a worker for each submission.
"""

import gc
import json
import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.check import Arrays, Experiments, load_experiments
from autograder.sandbox.inside import confinement, runner, wire
from autograder.sandbox.inside.namespaces import Namespaces

FEW = 3  # forks after which it pays to make each of the next ones cheaper


@dataclass(frozen=True)
class Forker:
    """What every worker is forked with: the unit, the walls' rules, and what is known of the
    server.
    """

    experiments: Experiments
    names: Namespaces  # of packages, as they were before any submission
    confine: bool
    rules: int  # descriptor of the Landlock rules, -1 without walls
    null: int  # descriptor of /dev/null
    server: int  # process id
    address_space: int  # bytes of the server's, and so of a worker's before it does anything


def serve() -> None:
    """Import a unit, then fork a confined worker whenever the parent asks: commands on descriptor
    0, replies there.
    """
    control = socket.socket(fileno=os.dup(0))
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    setup = json.loads(control.recv(1 << 20))
    forker = _prepare(setup, null)
    threads = len(os.listdir("/proc/self/task")) if forker.confine else 1
    os.environ.clear()
    tempfile.tempdir = (
        "/tmp"  # set by hand: tempfile would probe for a writable folder, and there is none
    )
    _reply(control, {"threads": threads})
    forks = 0
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, 1 << 16, 2)
        if not data:
            return
        command = json.loads(data)
        if command["do"] == "end":
            _reply(control, _end(command["pid"], command["grace"]))
        elif command["do"] == "clock":
            pid = command["pid"]
            _reply(control, {"seconds": _processor_time(pid), "queued": _time_in_line(pid)})
        else:
            if forks == FEW and forker.confine:
                confinement.use_huge_pages()
            forks += 1
            if command["do"] == "probe":
                _lay_bait(Path(command["secret"]))
            _reply(control, {"pid": _fork(forker, command, descriptors)})


def _prepare(setup: Mapping[str, Any], null: int) -> Forker:
    """Do once what all workers share: import the unit, warm it, and make the rules of the walls."""
    gc.disable()  # what is imported stays
    confine = bool(setup["confine"])
    if confine:
        confinement.die_with_parent()
    experiments = load_experiments(Path(setup["checks"]), setup["unit"], setup["addons"])
    runner.warm(experiments, setup["stub"].encode())
    names = runner.names_to_keep(experiments)
    gc.freeze()
    gc.enable()
    if not confine:
        return Forker(experiments, names, confine, -1, null, os.getpid(), 0)
    rules = confinement.ruleset(setup["readable"], setup["listed"], setup["landlock"])
    return Forker(experiments, names, confine, rules, null, os.getpid(), _address_space())


def _reply(control: socket.socket, facts: Mapping[str, Any]) -> None:
    control.send(json.dumps(facts).encode())


def _fork(forker: Forker, command: Mapping[str, Any], descriptors: list[int]) -> int:
    """Fork a worker that reads from the first descriptor and writes to the second; its process
    id.
    """
    pid = os.fork()
    if pid == 0:
        _work(forker, command, descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    return pid


def _end(pid: int, grace: float) -> dict[str, int]:
    """Kill a worker unless it ends by itself within `grace` seconds; how it ended."""
    until = time.monotonic() + grace
    while time.monotonic() < until and not os.waitid(
        os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT
    ):
        time.sleep(0.001)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    return {"signal": os.WTERMSIG(status), "code": os.WEXITSTATUS(status)}


def _processor_time(pid: int) -> float:
    """Seconds that a worker has computed."""
    with suppress(OSError):
        # Linux's clock of another process: clock_getcpuclockid(3)
        return time.clock_gettime((~pid << 3) | 2)
    return 0.0


def _time_in_line(pid: int) -> float | None:
    """Seconds that a worker was ready to compute and had no processor; None where the kernel does
    not tell.
    """
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    return None


def _address_space() -> int:
    """Bytes of this process's address space, and so of one that is forked from it."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _work(forker: Forker, command: Mapping[str, Any], descriptors: list[int]) -> None:
    """Be the forked worker: arrange descriptors, put up the walls, answer questions. Never
    returns.
    """
    try:
        inbox, outbox = (os.dup(descriptor) for descriptor in descriptors)
        for new, old in enumerate((forker.null, forker.null, forker.null, inbox, outbox)):
            os.dup2(old, new)
        if forker.confine:
            confinement.die_with_parent()
            if os.getppid() != forker.server:
                os._exit(1)
            os.dup2(forker.rules, 5)
            os.closerange(6, 65536)
            limits = forker.experiments.settings.limits
            confinement.confine(
                5, int(limits.seconds), forker.address_space + (limits.megabytes << 20)
            )
        else:
            os.closerange(5, 65536)
        questions, answers = os.fdopen(3, "rb"), os.fdopen(4, "wb")
        if command["do"] == "probe":
            answers.write(wire.encode(wire.Message({"token": "probe"}, _probe(command["secret"]))))
            answers.flush()
        else:
            runner.answer_questions(questions, answers, forker.experiments, forker.names)
    finally:
        os._exit(0)


def _lay_bait(path: Path) -> None:
    """Write the file that the self-test's worker must not read, and make sure that the server can.

    It is written here and not by the grader: behind bubblewrap there is none of the grader's files,
    and what is not there cannot show that it is guarded.
    """
    path.write_text("secret")
    if path.read_text() != "secret":
        raise RuntimeError(f"{path} cannot be read")


def _probe(secret: str) -> Arrays:
    """Try what a submission must not do; True where the wall held. All that is tried on is there:
    see `_lay_bait`.
    """
    attempts: dict[str, Callable[[], object]] = {
        "reading another's file": lambda: os.open(secret, os.O_RDONLY),
        "reading the grader's files": lambda: os.open(confinement.__file__, os.O_RDONLY),
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
    """Whether an attempt is forbidden. What fails for another reason, "no such file" say, was not
    held by a wall.
    """
    try:
        attempt()
    except PermissionError:  # EPERM and EACCES
        return True
    except OSError:
        return False
    except ValueError:  # setrlimit's way of saying EPERM
        return True
    return False
