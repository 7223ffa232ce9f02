"""Grade a class and print the CPU time of all processes together.

    python benchmarks/class_cost.py SUBMITTED OUT JOBS

It runs the exact checks, without training, and prints `seconds`, of the whole class, and `each`, of
one more submission after warming up. Linux only: the processes' times come from /proc.
"""

import os
import sys
from pathlib import Path
from typing import Any

from autograder.course import find_course
from autograder.grading import batch, submissions
from autograder.sandbox.client import Server

SEED = 5
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def seconds_of_descendants() -> float:
    """Return the CPU time of the living processes below this one.

    After a server inside bubblewrap is killed, no account includes it.
    """
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, behind_name = stat.read_text().rpartition(")")
        except OSError:
            continue
        fields = behind_name.split()
        pid = int(stat.parent.name)
        parents[pid] = int(fields[1])
        ticks[pid] = sum(int(field) for field in fields[11:15])
    below = sum(count for pid, count in ticks.items() if is_below(pid, parents))
    return below / TICKS_PER_SECOND


def is_below(pid: int, parents: dict[int, int]) -> bool:
    """Return whether a process descends from this one."""
    while pid in parents:
        pid = parents[pid]
        if pid == os.getpid():
            return True
    return False


def own_seconds() -> float:
    """Return the CPU time of this process."""
    times = os.times()
    return times.user + times.system


def main() -> None:
    """Grade the class, and print the time."""
    submitted, out = map(Path, sys.argv[1:3])
    jobs = int(sys.argv[3])
    course = find_course()
    found = submissions.find_submissions(course, submitted)
    number_of_first = len(found) // 6
    ended: list[float] = []  # seconds of servers that have ended
    marks: list[float] = []  # seconds so far, after the first sixth and after all
    done: list[Any] = []
    close = Server.close

    def close_and_count(server: Server) -> None:
        ended.append(seconds_of_descendants())
        close(server)

    def count(result: Any) -> None:
        done.append(result)
        if len(done) in (number_of_first, len(found)):
            marks.append(seconds_of_descendants() + own_seconds())
        if len(done) == len(found):  # while the thread that ends its server is alive
            ended.append(seconds_of_descendants())

    Server.close = close_and_count  # type: ignore[assignment, method-assign]
    batch.grade_class(course, found, batch.Run(out, SEED, jobs, quick=True), count)
    print("seconds", sum(ended) + own_seconds())
    print("each", (marks[-1] - marks[0]) / (len(found) - number_of_first))


if __name__ == "__main__":
    main()
