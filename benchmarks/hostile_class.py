"""A class of honest files with every hostile one among them, in a memory group of 1 GB.

    python benchmarks/hostile_class.py [--megabytes 1000] [--only FAMILY …]
    python benchmarks/hostile_class.py --each [--only FAMILY …] [--write]

Each attack of `tests/hostile/` and each honest file of `tests/submissions/` is a student of one
class, which the real command grades, exact checks only. Printed are the exit code, the group's peak,
how often the kernel ended a process there for want of memory, and each honest file whose result is
another than alone. Needs the rights to make a memory group: those of root.

With `--each` one process grades the attacks of a unit one after the other, as a run does, and notes
what each costs that process, the trusted side: processor time, and memory at its peak over what it
had before. One that costs more than a second is graded twice, since what a unit's key needs is made
once for all. `--write` writes docs/hostile_costs.csv, and the table in docs/attacks.md.
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
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

from autograder.grading.context import GradingContext, unit_at
from autograder.grading.keys import solution_of
from autograder.grading.submissions import read_file

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

# tests are no package, and their types are not checked here
suite: Any = import_module("test_hostile")
this_course: Any = import_module("this_course")

GROUPS = Path("/sys/fs/cgroup")
BEGIN, END = "<!-- hostile costs -->", "<!-- end of hostile costs -->"


class MemoryGroup:
    """A group of processes with a common memory limit, in either version of Linux's cgroups."""

    def __init__(self, megabytes: int) -> None:
        is_old = (GROUPS / "memory").is_dir()
        self.path = GROUPS / ("memory" if is_old else "") / f"autograder-{os.getpid()}"
        limit = "memory.limit_in_bytes" if is_old else "memory.max"
        self.peak_file = "memory.max_usage_in_bytes" if is_old else "memory.peak"
        self.kills_file = "memory.oom_control" if is_old else "memory.events"
        self.path.mkdir()
        (self.path / limit).write_text(str(megabytes * 1_000_000))

    def command(self, command: Sequence[str]) -> list[str]:
        """Return a command that runs another one in the group."""
        enter = f'echo $$ > {self.path}/cgroup.procs && exec "$@"'
        return ["sh", "-c", enter, "sh", *command]

    def peak(self) -> float:
        """Return the group's peak memory in MB, which includes cached files."""
        return int((self.path / self.peak_file).read_text()) / 1e6

    def kills(self) -> int:
        """Count the processes that the kernel killed for lack of memory."""
        lines = (self.path / self.kills_file).read_text().splitlines()
        counts = dict(line.split() for line in lines)
        return int(counts.get("oom_kill", 0))


@contextmanager
def grouped(megabytes: int) -> Iterator[MemoryGroup]:
    group = MemoryGroup(megabytes)
    try:
        yield group
    finally:
        time.sleep(0.5)  # until its last process has ended
        group.path.rmdir()


def grade(
    folder: Path, out: Path, group: MemoryGroup | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the real command, two files at a time."""
    command = command_of(folder, out)
    if group:
        command = group.command(command)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def command_of(folder: Path, out: Path) -> list[str]:
    """Return the real command that grades exact checks, two files at a time."""
    command = [sys.executable, "-m", "autograder", "grade", str(folder), "--out", str(out)]
    command += ["--seed", str(this_course.SEED), "-j", "2", "--course", str(ROOT), "--quick"]
    return command


@dataclass(frozen=True)
class Cost:
    """An attack's cost for the trusted side: CPU seconds, and additional MB."""

    attack: str
    seconds: float
    megabytes: float


def cost_of(grading: GradingContext, path: Path) -> tuple[float, float]:
    """Grade a file in this process; return CPU seconds and the peak in MB."""
    Path("/proc/self/clear_refs").write_text("5")  # reset the peak
    before = memory()["VmRSS"]
    began = time.process_time()
    try:
        source = read_file(path)
        grading.grade(source, path.name, passed={})
    except (OSError, ValueError):  # not a plain file, or too large: it is not read
        pass
    seconds = time.process_time() - began
    return seconds, (memory()["VmHWM"] - before) / 1000


def memory() -> dict[str, int]:
    """Return the kernel's figure of this process's memory, in kB."""
    found = {}
    for line in Path("/proc/self/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.startswith("Vm"):
            found[name] = int(value.split()[0])
    return found


def each(base: Path, places: Mapping[str, Any], families: Sequence[str]) -> list[Cost]:
    """Grade each attack alone, after an honest file of its unit; return their costs."""
    by_unit: dict[str, list[Path]] = {}
    for attack in suite.ATTACKS:
        if attack.parent.name in families:
            by_unit.setdefault(suite.expected(attack)["unit"], []).append(attack)
    costs = []
    for unit, attacks in sorted(by_unit.items()):
        outlined = unit_at(str(ROOT), unit)
        honest = base / f"{unit}.py"
        honest.write_text(solution_of(outlined).plain())
        seed = int(this_course.SEED)
        grading = GradingContext(str(ROOT), unit, "", seed, quick=True, unsafe=False)
        cost_of(grading, honest)  # this starts a server
        costs.append(Cost(f"honest/{unit}", *cost_of(grading, honest)))
        for attack in attacks:
            quick = attack.parent.name != "training"
            grading = GradingContext(str(ROOT), unit, "", seed, quick, unsafe=False)
            folder = base / "each" / attack.parent.name / attack.name
            folder.mkdir(parents=True)
            suite.put(attack, folder, places)
            path = next(iter([*folder.rglob(f"{unit}.*"), folder]))
            seconds, megabytes = cost_of(grading, path)
            if seconds > 1:
                seconds, megabytes = cost_of(grading, path)
            costs.append(Cost(f"{attack.parent.name}/{attack.name}", seconds, megabytes))
            print(f"{costs[-1].attack}: {seconds:.2f} s, {megabytes:.0f} MB", flush=True)
    return costs


def table(costs: Sequence[Cost]) -> str:
    """Return the cost of each family, and the ten most expensive files."""
    lines = ["| family | files | seconds, median | most | MB, median | most |"]
    lines.append("|---|---|---|---|---|---|")
    families: dict[str, list[Cost]] = {}
    for cost in costs:
        families.setdefault(cost.attack.partition("/")[0], []).append(cost)
    for family, its in sorted(families.items()):
        seconds = [cost.seconds for cost in its]
        megabytes = [cost.megabytes for cost in its]
        cells = [family, str(len(its)), f"{median(seconds):.2f}", f"{max(seconds):.2f}"]
        cells += [f"{median(megabytes):.0f}", f"{max(megabytes):.0f}"]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| file | seconds | MB |", "|---|---|---|"]
    for cost in sorted(costs, key=lambda cost: -cost.seconds)[:10]:
        lines.append(f"| {cost.attack} | {cost.seconds:.2f} | {cost.megabytes:.0f} |")
    return "\n".join(lines)


def write(costs: Sequence[Cost]) -> None:
    """Write docs/hostile_costs.csv, and the table in docs/attacks.md."""
    rows = ["attack,seconds,megabytes"]
    rows += [f"{cost.attack},{cost.seconds:.2f},{cost.megabytes:.0f}" for cost in costs]
    (ROOT / "docs" / "hostile_costs.csv").write_text("\n".join(rows) + "\n")
    page = ROOT / "docs" / "attacks.md"
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{table(costs)}\n{END}{after}")


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
    parser.add_argument("--write", action="store_true")
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
            costs = each(base, places | more, asked.only)
            print(table(costs))
            if asked.write:
                write(costs)
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
