"""Keys: the answers of the solution and of each of its known mistakes on one seed.

The key of a seed is made by the same server and the same experiments as the grades: the solution and each of its known
mistakes are run as if they were submissions.
"""

from collections.abc import Sequence

import numpy as np

from autograder.check import Answer, Check
from autograder.course import Unit, root
from autograder.data import Corpus
from autograder.judging import CheckKey, judge
from autograder.sandbox.client import Server, Worker
from autograder.source.solution import Solution, read_solution


def solution_of(unit: str) -> Solution:
    """The solution's script of a unit. Raises `FileNotFoundError` where the course has no solutions."""
    return read_solution((root() / "solutions" / f"{unit}.py").read_text(encoding="utf-8"))


def wanted_checks(unit: Unit, quick: bool) -> list[Check]:
    """A unit's checks in order; without those that train where `quick`."""
    return [check for check in unit.checks if not (quick and check.measure)]


# ---- keys


def build_key(server: Server, seed: int, corpora: Sequence[Corpus], quick: bool = False) -> dict[str, CheckKey]:
    """Run the solution and each known mistake on a seed. Training checks run once per corpus, the solution alone."""
    unit, solution = server.unit, solution_of(server.unit.name)
    plain = solution.plain().encode()
    keys: dict[str, CheckKey] = {}
    for check in wanted_checks(unit, quick):
        for text in [check.data()] if check.data else corpora if check.measure else [None]:
            with server.worker(plain, "solution.py") as worker:
                expected = worker.ask(check, seed, text=text.train if text else None)
                loss = measure(worker, check, seed, expected, text) if text else None
            if expected.failure:
                raise ValueError(f"the solution of {unit.name} does not answer `{check.name}`: {expected.message}")
            keys[check.name + (f"@{text.name}" if text else "")] = CheckKey(expected, (), loss)
    for mistake, _, _ in solution.mistakes:
        with server.worker(solution.with_mistake(mistake.id).encode(), "solution.py") as worker:
            for check in wanted_checks(unit, quick=True):
                answer, known = worker.ask(check, seed), keys[check.name]
                if judge(check, CheckKey(known.expected), answer, unit.sizes).status != "passed":
                    keys[check.name] = CheckKey(known.expected, (*known.mistakes, (mistake, answer)))
    return keys


def measure(worker: Worker, check: Check, seed: int, answer: Answer, text: Corpus) -> float:
    """The held-out loss of trained weights, in nats a character, by the solution that `worker` runs; NaN where none."""
    measured = worker.ask(check, seed, "measure", answer.arrays, text.held_out)
    loss = measured.arrays.get("loss", np.array(np.nan))
    return float(loss) if loss.size == 1 else float("nan")
