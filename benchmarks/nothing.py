"""What a file that solves nothing earns, by unit: the table in docs/attacks.md.

python benchmarks/nothing.py

All exercises return zeros, ones, the right values on the public seed, or their input. All exact
checks run, including those that others would have to pass first.
"""

from pathlib import Path

from autograder.authoring.nothing import ALL, try_nothing
from autograder.course import load_unit, read_course
from autograder.grading.emptied import KINDS
from autograder.grading.keys import build_key, checks_to_run
from autograder.sandbox.client import Server

COURSE = read_course(Path(__file__).resolve().parents[1])
SEED = 1000

print("| unit | points of exact checks | zeros | ones | the public seed's answers | its input |")
print("|---|---|---|---|---|---|")
for name in COURSE.units:
    with Server(load_unit(COURSE, name)) as server:
        tried = list(try_nothing(server, SEED, build_key(server, SEED, data={})))
        points = sum(check.points for check in checks_to_run(server.unit, data=()))
    earned = [
        sum(one.earned for one in tried if (one.exercise, one.kind) == (ALL, kind))
        for kind in KINDS
    ]
    print(f"| {name} | {points:g} | {' | '.join(f'{number:g}' for number in earned)} |", flush=True)
