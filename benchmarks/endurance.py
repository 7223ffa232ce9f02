"""Grade a class of thousands, with 50 kills, and on two Dask workers.

Writes the measured part of docs/measurements/sizing.md. It takes about 15 minutes.

python benchmarks/endurance.py [--kills 50] [--many 5000]
"""

import argparse
import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from at_hand import COURSE, solution

for _name in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"

ROOT = Path(__file__).resolve().parents[1]
UNIT = "unit4_manual_gradients"
GOLDEN = ROOT / "tests" / "submissions"
HONEST = (
    "complete",
    "half_done",
    "mistake_relu_forgotten",
    "style_einsum_float32",
    "mistake_argmax",
)
MARK = "## Measured"


def class_of(folder: Path, number: int) -> Path:
    """Write `number` students with copies of golden submissions; return their folder."""
    for i in range(number):
        golden = HONEST[i % len(HONEST)]
        target = folder / f"student{i:05}" / UNIT
        target.mkdir(parents=True)
        shutil.copy(GOLDEN / golden / UNIT / f"{UNIT}.py", target)
    return folder


def start(*arguments: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def timeless(path: Path) -> dict[str, object]:
    record = json.loads(path.read_text())
    return {
        **record,
        "seconds": 0,
        "checks": [{**check, "seconds": 0} for check in record["checks"]],
    }


def results(out: Path) -> dict[str, object]:
    return {path.name: timeless(path) for path in sorted(out.glob("unit*/*.json"))}


def kills(times: int, folder: Path) -> str:
    """Kill -9 a run at random moments from start to end, continuing it after each."""
    submitted, draw, unlike, cut = class_of(folder / "killed-class", 200), random.Random(1), 0, 0
    grade = ("autograder", "grade", submitted, "--quick", "--seed", "5", "-j", "2", "--out")
    began = time.perf_counter()
    start(*grade, folder / "calm").wait()
    takes, calm = time.perf_counter() - began, results(folder / "calm")
    for number in range(times):
        run = start(*grade, out := folder / f"killed{number}")
        time.sleep(draw.uniform(0.3, takes))
        run.send_signal(signal.SIGKILL)
        run.wait()
        cut += len(list(out.glob("unit*/*.json"))) < 200
        start(*grade, out).wait()
        unlike += results(out) != calm or bool(list(out.rglob("*.part")))
        shutil.rmtree(out)
    return (
        f"{times} runs over a class of 200 were ended by `kill -9` at random moments ({cut} of "
        "them before the last result) "
        f"and run again: {times - unlike} gave results equal to those of an undisturbed run, byte "
        "for byte but for times."
    )


@contextmanager
def dask(folder: Path, workers: int) -> Iterator[str]:
    facts = folder / "scheduler.json"
    one = (
        "distributed.cli.dask_worker",
        "--scheduler-file",
        facts,
        "--nthreads",
        "1",
        "--no-nanny",
        "--no-dashboard",
    )
    running = [
        start(
            "distributed.cli.dask_scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--no-dashboard",
            "--scheduler-file",
            facts,
        )
    ]
    running += [start(*one, "--local-directory", folder) for _ in range(workers)]
    while not facts.exists():
        time.sleep(0.05)
    time.sleep(3)
    yield json.loads(facts.read_text())["address"]
    for process in reversed(running):
        process.kill()
        process.wait()


def many(submitted: Path, number: int, out: Path, *options: object) -> tuple[str, float]:
    """Return a row and its milliseconds per submission.

    The row has the milliseconds overall, in the second and in the last tenth, and the grader's
    megabytes at both.
    """
    began = time.perf_counter()
    run = start("autograder", "grade", submitted, "--quick", "--seed", "5", *options, "--out", out)
    megabytes: dict[int, float] = {}  # by tenth
    own = 0.0
    while run.poll() is None:
        time.sleep(0.5)
        done = len(list(out.glob("unit*/*.json")))
        tenth = 10 * done // number
        memory = resident_megabytes(run.pid)
        if memory is None or tenth >= 10:
            continue
        megabytes[tenth] = memory
        own = 1000 * processor_seconds(run.pid) / max(1, done)
    took = time.perf_counter() - began
    times = sorted(path.stat().st_mtime for path in out.glob("unit*/*.json"))
    size_of_tenth = number // 10

    def milliseconds(end: int) -> float:
        seconds = times[end] - times[end - size_of_tenth]
        return 1000 * seconds / size_of_tenth

    early = milliseconds(2 * size_of_tenth)
    late = milliseconds(number - 1)
    each = 1000 * (times[-1] - times[0]) / (number - 1)
    first = megabytes[min(megabytes)]
    last = megabytes[max(megabytes)]
    row = (
        f"{number:,} | {each:.1f} ms | {early:.1f} ms | {late:.1f} ms | {own:.1f} ms | "
        f"{first:.0f} MB | {last:.0f} MB | {took:.0f} s"
    )
    return row, each


def resident_megabytes(pid: int) -> float | None:
    """Return the memory (MB) of a process, None if it has just ended."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            kilobytes = int(line.split()[1])
            return kilobytes / 1024
    return None


def processor_seconds(pid: int) -> float:
    """Return the CPU time of a process, without its children's."""
    _, _, behind_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    fields = behind_name.split()
    user, system = int(fields[11]), int(fields[12])
    return (user + system) / os.sysconf("SC_CLK_TCK")


def training(folder: Path) -> tuple[float, str]:
    """Return the seconds of a complete submission with training on one core, and of each unit."""
    submitted = folder / "whole"
    out = folder / "trained"
    for name in COURSE.units:
        target = submitted / "ada" / name
        target.mkdir(parents=True)
        (target / f"{name}.py").write_text(solution(name).plain())
    start("autograder", "grade", submitted, "--seed", "5", "--out", out).wait()
    total = 0.0
    parts = []
    for name in COURSE.units:
        result = json.loads((out / name / "ada.json").read_text())
        seconds = result["seconds"]
        total += seconds
        short_name = name.split("_")[0]
        parts.append(f"{short_name} {seconds:.1f} s")
    return total, ", ".join(parts)


def sizes(near: float, far: float, trained: float) -> str:
    """Return minutes for classes of three sizes, with two workers and two Dask workers.

    They are computed from milliseconds per submission and the seconds of all checks of all units.
    """
    rows = []
    for count, cores in ((100, 2), (10_000, 16), (1_000_000, 256)):
        each = near if cores == 2 else far
        quick_minutes = count * each * 2 / 1000 / cores / 60
        whole_minutes = count * trained / cores / 60
        rows.append(f"| {count:,} | {cores} | {quick_minutes:,.1f} | {whole_minutes:,.1f} |")
    return "\n".join(rows)


def torch() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return 1000 * (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--many", type=int, default=5000)
    asked = parser.parse_args()
    imports = sorted(torch() for _ in range(5))[2]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        submitted = class_of(folder / "class", asked.many)
        near, one = many(submitted, asked.many, folder / "near", "-j", 2)
        print(near, flush=True)
        with dask(folder, 2) as address:
            far, other = many(submitted, asked.many, folder / "far", "--cluster", address)
        print(far, flush=True)
        equal = results(folder / "near") == results(folder / "far")
        trained, units = training(folder)
        print(units, flush=True)
        killed = kills(asked.kills, folder)
        print(killed, flush=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    page = ROOT / "docs" / "measurements" / "sizing.md"
    page.write_text(
        page.read_text().split(MARK)[0].rstrip()
        + f"""\n\n{MARK}

By `python benchmarks/endurance.py` on {machine}; `import torch` took {imports:.0f} ms there (median of 5).
Copies of golden submissions of unit 4, exact checks.
*Own* is CPU time of the command itself, the trusted process, and so is the memory.

| | submissions | each | in the second tenth | in the last tenth | own | memory early | late | the whole command |
|---|---|---|---|---|---|---|---|---|
| `-j 2` | {near} |
| two Dask workers | {far} |

One submission is 1/{imports / one:.0f} and 1/{imports / other:.0f} of an `import torch`.
The grades of both rows are {"equal" if equal else "NOT equal"} but for times.
{killed}

With the checks that train, a complete submission takes a core: {units}.

From these figures, in minutes, when cores do nothing else (two: `-j 2`; more: Dask, one thread a core):

| submissions | cores | unit 4, exact checks | all checks of all six units |
|---|---|---|---|
{sizes(one, other, trained)}

The command itself, which reads files and writes results, is one process: *own* bounds how many cores it keeps busy with exact checks alone.
Split a larger class over several commands, each with an `--out` of its own and the same `--seed`.
"""
    )


if __name__ == "__main__":
    main()
