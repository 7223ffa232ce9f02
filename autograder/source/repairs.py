"""Repairs of a submission: small changes that may mend a slip, and what each slip is called.

A repair is a small change of wrong code: one of those that are made of a solution, or one that puts
back what may have been left out, which the code itself holds elsewhere.
"""

import ast
import re
from collections.abc import Iterator, Sequence

from autograder.source.small_changes import (
    LEFT_OUT,
    Definition,
    SmallChange,
    Source,
    variables_of,
)

INDEX = "an index is another"
OTHER_ORDER = "two lines are in the other order"
PUT_BACK = ("+", "-", "*", "/", "@")
COMMUTES = "+*"
# words of slips that leave something out
LEAVE_OUT = (" is left out", " is not taken", " has no ", " stands where its result should")
# words of slips that have put in too much, beside those that say it so
TAKEN_AWAY = (
    *("a remainder is taken", "a slice has a beginning", "a slice has an end"),
    "a slice has a step",
)
_STANDS_FOR = re.compile(r"(.*)`([^`]+)` stands where `([^`]+)` should")
_LEFT_OUT = re.compile(r"(.+) is left out")
_ARGUMENT = re.compile(r"an argument of (`[^`]+`) stands where its result should")
# words of a slip that a small change makes → of the one that it mends; all others are the same
_PAIRS_OF_SLIPS = {
    "there is a factor of 2 too many": "a factor of 2 is missing",
    "there is a transpose too many": "a transpose is missing",
    "a number is twice as large as it should be": "a number is half as large as it should be",
    "a slice takes the end in place of the beginning": (
        "a slice takes the beginning in place of the end"
    ),
}
OTHER_WAY_ROUND = {
    **_PAIRS_OF_SLIPS,
    **{mended: made for made, mended in _PAIRS_OF_SLIPS.items()},
    "a remainder is not taken": "a remainder is taken",
    "1 stands in the place of what is divided": "a division is another",
    "0 stands in the place of a number": "a number stands where 0 should",
    "a slice has no beginning": "a slice has a beginning",
    "a slice has no end": "a slice has an end",
    "a slice has no step": "a slice has a step",
}


def slip_mended(words: str) -> str:
    """Say which slip a small change mends, of which the words are those of a slip that it makes.

    Example: "`+` stands where `-` should" mends "`-` stands where `+` should".
    """
    swapped = _STANDS_FOR.fullmatch(words)
    if swapped:
        option, there, wanted = swapped.groups()
        return f"{option}`{wanted}` stands where `{there}` should"
    if words in OTHER_WAY_ROUND:
        return OTHER_WAY_ROUND[words]
    without = _LEFT_OUT.fullmatch(words)
    if without:
        return f"{without[1]} is too much"
    result = _ARGUMENT.fullmatch(words)
    if result:
        return f"{result[1]} is too much"
    return words


def leaves_out(change: SmallChange) -> bool:
    """Return whether a change leaves something out: a slip that has put in too much is rarer."""
    return any(words in change.words for words in LEAVE_OUT)


def takes_away(repair: SmallChange) -> bool:
    """Return whether what a repair mends is that something is too much."""
    return repair.words.endswith(" is too much") or repair.words in TAKEN_AWAY


def places_moved(definition: Definition, source: Source) -> Iterator[SmallChange]:
    """Yield what takes an index beside one, or cuts a slice, and what adds to a name.

    So `h[t]` becomes `h[t + 1]`, `x[:]` becomes `x[1:]`, and `total = e` becomes `total += e`.
    """
    for node, code, words in _moved(definition, source):
        start, end = source.span(node)
        yield SmallChange(source.text, start, end, code, definition.name, words)


def _moved(definition: Definition, source: Source) -> Iterator[tuple[ast.AST, str, str]]:
    """Yield nodes of a definition, what may stand in place of each, and the slip that it mends."""
    for node in definition.nodes:
        match node:
            case ast.Assign(targets=[ast.Name() | ast.Subscript() as target], value=value):
                code = f"{source.code(target)} += ({source.code(value)})"
                yield node, code, "`=` stands where `+=` should"
            case ast.Subscript(slice=ast.Slice() | ast.Tuple()):
                for part in ast.walk(node.slice):
                    if isinstance(part, ast.Slice):
                        yield from _cut(part, source)
            case ast.Subscript(slice=index):
                code = source.code(index)
                yield index, f"-({code})", INDEX
                if not isinstance(index, ast.Constant | ast.UnaryOp):
                    yield index, f"({code}) + 1", INDEX
                    yield index, f"({code}) - 1", INDEX


def _cut(node: ast.Slice, source: Source) -> Iterator[tuple[ast.AST, str, str]]:
    """Yield what lets a slice without a beginning have one, and end at -1 that has no end."""
    code = source.code(node)
    if code.count(":") > 1:
        return
    if node.lower is None:
        for lower in (1, 2):
            yield node, f"{lower}{code}", "a slice has no beginning"
    if node.upper is None:
        yield node, f"{code}-1", "a slice has no end"


def restorations(definition: Definition, source: Source) -> Iterator[SmallChange]:
    """Yield what puts something back into an expression that a definition computes.

    That is a sign, one of the function's own variables behind an operator, or a call of a function
    that it calls with one argument elsewhere: of the whole, and then of each call and name in it.
    """
    variables = sorted(variables_of(definition.tree) - {"self"})
    calls = sorted(_called_with_one(definition.tree, source))
    for node in _computed(definition):
        code = source.code(node)
        start, end = source.span(node)
        for restored, words in _restored(code, variables, calls):
            yield SmallChange(source.text, start, end, restored, definition.name, words)


def _computed(definition: Definition) -> list[ast.expr]:
    """List what a definition computes: whole values, then calls and names in them.

    Left out are names of functions that are called, and of what an attribute is taken from.
    """
    whole: list[ast.expr] = []
    parts: list[ast.expr] = []
    owners: set[ast.expr] = set()
    for node in definition.nodes:
        match node:
            case ast.Assign(value=value) | ast.AugAssign(value=value):
                whole.append(value)
            case ast.Return(value=ast.expr() as value):
                whole.append(value)
            case ast.Call(func=function):
                owners.add(function)
                parts.append(node)
            case ast.Attribute(value=owner):
                owners.add(owner)
            case ast.Name(ctx=ast.Load()):
                parts.append(node)
    inner = [part for part in parts if part not in owners and part not in whole]
    return whole + inner


def _restored(
    code: str, variables: Sequence[str], calls: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield what may stand in the place of an expression, and the slip that it mends."""
    yield f"(-({code}))", "a minus is left out"
    for function in calls:
        *_, name = function.split(".")
        yield f"{function}({code})", f"`{name}` is left out"
    others = [name for name in variables if name != code]  # nobody means `x - x`
    for name in others:
        for operator in PUT_BACK:
            words = LEFT_OUT[operator]
            yield f"(({code}) {operator} {name})", words
            if operator not in COMMUTES:
                yield f"({name} {operator} ({code}))", words


def _called_with_one(function: ast.AST, source: Source) -> set[str]:
    """Return the functions, as they are written, that are called with one argument."""
    called = set()
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name() | ast.Attribute(), args=[_], keywords=[]):
                called.add(source.code(node.func))
    return called
