"""The real command in its own process, forked from one that has already imported the engine.

A small command spends half of its time on importing the engine and its libraries. The tests run
hundreds of commands, so each worker of pytest imports the libraries once.
"""

import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

TIMEOUT = 900  # seconds
PREPARED = ("grading", "intake", "judging", "relations", "report", "source")


def run_command(*arguments, cwd, **environment):
    """Run `autograder` with these arguments; return a `subprocess.CompletedProcess`.

    environment: variables added to those of this process. Python reads some, such as TZ, only when
    it starts. If one of these is given, the command starts a new Python instead of a fork.
    """
    arguments = [str(argument) for argument in arguments]
    merged = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **environment}
    if any(name.startswith(("PYTHON", "TZ")) for name in environment):
        command = [sys.executable, "-m", "autograder", *arguments]
        return subprocess.run(
            command, cwd=cwd, env=merged, capture_output=True, text=True, timeout=TIMEOUT
        )
    with tempfile.TemporaryDirectory() as folder:
        request = {"arguments": arguments, "cwd": str(cwd), "environment": merged}
        said = {name: Path(folder) / name for name in ("stdout", "stderr")}
        request |= {name: str(path) for name, path in said.items()}
        code = _ask(request)
        if code == -signal.SIGALRM:
            raise subprocess.TimeoutExpired(arguments, TIMEOUT)
        texts = {name: path.read_text() for name, path in said.items()}
    return subprocess.CompletedProcess(arguments, code, **texts)


@cache
def _prepared():
    """Start the process that commands are forked from. It ends when its stdin is closed."""
    command = [sys.executable, "-P", "-m", "autograder.tests.commands"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _ask(request):
    """Have a command run; return its exit status."""
    process = _prepared()
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    reply = process.stdout.readline()
    assert reply, f"the process that commands are forked from has ended: {process.wait()}"
    return int(reply)


def _serve():
    """Import the engine, and fork a process for each request: one line of JSON."""
    import autograder

    for package in PREPARED:
        importlib.import_module(f"autograder.{package}")
        folder = Path(autograder.__file__).parent / package
        for module in pkgutil.iter_modules([str(folder)]):
            importlib.import_module(f"autograder.{package}.{module.name}")
    import autograder.cli

    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _become(json.loads(line))
            autograder.cli.main(prog_name="autograder")
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(request):
    """Give this process the state of one that a shell has started."""
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["cwd"])
    writing = os.O_WRONLY | os.O_CREAT
    for number, path, how in (
        (0, os.devnull, os.O_RDONLY),
        (1, request["stdout"], writing),
        (2, request["stderr"], writing),
    ):
        opened = os.open(path, how)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["autograder", *request["arguments"]]
    signal.alarm(TIMEOUT)


if __name__ == "__main__":
    _serve()
