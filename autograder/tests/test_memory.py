"""The memory of the server."""

import os
import re
import subprocess
import sys

import pytest
import small

LINUX = tuple(map(int, re.findall(r"\d+", os.uname().release)[:2]))


@pytest.mark.skipif(LINUX < (6, 1), reason="needs Linux 6.1")
def test_memory_is_gathered_in_huge_pages():
    """A server's 64 MB lie partly in huge pages, however fragmented the machine's memory."""
    code = """
from autograder.sandbox.inside.memory import use_huge_pages
held = bytearray(b"x") * (64 << 20)
use_huge_pages()
print(open("/proc/self/smaps_rollup").read())
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=small.ROOT, capture_output=True, text=True, check=True)
    assert int(re.search(r"AnonHugePages: +(\d+) kB", done.stdout)[1]) >= 2048
