"""Find the mistake: a right function with one small change in it, which depends on the student.

`build` makes the functions from the solution of an exercise that exists only for this purpose, and
the public key holds them. The name in a student's file determines which of them the student gets.
The right line is where that function differs from the solution's: it is determined here, on the
trusted side, and is in no file for students. No code of a submission runs for it; it sends a name
and a number.
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import NamedTuple

import numpy as np

from autograder.check import Answer, Check, is_text, is_to_be_repaired
from autograder.course import Unit
from autograder.errors import one_line
from autograder.grading.key_file import NothingPlanted, functions_in_key
from autograder.grading.keys import (
    answer_alone,
    may_be_the_machines_doing,
    plain_solution,
    refuse_failure,
)
from autograder.grading.small_changes import SECONDS, answers_of, changed_scripts, told_apart
from autograder.judging import CheckKey, PlainKey, Remark, Verdict
from autograder.judging.prints import SmallChange
from autograder.parsing import parse
from autograder.question import FUNCTIONS, WHOSE, Kind, drawn, is_name_of
from autograder.sandbox.client import Server
from autograder.slip import SlipKind
from autograder.source.edits import Edit

FEWEST = 2  # least number of functions with a mistake: with one, all students would have the same
LONGEST_NAME = 100  # characters of a name in a file that are kept
SEEDS = 3  # seeds on which a mistake has to show
# small changes that a person would not write, or would notice at once
NOT_PLANTED = frozenset(
    {SlipKind.ENTRY, SlipKind.WITH, SlipKind.TWO_MISSING, SlipKind.TWO_TOO_MANY}
)


def asks_for_line(check: Check) -> bool:
    """Return whether a check asks for the line of a planted mistake."""
    return check.question is not None and check.question.kind is Kind.PLANTED


# ---- the functions, made once


def functions_with_a_mistake(server: Server, check: Check) -> tuple[str, ...]:
    """Make the functions for students, each with one wrong line.

    They are the small changes that the exact checks of the function distinguish from the solution
    on several seeds, and that raise no error. Raises `NothingPlanted`.
    """
    unit = server.unit
    plantable = _changes_of_one_line(unit, check)
    shown = set(plantable)
    for seed in range(unit.course.public_seed, unit.course.public_seed + SEEDS):
        shown &= _seen_on(server, check, seed, plantable)
    functions = [one.function for identity, one in plantable.items() if identity in shown]
    different = tuple(dict.fromkeys(functions))
    if len(different) < FEWEST:
        raise NothingPlanted(
            f"`{check.name}`: a check tells {len(different)} small changes of "
            f"`{_function_of(check)}` from the solution. Write a longer function, and a check "
            "that runs it."
        )
    return different


class _Plantable(NamedTuple):
    """A small change, and the function with it."""

    change: SmallChange
    edit: Edit
    function: str


def _changes_of_one_line(unit: Unit, check: Check) -> dict[str, _Plantable]:
    """Return the small changes of a function that change only one of its lines, by id."""
    plain = plain_solution(unit)
    name = _function_of(check)
    right = function_in(plain, name)
    if right is None:
        raise NothingPlanted(f"`{check.name}`: the solution has no function `{name}`.")
    found = {}
    for identity, (change, edit) in changed_scripts(unit, plain).items():
        if edit.function != name or edit.slip.kind in NOT_PLANTED:
            continue
        function = function_in(edit.script, name) or ""
        line = _line_that_differs(function, right)
        if line is None:
            continue
        changed = function.split("\n")[line - 1].strip()
        original = right.split("\n")[line - 1].strip()
        if _looks_odd(changed) and not _looks_odd(original):
            continue
        found[identity] = _Plantable(change, edit, function)
    return found


def _looks_odd(line: str) -> bool:
    """Return whether a line is one that nobody would write, so that it is found without a test.

    Such are `pass`, a value that is not used, `x + 0`, `x * 1`, `x - x` and `pair = (x, x)`.
    """
    head = line if not line.endswith(":") else f"{line} pass"
    try:
        (statement,) = parse(head).body
    except (SyntaxError, ValueError):  # a line within a statement, or an `else:`
        return False
    if isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Call):
        return True
    if isinstance(statement, ast.Pass):
        return True
    return any(map(_is_odd, ast.walk(statement)))


def _is_odd(node: ast.AST) -> bool:
    """Return whether a part of a line changes nothing, or has the same value on both sides."""
    match node:
        case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right):
            return _is_number(left, 0) or _is_number(right, 0) or _are_equal(left, right)
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            return _is_number(left, 1) or _is_number(right, 1) or _are_equal(left, right)
        case ast.BinOp(left=left, right=right):
            return _is_number(right, 1) or _are_equal(left, right)
        case ast.Compare(left=left, comparators=[right]):
            return _are_equal(left, right)
        case ast.Assign(targets=[target], value=value):
            return _are_equal(target, value)
        case ast.Call(args=[first, second]) | ast.Tuple(elts=[first, second]):
            return _are_equal(first, second)
        case ast.UnaryOp(operand=ast.UnaryOp()):
            return True
    return False


def _is_number(node: ast.expr, number: int) -> bool:
    return isinstance(node, ast.Constant) and node.value == number


def _are_equal(one: ast.expr, other: ast.expr) -> bool:
    return ast.unparse(one) == ast.unparse(other)


def _seen_on(
    server: Server, check: Check, seed: int, plantable: Mapping[str, _Plantable]
) -> set[str]:
    """Return the ids of the changes that an exact check of the function distinguishes.

    A late one runs again: which functions students get must not depend on a slow machine.
    """
    plain = plain_solution(server.unit)
    tried = [(one.change, one.edit) for one in plantable.values()]
    seen: set[str] = set()
    for repaired in server.unit.checks:
        if repaired.measure or not is_to_be_repaired(repaired, [check]):
            continue
        expected = answer_alone(server, repaired, plain, seed, "the solution", sure=True)
        refuse_failure(server.unit, repaired, expected)
        sure = []
        answers = answers_of(server, repaired, seed, plain, tried, SECONDS)
        for (change, answer), (_, edit) in zip(answers, tried, strict=True):
            if may_be_the_machines_doing(answer):
                soon = replace(repaired, seconds=min(SECONDS, repaired.seconds))
                what = f"the small change {change.id} of {edit.function}"
                answer = answer_alone(server, soon, edit.script, seed, what, sure=True)
            sure.append((change, answer))
        found = told_apart(repaired, expected, sure)
        seen.update(change.id for change in found.changes)
    return seen


def _function_of(check: Check) -> str:
    """Return the name of the function in which a check asks for a mistake."""
    assert check.question
    return check.question.function


def function_in(script: str, name: str) -> str | None:
    """Return the text of a function at the top of a script; None if there is none.

    Python writes it from the syntax tree, so that no bracket shows where a change was made.
    """
    for node in parse(script).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return ast.unparse(node)
    return None


def _line_that_differs(function: str, right: str) -> int | None:
    """Return the number of the only line, from 1, in which two functions differ; else None."""
    lines = function.split("\n")
    right_lines = right.split("\n")
    if len(lines) != len(right_lines):
        return None
    both = zip(count(1), lines, right_lines, strict=False)
    differing = [number for number, line, other in both if line != other]
    return differing[0] if len(differing) == 1 else None


def key_with_functions(server: Server, check: Check, solution: Answer) -> CheckKey:
    """Make the public key of a check that asks for a line: the functions.

    solution: the solution's answer; its line has to match its name.
    Raises `NothingPlanted`.
    """
    functions = functions_with_a_mistake(server, check)
    found = int(solution.arrays[check.name])
    name = _name_in(solution)
    line = _line_of_mistake(server.unit, check, drawn(functions, name))
    if found != line:
        raise NothingPlanted(
            f'`{check.name}`: for the name "{name}" the mistake stands in line {line}, and the '
            f"solution names line {found}. Correct the solution."
        )
    return PlainKey(Answer({FUNCTIONS: np.array(functions)}))


# ---- judging


@dataclass(frozen=True)
class Handed:
    """Who submitted a file.

    names: all names of the student known to the grader; if empty, any name in the file is accepted.
    """

    unit: Unit
    names: Sequence[str] = ()

    def key(self, check: Check, answer: Answer) -> CheckKey:
        """Return the basis of comparison of a check that asks for a line.

        It is the line of the mistake that the name in the file draws. If that is not a name of the
        student, no line is right.
        """
        name = _name_in(answer)
        if self._is_anothers(name):
            return PlainKey(Answer({WHOSE: np.array(self.names[0])}))
        functions = functions_in_key(self.unit, check)
        line = _line_of_mistake(self.unit, check, drawn(functions, name))
        return PlainKey(Answer({check.name: np.array(line)}))

    def told(self, answer: Answer, verdict: Verdict) -> Verdict:
        """Say in a verdict that the name in the file is not the student's, if so.

        Nothing is said of the line, which may be right for that name.
        """
        name = _name_in(answer)
        if answer.failure or not self._is_anothers(name):
            return verdict
        remark = Remark(
            "The name in your file is not one that the grader knows you by, such as "
            f'"{self.names[0]}". Each name has its own mistake, so write this name, and find its '
            "mistake."
        )
        whose = one_line(name[:LONGEST_NAME])
        return replace(verdict, remarks=(remark,), whose=whose)

    def _is_anothers(self, name: str) -> bool:
        if not self.names:
            return False
        return not is_name_of(name, self.names)


def _line_of_mistake(unit: Unit, check: Check, function: str) -> int:
    """Return the number of the line in which a function differs from the solution's."""
    name = _function_of(check)
    right = function_in(plain_solution(unit), name)
    # as this version of Python writes it: another one may have made the key
    line = _line_that_differs(function_in(function, name) or "", right or "")
    if line is None:
        raise NothingPlanted(
            f"The key of {unit.name} was made from another version of `{name}`. Run "
            "`autograder build`."
        )
    return line


def _name_in(answer: Answer) -> str:
    """Return the name in an answer; "" if it is not text, or too long to be compared."""
    name = answer.arrays.get(WHOSE)
    if name is None or name.ndim or not is_text(name):
        return ""
    return str(name) if len(str(name)) <= LONGEST_NAME else ""
