"""A class of honest files with every hostile one among them, in a memory group of 1 GB.

    python benchmarks/hostile_class.py [--megabytes 1000] [--only FAMILY …]
    python benchmarks/hostile_class.py --each [--only FAMILY …]

Each attack of `tests/hostile/` and each honest file of `tests/submissions/` is a student of one
class, which the real command grades, exact checks only. Printed are the exit code, the group's peak,
how often the kernel ended a process there for want of memory, and each honest file whose result is
another than alone. Needs the rights to make a memory group: those of root. With `--each` every
attack is graded by itself, and the ten that cost the grader most are printed: its own peak, without
the processes that it starts, and its processor time.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

# tests are no package, and their types are nobody's concern here
suite: Any = import_module("test_hostile")
this_course: Any = import_module("this_course")

GROUPS = Path("/sys/fs/cgroup")


class Group:
    """A group of processes that share a limit on memory, in either version of Linux's groups."""

    def __init__(self, megabytes: int) -> None:
        is_old = (GROUPS / "memory").is_dir()
        self.path = GROUPS / ("memory" if is_old else "") / f"autograder-{os.getpid()}"
        limit = "memory.limit_in_bytes" if is_old else "memory.max"
        self.peak_file = "memory.max_usage_in_bytes" if is_old else "memory.peak"
        self.kills_file = "memory.oom_control" if is_old else "memory.events"
        self.path.mkdir()
        (self.path / limit).write_text(str(megabytes * 1_000_000))

    def command(self, command: Sequence[str]) -> list[str]:
        """Return a command that runs another in the group."""
        enter = f'echo $$ > {self.path}/cgroup.procs && exec "$@"'
        return ["sh", "-c", enter, "sh", *command]

    def peak(self) -> float:
        """Return the most memory that the group had, in MB: files that were read count too."""
        return int((self.path / self.peak_file).read_text()) / 1e6

    def kills(self) -> int:
        """Count the processes that the kernel ended for want of memory."""
        lines = (self.path / self.kills_file).read_text().splitlines()
        counts = dict(line.split() for line in lines)
        return int(counts.get("oom_kill", 0))


@contextmanager
def grouped(megabytes: int) -> Iterator[Group]:
    group = Group(megabytes)
    try:
        yield group
    finally:
        time.sleep(0.5)  # until its last process is gone
        group.path.rmdir()


def grade(folder: Path, out: Path, group: Group | None = None) -> subprocess.CompletedProcess[str]:
    """Run the real command, two files at a time."""
    command = command_of(folder, out)
    if group:
        command = group.command(command)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def command_of(folder: Path, out: Path) -> list[str]:
    """Return the real command, which grades exact checks, two files at a time."""
    command = [sys.executable, "-m", "autograder", "grade", str(folder), "--out", str(out)]
    command += ["--seed", str(this_course.SEED), "-j", "2", "--course", str(ROOT), "--quick"]
    return command


def cost_of(folder: Path, out: Path) -> tuple[float, float]:
    """Grade a folder. Return the grader's own peak in MB, and its own processor time in seconds."""
    process = subprocess.Popen(
        command_of(folder, out), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peak = ticks = 0
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        for line in status.splitlines():
            if line.startswith("VmHWM"):
                peak = int(line.split()[1])
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        time.sleep(0.02)
    return peak / 1000, ticks / os.sysconf("SC_CLK_TCK")


def each(base: Path, places: Mapping[str, Any], families: Sequence[str]) -> None:
    """Grade each attack by itself, and print those that cost most."""
    costs = []
    for attack in suite.ATTACKS:
        if attack.parent.name not in families or attack.parent.name == "training":
            continue
        folder = base / "each" / attack.name
        suite.put(attack, folder, places)
        peak, seconds = cost_of(folder, base / "of_each" / attack.name)
        costs.append((seconds, peak, f"{attack.parent.name}/{attack.name}"))
    print(f"{len(costs)} attacks; the highest peak is {max(peak for _, peak, _ in costs):.0f} MB")
    print("| attack | seconds | peak in MB |\n|---|---|---|")
    for seconds, peak, name in sorted(costs, reverse=True)[:10]:
        print(f"| {name} | {seconds:.1f} | {peak:.0f} |")


def results(out: Path) -> dict[str, Any]:
    """Return the checks of each result, without times, by unit and student."""
    found = {}
    for path in sorted(out.glob("unit*/*.json")):
        checks = this_course.timeless(path)["checks"]
        found[f"{path.parent.name}/{path.stem}"] = checks
    return found


def main() -> None:
    """Grade the honest files alone, then all of them in the group."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--each", action="store_true")
    parser.add_argument("--only", nargs="*", default=list(suite.FAMILIES))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, grouped(asked.megabytes) as group:
        base = Path(folder)
        places = {name: base / name for name in ("SECRETS", "CANARY", "CLASS", "OUT")}
        for place in (*places.values(), base / "honest"):
            place.mkdir()
        (places["SECRETS"] / "gradebook.csv").write_text("name,score\n")
        more = {"ROOT": ROOT, "DATA": os.environ.get("COURSE_DATA", "/nowhere"), "PORT": 9}
        more |= {"LINE": ";".join(f"softmax=a{number}=softmax" for number in range(9_000))}
        more |= {"CELLS": "# %%\n 0\n" * 20_000, "BROKEN": "# %%\n)\n" * 20_000}
        more |= {"LONG": "x" * (4 << 20), "DIGITS": "9" * 1_000_000}
        if asked.each:
            each(base, places | more, asked.only)
            return
        hostile = 0
        for attack in suite.ATTACKS:
            if attack.parent.name in asked.only and attack.parent.name != "training":
                suite.put(attack, places["CLASS"], places | more)
                hostile += 1
        for case in suite.HONEST:
            for target in (base / "honest", places["CLASS"]):
                shutil.copytree(suite.GOLDEN / case, target / case)
        grade(base / "honest", base / "alone")
        alone = results(base / "alone")
        began = time.monotonic()
        done = grade(places["CLASS"], places["OUT"], group)
        seconds = time.monotonic() - began
        together = results(places["OUT"])
        other = [name for name, checks in alone.items() if together.get(name) != checks]
        figures = {
            "honest": len(alone),
            "hostile": hostile,
            "results": len(together),
            "exit code": done.returncode,
            "seconds": round(seconds),
            "peak in MB": round(group.peak()),
            "ended for want of memory": group.kills(),
            "honest with another result": other,
        }
        print(json.dumps(figures, indent=1))
        if done.returncode not in (0, 2) or other:
            print(done.stdout[-2000:], done.stderr[-2000:])
            sys.exit(1)


if __name__ == "__main__":
    main()
