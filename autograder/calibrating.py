"""Where a training check's bound lies: between the losses of right answers in other styles and those of mistakes.

Each is trained on the same seeds as our solution, whatever the exact checks say of it; what counts is how far its
held-out loss ends from ours.
"""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import NormalDist, fmean, stdev
from typing import Any

from autograder.building import available_corpora
from autograder.checking import Check
from autograder.data import root
from autograder.grading import measure, solution_of
from autograder.journal import write_whole
from autograder.sandbox import Server
from autograder.validating import FIRST_SEED, styles

NEAR = 10  # a mistake this many bounds from ours on the first seed is told apart without more seeds


@dataclass
class Bound:
    """Of a training check on one corpus: losses in nats, and distances from ours on the same seed."""

    unit: str
    check: str
    data: str
    within: float
    ours: list[float] = field(default_factory=list)
    right: dict[str, list[float]] = field(default_factory=dict)  # style → distances, with their signs
    wrong: dict[str, list[float]] = field(default_factory=dict)  # mistake → distances
    caught: int = 0  # mistakes that are caught before: no trained weights of the right shapes

    @property
    def spread(self) -> float:
        """The standard deviation of right answers around ours."""
        apart = [d for distances in self.right.values() for d in distances]
        return math.sqrt(fmean(d * d for d in apart)) if apart else math.nan

    @property
    def right_fails(self) -> float:
        """The chance that a right answer ends beyond the bound: a normal distribution of that spread."""
        return 2 * (1 - NormalDist(0, self.spread).cdf(self.within)) if self.spread else 0.0

    @property
    def passing(self) -> list[str]:
        """The mistakes that end within the bound on some seed."""
        return [name for name, distances in self.wrong.items() if min(map(abs, distances)) <= self.within]

    def told(self) -> str:
        """The bound beside what it lies between, in a line, and the mistakes that it lets through."""
        nearest = min((abs(d) for its in self.wrong.values() for d in its), default=math.nan)
        apart = max((abs(d) for its in self.right.values() for d in its), default=math.nan)
        line = (
            f"{'✗' if self.passing else '✓'} {self.unit}, {self.check} on {self.data}: right answers to {apart:.4f}, "
        )
        line += f"bound {self.within}, mistakes from {nearest:.4f}; a right answer fails {self.right_fails:.0e}"
        return "\n".join([line, *(f"    passes: {name}" for name in self.passing)])


def calibrate(unit: str, seeds: int) -> Iterator[Bound]:
    """Train the solution, its styles and its mistakes on `seeds` seeds, for each training check and corpus."""
    with Server(unit) as server:
        for check in (check for check in server.unit.checks if check.measure):
            for data in [check.data()] if check.data else available_corpora():
                yield _bound(server, check, data, seeds)


def _bound(server: Server, check: Check, data: Any, seeds: int) -> Bound:
    solution, bound = solution_of(server.unit.name), Bound(server.unit.name, check.name, data.name, check.within)
    wrong = {mistake.code: solution.with_mistake(mistake.id) for mistake, _, _ in solution.mistakes}
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        ours = _loss(server, check, seed, data, solution.plain(), None)
        bound.ours.append(ours)
        for name, script in styles(server.unit.name).items():
            bound.right.setdefault(name, []).append(_loss(server, check, seed, data, script, None) - ours)
        for name, script in list(wrong.items()):
            apart = _loss(server, check, seed, data, script, ours) - ours
            if math.isnan(apart) or abs(apart) < 1e-9:  # no loss, or no part of what is trained here
                bound.caught += math.isnan(apart)
                del wrong[name]
                continue
            bound.wrong.setdefault(name, []).append(apart)
            if abs(apart) > NEAR * check.within:
                del wrong[name]
    return bound


def _loss(server: Server, check: Check, seed: int, data: Any, script: str, ours: float | None) -> float:
    """The held-out loss of a script's training, measured by our solution; NaN where it yields no weights."""
    with server.worker(script.encode(), "submission.py") as worker:
        answer = worker.ask(check, seed, text=data.train)
    if answer.failure:
        return math.nan
    with server.worker(solution_of(server.unit.name).plain().encode(), "solution.py") as worker:
        return measure(worker, check, seed, answer, data)


def keep(bounds: list[Bound], seeds: int) -> Path:
    """Write solutions/bounds.toml: for each check and corpus the bound, and what it was chosen by."""
    lines = [
        f"# Written by `autograder calibrate --seeds {seeds}`; NumPy {version('numpy')}, torch {version('torch')}."
    ]
    for bound in bounds:
        facts: dict[str, Any] = {name: asdict(bound)[name] for name in ("check", "data", "within")}
        facts |= {"seeds": len(bound.ours), "loss": fmean(bound.ours)}
        facts |= {"loss_spread": stdev(bound.ours) if len(bound.ours) > 1 else math.nan, "right_spread": bound.spread}
        facts |= {"right_fails": bound.right_fails, "mistakes": len(bound.wrong), "caught_before": bound.caught}
        lines += ["", f"[[{bound.unit}]]", *(f"{name} = {_toml(value)}" for name, value in facts.items())]
        lines += [f"right = {_toml(sorted(abs(d) for its in bound.right.values() for d in its))}"]
        lines += [f"wrong = {_toml(sorted(min(map(abs, its)) for its in bound.wrong.values()))}"]
        lines += [f"passing = {_toml(bound.passing)}"]
    write_whole(path := root() / "solutions" / "bounds.toml", "\n".join(lines))
    return path


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return "'''" + value + "'''"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
