"""What files earn that solve nothing.

Exercises of a solution, one at a time or all at once, are emptied: their functions give zeros,
ones, their arguments, or what the right ones gave on the public seed. A check that is about one
exercise gives nothing where that is emptied, one about several never all; and where all are emptied
no check gives anything.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import CodeType

from autograder.check import Check, Failure
from autograder.course import Unit
from autograder.grading.keys import SOLUTION, Names, checks_to_run, solution_of
from autograder.judging import Key, judge
from autograder.sandbox.client import Server
from autograder.source.solution import BEGIN, Solution

KINDS = ("zeros", "ones", "public", "input")  # what an emptied function gives
SECONDS = 1.0  # of a check: one that is given its own input may read it without end
ALL = "every exercise"


@dataclass(frozen=True)
class Emptied:
    """What a check gave to a file in which an exercise, or all of them, gave `kind`.

    about: whether the check's experiment speaks of that exercise; alone: and of no other.
    """

    exercise: str
    kind: str
    check: str
    earned: float
    points: float
    about: bool
    alone: bool

    @property
    def too_much(self) -> bool:
        """Whether that is more than what was left is worth."""
        return self.earned > 0 if self.alone else self.about and self.earned >= self.points

    def __str__(self) -> str:
        return (
            f"{self.check} gives {self.earned:g} of {self.points:g} where {self.exercise} gives "
            f"{self.kind}"
        )


# a function or class → the functions in it that a student writes
Exercises = Mapping[str, Sequence[str]]


def exercises(solution: Solution) -> Exercises:
    """The functions and classes that a student writes, in order; the methods of a class are named
    `Class.method`.
    """
    regions = [
        number for number, line in enumerate(solution.text.split("\n"), 1) if line.strip() == BEGIN
    ]

    def written(node: ast.stmt) -> bool:
        return any(node.lineno <= number <= (node.end_lineno or 0) for number in regions)

    found = {}
    for node in filter(written, ast.parse(solution.text).body):
        if isinstance(node, ast.FunctionDef):
            found[node.name] = [node.name]
        elif isinstance(node, ast.ClassDef):
            methods = [
                each for each in node.body if isinstance(each, ast.FunctionDef) and written(each)
            ]
            found[node.name] = [f"{node.name}.{each.name}" for each in methods]
    return found


def emptied(solution: Solution, wanted: Exercises, public_seed: int) -> str:
    """The solution's script in which some exercises compute on the public seed alone."""
    lines = []
    for name, functions in wanted.items():
        if functions == [name]:
            lines.append(f"{name} = {_put(name, public_seed)}")
        else:
            lines.append(f"class {name}({name}):")
            lines += [
                f"    {function.split('.')[1]} = {_put(function, public_seed)}"
                for function in functions
            ]
    helpers = Path(__file__).with_name("emptied_functions.py").read_text(encoding="utf-8")
    return "\n".join([solution.plain(), "# %%", helpers, *lines, ""])


def _put(function: str, public_seed: int) -> str:
    if function.endswith(".__init__"):
        return f"_emptied_start({function}, {public_seed})"
    return f"_emptied({function!r}, {function}, {list(KINDS)}, {public_seed})"


def try_nothing(server: Server, seed: int, key: Key) -> Iterator[Emptied]:
    """Grade files that solve nothing, and such as leave one exercise out, on a seed that is not the
    public one.
    """
    checks, found = checks_to_run(server.unit, data=()), exercises(solution_of(server.unit))
    ran = _names_run(server, checks, seed)
    yield from _try(server, seed, key, checks, found)
    for name, functions in found.items():
        yield from _try(
            server,
            seed,
            key,
            [one for one in checks if _runs(name, ran[one.name])],
            {name: functions},
        )


def _runs(name: str, ran: Names) -> bool:
    return ran is None or name in ran


def _names_run(server: Server, checks: Sequence[Check], seed: int) -> dict[str, Names]:
    """By check, the names of the solution's definitions that it runs."""
    names: dict[str, Names] = {}
    for check in checks:
        with server.worker(solution_of(server.unit).plain().encode(), SOLUTION) as worker:
            worker.tell_names = True
            worker.ask(check, seed)
            names[check.name] = worker.names_run
    return names


def _try(
    server: Server, seed: int, key: Key, checks: Sequence[Check], wanted: Exercises
) -> Iterator[Emptied]:
    """Ask checks of a file in which some exercises are emptied: on the public seed, where they
    compute, and by kind.
    """
    unit, whole = server.unit, len(wanted) > 1
    what, script = (
        ALL if whole else next(iter(wanted)),
        emptied(solution_of(unit), wanted, unit.course.public_seed),
    )
    with server.worker(script.encode(), SOLUTION) as worker:
        for check in checks:
            about, short = asked(check, unit), replace(check, seconds=SECONDS)
            worker.ask(short, unit.course.public_seed)
            for kind in KINDS:
                answer = worker.ask(short, seed)
                earned = judge(check, key[check.name], answer, unit.sizes).earned
                yield Emptied(
                    what,
                    kind,
                    check.name,
                    earned,
                    check.points,
                    what in about,
                    whole or about == {what},
                )
                if answer.failure in (Failure.TIMEOUT, Failure.KILLED):
                    break  # what was kept ended with the process


def asked(check: Check, unit: Unit) -> set[str]:
    """The exercises that a check's experiment itself speaks of."""
    return exercises(solution_of(unit)).keys() & set(_names(check.experiment.__code__))


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
