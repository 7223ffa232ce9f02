"""Wrong variants of a solution, made by small changes: does every one of them lose points? Needs
libcst.

A mutant changes one place of a solution region: an axis, a transpose, an index, a sign, a term, a
constant, the order of arguments, or a call that is left out. One that loses no points is a
survivor: a check is missing, or the mutant is right too, and `solutions/equivalent.toml` says why.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import libcst as cst
import msgspec
from libcst.metadata import MetadataWrapper, PositionProvider, WhitespaceInclusivePositionProvider

from autograder.check import Corpus
from autograder.course import Course, Unit, addons
from autograder.grading.keys import build_key, solution_of
from autograder.grading.one import grade_one
from autograder.judging import Key, Verdict
from autograder.sandbox.client import Server
from autograder.schema import read_toml
from autograder.source.solution import BEGIN, END


@dataclass(frozen=True)
class Mutant:
    """A script with one change: in which function, the changed lines before and after, and the
    first one's number.
    """

    script: str
    function: str
    before: str
    after: str
    line: int = 0

    @property
    def name(self) -> str:
        """How `equivalent.toml` calls it."""
        return f"{self.function}: {self.before} → {self.after}"


@dataclass(frozen=True)
class Fate:
    """A mutant, and how its checks were judged."""

    mutant: Mutant
    verdicts: tuple[Verdict, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """The checks that it did not pass."""
        return tuple(
            verdict.name
            for verdict in self.verdicts
            if verdict.status not in ("passed", "not_reached")
        )


OPPOSITES: list[tuple[type[cst.CSTNode], type[cst.CSTNode]]] = [
    *((cst.Add, cst.Subtract), (cst.Multiply, cst.Divide), (cst.Modulo, cst.FloorDivide)),
    *((cst.Equal, cst.NotEqual), (cst.And, cst.Or), (cst.AddAssign, cst.SubtractAssign)),
]
OTHER: Mapping[type[cst.CSTNode], tuple[type[cst.CSTNode], ...]] = {
    **{one: (other,) for pair in OPPOSITES for one, other in (pair, pair[::-1])},
    cst.Power: (cst.Multiply,),
    cst.LessThan: (cst.LessThanEqual, cst.GreaterThan),
    cst.LessThanEqual: (cst.LessThan,),
    cst.GreaterThan: (cst.GreaterThanEqual, cst.LessThan),
    cst.GreaterThanEqual: (cst.GreaterThan,),
}
PAIRS = [
    *(
        "mean sum",
        "max min",
        "maximum minimum",
        "argmax argmin",
        "zeros ones",
        "zeros_like ones_like",
        "any all",
    ),
    *("cumsum cumprod", "True False", "exp log"),
]
COMMUTES = {"max", "min", "maximum", "minimum"}


def other_names(unit: Unit) -> dict[str, str]:
    """Name → what may stand in its place, both ways: of Python and NumPy, and of the course's
    add-ons.
    """
    pairs = [tuple(pair.split()) for pair in PAIRS]
    for module in addons(unit.course).values():
        pairs += getattr(import_module(module), "MUTANT_NAMES", ())
    return {a: b for pair in pairs for a, b in (pair, reversed(pair))}


def mutants(text: str, names: Mapping[str, str], within: set[int] | None = None) -> list[Mutant]:
    """All mutants of a script, in the order of its lines; those of equal text once.

    names: function → what may stand in its place. within: the lines that may be changed; else a
    solution's regions.
    """
    wrapper = MetadataWrapper(cst.parse_module(text))
    collected = _Collector(_regions(text) if within is None else within, names)
    wrapper.visit(collected)
    lines = text.split("\n")
    found: dict[str, Mutant] = {}
    for change in collected.changes:
        mutant = _spliced(lines, change, wrapper.module.code_for_node(change.new))
        if mutant.script != text:
            found.setdefault(mutant.script, mutant)
    return list(found.values())


@dataclass(frozen=True)
class Change:
    """What may stand at a node's place, and where that is: from (line, column) to (line, column),
    lines from 1.
    """

    function: str
    start: tuple[int, int]
    end: tuple[int, int]
    new: cst.CSTNode


def _spliced(lines: Sequence[str], change: Change, code: str) -> Mutant:
    """The script with code in the place of a change."""
    (first, left), (last, right) = change.start, change.end
    old = list(lines[first - 1 : last])
    new = (old[0][:left] + code + old[-1][right:]).split("\n")
    script = "\n".join([*lines[: first - 1], *new, *lines[last:]])
    while old and new and old[0] == new[0]:
        del old[0], new[0]
        first += 1
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    before, after = (" ".join(line.strip() for line in part) for part in (old, new))
    return Mutant(script, change.function, before, after or "(nothing)", first)


def _regions(text: str) -> set[int]:
    """The numbers of the lines that students write."""
    lines, inside = set(), False
    for number, line in enumerate(text.split("\n"), 1):
        inside = line.strip() == BEGIN or (inside and line.strip() != END)
        lines |= {number} if inside else set()
    return lines


class _Collector(cst.CSTVisitor):
    """Notes what may be changed within the regions."""

    METADATA_DEPENDENCIES = (PositionProvider, WhitespaceInclusivePositionProvider)

    def __init__(self, lines: set[int], names: Mapping[str, str]) -> None:
        super().__init__()
        self._lines, self._names = lines, names
        self.changes: list[Change] = []
        self._within: list[str] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._within.append(node.name.value)
        place = self.get_metadata(PositionProvider, node, None)
        if place and place.start.line in self._lines:
            for old, new in _variants(node, self._names):
                whole = self.get_metadata(WhitespaceInclusivePositionProvider, old)
                start, end = (
                    (whole.start.line, whole.start.column),
                    (whole.end.line, whole.end.column),
                )
                self.changes.append(Change(".".join(self._within), start, end, new))
        return super().on_visit(node)

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._within.pop()
        super().on_leave(original_node)


def _variants(
    node: cst.CSTNode, names: Mapping[str, str]
) -> Iterator[tuple[cst.CSTNode, cst.CSTNode]]:
    """A node, or a part of it, and what may stand in its place."""
    if isinstance(node, cst.If):  # its test alone, for its body has lines of its own
        yield node.test, cst.UnaryOperation(cst.Not(), _bracketed(node.test))
    for new in _others(node, names):
        yield node, new


def _others(node: cst.CSTNode, names: Mapping[str, str]) -> Iterator[cst.CSTNode]:
    """What may stand in a node's place."""
    match node:
        case cst.BinaryOperation():
            yield from _operations(node)
        case cst.BooleanOperation() | cst.ComparisonTarget() | cst.AugAssign():
            for other in OTHER.get(type(node.operator), ()):
                yield node.with_changes(operator=other())
            if isinstance(node, cst.AugAssign):
                yield cst.Assign([cst.AssignTarget(node.target)], node.value)
                yield cst.Pass()
        case cst.UnaryOperation():
            yield node.expression
        case cst.Integer():
            yield cst.Integer(str(int(node.value) + 1))
            if int(node.value):
                yield cst.Integer(str(int(node.value) - 1))
        case cst.Float():
            yield cst.Float(str(float(node.value) * 2))
        case cst.Name():
            if node.value in names:
                yield cst.Name(names[node.value])
        case cst.Attribute(attr=cst.Name("T" | "mT")):
            yield node.value
        case cst.Call():
            yield from _calls(node)
        case cst.Slice():
            yield from (
                node.with_changes(**{end: None})
                for end in ("lower", "upper", "step")
                if getattr(node, end)
            )
        case cst.Expr(value=cst.Call()):
            yield cst.Pass()
        case cst.IfExp():
            yield node.with_changes(test=cst.UnaryOperation(cst.Not(), _bracketed(node.test)))
        case cst.Tuple():
            if len(node.elements) == 2 and not all(
                isinstance(e.value, cst.Integer) for e in node.elements
            ):
                yield node.with_changes(elements=_swapped(node.elements))


def _operations(node: cst.BinaryOperation) -> Iterator[cst.CSTNode]:
    for other in OTHER.get(type(node.operator), ()):
        yield node.with_changes(operator=other())
    yield node.left
    if not isinstance(node.operator, cst.Subtract | cst.Divide):
        yield node.right
    if isinstance(node.operator, cst.MatrixMultiply | cst.Subtract | cst.Divide):
        yield node.with_changes(left=_bracketed(node.right), right=_bracketed(node.left))
    if isinstance(node.operator, cst.MatrixMultiply):
        yield node.with_changes(left=cst.Attribute(_bracketed(node.left), cst.Name("T")))
        yield node.with_changes(right=cst.Attribute(_bracketed(node.right), cst.Name("T")))


def _calls(node: cst.Call) -> Iterator[cst.CSTNode]:
    """The argument or object itself, two arguments swapped, an option left out, another axis."""
    places = [argument for argument in node.args if not argument.keyword and not argument.star]
    if len(places) == 1 == len(node.args):
        yield places[0].value
    if isinstance(node.func, cst.Attribute) and not places:
        yield node.func.value
    name = (
        node.func.attr.value
        if isinstance(node.func, cst.Attribute)
        else getattr(node.func, "value", "")
    )
    if (
        len(places) > 1
        and name not in COMMUTES
        and not places[0].value.deep_equals(places[1].value)
    ):
        yield node.with_changes(args=_swapped(node.args))
    for number, argument in enumerate(node.args):
        if argument.keyword:
            yield node.with_changes(args=[*node.args[:number], *node.args[number + 1 :]])


def _swapped(two: Sequence[Any]) -> list[Any]:
    values = [two[1].value, two[0].value]
    return [
        part.with_changes(value=value) for part, value in zip(two, values, strict=False)
    ] + list(two[2:])


def _bracketed(node: cst.BaseExpression) -> cst.BaseExpression:
    return node if node.lpar else node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


# ---- their fates


class _Equivalent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of `solutions/equivalent.toml`."""

    mutant: str
    why: str


@cache
def _equivalents(course: Course) -> dict[str, list[_Equivalent]]:
    path = course.folder / "solutions" / "equivalent.toml"
    return read_toml(path, dict[str, list[_Equivalent]]) if path.is_file() else {}


def equivalents(unit: Unit) -> dict[str, str]:
    """Name of a mutant that is right too → why."""
    return {entry.mutant: entry.why for entry in _equivalents(unit.course).get(unit.name, [])}


def fates(
    unit: Unit, seed: int, data: Mapping[str, Corpus], jobs: int = 1, part: slice = slice(None)
) -> Iterator[Fate]:
    """Grade the mutants of a unit: on the exact checks; on all, where these pass and the mutant is
    no known one.

    data: what checks that train are given, by check; those without any are left out.
    """
    wrong = mutants(solution_of(unit).plain(), other_names(unit))[part]
    with Server(unit, stub=solution_of(unit).stub) as server:
        key = build_key(server, seed, {name: [text] for name, text in data.items()})

        def grade(mutant: Mutant) -> Fate:
            fate = _fate(server, mutant, seed, key, {})
            if fate.failed or mutant.name in equivalents(unit):
                return fate
            return _fate(server, mutant, seed, key, data)

        with ThreadPoolExecutor(jobs) as pool:
            yield from pool.map(grade, wrong)


def _fate(server: Server, mutant: Mutant, seed: int, key: Key, data: Mapping[str, Corpus]) -> Fate:
    return Fate(
        mutant, tuple(grade_one(server, mutant.script.encode(), "submission.py", seed, key, data))
    )
