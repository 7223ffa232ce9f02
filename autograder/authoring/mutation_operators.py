"""What may stand in the place of a piece of code, by one small change. Needs libcst.

Each function takes a node of one kind and yields the nodes that may replace it, each with the
`Operator` that makes it. `replacements` chooses the function by the kind of node.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

import libcst as cst

from autograder.source.small_changes import COUNTERPARTS


class Operator(Enum):
    """A kind of change, by the name that mutation testing has for it, where it has one.

    The names of three capitals are those of Mothra and its successors (MutPy for Python). The
    others are of programs that compute with arrays.
    """

    AOR = "arithmetic operator replacement"
    ASR = "assignment operator replacement"
    COI = "conditional operator insertion"
    COR = "conditional operator replacement"
    CRP = "constant replacement"
    ODL = "operator deletion"
    ROR = "relational operator replacement"
    SDL = "statement deletion"
    SIR = "slice index removal"
    CALL_DELETION = "a call replaced by its argument or object"
    NAME_REPLACEMENT = "a name replaced by its counterpart"
    OPTION_DELETION = "a keyword argument left out"
    SWAP = "two operands, arguments or values swapped"
    TRANSPOSE = "a transpose left out or put in"


@dataclass(frozen=True)
class Replacement:
    """What may stand in the place of `old`, and the operator that makes it."""

    operator: Operator
    old: cst.CSTNode
    new: cst.CSTNode


OtherOperators = Mapping[type[cst.CSTNode], tuple[type[cst.CSTNode], ...]]

ARITHMETIC: OtherOperators = {
    cst.Add: (cst.Subtract,),
    cst.Subtract: (cst.Add,),
    cst.Multiply: (cst.Divide,),
    cst.Divide: (cst.Multiply,),
    cst.Modulo: (cst.FloorDivide,),
    cst.FloorDivide: (cst.Modulo,),
    cst.Power: (cst.Multiply,),
}
RELATIONAL: OtherOperators = {
    cst.Equal: (cst.NotEqual,),
    cst.NotEqual: (cst.Equal,),
    cst.LessThan: (cst.LessThanEqual, cst.GreaterThan),
    cst.LessThanEqual: (cst.LessThan,),
    cst.GreaterThan: (cst.GreaterThanEqual, cst.LessThan),
    cst.GreaterThanEqual: (cst.GreaterThan,),
}
CONDITIONAL: OtherOperators = {cst.And: (cst.Or,), cst.Or: (cst.And,)}
ASSIGNMENT: OtherOperators = {
    cst.AddAssign: (cst.SubtractAssign,),
    cst.SubtractAssign: (cst.AddAssign,),
}

# names that stand in each other's place; add-ons bring pairs of their own
NAMES = (*COUNTERPARTS, ("True", "False"))
SYMMETRIC_FUNCTIONS = {"max", "min", "maximum", "minimum"}  # the order of arguments is free


def replacements(node: cst.CSTNode, counterparts: Mapping[str, str]) -> Iterator[Replacement]:
    """Yield what may stand in the place of a node, or of a part of it.

    counterparts: name → the name that may stand in its place.
    """
    match node:
        case cst.BinaryOperation():
            yield from _of_binary_operation(node)
        case cst.BooleanOperation():
            yield from _other_operators(Operator.COR, node, CONDITIONAL)
        case cst.ComparisonTarget():
            yield from _other_operators(Operator.ROR, node, RELATIONAL)
        case cst.AugAssign():
            yield from _of_augmented_assignment(node)
        case cst.UnaryOperation():
            yield Replacement(Operator.ODL, node, node.expression)
        case cst.Integer():
            yield from _of_integer(node)
        case cst.Float():
            yield from _of_float(node)
        case cst.Name():
            yield from _of_name(node, counterparts)
        case cst.Attribute():
            yield from _of_attribute(node)
        case cst.Call():
            yield from _of_call(node)
        case cst.Slice():
            yield from _of_slice(node)
        case cst.Expr(value=cst.Call()):
            yield Replacement(Operator.SDL, node, cst.Pass())
        case cst.If() | cst.IfExp():
            yield from _of_condition(node)
        case cst.Tuple():
            yield from _of_tuple(node)


def _other_operators(
    operator: Operator,
    node: cst.BinaryOperation | cst.BooleanOperation | cst.ComparisonTarget | cst.AugAssign,
    others: OtherOperators,
) -> Iterator[Replacement]:
    """Yield the node with each of the operators that may stand in the place of its own."""
    kind = type(node.operator)
    for other in others.get(kind, ()):
        changed = node.with_changes(operator=other())
        yield Replacement(operator, node, changed)


def _of_binary_operation(node: cst.BinaryOperation) -> Iterator[Replacement]:
    """Yield another operator, one operand only, the operands swapped, and one transposed."""
    yield from _other_operators(Operator.AOR, node, ARITHMETIC)
    operator = node.operator
    one_sided = isinstance(operator, cst.Subtract | cst.Divide)
    is_product = isinstance(operator, cst.MatrixMultiply)
    yield Replacement(Operator.ODL, node, node.left)
    if not one_sided:
        yield Replacement(Operator.ODL, node, node.right)
    left = _bracketed(node.left)
    right = _bracketed(node.right)
    if one_sided or is_product:
        swapped = node.with_changes(left=right, right=left)
        yield Replacement(Operator.SWAP, node, swapped)
    if is_product:
        left_transposed = node.with_changes(left=_transposed(left))
        right_transposed = node.with_changes(right=_transposed(right))
        yield Replacement(Operator.TRANSPOSE, node, left_transposed)
        yield Replacement(Operator.TRANSPOSE, node, right_transposed)


def _of_augmented_assignment(node: cst.AugAssign) -> Iterator[Replacement]:
    """Yield another operator, a plain assignment, and nothing."""
    yield from _other_operators(Operator.ASR, node, ASSIGNMENT)
    target = cst.AssignTarget(node.target)
    plain = cst.Assign([target], node.value)
    yield Replacement(Operator.ASR, node, plain)
    yield Replacement(Operator.SDL, node, cst.Pass())


def _of_integer(node: cst.Integer) -> Iterator[Replacement]:
    """Yield the next number, and the one before; of 0 only the next."""
    value = int(node.value)
    others = [value + 1, value - 1] if value else [1]
    for other in others:
        written = cst.Integer(str(other))
        yield Replacement(Operator.CRP, node, written)


def _of_float(node: cst.Float) -> Iterator[Replacement]:
    """Yield twice the number."""
    twice = 2 * float(node.value)
    written = cst.Float(str(twice))
    yield Replacement(Operator.CRP, node, written)


def _of_name(node: cst.Name, counterparts: Mapping[str, str]) -> Iterator[Replacement]:
    counterpart = counterparts.get(node.value)
    if counterpart is not None:
        other = cst.Name(counterpart)
        yield Replacement(Operator.NAME_REPLACEMENT, node, other)


def _of_attribute(node: cst.Attribute) -> Iterator[Replacement]:
    """Yield the array itself in the place of its transpose."""
    if node.attr.value in ("T", "mT"):
        yield Replacement(Operator.TRANSPOSE, node, node.value)


def _of_call(node: cst.Call) -> Iterator[Replacement]:
    """Yield the argument or the object itself, two arguments swapped, and each option left out."""
    positional = []
    for argument in node.args:
        if not argument.keyword and not argument.star:
            positional.append(argument)
    if not positional:
        yield from _object_of_call(node)
    elif len(node.args) == 1:
        yield Replacement(Operator.CALL_DELETION, node, positional[0].value)
    elif len(positional) > 1 and _order_matters(node, positional):
        swapped = node.with_changes(args=_first_two_swapped(node.args))
        yield Replacement(Operator.SWAP, node, swapped)
    yield from _without_options(node)


def _object_of_call(node: cst.Call) -> Iterator[Replacement]:
    """Yield `x` in the place of `x.sum()`."""
    function = node.func
    if isinstance(function, cst.Attribute):
        yield Replacement(Operator.CALL_DELETION, node, function.value)


def _without_options(node: cst.Call) -> Iterator[Replacement]:
    """Yield the call without each of its keyword arguments."""
    for number, argument in enumerate(node.args):
        if argument.keyword:
            others = list(node.args)
            del others[number]
            without = node.with_changes(args=others)
            yield Replacement(Operator.OPTION_DELETION, node, without)


def _order_matters(node: cst.Call, positional: Sequence[cst.Arg]) -> bool:
    """Return whether a call may give another value with its first two arguments swapped."""
    if _function_name(node) in SYMMETRIC_FUNCTIONS:
        return False
    first, second, *_ = positional
    return not first.value.deep_equals(second.value)


def _function_name(node: cst.Call) -> str:
    """Return the last name of what is called: `sum` of `np.sum(x)`; "" of what has no name."""
    match node.func:
        case cst.Attribute(attr=cst.Name(name)):
            return name
        case cst.Name(name):
            return name
    return ""


def _of_slice(node: cst.Slice) -> Iterator[Replacement]:
    """Yield the slice without its beginning, its end, or its step."""
    for part in ("lower", "upper", "step"):
        if getattr(node, part):
            without = node.with_changes(**{part: None})
            yield Replacement(Operator.SIR, node, without)


def _of_condition(node: cst.If | cst.IfExp) -> Iterator[Replacement]:
    """Yield the condition negated.

    Of a statement only the test is replaced: its body has lines of its own.
    """
    test = _bracketed(node.test)
    negated = cst.UnaryOperation(cst.Not(), test)
    if isinstance(node, cst.If):
        yield Replacement(Operator.COI, node.test, negated)
    else:
        changed = node.with_changes(test=negated)
        yield Replacement(Operator.COI, node, changed)


def _of_tuple(node: cst.Tuple) -> Iterator[Replacement]:
    """Yield a pair the other way round, unless it is one of integers, such as a shape."""
    if len(node.elements) != 2:
        return
    values = [element.value for element in node.elements]
    if all(isinstance(value, cst.Integer) for value in values):
        return
    swapped = node.with_changes(elements=_first_two_swapped(node.elements))
    yield Replacement(Operator.SWAP, node, swapped)


Part = TypeVar("Part", cst.Arg, cst.BaseElement)


def _first_two_swapped(parts: Sequence[Part]) -> list[Part]:
    """Swap the values of the first two parts; commas and spaces stay where they are."""
    first, second, *others = parts
    return [
        first.with_changes(value=second.value),
        second.with_changes(value=first.value),
        *others,
    ]


def _transposed(node: cst.BaseExpression) -> cst.BaseExpression:
    name = cst.Name("T")
    return cst.Attribute(node, name)


def _bracketed(node: cst.BaseExpression) -> cst.BaseExpression:
    """Put brackets around an expression that has none."""
    if node.lpar:
        return node
    left = cst.LeftParen()
    right = cst.RightParen()
    return node.with_changes(lpar=[left], rpar=[right])
