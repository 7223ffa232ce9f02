"""Tells an exception by its cause: the shapes that met, in letters, the student's own line, and
what to do.

What is general to Python and NumPy stands here; an add-on may tell more of its package
(`explain(raised)`).
"""

import ast
import dis
import linecache
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import CodeType, TracebackType
from typing import Any

import numpy as np

from autograder.check import Check, Experiments, Raised, names_used

Explain = Callable[[BaseException, Check], str]
RAW = 240  # characters of an exception's own words where its cause is told
# what may be evaluated again without doing anything
HARMLESS = (
    *(
        ast.Name,
        ast.Attribute,
        ast.Subscript,
        ast.Constant,
        ast.Tuple,
        ast.Slice,
        ast.UnaryOp,
        ast.USub,
    ),
    *(ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult, ast.expr_context),
)


def no_cause(_: BaseException, __: Check) -> str:
    """Tell no cause."""
    return ""


def with_cause(message: str, cause: str) -> str:
    """An exception as it is told, and its cause below."""
    if not cause:
        return message
    return f"{message if len(message) <= RAW else message[:RAW] + '…'} {cause}"


def explain_error(experiments: Experiments, error: BaseException, check: Check) -> str:
    """Tell the cause of an exception and what to do; "" where nothing is known of it.

    What goes wrong here itself is passed over.
    """
    with suppress(Exception):
        raised = _raised(experiments, error, check)
        told = [getattr(addon, "explain", lambda _: "")(raised) for addon in experiments.addons]
        causes = [*told, *(general(raised) for general in GENERAL)]
        cause = next(filter(None, causes), "") or _unpacked_by_the_check(error, check)
        quoted = f"Your line: `{raised.line}`. " if raised.line and cause else ""
        return f"{quoted}{cause}"
    return ""


def _raised(experiments: Experiments, error: BaseException, check: Check) -> Raised:
    letters = names_used(check)
    sizes = {
        letter: size for letter, size in experiments.settings.sizes.items() if letter in letters
    }
    found = [
        at
        for at in _tracebacks(error)
        if at.tb_frame.f_code.co_filename.startswith(("<line", "<cell"))
    ]
    if not found:
        return Raised(str(error), sizes=sizes)
    frame, number = found[-1].tb_frame, found[-1].tb_lineno
    code, file = frame.f_code, frame.f_code.co_filename
    last = max((line for _, _, line in code.co_lines() if line), default=number)
    function = "".join(
        linecache.getline(file, line) for line in range(code.co_firstlineno, last + 1)
    )
    line = linecache.getline(file, number).strip()
    values = {**frame.f_globals, **frame.f_locals}
    return Raised(str(error), line, _part(code, found[-1].tb_lasti), function, values, sizes)


def _tracebacks(error: BaseException) -> Iterator[TracebackType]:
    at = error.__traceback__
    while at:
        yield at
        at = at.tb_next


def _part(code: CodeType, instruction: int) -> str:
    """The text of what an instruction computes, where it stands in one line."""
    first, last, start, end = list(code.co_positions())[instruction // 2]
    if first is None or first != last or start is None or end is None:
        return ""
    line = linecache.getline(code.co_filename, first).encode()  # columns are counted in bytes
    return line[start:end].decode()


def value_of(raised: Raised, node: ast.expr) -> Any:
    """The value of a harmless expression, as it was when the exception came; None for any other."""
    if all(isinstance(part, HARMLESS) for part in ast.walk(node)):
        with suppress(Exception):
            return eval(
                compile(ast.Expression(node), "", "eval"), {"__builtins__": {}}, dict(raised.values)
            )
    return None


def shape_of(raised: Raised, node: ast.expr) -> tuple[int, ...] | None:
    """The shape of a harmless expression's value, if it has one."""
    shape = getattr(value_of(raised, node), "shape", None)
    return tuple(shape) if shape is not None else None


def operands(
    raised: Raised, kind: type[ast.operator] | None = None
) -> tuple[ast.expr, ast.expr] | None:
    """The two sides of the operation that failed."""
    with suppress(SyntaxError):
        node = ast.parse(raised.part.strip(), mode="eval").body
        if isinstance(node, ast.BinOp) and (kind is None or isinstance(node.op, kind)):
            return node.left, node.right
    return None


PRODUCTS = (
    "shapes cannot be multiplied",
    "size mismatch, got",
    "core dimension",
    "not aligned",
    "must match the size",
)


def product_of_shapes(raised: Raised) -> str:
    """`W @ x`: both shapes, and which product fits."""
    sides = operands(raised, ast.MatMult)
    if not sides or not any(words in raised.text for words in PRODUCTS):
        return ""
    one, two = (shape_of(raised, side) for side in sides)
    if not one or not two:
        return ""
    a, b = (ast.unparse(side) for side in sides)
    told = (
        f"`{a}` is {raised.shape(one)} and `{b}` is {raised.shape(two)}; the last axis of what "
        "stands left of `@` "
    )
    told += "should be as long as the last but one of what stands right."
    fits = [text for text, x, y in _products(a, one, b, two) if _fits(x, y)]
    return f"{told} `{fits[0]}` fits." if fits else told


def _products(
    a: str, one: tuple[int, ...], b: str, two: tuple[int, ...]
) -> Iterator[tuple[str, Any, Any]]:
    yield f"{b} @ {a}", two, one
    if len(one) == 2:
        yield f"{b} @ {a}.T", two, one[::-1]
    if len(two) == 2:
        yield f"{a} @ {b}.T", one, two[::-1]


def _fits(one: tuple[int, ...], two: tuple[int, ...]) -> bool:
    with suppress(ValueError):
        np.matmul(np.empty(one), np.empty(two))
        return True
    return False


def unlike_shapes(raised: Raised) -> str:
    """`a + b` of shapes that do not go together."""
    if (
        "could not be broadcast" not in raised.text
        and "must match the size of tensor" not in raised.text
    ):
        return ""
    sides = operands(raised)
    shapes = [shape_of(raised, side) for side in sides or ()]
    if not sides or None in shapes:
        return ""
    (a, b), (one, two) = (
        (ast.unparse(side) for side in sides),
        (raised.shape(shape or ()) for shape in shapes),
    )
    return (
        f"`{a}` is {one} and `{b}` is {two}: from the last axis on, two sizes should be equal, or "
        "one of them 1."
    )


def no_single_truth(raised: Raised) -> str:
    """`h or zeros`, `if h:` of an array."""
    if (
        "truth value of an array" not in raised.text
        and "Boolean value of Tensor" not in raised.text
    ):
        return ""
    if found := re.search(r"(\w+) or (.+)$", raised.line):
        value, other = found[1], found[2].rstrip(":")
        told = (
            f"`or` asks whether all of `{value}` is true, which many numbers cannot answer. To "
            "ask whether it was "
        )
        return f"{told}given: `{other} if {value} is None else {value}`."
    return (
        "Many numbers have no single truth value: ask `is None`, or `.any()` or `.all()` of a "
        "comparison."
    )


def unpacked(raised: Raised) -> str:
    """`B, T = x.shape` of three axes."""
    if "values to unpack" not in raised.text or not raised.line:
        return ""
    with suppress(SyntaxError):
        (node,) = ast.parse(raised.line).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            names, value = node.targets[0].elts, value_of(raised, node.value)
            shape = getattr(value, "shape", None)
            what = f"a tensor or array of shape {raised.shape(shape)}" if shape is not None else ""
            if isinstance(value, tuple):
                what = (
                    raised.shape(value)
                    if ast.unparse(node.value).endswith("shape")
                    else f"{len(value)} values"
                )
            if what:
                told = (
                    f"`{ast.unparse(node.value)}` is {what}, and {len(names)} names stand on the "
                    "left."
                )
                return f"{told} Write one for each."
    return ""


def nothing_returned(raised: Raised) -> str:
    """What a function without `return` gives."""
    if "NoneType" not in raised.text:
        return ""
    return (
        "A value here is None. A function that ends without `return` gives None: is one missing "
        "above?"
    )


GENERAL = (product_of_shapes, unlike_shapes, no_single_truth, unpacked, nothing_returned)


def _unpacked_by_the_check(error: BaseException, check: Check) -> str:
    """What a check wanted to take apart, and could not: a state that is not returned."""
    if "unpack" not in str(error):
        return ""
    last = list(_tracebacks(error))[-1]
    code = last.tb_frame.f_code
    instructions = list(dis.get_instructions(code))
    place = next((i for i, one in enumerate(instructions) if one.offset == last.tb_lasti), None)
    if place is None or not instructions[place].opname.startswith("UNPACK_SEQUENCE"):
        return ""
    count = instructions[place].arg or 0
    names = [
        str(one.argval) for one in instructions[place + 1 :] if one.opname.startswith("STORE_")
    ][:count]
    which = (
        f" ({', '.join(names)})"
        if len(names) == count and all(name.isidentifier() for name in names)
        else ""
    )
    return (
        f"The check takes {count} values{which} from what was returned. Return all of them, in "
        "the order of the text."
    )
