"""Windows' own Python under Wine: made by `tools/windows.py`, and used as a student does."""

import fcntl
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest
import small

TOOL = small.ROOT / "tools" / "windows.py"
COMMAND = f"python {TOOL.relative_to(small.ROOT)} FOLDER"
ESCAPES = re.compile(r"\x1b\[[\d;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\x1b[()][A-Z0-9]")


def missing():
    """Return why Windows' Python cannot run here, "" if it can."""
    lacking = subprocess.run([sys.executable, TOOL, "--missing"], capture_output=True, text=True)
    return lacking.stdout.strip()


def made(base):
    """Return the command of a Windows' Python with this engine.

    It lies in AUTOGRADER_WINDOWS or a new folder.
    base: the folder of all tests of this run; pytest's workers make it once for all of them.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = Path(os.environ.get("AUTOGRADER_WINDOWS", base / "windows"))
    with open(base / "windows.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        is_made = base / "windows.made"
        if not is_made.exists():
            done = subprocess.run([sys.executable, TOOL, folder], capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
            is_made.touch()
    return folder / "py"


def end_wine(python):
    """End what Wine runs in the background for a Windows' Python."""
    environment = {**os.environ, "WINEPREFIX": str(python.parent / "prefix")}
    subprocess.run(["wineserver", "-k"], env=environment, timeout=60)


def variables(**more):
    """Return the environment of a command, without this Python's variables or an encoding."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, "NO_COLOR": "1", **more}


def run(python, *arguments, cwd, **more):
    """Run Windows' Python with pipes for stdin, stdout and stderr. Output stays bytes."""
    command = [str(python), *map(str, arguments)]
    environment = variables(**more)
    pipes = {"stdin": subprocess.DEVNULL, "capture_output": True}
    return subprocess.run(command, cwd=cwd, env=environment, timeout=300, **pipes)


class Console:
    """A console of Windows, and everything ever written to it."""

    def __init__(self, process):
        self.process = process
        self.text = ""

    def see(self, *words):
        """Wait until words were written in this order, with line breaks anywhere."""
        ends = time.monotonic() + 180
        for each in words:
            wanted = "".join(each.split())
            while wanted not in self.text:
                assert time.monotonic() < ends, f"{each!r} is not among {self.text!r}"
                self._read()
            _, _, self.text = self.text.partition(wanted)

    def stays(self, seconds):
        """Wait a while, in which the program must not end."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            self._read()

    def _read(self):
        try:
            written = self.process.read_nonblocking(4096, timeout=0.5)
        except pexpect.TIMEOUT:
            return
        except pexpect.EOF:
            self.process.close()
            raise AssertionError(
                f"it ended with {self.process.exitstatus}: {self.text!r}"
            ) from None
        self.text += re.sub(r"\s", "", ESCAPES.sub("", written))

    def press(self, keys):
        self.process.send(keys)

    def ended(self):
        """Return the exit code."""
        self.process.expect(pexpect.EOF, timeout=60)
        self.process.close()
        return self.process.exitstatus


@contextmanager
def console(python, *arguments, cwd):
    """Run Windows' Python in a console of its own."""
    command = [str(python), *map(str, arguments)]
    options = {"cwd": str(cwd), "env": variables(TERM="xterm-256color"), "encoding": "utf-8"}
    process = pexpect.spawn(command[0], command[1:], dimensions=(40, 100), **options)
    try:
        yield Console(process)
    finally:
        process.close(force=True)


def skip_where_it_is_missing():
    """Skip a test if Windows' Python cannot run, and say what to install."""
    lacking = missing()
    if lacking:
        pytest.skip(f"{lacking}; then: {COMMAND}")
