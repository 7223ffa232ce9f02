"""Kill a grading run fifty times while answers are made and stored, and count what was lost.

python benchmarks/kills.py: the fixture course, a class of forty, ten secret seeds with five kills
each, at random moments between the command's start and its end. The runs of one seed share a store
of answers and a folder of results. Then the run is finished, and its results are compared with
those of a run that nobody disturbed and that made all answers anew.
"""

import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "autograder" / "tests"))
import small

SEEDS, KILLS, STUDENTS = 10, 5, 40


def grade_command(submitted: Path, out: Path, seed: int) -> tuple[object, ...]:
    """The command that grades the class."""
    return ("autograder", "grade", submitted, "--quick", "--seed", seed, "-j", 2, "--out", out)


def kill_once(command: tuple[object, ...], longest: float, draw: random.Random) -> bool:
    """Start a run and kill it at a random moment; whether it was still running."""
    run = small.start(*command)
    time.sleep(draw.uniform(0.05, longest))
    running = run.poll() is None
    run.send_signal(signal.SIGKILL)
    run.wait()
    return running


def damaged(store: Path) -> bool:
    """Whether SQLite finds a store broken."""
    if not store.exists():
        return False
    with closing(sqlite3.connect(store)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)])


def main() -> None:
    """Print what the kills did."""
    draw = random.Random(7)
    scratch = Path(tempfile.mkdtemp())
    killed = lost = different = broken = half = 0
    try:
        submitted = small.write_class(scratch / "class", STUDENTS, slow=True)
        for turn in range(SEEDS):
            seed = 900 + turn
            os.environ["XDG_CACHE_HOME"] = str(scratch / f"calm-store{turn}")
            began = time.monotonic()
            calm = grade_command(submitted, scratch / f"calm{turn}", seed)
            assert small.start(*calm).wait() == 0
            whole = time.monotonic() - began
            cache = scratch / f"store{turn}"
            os.environ["XDG_CACHE_HOME"] = str(cache)
            out = scratch / f"killed{turn}"
            command = grade_command(submitted, out, seed)
            for _ in range(KILLS):
                killed += kill_once(command, 0.7 * whole, draw)
                broken += sum(damaged(store) for store in cache.rglob("*.sqlite"))
            assert small.start(*command).wait() == 0
            found, expected = small.results(out), small.results(scratch / f"calm{turn}")
            lost += len(expected) - len(found)
            different += sum(found[name] != expected[name] for name in found)
            half += len(list(out.rglob(".*.part")))
    finally:
        shutil.rmtree(scratch)
    print(f"{SEEDS * KILLS} kills, {killed} of them while the run went on")
    print(f"of {SEEDS * STUDENTS} results {lost} were lost, {different} differ, {half} are half")
    print(f"the store was broken after {broken} kills")


if __name__ == "__main__":
    main()
