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
from autograder.judging import Key, points_earned
from autograder.parsing import parse
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
        """Return whether that is more than what was left is worth."""
        if self.alone:
            return self.earned > 0
        if self.about:
            return self.earned >= self.points
        return False

    def __str__(self) -> str:
        earned = f"{self.earned:g} of {self.points:g}"
        given = f"{self.check} gives {earned}"
        emptied = f"{self.exercise} gives {self.kind}"
        return f"{given} where {emptied}"


# a function or class → the functions in it that a student writes
Exercises = Mapping[str, Sequence[str]]


def exercises(solution: Solution) -> Exercises:
    """Return the functions and classes that a student writes, in order.

    The methods of a class are named `Class.method`.
    """
    found = {}
    regions = _regions(solution.text)
    for node in _written(parse(solution.text).body, regions):
        if isinstance(node, ast.FunctionDef):
            found[node.name] = [node.name]
        elif isinstance(node, ast.ClassDef):
            methods = []
            for part in _written(node.body, regions):
                if isinstance(part, ast.FunctionDef):
                    methods.append(f"{node.name}.{part.name}")
            found[node.name] = methods
    return found


def _regions(text: str) -> list[int]:
    """Return the numbers of the lines that begin the regions which students write."""
    numbers = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() == BEGIN:
            numbers.append(number)
    return numbers


def _written(statements: Sequence[ast.stmt], regions: Sequence[int]) -> Iterator[ast.stmt]:
    """Yield the statements that hold a region."""
    for statement in statements:
        end = statement.end_lineno or 0
        if any(statement.lineno <= number <= end for number in regions):
            yield statement


def emptied(solution: Solution, wanted: Exercises, public_seed: int) -> str:
    """Return the solution's script in which some exercises compute on the public seed only."""
    lines = []
    for name, functions in wanted.items():
        if functions == [name]:
            made = _emptied_function(name, public_seed)
            lines.append(f"{name} = {made}")
            continue
        lines.append(f"class {name}({name}):")
        for function in functions:
            _, _, method = function.partition(".")
            made = _emptied_function(function, public_seed)
            lines.append(f"    {method} = {made}")
    helpers = Path(__file__).with_name("emptied_functions.py")
    helper_text = helpers.read_text(encoding="utf-8")
    return "\n".join([solution.plain(), "# %%", helper_text, *lines, ""])


def _emptied_function(function: str, public_seed: int) -> str:
    """Write the expression that makes what stands in the place of a function."""
    if function.endswith(".__init__"):
        return f"_emptied_start({function}, {public_seed})"
    arguments = f"{function!r}, {function}, {list(KINDS)}, {public_seed}"
    return f"_emptied({arguments})"


def try_nothing(server: Server, seed: int, key: Key) -> Iterator[Emptied]:
    """Grade files that solve nothing, and such as leave one exercise out.

    seed: one that is not public.
    """
    unit = server.unit
    checks = checks_to_run(unit, data=())
    wanted = exercises(solution_of(unit))
    ran = _names_run(server, checks, seed)
    yield from _try(server, seed, key, checks, wanted)
    for name, functions in wanted.items():
        running = []
        for check in checks:
            names = ran[check.name]
            if names is None or name in names:
                running.append(check)
        yield from _try(server, seed, key, running, {name: functions})


def _names_run(server: Server, checks: Sequence[Check], seed: int) -> dict[str, Names]:
    """Return the names of the solution's definitions that each check runs."""
    script = solution_of(server.unit).plain().encode()
    names: dict[str, Names] = {}
    with server.worker(script, SOLUTION) as worker:
        worker.tell_names = True
        for check in checks:
            worker.ask(check, seed)
            names[check.name] = worker.names_run
    return names


def _try(
    server: Server, seed: int, key: Key, checks: Sequence[Check], wanted: Exercises
) -> Iterator[Emptied]:
    """Ask checks of a file in which some exercises are emptied.

    First on the public seed, where they compute; then once for each kind.
    """
    unit = server.unit
    public_seed = unit.course.public_seed
    all_emptied = len(wanted) > 1
    exercise = ALL if all_emptied else next(iter(wanted))
    script = emptied(solution_of(unit), wanted, public_seed)
    with server.worker(script.encode(), SOLUTION) as worker:
        for check in checks:
            about = exercises_of(check, unit)
            limited = replace(check, seconds=SECONDS)
            worker.ask(limited, public_seed)
            for kind in KINDS:
                answer = worker.ask(limited, seed)
                earned = points_earned(check, key[check.name], answer)
                yield Emptied(
                    exercise=exercise,
                    kind=kind,
                    check=check.name,
                    earned=earned,
                    points=check.points,
                    about=exercise in about,
                    alone=all_emptied or about == {exercise},
                )
                if answer.failure in (Failure.TIMEOUT, Failure.KILLED):
                    break  # what was kept ended with the process


def exercises_of(check: Check, unit: Unit) -> set[str]:
    """Return the exercises that a check's experiment itself speaks of."""
    code = check.experiment.__code__
    names = set(_names(code))
    written = exercises(solution_of(unit))
    return written.keys() & names


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names that code uses, and those that functions inside it use."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
