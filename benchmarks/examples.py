"""Whether code that passes a unit's exact checks runs every example of it, with small sizes.

    python benchmarks/examples.py [UNIT …]

The code is the styles, the known mistakes and the mutants of the solution that lose no points, and
those that `solutions/equivalent.toml` lists as right. It takes about five minutes a unit.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import sys
from collections.abc import Iterator

from at_hand import COURSE, ROOT, unit

sys.path.insert(0, str(ROOT / "tests"))

from whole_script import failed_example

from autograder.authoring.mutants import mutants, name_of
from autograder.authoring.validate import plain_key, styles
from autograder.course import Unit
from autograder.grading.keys import checks_to_run, solution_of
from autograder.grading.one import grade_one
from autograder.sandbox.client import Server

SEED = 5000


def variants(measured: Unit) -> Iterator[tuple[str, str]]:
    """Yield name and script of each candidate: styles, known mistakes and mutants."""
    solution = solution_of(measured)
    for name, script in styles(measured).items():
        yield f"style {name}", script
    for mistake, line, _ in solution.mistakes:
        title = f"line {line}, `{mistake.code}`"
        yield title, solution.with_mistake(mistake.id)
    for mutant in mutants(measured, solution.plain()):
        yield name_of(mutant), mutant.script


def passing(measured: Unit) -> Iterator[tuple[str, str]]:
    """Yield the candidates that pass every exact check."""
    with Server(measured) as server:
        checks = checks_to_run(measured, data=())
        key = plain_key(server, checks, SEED)
        for name, script in variants(measured):
            submitted = script.encode()
            verdicts = grade_one(server, submitted, "submission.py", SEED, key, data={})
            if all(verdict.status == "passed" for verdict in verdicts):
                yield name, script


def main() -> None:
    for name in sys.argv[1:] or COURSE.units:
        tried, failed = 0, 0
        for variant, script in passing(unit(name)):
            tried += 1
            if what := failed_example(name, script):
                failed += 1
                print(f"  {variant}\n    fails in {what}", flush=True)
        print(f"{name}: {failed} of {tried} that pass fail an example", flush=True)


if __name__ == "__main__":
    main()
