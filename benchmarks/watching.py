"""Measure the time from a save to its verdict in `autograder watch`, in a real terminal.

The median of 50 saves, as a share of an `import torch` in the same run: rows for
docs/measurements/performance.md.
"""

import os

for _name in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"
# imported modules are compiled once, as on a working machine
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pexpect
from at_hand import COURSE, solution

from autograder.authoring.release import release

ROOT = Path(__file__).resolve().parents[1]
SAVES = 50
UNITS = ("unit4_manual_gradients", "unit5_stateful_lstm")


def import_torch() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return time.perf_counter() - began


def latencies(unit: str, course: Path) -> list[float]:
    """Return the seconds of each save, which alternates a mistake in one exercise and the stub."""
    file = course / "assignments" / f"{unit}.py"
    script = solution(unit)
    told = r"\s+".join(map(re.escape, script.mistakes[0][0].text.split()[:3]))
    versions = (script.with_mistake("m01"), told), (script.stub, "not written yet")
    command = ["-m", "autograder", "watch", unit]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "AUTOGRADER_COURSE": str(course)}
    options = {"cwd": str(course), "env": environment, "encoding": "utf-8", "timeout": 60}
    terminal = pexpect.spawn(sys.executable, command, dimensions=(50, 100), **options)
    terminal.expect("not written yet.*now: ")
    took = []
    for number in range(SAVES):
        text, words = versions[number % 2]
        time.sleep(0.5)  # a shorter pause than anybody makes between two saves
        began = time.perf_counter()
        file.write_text(text)
        terminal.expect(f"{words}.*now: ")
        took.append(time.perf_counter() - began)
    terminal.send("q")
    terminal.expect(pexpect.EOF)
    return took


def page() -> str:
    """Return a row for each unit."""
    torch, rows = statistics.median(import_torch() for _ in range(5)), []
    with tempfile.TemporaryDirectory() as scratch:
        release(COURSE, Path(scratch))
        for unit in UNITS:
            took = sorted(latencies(unit, Path(scratch)))
            median = statistics.median(took)
            cells = f"{median * 1000:.0f} ms | {took[-1] * 1000:.0f} ms | 1/{torch / median:.0f}"
            rows.append(f"| {unit} | {cells} |")
            print(rows[-1], flush=True)
    head = (
        f"| save to verdict, of {SAVES} | median | slowest | of an `import torch` "
        "|\n|---|---|---|---|\n"
    )
    return head + "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(page())
