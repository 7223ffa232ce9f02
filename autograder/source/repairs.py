"""Repairs of a submission: small changes that may mend a slip, and what each slip is called.

A repair is a small change of wrong code: one of those that are made of a solution, or one of those
here, or one that puts back what was left out (`restorations.py`).
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator

from autograder.source.small_changes import Definition, SmallChange, Source

INDEX = "an index is another"
OTHER_ORDER = "two lines are in the other order"
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
    """Yield what takes an index beside one, or cuts a slice, and what changes a value in place.

    So `h[t]` becomes `h[t + 1]`, `h[1]` becomes `h[t]` where `t` counts a loop, `x[:]` becomes
    `x[1:]`, and `total = e` becomes `total += e`, `total -= e` and `total *= e`.
    """
    for node, code, words in _moved(definition, source):
        start, end = source.span(node)
        yield SmallChange(source.text, start, end, code, definition.name, words)


def _moved(definition: Definition, source: Source) -> Iterator[tuple[ast.AST, str, str]]:
    """Yield nodes of a definition, what may stand in place of each, and the slip that it mends."""
    counters = sorted(_counters(definition.tree))
    bound_before = _bound_more_than_once(definition.tree)
    for node in definition.nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) if name not in bound_before:
                continue  # it has no value that could be changed
            case ast.Assign(targets=[ast.Name() | ast.Subscript() as target], value=value):
                for sign in ("+=", "-=", "*="):
                    code = f"{source.code(target)} {sign} ({source.code(value)})"
                    yield node, code, f"`=` stands where `{sign}` should"
            case ast.Subscript(slice=ast.Slice() | ast.Tuple()):
                for part in ast.walk(node.slice):
                    if isinstance(part, ast.Slice):
                        yield from _cut(part, source)
            case ast.Subscript(slice=ast.Constant(value=value) as index):
                if type(value) is not int:  # as `x[None]`, or an entry of a dict
                    continue
                yield index, f"-({value})", INDEX
                for counter in counters:
                    for beside in ("", " + 1", " - 1"):
                        yield index, f"{counter}{beside}", INDEX
            case ast.Subscript(slice=index):
                code = source.code(index)
                yield index, f"-({code})", INDEX
                if not isinstance(index, ast.UnaryOp):
                    yield index, f"({code}) + 1", INDEX
                    yield index, f"({code}) - 1", INDEX


def _bound_more_than_once(function: ast.AST) -> set[str]:
    """Return the names that a function's arguments have, and those that it binds in two places."""
    counts: Counter[str] = Counter()
    for node in ast.walk(function):
        match node:
            case ast.arg(arg=name):
                counts[name] += 2
            case ast.Name(id=name, ctx=ast.Store()):
                counts[name] += 1
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                counts.update(2 * names)
    return {name for name, count in counts.items() if count > 1}


def _counters(function: ast.AST) -> set[str]:
    """Return the names that count the passes of a function's loops."""
    names = set()
    for node in ast.walk(function):
        match node:
            case ast.For(target=target) | ast.comprehension(target=target):
                for part in ast.walk(target):
                    if isinstance(part, ast.Name):
                        names.add(part.id)
    return names


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
