"""What depends on Python's version holds in every installed Python."""

import ast
import re
import shutil
import subprocess
import sys

import pytest
from this_course import ROOT

COUNTED = """
def steps(count):
    total = 0
    for step in range(count):
        total += step


few, many = instructions(lambda: steps(5)), instructions(lambda: steps(50))
assert 0 < few < many, (few, many)
"""


def pythons():
    """Yield the supported Pythons on the path, and the running one."""
    yield sys.executable
    for minor in range(11, 16):
        if found := shutil.which(f"python3.{minor}"):
            done = subprocess.run([found, "--version"], capture_output=True, text=True)
            if re.match(rf"Python 3\.{minor}\.", done.stdout):
                yield found


@pytest.mark.parametrize("python", sorted(set(pythons())))
def test_instructions_are_counted_from_the_first_call_on(python):
    """Instructions are counted from the first call on.

    Python 3.12 reports none until a frame has asked: unit 6 took a scan for a loop there.
    """
    tree = ast.parse((ROOT / "checks" / "unit6_recurrent_again.py").read_text(encoding="utf-8"))
    (function,) = (
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name == "instructions"
    )
    head = "from __future__ import annotations\nimport sys\n"
    code = f"{head}{ast.unparse(function)}\n{COUNTED}"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
