"""Measures how far styles and mistakes end from our solution: `solutions/bounds.toml`.

Each is trained on the same seeds as our solution, whatever the exact checks find. What counts is
the difference of its held-out loss from ours.
"""

import ast
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from autograder.authoring.bounds import Bound
from autograder.authoring.validate import FIRST_SEED, plain_key, styles
from autograder.check import Check, Corpus
from autograder.course import Unit
from autograder.data import all_training_data
from autograder.grading.keys import SOLUTION, BrokenSolution, checks_to_run, measure, solution_of
from autograder.grading.one import grade_one
from autograder.judging import unmet
from autograder.parsing import parse
from autograder.sandbox.client import Server
from autograder.sandbox.inside.cells import names_bound
from autograder.sandbox.inside.runner import run_experiment
from autograder.sandbox.inside.submission import Submission, names_run
from autograder.sandbox.own_code import author_server
from autograder.source.solution import Solution

# Distances in bounds; see `SeedSchedule`.
NEAR = (0.1, 2)
FAR = 5
SURE = 1e-6
FEW = 4  # seeds
SAMPLE = 6  # a quick run trains one in six of the mistakes that the exact checks catch

Scripts = dict[str, str]  # name → text
Distances = dict[str, list[float]]  # name → distance on each seed
Say = Callable[[str], None]


@dataclass(frozen=True)
class SeedSchedule:
    """Decides how often a script is trained, by how far it has ended so far.

    A mistake is trained on one seed, and on FEW if it ended within the limits of NEAR there. A
    style is trained on all seeds, but only on FEW if it ended within SURE on each of them. On a
    further corpus only mistakes are trained that ended within FAR on the first.
    within: the bound in which NEAR, FAR and SURE are counted.
    """

    within: float

    def is_enough_for_mistake(self, distances: Sequence[float]) -> bool:
        """Return whether a mistake that ended so far away needs no further seed."""
        if len(distances) == FEW:
            return True
        nearest, furthest = NEAR
        least = nearest * self.within
        most = furthest * self.within
        on_first_seed = abs(distances[0])
        return not least < on_first_seed < most

    def is_enough_for_style(self, distances: Sequence[float]) -> bool:
        """Return whether a style that ended so far away needs no further seed."""
        if len(distances) != FEW:
            return False
        furthest = max(map(abs, distances))
        return furthest < SURE * self.within

    def is_for_next_corpus(self, distances: Sequence[float]) -> bool:
        """Return whether a mistake that ended so far away is trained on a further corpus."""
        on_first_seed = abs(distances[0])
        return 0 < on_first_seed < FAR * self.within


@dataclass(frozen=True)
class Trainer:
    """Trains scripts on one corpus, and returns how far each ends from our solution.

    seeds: those of all trainings. pool: runs several at a time. say: is called with each result.
    """

    server: Server
    check: Check
    data: Corpus
    seeds: Sequence[int]
    pool: Executor
    say: Say

    def loss(self, script: str, seed: int) -> float:
        """Train a script and let our solution measure the held-out loss; NaN without weights."""
        submission = script.encode()
        with self.server.worker(submission, "submission.py") as worker:
            answer = worker.ask(self.check, seed, text=self.data.train)
        if answer.failure:
            return math.nan
        solution = self._our_script().encode()
        with self.server.worker(solution, SOLUTION) as worker:
            return measure(worker, self.check, seed, answer, self.data)

    def our_losses(self) -> list[float]:
        """Train our solution on every seed. Raises `BrokenSolution` if there is no loss."""
        script = self._our_script()
        loss_on = partial(self.loss, script)
        losses = list(self.pool.map(loss_on, self.seeds))
        if any(map(math.isnan, losses)):
            name = self.server.unit.name
            raise BrokenSolution(
                f"The solution of {name} has no loss in `{self.check.name}` on {self.data.name}, "
                f"on some seed. `autograder build {name}` may say why."
            )
        return losses

    def _our_script(self) -> str:
        solution = solution_of(self.server.unit)
        return solution.plain()

    def distances(
        self,
        kind: str,
        scripts: Scripts,
        ours: Sequence[float],
        is_enough: Callable[[Sequence[float]], bool],
    ) -> Distances:
        """Train scripts, and return how far each ends from ours on each of its seeds.

        kind: what the scripts are, for `say`. ours: our losses, one per seed.
        is_enough: whether a script with these distances needs no further seed.
        """

        def train(script: str) -> list[float]:
            found: list[float] = []
            for seed, our_loss in zip(self.seeds, ours, strict=True):
                loss = self.loss(script, seed)
                found.append(loss - our_loss)
                if is_enough(found):
                    break
            return found

        unit = self.server.unit
        where = f"{unit.name}, {self.check.name} on {self.data.name}"
        trained = {}
        results = self.pool.map(train, scripts.values())
        for name, distances in zip(scripts, results, strict=True):
            trained[name] = distances
            figures = ", ".join(f"{distance:+.4f}" for distance in distances)
            self.say(f"  {where}: {kind} {name}: {figures}")
        return trained


def calibrate(unit: Unit, seeds: int, jobs: int, say: Say, quick: bool = False) -> Iterator[Bound]:
    """Train the solution, its styles and its mistakes, for each training check and corpus.

    seeds: how many. jobs: trainings at a time. say: is called with each script's distances.
    quick: of the mistakes that the exact checks catch, train one in SAMPLE.
    """
    solution = solution_of(unit)
    tried = range(FIRST_SEED, FIRST_SEED + seeds)
    with author_server(unit, stub=solution.stub) as server, ThreadPoolExecutor(jobs) as pool:
        for check in server.unit.checks:
            if not check.measure:
                continue
            corpora = all_training_data(unit.course, check)
            trained = _trained_otherwise(unit, check, corpora[0].train)
            mistakes = trained.mistakes
            reached = _reaching(server, check, mistakes, pool)
            if quick:
                mistakes = _sample(mistakes, reached)
            for data in corpora:
                trainer = Trainer(server, check, data, tried, pool, say)
                bound = _measure_bound(trainer, trained.styles, mistakes, reached)
                yield bound
                mistakes = _those_near(mistakes, bound)


def _sample(mistakes: Scripts, reached: set[str]) -> Scripts:
    """Leave out five in six of the mistakes that the exact checks catch."""
    sample = {}
    for number, (name, script) in enumerate(mistakes.items()):
        is_drawn = number % SAMPLE == 0
        if is_drawn or name in reached:
            sample[name] = script
    return sample


def _those_near(mistakes: Scripts, bound: Bound) -> Scripts:
    """Return the mistakes that are trained on a further corpus."""
    schedule = SeedSchedule(bound.within)
    near = {}
    for name, distances in bound.wrong.items():
        if schedule.is_for_next_corpus(distances):
            near[name] = mistakes[name]
    return near


def _measure_bound(trainer: Trainer, right: Scripts, wrong: Scripts, reached: set[str]) -> Bound:
    """Train our solution, styles and mistakes on one corpus.

    reached: the mistakes that pass the checks which this one needs.
    """
    unit = trainer.server.unit
    check = trainer.check
    schedule = SeedSchedule(check.within)
    ours = trainer.our_losses()
    of_styles = trainer.distances("style", right, ours, schedule.is_enough_for_style)
    of_mistakes = trainer.distances("mistake", wrong, ours, schedule.is_enough_for_mistake)
    with_weights = {}
    for name, distances in of_mistakes.items():
        if not any(map(math.isnan, distances)):
            with_weights[name] = distances
    return Bound(
        unit=unit.name,
        check=check.name,
        data=trainer.data.name,
        within=check.within,
        versions=_versions(unit),
        ours=ours,
        right=of_styles,
        wrong=with_weights,
        reached=[name for name in with_weights if name in reached],
    )


def _versions(unit: Unit) -> str:
    """Return the versions of the packages that a unit's experiments compute with."""
    versions = []
    for package in sorted({"numpy", *unit.packages}):
        versions.append(f"{package} {version(package)}")
    return ", ".join(versions)


def _reaching(server: Server, check: Check, scripts: Scripts, pool: Executor) -> set[str]:
    """Return the scripts that pass the checks which a training check needs.

    In a grade the others never train.
    """
    exact_checks = checks_to_run(server.unit, data=())
    key = plain_key(server, exact_checks, FIRST_SEED)

    def reaches(script: str) -> bool:
        submission = script.encode()
        verdicts = grade_one(server, submission, "submission.py", FIRST_SEED, key, data={})
        by_check = {verdict.name: verdict for verdict in verdicts}
        return not unmet(check, by_check)

    reached = set()
    results = pool.map(reaches, scripts.values())
    for name, is_reached in zip(scripts, results, strict=True):
        if is_reached:
            reached.add(name)
    return reached


@dataclass(frozen=True)
class _Trained:
    """The scripts that are trained beside our solution: name → text."""

    styles: Scripts
    mistakes: Scripts


def _trained_otherwise(unit: Unit, check: Check, text: str) -> _Trained:
    """Return the styles and mistakes that change a definition which our solution uses in training.

    text: the text on which our solution is trained to find these definitions. Raises
    `BrokenSolution`.
    """
    solution = solution_of(unit)
    plain = solution.plain()
    used = _names_used_in_training(unit, check, plain, text)
    ours = _code_of(used, plain)

    def otherwise(scripts: Scripts) -> Scripts:
        differing = {}
        for name, script in scripts.items():
            if _code_of(used, script) != ours:
                differing[name] = script
        return differing

    return _Trained(
        styles=otherwise(styles(unit)),
        mistakes=otherwise(_with_each_mistake(solution)),
    )


def _names_used_in_training(unit: Unit, check: Check, script: str, text: str) -> set[str]:
    """Train our solution, and return the names of its definitions that ran."""
    submission = Submission(script.encode(), "solution.py")
    reset = unit.experiments.reset
    answer = run_experiment(check, submission, FIRST_SEED, reset, text)
    if answer.message:
        raise BrokenSolution(f"The solution of {unit.name} does not train: {answer.message}")
    return names_run(submission)


def _code_of(names: set[str], script: str) -> list[str]:
    """Return the statements of a script that bind one of the names, as dumped syntax trees."""
    statements = []
    for statement in parse(script).body:
        bound = names_bound(statement)
        if not names.isdisjoint(bound):
            statements.append(ast.dump(statement))
    return statements


def _with_each_mistake(solution: Solution) -> Scripts:
    """Return the solution with each of its known mistakes."""
    scripts = {}
    for placed in solution.mistakes:
        mistake = placed.mistake
        name = f"{mistake.id} {mistake.code}"
        scripts[name] = solution.with_mistake(mistake.id)
    return scripts
