"""Repairs that insert what may be missing from an expression.

That is a sign, a number, a call, or an operator with an operand: operands are those that the
function itself contains elsewhere, and calls those of the submission, or of a right answer.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from autograder.slip import Slip, SlipKind, replaced
from autograder.source.edits import Edit
from autograder.source.small_changes import (
    AXES,
    AXIS_OPTIONS,
    LEFT_OUT,
    Editable,
    Source,
    variables_of,
)

PUT_BACK = ("*", "+", "@", "-", "/")  # in order of how often they are left out
COMMUTES = "+*"
MOST_CALLS = 24  # inserted around an expression
MOST_PARTS = 10  # number of entries and attributes, such as `h[t]`, inserted after an operator
LONGEST_PART = 40  # bytes of one, and of the name of a call
KEEP_OPTIONS = {"keepdims", "keepdim"}


@dataclass(frozen=True)
class Around:
    """Code that may be missing around an expression, and the error that inserting it undoes.

    operand: of its operator, beside the expression.
    """

    before: str
    behind: str
    slip: Slip
    operand: str = ""


# signs and numbers, which the code need not contain elsewhere
WRITTEN_OUT = (
    Around("(-(", "))", Slip(SlipKind.MINUS)),
    Around("(", ").T", Slip(SlipKind.TRANSPOSE_MISSING)),
    Around("((", ")**2)", Slip(SlipKind.SQUARE)),
    Around("(2 * (", "))", Slip(SlipKind.TWO_MISSING)),
    Around("((", ") / 2)", Slip(SlipKind.TWO_TOO_MANY)),
    Around("((", ") // 2)", LEFT_OUT["//"]),
    Around("(1 - (", "))", LEFT_OUT["-"]),
    Around("((", ") + 1)", Slip(SlipKind.OFF_BY_ONE)),
    Around("((", ") - 1)", Slip(SlipKind.OFF_BY_ONE)),
)


def restorations(definition: Editable, source: Source, calls: Sequence[Around]) -> Iterator[Edit]:
    """Yield edits that insert something into an expression of a definition.

    First options, loops, signs and numbers; then calls, and each operator with one of the
    function's own variables, or with an entry or attribute that it uses. All of them come around
    whole values, and then around the parts of these.
    calls: the possibly missing ones, `calls_in`.
    """
    for node, code, slip in _options(definition, source):
        yield source.edit(node, code, definition, slip)
    computed = _computed(definition, source)
    variables = sorted(variables_of(definition.tree) - {"self"})
    operands = [*variables, *_parts(definition.tree, source)]
    first, *others = [
        [*chain.from_iterable(_beside(operator, operand) for operand in operands)]
        for operator in PUT_BACK
    ]
    for around in (WRITTEN_OUT, first, calls, *others):
        for node in computed if around else ():
            yield from _put_around(node, around, definition, source)


def _options(definition: Editable, source: Source) -> Iterator[tuple[ast.AST, str, Slip]]:
    """Yield calls with an axis or `keepdims`, and loops changed, with their errors."""
    for node in definition.nodes:
        match node:
            case ast.Break():
                yield node, "continue", replaced("break", "continue")
            case ast.Continue():
                yield node, "break", replaced("continue", "break")
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                if name in source.takes_axis:
                    yield from _with_options(node, source)
            case ast.For(iter=passed):
                yield _reversed(passed, source)
            case (
                ast.ListComp(generators=loops)
                | ast.SetComp(generators=loops)
                | ast.DictComp(generators=loops)
                | ast.GeneratorExp(generators=loops)
            ):
                for loop in loops:
                    yield _reversed(loop.iter, source)


def _with_options(node: ast.Call, source: Source) -> Iterator[tuple[ast.AST, str, Slip]]:
    """Yield a call along each axis if it has none, and one that keeps the axis."""
    match node.args:
        case [ast.GeneratorExp()]:  # it may have no brackets of its own
            return
    code = source.code(node)
    if "#" in code:  # the addition could end up in a comment
        return
    inside = code[:-1].rstrip().removesuffix(",")
    separator = ", " if node.args or node.keywords else ""
    options = {keyword.arg for keyword in node.keywords}
    if options.isdisjoint(AXIS_OPTIONS):
        for axis in AXES:
            added = f"{inside}{separator}axis={axis})"
            yield node, added, Slip(SlipKind.AXIS)
    if options.isdisjoint(KEEP_OPTIONS):
        yield node, f"{inside}{separator}keepdims=True)", Slip(SlipKind.AXIS_NOT_KEPT)


def _reversed(passed: ast.expr, source: Source) -> tuple[ast.AST, str, Slip]:
    return passed, f"reversed({source.code(passed)})", Slip(SlipKind.CALL, ("reversed",))


def calls_in(definitions: Iterable[Editable], source: Source) -> list[Around]:
    """Return the calls with one argument or, for a method, with none: the most common first.

    Examples are `np.exp(x)` and `x.exp()`: each may be missing elsewhere. A definition that is
    given twice counts twice.
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
    """Return the code of a call around its one argument, or after its method's object."""
    match node:
        case ast.Call(
            func=ast.Name(id=name) | ast.Attribute(attr=name) as called, args=[_], keywords=[]
        ):
            function = _short_code(called, source)
            if function:
                return Around(f"{function}((", "))", Slip(SlipKind.CALL, (name,)))
        case ast.Call(func=ast.Attribute(value=owner, attr=name), args=[], keywords=[]):
            if len(name) <= LONGEST_PART and not source.holds_functions(owner):
                return Around("(", f").{name}()", Slip(SlipKind.CALL, (name,)))
    return None


def _short_code(node: ast.expr, source: Source) -> str:
    """Return the code of a node, "" if it is long or has several lines."""
    start, end = source.span(node)
    if end - start > LONGEST_PART:
        return ""
    code = source.code(node)
    return "" if "\n" in code else code


def _put_around(
    node: ast.expr, around: Iterable[Around], definition: Editable, source: Source
) -> Iterator[Edit]:
    code = source.code(node)
    for one in around:
        if one.operand == code:  # `x - x` is never intended
            continue
        restored = f"{one.before}{code}{one.behind}"
        yield source.edit(node, restored, definition, one.slip)


def _beside(operator: str, operand: str) -> Iterator[Around]:
    """Yield computations with an operand: on either side, if that matters."""
    slip = LEFT_OUT[operator]
    yield Around("((", f") {operator} {operand})", slip, operand)
    if operator not in COMMUTES:
        yield Around(f"({operand} {operator} (", "))", slip, operand)


def _computed(definition: Editable, source: Source) -> list[ast.expr]:
    """List a definition's computations: whole values, each of a tuple or dict, then their parts.

    Parts are calls, names, entries and attributes. Left out are called functions, modules, loop
    counters, indices, and what is no part of a value, such as annotations.
    """
    whole: list[ast.expr] = []
    parts: list[ast.expr] = []
    several: set[ast.expr] = set()
    left_out = _no_values(definition.tree)
    for node in definition.nodes:
        match node:
            case ast.Assign(value=value) | ast.AugAssign(value=value):
                whole.append(value)
            case ast.Return(value=ast.expr() as value) | ast.AnnAssign(value=ast.expr() as value):
                whole.append(value)
            case ast.Lambda(body=value):
                left_out.add(node)
                whole.append(value)
            case ast.ListComp(elt=value) | ast.GeneratorExp(elt=value):
                whole.append(value)
            case ast.Subscript(slice=index, ctx=context):
                if index not in left_out:  # otherwise it is in another one
                    left_out.update(ast.walk(index))
                if isinstance(context, ast.Load):
                    parts.append(node)
            case ast.Tuple(elts=values, ctx=ast.Load()) | ast.Dict(values=values):
                several.add(node)
                whole += [value for value in values if not isinstance(value, ast.Starred)]
            case ast.Call(func=ast.Name(id="range")):
                left_out.update(ast.walk(node))
            case ast.Call(func=function):
                left_out.add(function)
                parts.append(node)
            case ast.Attribute(value=owner, ctx=context):
                if source.holds_functions(owner):
                    left_out.add(owner)
                if isinstance(context, ast.Load):
                    parts.append(node)
            case ast.Name(ctx=ast.Load()):
                parts.append(node)
    found = dict.fromkeys([*whole, *parts])  # each once
    return [value for value in found if value not in several and value not in left_out]


def _no_values(function: ast.AST) -> set[ast.AST]:
    """Return all nodes of a function's annotations, decorators and patterns."""
    outermost: list[ast.AST | None] = []
    for node in ast.walk(function):
        match node:
            case ast.arg(annotation=annotation) | ast.AnnAssign(annotation=annotation):
                outermost.append(annotation)
            case ast.FunctionDef(returns=returns, decorator_list=decorators):
                outermost += [returns, *decorators]
            case ast.pattern():
                outermost.append(node)
    found: set[ast.AST] = set()
    for part in outermost:
        if part is not None and part not in found:
            found.update(ast.walk(part))
    return found


def _parts(function: ast.AST, source: Source) -> list[str]:
    """Return the entries and attributes that a function uses, `h[t]` and `x.T`, each once."""
    left_out = _no_values(function)
    found: dict[str, None] = {}
    for node in ast.walk(function):  # a call precedes its object
        match node:
            case ast.Call(func=called):
                left_out.add(called)
            case ast.Attribute(value=owner, ctx=context) | ast.Subscript(value=owner, ctx=context):
                left_out.add(owner)
                if isinstance(context, ast.Load) and node not in left_out:
                    code = _short_code(node, source)
                    if code:
                        found[code] = None
    return list(found)[:MOST_PARTS]
