"""Repairs that put back what may have been left out of an expression.

That is a sign, a number, a call, or an operator with something behind it: calls and operands are
those that the submission itself holds elsewhere.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from autograder.source.small_changes import (
    AXES,
    AXIS_OPTIONS,
    LEFT_OUT,
    Definition,
    SmallChange,
    Source,
    variables_of,
)

PUT_BACK = ("*", "+", "@", "-", "/")  # those first that are left out more often
COMMUTES = "+*"
MOST_CALLS = 24  # that are put back around an expression
MOST_PARTS = 10  # entries and attributes, as `h[t]`, that are put back behind an operator
LONGEST_PART = 40  # characters of one


@dataclass(frozen=True)
class Around:
    """Code that may have been left out around an expression, and the slip that it mends.

    operand: what an operator in it takes beside the expression.
    """

    before: str
    behind: str
    words: str
    operand: str = ""


# signs and numbers, which no code needs to hold elsewhere
WRITTEN_OUT = (
    Around("(-(", "))", "a minus is left out"),
    Around("(", ").T", "a transpose is missing"),
    Around("((", ")**2)", "a square is left out"),
    Around("(2 * (", "))", "a factor of 2 is missing"),
    Around("((", ") / 2)", "there is a factor of 2 too many"),
    Around("((", ") // 2)", LEFT_OUT["//"]),
    Around("(1 - (", "))", LEFT_OUT["-"]),
    Around("((", ") + 1)", "it is off by one"),
    Around("((", ") - 1)", "it is off by one"),
)


def restorations(
    definition: Definition, source: Source, calls: Sequence[Around]
) -> Iterator[SmallChange]:
    """Yield what puts something back into an expression that a definition computes.

    First options, signs and numbers; then calls, and each operator with one of the function's own
    variables, or with an entry or attribute that it uses. All of them come around whole values, and
    then around the parts of these.

    calls: those of the submission's functions, `calls_in`.
    """
    for node, code, words in _options(definition, source):
        start, end = source.span(node)
        yield SmallChange(source.text, start, end, code, definition.name, words)
    computed = _computed(definition)
    variables = sorted(variables_of(definition.tree) - {"self"})
    operands = [*variables, *_parts(definition.tree, source)]
    first, *others = [
        [*chain.from_iterable(_beside(operator, operand) for operand in operands)]
        for operator in PUT_BACK
    ]
    for around in (WRITTEN_OUT, first, calls, *others):
        for node in computed:
            yield from _put_around(node, around, definition, source)


def _options(definition: Definition, source: Source) -> Iterator[tuple[ast.AST, str, str]]:
    """Yield calls with an axis or `keepdims`, and loops the other way round, with their words."""
    for node in definition.nodes:
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                code = source.code(node)
                if name not in source.takes_axis or not code.endswith(")"):
                    continue
                separator = ", " if node.args or node.keywords else ""
                options = {keyword.arg for keyword in node.keywords}
                if options.isdisjoint(AXIS_OPTIONS):
                    for axis in AXES:
                        added = f"{code[:-1]}{separator}axis={axis})"
                        yield node, added, "a function works along another axis"
                if "keepdims" not in options:
                    added = f"{code[:-1]}{separator}keepdims=True)"
                    yield node, added, "the option `keepdims` is left out"
            case ast.For(iter=passed) | ast.comprehension(iter=passed):
                yield passed, f"reversed({source.code(passed)})", "`reversed` is left out"


def calls_in(definitions: Iterable[Definition], source: Source) -> list[Around]:
    """Return what is called with one argument or, as a method, with none: the commonest first.

    So `np.exp(x)` and `x.exp()`, each of which may have been left out elsewhere. A definition that
    is given twice counts twice.
    """
    counts: dict[Around, int] = {}
    for definition in definitions:
        for node in ast.walk(definition.tree):
            around = _around_argument(node, source)
            if around is not None:
                counts[around] = counts.get(around, 0) + 1
    most_common = sorted(counts, key=lambda around: -counts[around])
    return most_common[:MOST_CALLS]


def _around_argument(node: ast.AST, source: Source) -> Around | None:
    match node:
        case ast.Call(func=ast.Name() | ast.Attribute(), args=[_], keywords=[]):
            function = source.code(node.func)
            *_, name = function.split(".")
            return Around(f"{function}(", ")", f"`{name}` is left out")
        case ast.Call(func=ast.Attribute(value=owner, attr=name), args=[], keywords=[]):
            if not source.holds_functions(owner):
                return Around("(", f").{name}()", f"`{name}` is left out")
    return None


def _put_around(
    node: ast.expr, around: Iterable[Around], definition: Definition, source: Source
) -> Iterator[SmallChange]:
    code = source.code(node)
    start, end = source.span(node)
    for one in around:
        if one.operand == code:  # nobody means `x - x`
            continue
        restored = f"{one.before}{code}{one.behind}"
        yield SmallChange(source.text, start, end, restored, definition.name, one.words)


def _beside(operator: str, operand: str) -> Iterator[Around]:
    """Yield what computes something with an operand: on either side, where that matters."""
    words = LEFT_OUT[operator]
    yield Around("((", f") {operator} {operand})", words, operand)
    if operator not in COMMUTES:
        yield Around(f"({operand} {operator} (", "))", words, operand)


def _computed(definition: Definition) -> list[ast.expr]:
    """List what a definition computes: whole values, each of a tuple or dict, then their parts.

    Parts are calls, names, entries and attributes. Left out are names of functions that are called,
    and of what an attribute is taken from.
    """
    whole: list[ast.expr] = []
    parts: list[ast.expr] = []
    indices: set[ast.expr] = set()
    several: set[ast.expr] = set()
    owners: set[ast.expr] = set()
    for node in definition.nodes:
        match node:
            case ast.Assign(value=value) | ast.AugAssign(value=value):
                whole.append(value)
            case ast.Return(value=ast.expr() as value):
                whole.append(value)
            case ast.Subscript(slice=index, ctx=context):
                indices.add(index)
                if isinstance(context, ast.Load):
                    parts.append(node)
            case ast.Tuple(elts=values, ctx=ast.Load()) | ast.Dict(values=values):
                if node not in indices:  # they may hold slices, which are no values
                    several.add(node)
                    whole += [value for value in values if not isinstance(value, ast.Starred)]
            case ast.Call(func=function):
                owners.add(function)
                parts.append(node)
            case ast.Attribute(value=owner, ctx=ast.Load()):
                owners.add(owner)
                parts.append(node)
            case ast.Name(ctx=ast.Load()):
                parts.append(node)
    outer = owners.union(whole)
    inner = [part for part in parts if part not in outer]
    return [value for value in whole if value not in several] + inner


def _parts(function: ast.AST, source: Source) -> list[str]:
    """Return the entries and attributes that a function uses, as `h[t]` and `x.T`, each once."""
    owners: set[ast.AST] = set()
    found: dict[str, None] = {}
    for node in ast.walk(function):  # what is called comes before what it is taken from
        match node:
            case ast.Call(func=called):
                owners.add(called)
        if not isinstance(node, ast.Attribute | ast.Subscript):
            continue
        owners.add(node.value)
        if isinstance(node.ctx, ast.Load) and node not in owners:
            code = source.code(node)
            if len(code) <= LONGEST_PART and "\n" not in code:
                found[code] = None
    return list(found)[:MOST_PARTS]
