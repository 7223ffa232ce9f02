"""Simulates a machine without Linux on one with it: the Linux-only modules cannot be imported."""

import subprocess
import sys

from released import variables

PROGRAM = """
import sys, multiprocessing, os, socket
import psutil  # which has modules of its own for each system
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
def poll(self, timeout=0.0):  # where the other end is closed, pipes of Windows raise
    there = bool(wait_for([self], timeout))
    with socket.socket(fileno=os.dup(self.fileno())) as pipe:
        if there and not pipe.recv(1, socket.MSG_PEEK):
            raise BrokenPipeError(32, "The pipe has been ended")
    return there
Connection.poll = poll
GONE = ("fcntl", "resource", "pwd", "grp")
for name in GONE:
    sys.modules.pop(name, None)
class Windows:
    def find_spec(self, name, *_):
        if name in GONE:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
sys.meta_path.insert(0, Windows())
multiprocessing.get_context = lambda _: multiprocessing.context.SpawnContext()
from autograder.cli import main
main()
"""


def run(*arguments, cwd):
    """Run a command on such a machine."""
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=variables(), capture_output=True, text=True)
