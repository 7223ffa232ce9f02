"""Where a training check's bound lies: between the losses of right answers in other styles and those of mistakes.

Each is trained on the same seeds as our solution, whatever the exact checks say of it; what counts is how far its
held-out loss ends from ours. solutions/bounds.toml keeps what was measured.
"""

import ast
import json
import math
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.metadata import version
from statistics import fmean, stdev
from typing import Any

import numpy as np

from autograder.building import available_corpora
from autograder.checking import Check, Key, Unit
from autograder.data import root
from autograder.grading import measure, solution_of
from autograder.journal import write_whole
from autograder.sandbox import Server
from autograder.solution import Submission, _names_bound
from autograder.validating import FIRST_SEED, deviations, plain_key, styles
from autograder.worker import run_experiment

NEAR = 0.1, 2  # bounds: a mistake whose distance on the first seed is not between them needs no more seeds


@dataclass
class Bound:
    """Of a training check on one corpus: losses in nats, and distances from ours on the same seeds."""

    unit: str
    check: str
    data: str
    within: float
    versions: str
    ours: list[float]
    right: dict[str, list[float]]  # style → distances; a single 0 where it does the same to the last bit
    wrong: dict[
        str, list[float]
    ]  # mistake → distances; one where it is far from the bound, or the same to the last bit
    reached: list[str]  # those of them that pass the checks which this one needs: the others, when graded, never train
    no_weights: int = 0  # mistakes that leave no trained weights of the right shapes

    @property
    def right_fails(self) -> tuple[float, str]:
        """The chance that a right answer ends beyond the bound, and the style of which it is largest: by Student's t of
        as many degrees as seeds, as wide as the root of that style's mean squared distance.
        """
        chances = [(_beyond(self.within, its), style) for style, its in self.right.items()]
        return max(chances, default=(math.nan, ""))

    @property
    def passing(self) -> list[str]:
        """The mistakes that would be graded as passed: trained otherwise, within the bound, and caught by no check."""
        open_ones = {name: its for name, its in self.wrong.items() if name in self.reached and any(its)}
        return [name for name, its in open_ones.items() if min(map(abs, its)) <= self.within]

    def told(self) -> str:
        """The bound beside what it lies between, in a line, and the mistakes that it lets through."""
        apart = max((abs(d) for its in self.right.values() for d in its), default=math.nan)
        beyond = [d for its in self.wrong.values() if (d := min(map(abs, its))) > self.within]
        chance, style = self.right_fails
        line = f"{self.unit}, {self.check} on {self.data}: right answers to {apart:.4f}, bound {self.within}; of "
        line += (
            f"{len(self.wrong)} mistakes that train {len(beyond)} are beyond, from {min(beyond, default=math.nan):.4f}"
        )
        line = (
            f"{'✗' if self.passing or not chance < 1e-4 else '✓'} {line}; a right answer fails {chance:.0e} ({style})"
        )
        return "\n".join([line, *(f"    passes: {name}" for name in self.passing)])


def _beyond(within: float, distances: list[float]) -> float:
    """The two tails of Student's t: of cos^(n−1) between the angle of the bound and a right one."""
    spread, degrees = math.sqrt(fmean(d * d for d in distances)), len(distances)
    if not spread < math.inf:
        return 1.0
    first = math.atan2(within, spread * math.sqrt(degrees))
    mean, of_all = (float((np.cos(np.linspace(a, math.pi / 2, 20001)) ** (degrees - 1)).mean()) for a in (first, 0.0))
    return mean / of_all * (1 - 2 * first / math.pi)


def calibrate(unit: str, seeds: int, jobs: int, say: Callable[[str], None]) -> Iterator[Bound]:
    """Train the solution, its styles and its mistakes on `seeds` seeds, for each training check and corpus."""
    with Server(unit) as server, ThreadPoolExecutor(jobs) as pool:
        for check in (check for check in server.unit.checks if check.measure):
            for data in [check.data()] if check.data else available_corpora():
                yield _bound(server, check, data, seeds, pool, say)


def _bound(
    server: Server, check: Check, data: Any, seeds: int, pool: ThreadPoolExecutor, say: Callable[[str], None]
) -> Bound:
    unit, plain = server.unit.name, solution_of(server.unit.name).plain()
    right, wrong = _trained_otherwise(unit, check, data.train)
    tried = range(FIRST_SEED, FIRST_SEED + seeds)
    ours = list(pool.map(lambda seed: _loss(server, check, seed, data, plain), tried))

    def distances(script: str, least: float, most: float) -> list[float]:
        found: list[float] = []
        for seed, our in zip(tried, ours, strict=True):
            found.append(_loss(server, check, seed, data, script) - our)
            if not least * check.within <= abs(found[0]) <= most * check.within or not found[0]:
                break
        return found

    def tell(what: str, name: str, its: list[float]) -> list[float]:
        say(f"  {unit}, {check.name} on {data.name}: {what} {name}: {', '.join(f'{d:+.4f}' for d in its)}")
        return its

    far = pool.map(lambda script: distances(script, 0, math.inf), right.values())
    apart = {name: tell("style", name, its) for name, its in zip(right, far, strict=True)}
    far = pool.map(lambda script: distances(script, *NEAR), wrong.values())
    off = {name: tell("mistake", name, its) for name, its in zip(wrong, far, strict=True)}
    trained = {name: its for name, its in off.items() if not any(map(math.isnan, its))}
    needed = _needed(server.unit, check)
    key = plain_key(server, needed, FIRST_SEED)
    reached = [name for name in trained if not _fails(server, needed, key, wrong[name])]
    versions = f"NumPy {version('numpy')}" + (f", torch {version('torch')}" if "torch" in server.unit.packages else "")
    facts = (versions, ours, apart, trained, reached, len(off) - len(trained))
    return Bound(unit, check.name, data.name, check.within, *facts)


def _trained_otherwise(unit: str, check: Check, text: str) -> tuple[dict[str, str], dict[str, str]]:
    """The styles and mistakes that change a definition which our solution uses in training: name → script."""
    solution = solution_of(unit)
    ours = Submission(solution.plain().encode(), "solution.py")
    if failure := run_experiment(check, ours, FIRST_SEED, text).message:
        raise ValueError(f"the solution of {unit} does not train: {failure}")
    used = {name for statement in ours._statements if statement.done for name in statement.binds}

    def programme(script: str) -> list[str]:
        return [ast.dump(node) for node in ast.parse(script).body if used & set(_names_bound(node))]

    wrong = {f"{mistake.id} {mistake.code}": solution.with_mistake(mistake.id) for mistake, _, _ in solution.mistakes}
    same = programme(solution.plain())
    both = ({n: s for n, s in scripts.items() if programme(s) != same} for scripts in (styles(unit), wrong))
    return next(both), next(both)


def _fails(server: Server, checks: list[Check], key: Key, script: str) -> bool:
    with server.worker(script.encode(), "submission.py") as worker:
        return any(max(deviations(one, key, worker.ask(one, FIRST_SEED)).values()) > 1 for one in checks)


def _needed(unit: Unit, check: Check) -> list[Check]:
    """The checks that must pass before this one runs."""
    names = set(check.needs)
    for one in reversed(unit.checks):  # a check needs only what stands before it
        names |= set(one.needs) if one.name in names else set()
    return [one for one in unit.checks if one.name in names]


def _loss(server: Server, check: Check, seed: int, data: Any, script: str) -> float:
    """The held-out loss of a script's training, measured by our solution; NaN where it yields no weights."""
    with server.worker(script.encode(), "submission.py") as worker:
        answer = worker.ask(check, seed, text=data.train)
    if answer.failure:
        return math.nan
    with server.worker(solution_of(server.unit.name).plain().encode(), "solution.py") as worker:
        return measure(worker, check, seed, answer, data)


def kept() -> list[Bound]:
    """What solutions/bounds.toml holds, in its order."""
    path = root() / "solutions" / "bounds.toml"
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("bound", []) if path.is_file() else []
    derived = {"loss", "loss_spread", "right_fails", "passing"}
    return [Bound(**{name: value for name, value in entry.items() if name not in derived}) for entry in entries]


def keep(bounds: list[Bound]) -> None:
    """Write bounds into solutions/bounds.toml, in the place of those of the same checks and corpora."""
    found = {(b.unit, b.check, b.data): b for b in [*kept(), *bounds]}
    lines = ["# Written by `autograder calibrate`. Distances of held-out losses from our solution's on the same seeds."]
    for bound in (found[name] for name in sorted(found)):
        spread = stdev(bound.ours) if len(bound.ours) > 1 else math.nan
        facts: dict[str, Any] = {"loss": fmean(bound.ours), "loss_spread": spread}
        facts |= {"right_fails": bound.right_fails[0], "passing": bound.passing}
        tables = {name: value for name, value in asdict(bound).items() if isinstance(value, dict)}
        facts = {name: value for name, value in asdict(bound).items() if name not in tables} | facts
        lines += ["", "[[bound]]", *(f"{name} = {_toml(value)}" for name, value in facts.items())]
        for name, table in tables.items():
            lines += [f"[bound.{name}]", *(f"{_toml(key)} = {_toml(its)}" for key, its in table.items())]
    write_whole(root() / "solutions" / "bounds.toml", "\n".join(lines))


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
