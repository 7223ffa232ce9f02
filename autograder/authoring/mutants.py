"""Wrong variants of a solution, made by small changes: does each of them lose points? Needs libcst.

A mutant changes one place of a solution region: an axis, a transpose, an index, a sign, a term, a
constant, the order of arguments, or a call that is left out. One that loses no points is a
survivor: a check is missing, or the mutant is right too, and `solutions/equivalent.toml` says why.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache

import libcst as cst
import msgspec
from libcst.metadata import (
    CodeRange,
    MetadataWrapper,
    PositionProvider,
    WhitespaceInclusivePositionProvider,
)

from autograder.authoring.mutation_operators import NAMES, Operator, replacements
from autograder.check import Corpus, addon_in
from autograder.course import Course, Unit, addons
from autograder.grading.keys import build_key, solution_of
from autograder.grading.one import grade_one
from autograder.judging import Key, Verdict
from autograder.sandbox.client import Server
from autograder.sandbox.own_code import author_server
from autograder.schema import read_toml
from autograder.source.solution import lines_of_regions

SECONDS = 2.0  # of processor time that an exact check of a mutant may take
DEFINITIONS = cst.FunctionDef | cst.ClassDef

# ---- made


@dataclass(frozen=True)
class Mutant:
    """A script with one change.

    function: in which the change is made, `Class.method` or a plain name. before, after: the
    changed lines, stripped and joined. line: the number of the first of them, from 1. operator:
    the kind of change.
    """

    script: str
    function: str
    before: str
    after: str
    line: int
    operator: Operator

    @property
    def name(self) -> str:
        """Return its name in `equivalent.toml`."""
        change = f"{self.before} → {self.after}"
        return f"{self.function}: {change}"


def other_names(unit: Unit) -> dict[str, str]:
    """Return name → its counterpart, both ways: of Python, NumPy and the course's add-ons."""
    pairs = list(NAMES)
    for module in addons(unit.course).values():
        pairs += addon_in(module).counterparts
    counterparts = {}
    for one, other in pairs:
        counterparts[one] = other
        counterparts[other] = one
    return counterparts


def mutants(text: str, names: Mapping[str, str], within: set[int] | None = None) -> list[Mutant]:
    """Return all mutants of a script, in the order of its lines; those of equal text once.

    names: name → its counterpart, which may stand in its place.
    within: the lines that may be changed; without it those of the solution's regions.
    """
    if within is None:
        within = lines_of_regions(text)
    wrapper = MetadataWrapper(cst.parse_module(text))
    collector = _ChangeCollector(within, names)
    wrapper.visit(collector)
    lines = text.split("\n")
    by_script: dict[str, Mutant] = {}
    for change in collector.changes:
        code = wrapper.module.code_for_node(change.new)
        mutant = _splice(lines, change, code)
        if mutant.script != text:
            by_script.setdefault(mutant.script, mutant)
    return list(by_script.values())


@dataclass(frozen=True)
class _Change:
    """A node that may stand at a place of the script, and the function around that place."""

    operator: Operator
    function: str
    place: CodeRange
    new: cst.CSTNode


class _ChangeCollector(cst.CSTVisitor):
    """Collects what may be changed on some lines of a script."""

    METADATA_DEPENDENCIES = (PositionProvider, WhitespaceInclusivePositionProvider)

    def __init__(self, lines: set[int], names: Mapping[str, str]) -> None:
        super().__init__()
        self.changes: list[_Change] = []
        self._lines = lines
        self._names = names
        self._definitions: list[str] = []  # around the current node, the outermost first

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, DEFINITIONS):
            self._definitions.append(node.name.value)
        position = self.get_metadata(PositionProvider, node, None)
        if position and position.start.line in self._lines:
            self._collect(node)
        return super().on_visit(node)

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, DEFINITIONS):
            self._definitions.pop()
        super().on_leave(original_node)

    def _collect(self, node: cst.CSTNode) -> None:
        function = ".".join(self._definitions)
        for found in replacements(node, self._names):
            place = self.get_metadata(WhitespaceInclusivePositionProvider, found.old)
            change = _Change(found.operator, function, place, found.new)
            self.changes.append(change)


def _splice(lines: Sequence[str], change: _Change, code: str) -> Mutant:
    """Put code in the place of a change."""
    start = change.place.start
    end = change.place.end
    above = lines[: start.line - 1]
    old = lines[start.line - 1 : end.line]
    below = lines[end.line :]
    head = old[0][: start.column]
    tail = old[-1][end.column :]
    new = f"{head}{code}{tail}".split("\n")
    script = "\n".join([*above, *new, *below])
    before = list(old)
    after = new
    first_line = start.line
    while before and after and before[0] == after[0]:
        del before[0], after[0]
        first_line += 1
    while before and after and before[-1] == after[-1]:
        del before[-1], after[-1]
    return Mutant(
        script=script,
        function=change.function,
        before=_in_one_line(before),
        after=_in_one_line(after) or "(nothing)",
        line=first_line,
        operator=change.operator,
    )


def _in_one_line(lines: Sequence[str]) -> str:
    stripped = [line.strip() for line in lines]
    return " ".join(stripped)


# ---- graded


@dataclass(frozen=True)
class MutantResult:
    """A mutant, and the verdicts on its checks."""

    mutant: Mutant
    verdicts: tuple[Verdict, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """Return the checks that it reached and did not pass."""
        failed = []
        for verdict in self.verdicts:
            if verdict.status not in ("passed", "not_reached"):
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
    """Return the names of the mutants that are right too, each with the reason."""
    entries = _all_equivalents(unit.course).get(unit.name, [])
    reasons = {}
    for entry in entries:
        reasons[entry.mutant] = entry.why
    return reasons


def run_mutants(
    unit: Unit, seed: int, data: Mapping[str, Corpus], jobs: int = 1, part: slice = slice(None)
) -> Iterator[MutantResult]:
    """Grade the mutants of a unit on its exact checks.

    One that passes them, and is not known to be right, is graded again with the checks that train.

    data: what checks that train are given, by check; those without any are left out.
    part: which of the mutants are graded.
    """
    unit = in_haste(unit)
    solution = solution_of(unit)
    all_mutants = mutants(solution.plain(), other_names(unit))
    chosen = all_mutants[part]
    corpora = {check: [corpus] for check, corpus in data.items()}
    with author_server(unit, stub=solution.stub) as server:
        key = build_key(server, seed, corpora)
        known_right = equivalents(unit)
        grader = _MutantGrader(server, seed, key, data, known_right)
        with ThreadPoolExecutor(jobs) as pool:
            yield from pool.map(grader.grade, chosen)


def in_haste(unit: Unit) -> Unit:
    """Return a unit whose exact checks take seconds at most: many a mutant loops for ever.

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

    data: what checks that train are given, by check. known_right: the names of equivalent mutants.
    """

    server: Server
    seed: int
    key: Key
    data: Mapping[str, Corpus]
    known_right: Container[str]

    def grade(self, mutant: Mutant) -> MutantResult:
        """Grade a mutant on the exact checks, and on those that train where it may survive."""
        result = self._grade_on(mutant, {})
        if result.failed:
            return result
        if mutant.name in self.known_right:
            return result
        return self._grade_on(mutant, self.data)

    def _grade_on(self, mutant: Mutant, data: Mapping[str, Corpus]) -> MutantResult:
        verdicts = grade_one(
            self.server,
            mutant.script.encode(),
            "submission.py",
            self.seed,
            self.key,
            data,
        )
        return MutantResult(mutant, tuple(verdicts))
