"""Wrong variants of a solution, made by small changes: does each of them lose points?

A mutant is one of the small changes that are also looked for in a wrong answer. A mutant that loses
no points survives: a check is missing, or the mutant is right too, and `solutions/equivalent.toml`
says why.
"""

from collections.abc import Container, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

import msgspec

from autograder.check import Corpus, functions_of_questions
from autograder.course import Course, Unit
from autograder.grading.keys import build_key, solution_of
from autograder.grading.one import grade_one
from autograder.judging import Key, Verdict
from autograder.judging.compare import deviation
from autograder.sandbox.client import Server
from autograder.sandbox.own_code import author_server
from autograder.schema import read_toml
from autograder.slip import SlipKind
from autograder.source.addons import names_of_addons
from autograder.source.changed_lines import changed_lines
from autograder.source.edits import Edit
from autograder.source.small_changes import small_changes

ROUNDING = 1e-4  # fraction of a tolerance by which right answers differ through rounding
SECONDS = 2.0  # CPU time (s) that an exact check of a mutant may take
# small changes that prove nothing about a check, each with the reason
NO_MUTANTS: Mapping[SlipKind, str] = MappingProxyType(
    {
        SlipKind.VARIABLE: "as many as all others together, and any check that runs finds them",
        SlipKind.ENTRY: "the same of entries of a dict",
        SlipKind.LINES_SWAPPED: "most lines may stand in either order",
        SlipKind.TWO_TOO_MANY: "found by the check that finds the factor left out",
        SlipKind.TWO_MISSING: "likewise",
    }
)
SYMMETRIC_FUNCTIONS = ("max", "min", "maximum", "minimum")  # the order of arguments is free

# ---- making mutants


def mutants(unit: Unit, script: str) -> list[Edit]:
    """Return all mutants of the regions of a script, in the order of its definitions.

    script: the unit's solution, or a right answer in another style.
    """
    pairs, axis_functions = names_of_addons(unit)
    answers = functions_of_questions(unit.checks)
    chosen = []
    for edit in small_changes(script, pairs, axis_functions):
        if edit.function in answers:
            continue
        if edit.slip.kind not in NO_MUTANTS and not _changes_nothing(edit):
            chosen.append(edit)
    return chosen


def _changes_nothing(edit: Edit) -> bool:
    """Return whether a change has no effect: `max(b, a)` for `max(a, b)`, or an equal `1 / x`."""
    slip = edit.slip
    if slip.kind is SlipKind.ARGUMENTS_SWAPPED:
        return slip.names[0] in SYMMETRIC_FUNCTIONS
    return slip.kind is SlipKind.ONE_FOR_DIVIDEND and edit.replaced.startswith("1 /")


def name_of(mutant: Edit) -> str:
    """Return the name of a mutant in `equivalent.toml`."""
    lines = changed_lines(mutant)
    return f"{mutant.function}: {lines.before} → {lines.after or '(nothing)'}"


# ---- grading mutants


@dataclass(frozen=True)
class MutantResult:
    """A mutant, and the verdicts on its checks.

    within: for a survivor, the check and the array with the largest difference below the tolerance;
    None if none differs by more than rounding.
    """

    mutant: Edit
    verdicts: tuple[Verdict, ...]
    within: tuple[str, str] | None = None

    @property
    def failed(self) -> tuple[str, ...]:
        """Return the checks that it reached and failed."""
        failed = []
        for verdict in self.verdicts:
            if not verdict.is_done and verdict.status != "not_reached":
                failed.append(verdict.name)
        return tuple(failed)


class _Equivalent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of `solutions/equivalent.toml`."""

    mutant: str
    why: str


@cache
def _all_equivalents(course: Course) -> dict[str, list[_Equivalent]]:
    """Return unit → the entries of its mutants."""
    path = course.folder / "solutions" / "equivalent.toml"
    if not path.is_file():
        return {}
    return read_toml(path, dict[str, list[_Equivalent]])


def equivalents(unit: Unit) -> dict[str, str]:
    """Return the names of the equivalent mutants, each with the reason."""
    entries = _all_equivalents(unit.course).get(unit.name, [])
    reasons = {}
    for entry in entries:
        reasons[entry.mutant] = entry.why
    return reasons


def run_mutants(
    unit: Unit,
    seed: int,
    data: Mapping[str, Corpus],
    jobs: int = 1,
    part: slice = slice(None),
    functions: Container[str] | None = None,
) -> Iterator[MutantResult]:
    """Grade the mutants of a unit on its exact checks.

    A mutant that passes them, and is not known to be equivalent, is graded again with the training
    checks.
    data: the data of training checks, by check; checks without data are left out.
    part: which of the mutants are graded. functions: of only these exercises; None for all.
    """
    unit = in_haste(unit)
    solution = solution_of(unit)
    all_mutants = mutants(unit, solution.plain())
    if functions is not None:
        all_mutants = [each for each in all_mutants if _exercise_of(each) in functions]
    chosen = all_mutants[part]
    corpora = {check: [corpus] for check, corpus in data.items()}
    with author_server(unit, stub=solution.stub) as server:
        key = build_key(server, seed, corpora)
        known_right = equivalents(unit)
        grader = _MutantGrader(server, seed, key, data, known_right)
        with ThreadPoolExecutor(jobs) as pool:
            yield from pool.map(grader.grade, chosen)


def _exercise_of(mutant: Edit) -> str:
    """Return the function or class that a mutant changes."""
    name, _, _ = mutant.function.partition(".")
    return name


def in_haste(unit: Unit) -> Unit:
    """Return a unit whose exact checks may take only seconds: many mutants loop for ever.

    The solution answers such a check within tenths of a second.
    """
    checks = []
    for check in unit.checks:
        seconds = check.seconds if check.measure else min(check.seconds, SECONDS)
        checks.append(replace(check, seconds=seconds))
    experiments = replace(unit.experiments, checks=tuple(checks))
    return replace(unit, experiments=experiments)


@dataclass(frozen=True)
class _MutantGrader:
    """Grades the mutants of a unit on one seed.

    data: the data of training checks, by check. known_right: the names of equivalent mutants.
    """

    server: Server
    seed: int
    key: Key
    data: Mapping[str, Corpus]
    known_right: Container[str]

    def grade(self, mutant: Edit) -> MutantResult:
        """Grade a mutant on the exact checks and, if it may survive, on the training checks."""
        result = self._grade_on(mutant, {})
        if result.failed:
            return result
        if name_of(mutant) in self.known_right:
            return result
        result = self._grade_on(mutant, self.data)
        return result if result.failed else replace(result, within=self._within(mutant))

    def _within(self, mutant: Edit) -> tuple[str, str] | None:
        """Find the check and the array in which a mutant differs most within the tolerance."""
        most = ROUNDING
        found = None
        with self.server.worker(mutant.script.encode(), "submission.py") as worker:
            for check in self.server.unit.checks:
                if check.measure or check.question:
                    continue
                expected = self.key[check.name].expected
                answer = worker.ask(check, self.seed)
                for name in expected.arrays:
                    far = deviation(check, name, expected, answer)
                    if most < far <= 1:
                        most = far
                        found = (check.name, name)
        return found

    def _grade_on(self, mutant: Edit, data: Mapping[str, Corpus]) -> MutantResult:
        verdicts = grade_one(
            self.server,
            mutant.script.encode(),
            "submission.py",
            self.seed,
            self.key,
            data,
        )
        return MutantResult(mutant, tuple(verdicts))
