"""Grade many submissions twice, idle and on a busy machine: every check has to earn the same.

    python benchmarks/same_points.py [UNIT …] [--most 85] [--busy 8]

The submissions are a unit's fresh wrong answers (benchmarks/fresh_mistakes/), pairs of them in one
file, and right answers in other styles. The first run is idle, with one job. The second has two
jobs, the submissions in reversed order, and --busy loops at the lowest priority beside it. Each run
has its own cache, so that all answers of our solution are computed again. Ends with 1 if a check
earns something else. --most: submissions of a unit, spread evenly over all.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from at_hand import COURSE, unit
from fresh_mistakes import UNITS, answers

from autograder.course import find_unit
from autograder.grading.keys import solution_of
from autograder.grading.styles import styles

SEED = 4242
BUSY = "while True: pass"


def scripts(name: str) -> Iterator[str]:
    """Yield a unit's submissions: wrong answers, two of them in one file, right answers."""
    measured = unit(name)
    plain = solution_of(measured).plain()
    wrong = [text for title, text in answers(name) if title != "base"]
    for text in wrong:
        yield f"{plain}\n\n# %%\n{text}"
    for one, other in pairwise(wrong[::3]):
        yield f"{plain}\n\n# %%\n{one}\n\n# %%\n{other}"
    yield from styles(measured, plain).values()


def hand_in(folder: Path, name: str, most: int, reverse: bool) -> int:
    """Write the submissions of a unit for grading; return their number."""
    everything = list(scripts(name))
    count = min(most, len(everything))
    chosen = [everything[i * len(everything) // count] for i in range(count)]
    for number, script in enumerate(chosen):
        place = len(chosen) - number if reverse else number
        student = folder / f"{place:03}_{number:03}" / name
        student.mkdir(parents=True)
        (student / f"{name}.py").write_text(script)
    return len(chosen)


def graded(names: list[str], most: int, jobs: int, busy: int, reverse: bool) -> dict[str, object]:
    """Grade the submissions in a separate process; return the points of each check."""
    with tempfile.TemporaryDirectory() as there:
        folder = Path(there)
        for name in names:
            hand_in(folder / "in", name, most, reverse)
        loops = [
            subprocess.Popen(["nice", "-n", "19", sys.executable, "-c", BUSY]) for _ in range(busy)
        ]
        try:
            environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
            command = [sys.executable, "-m", "autograder", "grade", str(folder / "in"), "--quick"]
            command += ["--out", str(folder / "out"), "--seed", str(SEED), "-j", str(jobs)]
            subprocess.run(
                command, cwd=COURSE.folder, env=environment, check=True, stdout=subprocess.DEVNULL
            )
        finally:
            for loop in loops:
                loop.kill()
        found: dict[str, object] = {}
        for path in sorted((folder / "out").glob("*/*.json")):
            record = json.loads(path.read_text())
            number = path.stem.partition("_")[2]
            earned = {check["name"]: check["earned"] for check in record["checks"]}
            found[f"{record['unit']} {number}"] = earned
        return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("units", nargs="*", default=UNITS)
    parser.add_argument("--most", type=int, default=85)
    parser.add_argument("--busy", type=int, default=8)
    asked = parser.parse_args()
    names = [find_unit(COURSE, name) for name in asked.units]
    idle = graded(names, asked.most, jobs=1, busy=0, reverse=False)
    busy = graded(names, asked.most, jobs=2, busy=asked.busy, reverse=True)
    differ = [name for name in idle if idle[name] != busy.get(name)]
    print(f"{len(idle)} submissions, {len(differ)} with other points")
    for name in differ:
        print(name, idle[name], busy.get(name))
    sys.exit(1 if differ or len(idle) != len(busy) else 0)


if __name__ == "__main__":
    main()
