"""Keys: the answers of the solution and of each of its known mistakes on one seed.

The key of a seed is made by the same server and the same experiments as the grades: the solution and each of its known
mistakes are run as if they were submissions.
"""

from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from autograder.check import Answer, Check, Corpus
from autograder.course import NoCourse, Unit
from autograder.errors import UserError
from autograder.judging import CheckKey, judge
from autograder.source.solution import Solution, read_solution

if TYPE_CHECKING:  # it needs Linux, and practice, which needs names of this module, does not
    from autograder.sandbox.client import Server, Worker


class BrokenSolution(UserError):
    """A solution does not answer its own check; the text says which, and what happened."""


SOLUTION = "solution.py"  # how the solution's file is called where it runs


def solution_of(unit: Unit) -> Solution:
    """Read the solution of a unit. Raises `NoCourse` where the course has none, as a student's copy."""
    path = unit.course.solution(unit.name)
    if not path.is_file():
        raise NoCourse(f"There is no {path}: this needs the solutions, which this copy of the course does not have.")
    return read_solution(path.read_text(encoding="utf-8"))


def checks_to_run(unit: Unit, data: Container[str]) -> list[Check]:
    """List a unit's checks in order, of those that train the ones whose names are in `data`."""
    return [check for check in unit.checks if not check.measure or check.name in data]


def key_name(check: Check, text: Corpus | None) -> str:
    """Name an entry of a key: a check, and for one that trains also what it trained on."""
    return f"{check.name}@{text.name}" if check.measure and text else check.name


def build_key(server: "Server", seed: int, data: Mapping[str, Sequence[Corpus]]) -> dict[str, CheckKey]:
    """Run the solution and each known mistake on a seed.

    data: what checks that train are run on, by check, the solution alone; a check without any is left out.
    """
    unit, solution = server.unit, solution_of(server.unit)
    keys = _solution_answers(server, solution, seed, data)
    for mistake, _, _ in solution.mistakes:
        with server.worker(solution.with_mistake(mistake.id).encode(), SOLUTION) as worker:
            for check in checks_to_run(unit, data=()):
                answer, known = worker.ask(check, seed), keys[check.name]
                if judge(check, CheckKey(known.expected), answer, unit.sizes).status != "passed":
                    keys[check.name] = CheckKey(known.expected, (*known.mistakes, (mistake, answer)))
    return keys


def _solution_answers(
    server: "Server", solution: Solution, seed: int, data: Mapping[str, Sequence[Corpus]]
) -> dict[str, CheckKey]:
    plain = solution.plain().encode()
    keys: dict[str, CheckKey] = {}
    for check in checks_to_run(server.unit, data):
        texts: Sequence[Corpus | None] = data[check.name] if check.measure else [None]
        for text in texts:
            with server.worker(plain, SOLUTION) as worker:
                expected = worker.ask(check, seed, text=text.train if text else None)
                loss = measure(worker, check, seed, expected, text) if text else None
            if expected.failure:
                raise BrokenSolution(
                    f"The solution of {server.unit.name} does not answer `{check.name}`: {expected.message}"
                )
            keys[key_name(check, text)] = CheckKey(expected, (), loss)
    return keys


def measure(worker: "Worker", check: Check, seed: int, answer: Answer, text: Corpus) -> float:
    """Measure the held-out loss of trained weights by the solution that `worker` runs; NaN where there is none."""
    measured = worker.ask(check, seed, "measure", answer.arrays, text.held_out)
    loss = measured.arrays.get("loss", np.array(np.nan))
    return float(loss) if loss.size == 1 else float("nan")
