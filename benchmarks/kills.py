"""Kill a grading run fifty times while answers are made and stored, and count what was lost.

python benchmarks/kills.py: the fixture course, a class of forty, ten secret seeds with five kills
each, at random moments between the command's start and its end. The runs of one seed share a store
of answers and a folder of results. Then the run is finished, and its results are compared with
those of a run that nobody disturbed and that made all answers anew.
"""

import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "autograder" / "tests"))
import small

SEEDS, KILLS, STUDENTS = 10, 5, 40


def grade_command(submitted: Path, out: Path, seed: int) -> tuple[object, ...]:
    """Return the command that grades the class."""
    return ("autograder", "grade", submitted, "--quick", "--seed", seed, "-j", 2, "--out", out)


def kill_once(command: tuple[object, ...], longest: float, draw: random.Random) -> bool:
    """Start a run and kill it at a random moment; return whether it was still running."""
    run = small.start(*command)
    time.sleep(draw.uniform(0.05, longest))
    running = run.poll() is None
    run.send_signal(signal.SIGKILL)
    run.wait()
    return running


def damaged(store: Path) -> bool:
    """Return whether SQLite finds a store broken."""
    if not store.exists():
        return False
    with closing(sqlite3.connect(store)) as connection:
        findings = connection.execute("PRAGMA integrity_check").fetchall()
    return findings != [("ok",)]


@dataclass
class Counts:
    """What the kills did, over all seeds."""

    killed: int = 0  # runs that were still going on
    broken: int = 0  # stores of answers
    lost: int = 0  # results
    different: int = 0
    half: int = 0


def graded_calmly(submitted: Path, scratch: Path, seed: int) -> tuple[dict[str, object], float]:
    """Grade the class without a kill. Return its results, and the seconds that it took."""
    os.environ["XDG_CACHE_HOME"] = str(scratch / f"calm-store{seed}")
    out = scratch / f"calm{seed}"
    began = time.monotonic()
    run = small.start(*grade_command(submitted, out, seed))
    assert run.wait() == 0
    return small.results(out), time.monotonic() - began


def grade_with_kills(
    submitted: Path, scratch: Path, seed: int, draw: random.Random, counts: Counts
) -> None:
    """Grade the class by runs that are killed and one that is not, and count what they did."""
    expected, seconds = graded_calmly(submitted, scratch, seed)
    cache = scratch / f"store{seed}"
    os.environ["XDG_CACHE_HOME"] = str(cache)
    out = scratch / f"killed{seed}"
    command = grade_command(submitted, out, seed)
    for _ in range(KILLS):
        counts.killed += kill_once(command, 0.7 * seconds, draw)
        counts.broken += sum(damaged(store) for store in cache.rglob("*.sqlite"))
    assert small.start(*command).wait() == 0
    found = small.results(out)
    counts.lost += len(expected) - len(found)
    counts.different += sum(found[name] != expected[name] for name in found)
    counts.half += len(list(out.rglob(".*.part")))


def main() -> None:
    """Print what the kills did."""
    draw = random.Random(7)
    counts = Counts()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        submitted = small.write_class(scratch / "class", STUDENTS, slow=True)
        for turn in range(SEEDS):
            grade_with_kills(submitted, scratch, 900 + turn, draw, counts)
    print(f"{SEEDS * KILLS} kills, {counts.killed} of them while the run went on")
    print(
        f"of {SEEDS * STUDENTS} results {counts.lost} were lost, {counts.different} differ, "
        f"{counts.half} are half"
    )
    print(f"the store was broken after {counts.broken} kills")


if __name__ == "__main__":
    main()
