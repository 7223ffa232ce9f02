"""The server that forks workers: trusted code, one thread, no secrets.

It imports what a unit needs once and then forks a worker for each submission.
"""

import gc
import json
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from autograder.check import Arrays
from autograder.course import Unit, load_unit
from autograder.sandbox.inside import confinement, runner, wire

# ---- the server's side: trusted code, one thread, no secrets


def serve() -> None:
    """Import a unit, then fork a confined worker whenever the parent asks: commands on descriptor 0, replies there."""
    control = socket.socket(fileno=os.dup(0))
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    setup = json.loads(control.recv(1 << 20))
    if setup["confine"]:
        confinement.die_with_parent()
    unit = load_unit(setup["unit"])
    sys.modules[unit.checks[0].experiment.__module__].__dict__.get("warm", lambda: None)()
    runner.warm(unit.checks, setup["stub"].encode())
    gc.collect()
    gc.freeze()
    if setup["confine"]:
        confinement.use_huge_pages()
    rules = confinement.ruleset(setup["readable"], setup["listed"], setup["landlock"]) if setup["confine"] else -1
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
            confinement.die_with_parent()
            if os.getppid() != server:
                os._exit(1)
            os.dup2(rules, 5)
            os.closerange(6, 65536)
            confinement.confine(5, int(unit.limits.seconds), space + (unit.limits.megabytes << 20))
        else:
            os.closerange(5, 65536)
        questions, answers = os.fdopen(3, "rb"), os.fdopen(4, "wb")
        if command["do"] == "probe":
            answers.write(wire.encode(wire.Message({"token": "probe"}, _probe(command["secret"]))))
            answers.flush()
        else:
            runner.answer_questions(questions, answers, {check.name: check for check in unit.checks})
    finally:
        os._exit(0)


def _probe(secret: str) -> Arrays:
    """Try what a submission must not do; True where the wall held."""
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
    try:
        attempt()
    except (OSError, ValueError):  # the second is setrlimit's way of saying EPERM
        return True
    return False
