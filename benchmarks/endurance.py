"""A class of thousands, 50 kills, and two Dask workers; writes the measured part of docs/sizing.md. About 20 minutes.

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

for _name in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"

ROOT = Path(__file__).resolve().parents[1]
UNIT = "unit4_manual_gradients"
GOLDEN = ROOT / "autograder" / "tests" / "submissions"
HONEST = ("complete", "half_done", "mistake_relu_forgotten", "style_einsum_float32", "mistake_argmax")
MARK = "## Measured"


def class_of(folder: Path, number: int) -> Path:
    """`number` students with copies of golden submissions."""
    for i in range(number):
        (target := folder / f"student{i:05}" / UNIT).mkdir(parents=True)
        shutil.copy(GOLDEN / HONEST[i % len(HONEST)] / UNIT / f"{UNIT}.py", target)
    return folder


def start(*arguments: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def timeless(path: Path) -> dict[str, object]:
    record = json.loads(path.read_text())
    return {**record, "seconds": 0, "checks": [{**check, "seconds": 0} for check in record["checks"]]}


def results(out: Path) -> dict[str, object]:
    return {path.name: timeless(path) for path in sorted(out.glob("unit*/*.json"))}


def kills(times: int, folder: Path) -> str:
    """kill -9 at random moments of the run, from its start to its end, each followed by a run that goes on."""
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
        f"{times} runs over a class of 200 were ended by `kill -9` at random moments ({cut} of them before the last result) "
        f"and run again: {times - unlike} gave results equal to those of an undisturbed run, byte for byte but for times."
    )


@contextmanager
def dask(folder: Path, workers: int) -> Iterator[str]:
    facts = folder / "scheduler.json"
    one = ("distributed.cli.dask_worker", "--scheduler-file", facts, "--nthreads", "1", "--no-nanny", "--no-dashboard")
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


def many(submitted: Path, number: int, out: Path, *options: object) -> tuple[str, str]:
    """Milliseconds a submission in all and in the second and the last tenth; the grader's megabytes at both."""
    began = time.perf_counter()
    run = start("autograder", "grade", submitted, "--quick", "--seed", "5", *options, "--out", out)
    memory: dict[int, float] = {}
    while run.poll() is None:
        time.sleep(0.5)
        tenth = 10 * sum(1 for _ in out.glob("unit*/*.json")) // number
        with open(f"/proc/{run.pid}/status") as status:
            kilobytes = [line.split()[1] for line in status if line.startswith("VmRSS")]
        if kilobytes and tenth < 10:
            memory[tenth] = int(kilobytes[0]) / 1024
    took = time.perf_counter() - began
    times = sorted(path.stat().st_mtime for path in out.glob("unit*/*.json"))
    tenth = number // 10
    early, late = (1000 * (times[end] - times[end - tenth]) / tenth for end in (2 * tenth, number - 1))
    each = 1000 * (times[-1] - times[0]) / (number - 1)
    first, last = memory[min(memory)], memory[max(memory)]
    row = f"{number} | {each:.1f} ms | {early:.1f} ms | {late:.1f} ms | {first:.0f} MB | {last:.0f} MB | {took:.0f} s"
    return row, f"{1000 * took / number:.1f}"


def torch() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return 1000 * (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--many", type=int, default=5000)
    asked = parser.parse_args()
    imports, rows = sorted(torch() for _ in range(5))[2], []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        submitted = class_of(folder / "class", asked.many)
        rows.append(f"| `-j 2` | {many(submitted, asked.many, folder / 'near', '-j', 2)[0]} |")
        print(rows[-1], flush=True)
        with dask(folder, 2) as address:
            rows.append(
                f"| two Dask workers | {many(submitted, asked.many, folder / 'far', '--cluster', address)[0]} |"
            )
        print(rows[-1], flush=True)
        equal = results(folder / "near") == results(folder / "far")
        killed = kills(asked.kills, folder)
        print(killed, flush=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    page = ROOT / "docs" / "sizing.md"
    page.write_text(
        page.read_text().split(MARK)[0]
        + f"""{MARK}

By `python benchmarks/endurance.py` on {machine}; `import torch` took {imports:.0f} ms there (median of 5). Copies of golden submissions of
unit 4, exact checks. Memory is the trusted process's.

| | submissions | each | in the second tenth | in the last tenth | memory early | late | the whole command |
|---|---|---|---|---|---|---|---|
{chr(10).join(rows)}

The grades of both rows are {"equal" if equal else "NOT equal"} but for times. {killed}
"""
    )


if __name__ == "__main__":
    main()
