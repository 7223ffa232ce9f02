"""Where a training check's bound lies: between the losses of right answers in other styles and
those of mistakes.

Each is trained on the same seeds as our solution, whatever the exact checks say of it; what counts
is how far its held-out loss ends from ours. solutions/bounds.toml keeps what was measured.
"""

import ast
import math
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import msgspec
import numpy as np
import tomli_w

from autograder.authoring.validate import FIRST_SEED, plain_key, styles
from autograder.check import Check, Corpus
from autograder.course import Course, Unit
from autograder.data import all_training_data
from autograder.grading.keys import SOLUTION, BrokenSolution, checks_to_run, measure, solution_of
from autograder.grading.one import grade_one
from autograder.grading.results import write_whole
from autograder.judging import unmet
from autograder.sandbox.client import Server
from autograder.sandbox.inside.cells import names_bound
from autograder.sandbox.inside.runner import run_experiment
from autograder.sandbox.inside.submission import Submission
from autograder.schema import read_toml, read_toml_table

# In bounds, the distance of a mistake that is tried on more seeds than one, of one that is tried on
# a second corpus, of a style that is tried on no more than FEW seeds.
NEAR, FAR, SURE = (0.1, 2), 5, 1e-6
FEW = 4
SAMPLE = 6  # a quick run trains one in six of the mistakes that the exact checks catch

HEAD = (
    "# Written by `autograder calibrate`. Distances of held-out losses from our solution's on the "
    "same seeds."
)

Scripts = dict[str, str]  # name → text
Say = Callable[[str], None]


@dataclass
class Bound:
    """Of a training check on one corpus: losses, and distances from ours on the same seeds."""

    unit: str
    check: str
    data: str
    within: float
    versions: str
    ours: list[float]
    right: dict[str, list[float]]  # style → distances
    wrong: dict[str, list[float]]  # mistake → distances
    # those mistakes that pass the checks which this one needs: the others, when graded, never train
    reached: list[str]
    no_weights: int = 0  # mistakes that leave no trained weights of the right shapes

    @property
    def loss(self) -> tuple[float, float]:
        """The mean and the standard deviation of our loss."""
        return fmean(self.ours), stdev(self.ours) if len(self.ours) > 1 else math.nan

    @property
    def furthest(self) -> float:
        """The largest distance of a right answer."""
        return max((abs(d) for its in self.right.values() for d in its), default=math.nan)

    @property
    def differing(self) -> list[str]:
        """The styles that end elsewhere than our solution on some seed: those that end where it
        does prove nothing.
        """
        return [style for style, its in self.right.items() if any(its)]

    def spread(self, style: str) -> float:
        """The root of a style's mean squared distance."""
        return math.sqrt(fmean(d * d for d in self.right[style]))

    @property
    def right_fails(self) -> tuple[float, str]:
        """The chance that a right answer ends beyond the bound, and the style of which it is
        largest: by Student's t as wide as that style's spread and of as many degrees of freedom as
        seeds.
        """
        chances = [
            (_beyond(self.within, self.spread(style), len(its)), style)
            for style, its in self.right.items()
        ]
        return max(chances, default=(math.nan, ""))

    @property
    def beyond(self) -> list[float]:
        """The least distance of each mistake that is beyond the bound on every seed."""
        return [least for its in self.wrong.values() if (least := min(map(abs, its))) > self.within]

    @property
    def passing(self) -> list[str]:
        """The mistakes that would be graded as passed: trained otherwise, within the bound, and
        caught by no check.
        """
        return [
            name
            for name in self.reached
            if any(its := self.wrong[name]) and min(map(abs, its)) <= self.within
        ]

    @property
    def ok(self) -> bool:
        """Whether no mistake is let through, and a right answer that differs fails less than once
        in 10,000.
        """
        chance, _ = self.right_fails
        return bool(self.differing) and not self.passing and chance < 1e-4

    def summary(self) -> str:
        """Say what the bound lies between, in a line, and which mistakes it lets through."""
        (chance, style), least = self.right_fails, min(self.beyond, default=math.nan)
        line = (
            f"{'✓' if self.ok else '✗'} {self.unit}, {self.check} on {self.data}: right answers ≤ "
            f"{self.furthest:.4f} "
            f"away (P(> {self.within}) = {chance:.0e}, style `{style}`), {len(self.differing)} of "
            f"{len(self.right)} "
            f"styles differ; {len(self.beyond)} of {len(self.wrong)} mistakes beyond, nearest "
            f"{least:.4f}"
        )
        return "\n".join([line, *(f"    passes: {name}" for name in self.passing)])


def _beyond(within: float, spread: float, degrees: int) -> float:
    """The two tails of Student's t beyond a bound: of cos^(n−1) between the bound's angle and a
    right one.
    """
    if not spread < math.inf:
        return 1.0
    first = math.atan2(within, spread * math.sqrt(degrees))
    mean, of_all = (
        float((np.cos(np.linspace(a, math.pi / 2, 20001)) ** (degrees - 1)).mean())
        for a in (first, 0.0)
    )
    return mean / of_all * (1 - 2 * first / math.pi)


def calibrate(unit: Unit, seeds: int, jobs: int, say: Say, quick: bool = False) -> Iterator[Bound]:
    """Train the solution, its styles and its mistakes on `seeds` seeds, for each training check and
    corpus.

    quick: of the mistakes that the exact checks catch, train one in SAMPLE.
    """
    with Server(unit, stub=solution_of(unit).stub) as server, ThreadPoolExecutor(jobs) as pool:
        for check in (check for check in server.unit.checks if check.measure):
            texts = all_training_data(unit.course, check)
            right, wrong = _trained_otherwise(unit, check, texts[0].train)
            reached = _reaching(server, check, wrong, pool)
            if quick:
                wrong = {
                    n: s
                    for i, (n, s) in enumerate(wrong.items())
                    if n in reached or i % SAMPLE == 0
                }
            for data in texts:
                yield (
                    bound := _bound(server, check, data, seeds, right, wrong, reached, pool, say)
                )
                close = {
                    name
                    for name, its in bound.wrong.items()
                    if 0 < abs(its[0]) < FAR * bound.within
                }
                wrong = {name: script for name, script in wrong.items() if name in close}


def _reaching(server: Server, check: Check, scripts: Scripts, pool: Executor) -> set[str]:
    """The scripts that pass the checks which a training check needs: the others, when graded, never
    train.
    """
    key = plain_key(server, checks_to_run(server.unit, data=()), FIRST_SEED)

    def reaches(script: str) -> bool:
        verdicts = grade_one(server, script.encode(), "submission.py", FIRST_SEED, key, data={})
        return not unmet(check, {verdict.name: verdict for verdict in verdicts})

    return {
        name for name, so in zip(scripts, pool.map(reaches, scripts.values()), strict=True) if so
    }


def _bound(
    server: Server,
    check: Check,
    data: Corpus,
    seeds: int,
    right: Scripts,
    wrong: Scripts,
    reached: set[str],
    pool: Executor,
    say: Say,
) -> Bound:
    unit, plain = server.unit, solution_of(server.unit).plain()
    tried = range(FIRST_SEED, FIRST_SEED + seeds)
    ours = list(pool.map(lambda seed: _loss(server, check, seed, data, plain), tried))

    def distances(script: str, mistake: bool) -> list[float]:
        found: list[float] = []
        for seed, our in zip(tried, ours, strict=True):
            found.append((_loss(server, check, seed, data, script) - our) / check.within)
            if mistake and not NEAR[0] < abs(found[0]) < NEAR[1]:
                break
            if len(found) == FEW and (mistake or max(map(abs, found)) < SURE):
                break
        return [d * check.within for d in found]

    def tell(what: str, name: str, its: list[float]) -> list[float]:
        say(
            f"  {unit.name}, {check.name} on {data.name}: {what} {name}: "
            f"{', '.join(f'{d:+.4f}' for d in its)}"
        )
        return its

    far = pool.map(lambda script: distances(script, False), right.values())
    apart = {name: tell("style", name, its) for name, its in zip(right, far, strict=True)}
    far = pool.map(lambda script: distances(script, True), wrong.values())
    off = {name: tell("mistake", name, its) for name, its in zip(wrong, far, strict=True)}
    trained = {name: its for name, its in off.items() if not any(map(math.isnan, its))}
    return Bound(
        unit=unit.name,
        check=check.name,
        data=data.name,
        within=check.within,
        versions=", ".join(
            f"{package} {version(package)}" for package in sorted({"numpy", *unit.packages})
        ),
        ours=ours,
        right=apart,
        wrong=trained,
        reached=[name for name in trained if name in reached],
        no_weights=len(off) - len(trained),
    )


def _trained_otherwise(unit: Unit, check: Check, text: str) -> tuple[Scripts, Scripts]:
    """The styles and mistakes that change a definition which our solution uses in training: name →
    script.
    """
    solution = solution_of(unit)
    ours = Submission(solution.plain().encode(), "solution.py")
    if failure := run_experiment(check, ours, FIRST_SEED, unit.experiments.reset, text).message:
        raise BrokenSolution(f"The solution of {unit.name} does not train: {failure}")
    used = {name for statement in ours._statements if statement.done for name in statement.binds}

    def programme(script: str) -> list[str]:
        return [ast.dump(node) for node in ast.parse(script).body if used & set(names_bound(node))]

    wrong = {
        f"{mistake.id} {mistake.code}": solution.with_mistake(mistake.id)
        for mistake, _, _ in solution.mistakes
    }
    same = programme(solution.plain())
    both = (
        {n: s for n, s in scripts.items() if programme(s) != same}
        for scripts in (styles(unit), wrong)
    )
    return next(both), next(both)


def _loss(server: Server, check: Check, seed: int, data: Corpus, script: str) -> float:
    """The held-out loss of a script's training, measured by our solution; NaN where it yields no
    weights.
    """
    with server.worker(script.encode(), "submission.py") as worker:
        answer = worker.ask(check, seed, text=data.train)
    if answer.failure:
        return math.nan
    with server.worker(solution_of(server.unit).plain().encode(), SOLUTION) as worker:
        return measure(worker, check, seed, answer, data)


class _BoundsFile(msgspec.Struct, frozen=True):
    """What stands in `solutions/bounds.toml`."""

    bound: list[Bound] = []


def read_bounds(course: Course) -> list[Bound]:
    """Read what solutions/bounds.toml holds, in its order."""
    path = _bounds_path(course)
    return read_toml(path, _BoundsFile).bound if path.is_file() else []


def save_bounds(course: Course, bounds: list[Bound]) -> None:
    """Write bounds into solutions/bounds.toml, in the place of those of the same checks and
    corpora.

    All other entries keep their figures: what is computed of a bound is computed before it is
    rounded.
    """
    path = _bounds_path(course)
    stored = read_toml_table(path).get("bound", []) if path.is_file() else []
    entries = [*stored, *(_rounded(_entry(bound)) for bound in bounds)]
    found = {(entry["unit"], entry["check"], entry["data"]): entry for entry in entries}
    text = tomli_w.dumps({"bound": [entry for _, entry in sorted(found.items())]})
    write_whole(path, f"{HEAD}\n\n{_lists_in_lines(text)}".rstrip("\n"))


def _lists_in_lines(toml: str) -> str:
    """Put each list of numbers on one line, so that a line of the file is a style or a mistake."""

    def in_a_line(numbers: re.Match[str]) -> str:
        return f"[{' '.join(numbers[1].split()).rstrip(',')}]"

    return re.sub(r"\[\n((?: +[\w.+-]+,\n)+)\]", in_a_line, toml)


def _bounds_path(course: Course) -> Path:
    return course.folder / "solutions" / "bounds.toml"


def _entry(bound: Bound) -> dict[str, Any]:
    """A bound as it stands in the file, with what is computed from it."""
    chance, _ = bound.right_fails
    return asdict(bound) | {"mean": bound.loss[0], "spread": bound.loss[1], "right_fails": chance}


def _rounded(value: Any) -> Any:
    """Values with four significant figures, in lists and tables too."""
    if isinstance(value, dict):
        return {name: _rounded(its) for name, its in value.items()}
    if isinstance(value, list):
        return [_rounded(its) for its in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value
