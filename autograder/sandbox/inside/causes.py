"""Explains an exception by its cause: the student's own line, what is wrong, and what to do.

What is general to Python and NumPy is here; an add-on may explain more about its package
(`explain(raised)`).
"""

import ast
import dis
import inspect
import linecache
import math
import os
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from types import CodeType, FrameType, TracebackType
from typing import Any

import numpy as np

from autograder.check import Check, Experiments, Raised, names_used, type_in_words
from autograder.sandbox.inside.locations import is_statement

Explain = Callable[[BaseException, Check], str]
Shape = tuple[int, ...]
MAX_OWN_TEXT = 240  # characters of an exception's own text before its cause
MOST_FRAMES = 60  # innermost frames of a recursion to examine
PLAIN = (int, float, complex, str, bytes, type(None))
MOST_AXES = 8  # of an index that is written out
MOST_NAMES, LONGEST_NAME = 12, 30  # names of a table to list, and characters of each
FEWEST_CALLS = 8  # consecutive calls with equal arguments that prove endless recursion
# expressions that may be evaluated again without side effects
HARMLESS = (
    ast.Name,
    ast.Attribute,
    ast.Subscript,
    ast.Constant,
    ast.Tuple,
    ast.Slice,
    ast.UnaryOp,
    ast.USub,
    ast.Invert,
    ast.BinOp,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.MatMult,
    ast.expr_context,
)


def no_cause(_: BaseException, __: Check) -> str:
    """Return no cause."""
    return ""


def with_cause(message: str, cause: str) -> str:
    """Return the message of an exception, followed by its cause if there is one."""
    if not cause:
        return message
    if len(message) > MAX_OWN_TEXT:
        message = message[:MAX_OWN_TEXT] + "…"
    elif message[-1:] not in ".!?…":
        message = f"{message}."
    return f"{message} {cause}"


def explain_error(experiments: Experiments, error: BaseException, check: Check) -> str:
    """Return the cause of an exception and what to do; "" if it is unknown.

    Errors in this function itself are ignored.
    """
    with suppress(Exception):
        if isinstance(error, RecursionError):
            return endless_recursion(error)
        raised = _raised(experiments, error, check)
        cause = _first_cause(experiments, raised) or _unpacked_by_the_check(error, check)
        cause = cause or _name_that_the_check_looks_for(error, check)
        cause = cause or _no_array_for_the_check(error, check)
        if cause and raised.line:
            return f"Your line: `{raised.line}`. {cause}"
        return cause
    return ""


def _first_cause(experiments: Experiments, raised: Raised) -> str:
    """Ask the add-ons, then the general rules. Return the first cause found, or ""."""
    for addon in experiments.addons:
        cause = addon.explain(raised)
        if cause:
            return str(cause)
    for general in GENERAL:
        cause = general(raised)
        if cause:
            return cause
    return ""


def _raised(experiments: Experiments, error: BaseException, check: Check) -> Raised:
    """Return the facts about an exception, at the student's innermost line, if any."""
    letters = names_used(check)
    sizes = {}
    for letter, size in experiments.settings.sizes.items():
        if letter in letters:
            sizes[letter] = size
    innermost = None
    for step in _tracebacks(error):
        if is_statement(step.tb_frame.f_code.co_filename):
            innermost = step
    if innermost is None:
        return Raised(str(error), sizes=sizes)
    frame = innermost.tb_frame
    code = frame.f_code
    return Raised(
        text=str(error),
        line=linecache.getline(code.co_filename, innermost.tb_lineno).strip(),
        part=_part(code, innermost.tb_lasti),
        function=_source(code, innermost.tb_lineno),
        values={**frame.f_globals, **frame.f_locals},
        sizes=sizes,
    )


def _tracebacks(error: BaseException) -> Iterator[TracebackType]:
    """Yield the steps of a traceback, the innermost last."""
    step = error.__traceback__
    while step:
        yield step
        step = step.tb_next


def _part(code: CodeType, instruction: int) -> str:
    """Return the text of an instruction's expression; "" if it spans several lines.

    instruction: its offset in bytes. Each has two.
    """
    positions = list(code.co_positions())
    line, last_line, start, end = positions[instruction // 2]
    if line is None or start is None or end is None:
        return ""
    if line != last_line:
        return ""
    text = linecache.getline(code.co_filename, line)
    in_bytes = text.encode()  # columns count bytes
    return in_bytes[start:end].decode()


def _source(code: CodeType, line: int) -> str:
    """Return the text of a function, at least up to a line of it."""
    last = line
    for _, _, number in code.co_lines():
        last = max(last, number or 0)
    lines = []
    for number in range(code.co_firstlineno, last + 1):
        text = linecache.getline(code.co_filename, number)
        lines.append(text)
    return "".join(lines)


def value_of(raised: Raised, node: ast.expr) -> Any:
    """Return the value of a harmless expression at the exception; None for any other."""
    for part in ast.walk(node):
        if not isinstance(part, HARMLESS):
            return None
    with suppress(Exception):
        code = compile(ast.Expression(node), "", "eval")
        return eval(code, {"__builtins__": {}}, dict(raised.values))
    return None


def shape_of(raised: Raised, node: ast.expr) -> Shape | None:
    """Return the shape of a harmless expression's value, if it has one."""
    value = value_of(raised, node)
    shape = getattr(value, "shape", None)
    if shape is None:
        return None
    return tuple(shape)


@dataclass(frozen=True)
class Operand:
    """One side of an operation: its text, its shape, and the shape in words."""

    text: str
    shape: Shape
    told: str


def operands(
    raised: Raised, kind: type[ast.operator] = ast.operator
) -> tuple[Operand, Operand] | None:
    """Return the two sides of the operation that failed.

    kind: of the operation. Return None for another, and where a side has no shape.
    """
    node = _expression_that_failed(raised)
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, kind):
        return None
    left = _operand(raised, node.left)
    right = _operand(raised, node.right)
    if left and right:
        return left, right
    return None


def _expression_that_failed(raised: Raised) -> ast.expr | None:
    """Return the expression that was running at the exception; None if it spans several lines."""
    with suppress(SyntaxError):
        return ast.parse(raised.part.strip(), mode="eval").body
    return None


def _operand(raised: Raised, node: ast.expr) -> Operand | None:
    shape = shape_of(raised, node)
    if shape is None:
        return None
    text = ast.unparse(node)
    return Operand(text, shape, told=raised.shape(shape))


def call_that_failed(raised: Raised) -> ast.Call | None:
    """Return the call that was running in the student's line, if it was one."""
    node = _expression_that_failed(raised)
    return node if isinstance(node, ast.Call) else None


# texts of array packages about a product of shapes that do not match
OF_A_PRODUCT = (
    "shapes cannot be multiplied",
    "size mismatch, got",
    "core dimension",
    "not aligned",
    "must match the size",
)


def product_of_shapes(raised: Raised) -> str:
    """Explain `W @ x`: both shapes, and which product fits."""
    if not _says(raised, *OF_A_PRODUCT):
        return ""
    sides = operands(raised, ast.MatMult)
    if sides is None:
        return ""
    left, right = sides
    if not left.shape or not right.shape:
        return ""
    of_right = "the last but one axis of the right operand"
    if len(right.shape) == 1:
        of_right = "the only axis of the right operand"
    cause = f"`{left.text}` is {left.told} and `{right.text}` is {right.told}; "
    cause += f"the last axis of the left operand of `@` should be as long as {of_right}."
    if left.shape == right.shape or ".T" in left.text + right.text:
        return cause  # several products would fit, and only one is intended
    fitting = [f"`{product.text}`" for product in _other_products(left, right) if product.fits()]
    if not fitting:
        return cause
    return (
        f"{cause} If both have the right shape, the sizes of {' or of '.join(fitting)} go together."
    )


@dataclass(frozen=True)
class Product:
    """A product that may have been intended: its text, and the shapes of its sides."""

    text: str
    left: Shape
    right: Shape

    def fits(self) -> bool:
        """Return whether arrays of these shapes can be multiplied."""
        with suppress(ValueError):
            np.matmul(np.zeros(self.left), np.zeros(self.right))
            return True
        return False


def _other_products(left: Operand, right: Operand) -> Iterator[Product]:
    """Yield the products that may have been intended, the most likely first."""
    yield _product(right, left)
    if len(left.shape) == 2:
        yield _product(right, _transposed(left))
    if len(right.shape) == 2:
        yield _product(left, _transposed(right))


def _product(left: Operand, right: Operand) -> Product:
    text = f"{_in_brackets(left.text)} @ {_in_brackets(right.text)}"
    return Product(text, left.shape, right.shape)


def _in_brackets(text: str) -> str:
    """Return the text of an operand, in brackets if it has several parts."""
    operand = ast.parse(text, mode="eval").body
    return f"({text})" if isinstance(operand, ast.BinOp | ast.UnaryOp) else text


def _transposed(matrix: Operand) -> Operand:
    text = f"{_in_brackets(matrix.text)}.T"
    shape = matrix.shape[::-1]
    return replace(matrix, text=text, shape=shape)


def unlike_shapes(raised: Raised) -> str:
    """Explain `a + b` with shapes that do not match."""
    if not _says(raised, "could not be broadcast", "must match the size of tensor"):
        return ""
    sides = operands(raised)
    if sides is None:
        return _sum_without_its_axis(raised)
    left, right = sides
    return (
        f"`{left.text}` is {left.told} and `{right.text}` is {right.told}: from the last axis on, "
        "two sizes should be equal, or one of them 1."
    )


def _sum_without_its_axis(raised: Raised) -> str:
    """Explain `e / e.sum(-1)`: the summed axis is gone."""
    operation = _expression_that_failed(raised)
    if not isinstance(operation, ast.BinOp):
        return ""
    for side in (operation.left, operation.right):
        if _reduces_an_axis(side):
            written = ast.unparse(side)
            cause = f"`{written}` has one axis fewer than the array from which it is computed."
            if not _reduces_the_last_axis(side) or _is_norm(side):  # another axis may be intended
                return cause
            return f"{cause} With `keepdims=True` that axis would stay, with length 1."
    return ""


REDUCTIONS = frozenset({"sum", "mean", "max", "min", "amax", "amin", "prod", "std", "var", "norm"})


def _reduces_an_axis(node: ast.expr) -> bool:
    """Return whether an expression is a call such as `e.sum(-1)`, which drops the axis."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name), args=arguments, keywords=keywords):
            keeps = any(keyword.arg in ("keepdims", "keepdim") for keyword in keywords)
            return name in REDUCTIONS and bool(arguments or keywords) and not keeps
    return False


def _is_norm(node: ast.expr) -> bool:
    """Return whether a call is of a norm: the keyword that keeps its axis differs by library."""
    match node:
        case ast.Call(func=ast.Attribute(attr="norm")):
            return True
    return False


def _reduces_the_last_axis(node: ast.expr) -> bool:
    """Return whether a call takes the axis -1, as `e.sum(-1)` and `e.sum(axis=-1)`."""
    if not isinstance(node, ast.Call):
        return False
    axes = [*node.args, *(keyword.value for keyword in node.keywords)]
    return [ast.unparse(axis) for axis in axes] == ["-1"]


def indices_do_not_meet(raised: Raised) -> str:
    """Explain `p[np.arange(T), np.arange(B), y]` with indices of shapes that do not match."""
    words = r"indexing arrays could not be broadcast together with shapes (.+)$"
    found = re.search(words, raised.text)
    if not found:
        return ""
    return (
        f"The indices have the shapes {found[1].strip()}. Counted from the last axis, their "
        "sizes should be equal or 1: `[:, None]` adds an axis of size 1 to an index. To pick "
        "single entries, give index arrays of equal length."
    )


def too_many_axes_to_add(raised: Raised) -> str:
    """`bias += rows`: the rows have an axis that the bias lacks, and do not fit into it."""
    words = (
        r"output (?:operand )?with shape [(\[](.*?)[)\]] doesn't match the broadcast shape "
        r"[(\[](.*?)[)\]]"
    )
    found = re.search(words, raised.text)
    if not found:
        return ""
    left, result = found.groups()
    return (
        f"The array on the left has the shape ({left}), and the sum would have ({result}), which "
        "does not fit into it. Is a sum over one of the axes missing on the right, such as that "
        "of the batch?"
    )


def index_beyond_the_end(raised: Raised) -> str:
    """Explain `out[ids] = 1`: the ids of one axis index another."""
    words = r"index (-?\d+) is out of bounds for (?:dimension|axis) (\d+) with size (\d+)"
    found = re.search(words, raised.text)
    if not found:
        return ""
    index, axis, size = found.groups()
    asked = f"and index {index} was asked for there."
    if index == size:  # off by one; which letter has this size may be chance
        last = f"The last is {int(size) - 1}, counted from 0." if int(size) else "It is empty."
        return f"Axis {axis} has the length {size}, {asked} {last}"
    length = length_with_letter(raised, int(size))
    return f"Axis {axis} has the length {length}, {asked} Did you mean another axis?"


def length_with_letter(raised: Raised, size: int) -> str:
    """Write the length of an axis, with its letter if it has one: `H = 11`."""
    for letter, known in raised.sizes.items():
        if known == size:
            return f"{letter} = {size}"
    return str(size)


def a_tuple_in_its_place(raised: Raised) -> str:
    """Explain `carry @ W` or `state.detach()` if the state is a tuple."""
    if not _says(raised, "'tuple' object has no attribute", "'tuple' and", "and 'tuple'"):
        return ""
    for node in (*parts_of_line(raised.part), *parts_of_line(raised.line)):
        if not isinstance(node, ast.Name):
            continue
        value = value_of(raised, node)
        if isinstance(value, tuple) and not hasattr(value, "_fields"):
            told = f"`{node.id}` is a tuple of {len(value)}"
            is_place = all(isinstance(part, int) for part in value)  # and no arrays to use instead
            if is_place and len(value) <= MOST_AXES:
                return f"{told}: {value}."
            return (
                f"{told}. Take it apart first, as by `first, *others = {node.id}`, and use its "
                "parts."
            )
    return ""


def parts_of_line(line: str) -> Iterator[ast.AST]:
    """Yield all parts of a line of code, which may be the head of a statement: `if h > 0:`."""
    line = re.sub(r"^el(?=if\b)", "", line.strip())
    if line.endswith(":"):
        line = f"{line} pass"
    with suppress(SyntaxError):
        yield from ast.walk(ast.parse(line))


def no_single_truth(raised: Raised) -> str:
    """Explain `h or zeros` or `if h:` with an array."""
    if not _says(raised, "truth value of an array", "Boolean value of Tensor"):
        return ""
    found = _array_or_another(raised)
    if found is None:
        what = _of_what(raised)
        needs = "A condition needs" if what else "`if`, `and`, `or`, `max` and `min` need"
        return (
            f"{needs} a single truth value{what}. `where` decides for each entry; `.all()` and "
            "`.any()` ask about all of them."
        )
    value, other = found
    return (
        f"`or` asks whether all of `{value}` is true, which many numbers cannot answer. "
        f"To ask whether it was given: `{other} if {value} is None else {value}`."
    )


def _array_or_another(raised: Raised) -> tuple[str, str] | None:
    """Return the array and the other value of `h or zeros`, as code; None if there is none."""
    for node in parts_of_line(raised.line):
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and len(node.values) == 2:
            value, other = node.values
            if isinstance(value, ast.Name) and shape_of(raised, value) is not None:
                return value.id, ast.unparse(other)
    return None


def _of_what(raised: Raised) -> str:
    """Say which arrays of a condition have several entries: ", and `t` is (T, B) = (6, 5)"."""
    told: dict[str, None] = {}  # each once, in order
    for name in _names_in_conditions(raised.line):
        shape = shape_of(raised, name)
        if shape and math.prod(shape) > 1:
            told[f"`{name.id}` is {raised.shape(shape)}"] = None
    if not told:
        return ""
    return f", and {' and '.join(told)}"


def _names_in_conditions(line: str) -> Iterator[ast.Name]:
    """Yield the names in the conditions of a line of code."""
    for node in parts_of_line(line):
        if not isinstance(node, ast.If | ast.While | ast.IfExp):
            continue
        for part in ast.walk(node.test):
            if isinstance(part, ast.Name):
                yield part


def unpacked(raised: Raised) -> str:
    """Explain `B, T = x.shape` with three axes."""
    if not _says(raised, "values to unpack"):
        return ""
    match _statement(raised.line):
        case ast.Assign(targets=[ast.Tuple(elts=names), *_], value=taken_apart):
            pass
        case _:
            return ""
    iterators = _iterators_of_zip(raised, taken_apart)
    if iterators:
        return (
            f"`{iterators}` holds iterators, and `zip` goes on until one ends. Call `next` once on "
            "each of them first."
        )
    text = ast.unparse(taken_apart)
    value = value_of(raised, taken_apart)
    found = _what_was_unpacked(raised, text, value)
    if not found:
        return ""
    count = len(names)
    cause = f"`{text}` is {found}, but there are {count} names on the left."
    if isinstance(value, tuple):
        return f"{cause} Write one for each."
    return f"{cause} They need a tuple of {count} values."


def _iterators_of_zip(raised: Raised, expression: ast.expr) -> str:
    """Return the text of `parts` in `zip(*parts)` whose parts are iterators; "" otherwise."""
    match expression:
        case ast.Call(func=ast.Name("zip"), args=[ast.Starred(value=taken_apart)]):
            pass
        case _:
            return ""
    parts = value_of(raised, taken_apart)
    if not isinstance(parts, list | tuple):
        return ""
    if not any(hasattr(part, "__next__") for part in parts):
        return ""
    return ast.unparse(taken_apart)


def _statement(line: str) -> ast.stmt | None:
    """Return the statement of a line; None if the line holds no statement, or several."""
    with suppress(SyntaxError):
        body = ast.parse(line).body
        if len(body) == 1:
            return body[0]
    return None


def _what_was_unpacked(raised: Raised, text: str, value: Any) -> str:
    """Describe a value that could not be unpacked; "" if it is neither array nor tuple."""
    if isinstance(value, tuple):
        if text.endswith("shape"):
            return raised.shape(value)
        return f"{len(value)} values"
    shape = getattr(value, "shape", None)
    if shape is None:
        return ""
    return f"a tensor or array of shape {raised.shape(shape)}"


def other_arguments(raised: Raised) -> str:
    """Explain `make(x, size)` with a function argument that takes three: which ones."""
    if not _says(raised, "required positional", "positional argument", "keyword argument"):
        return ""
    call = call_that_failed(raised)
    if call is None:
        return ""
    function = value_of(raised, call.func)
    signature = _signature(function)
    if signature is None or _can_take(signature, call):
        return ""
    text = ast.unparse(call.func)
    taken = ", ".join(signature.parameters)
    if _was_handed_in(raised, call.func) and _is_the_students(function):
        name = getattr(function, "__name__", text)
        return (
            f"`{text}` is your `{name}({taken})`, which was passed in and is called with "
            f"{_count_of_arguments(call)}. Pass a function that takes as many: a `lambda` can fix "
            "the others."
        )
    return f"Call it with what it takes: `{text}({taken})`."


def _was_handed_in(raised: Raised, called: ast.expr) -> bool:
    """Return whether the called function is a parameter of its caller."""
    if not isinstance(called, ast.Name):
        return False
    with suppress(SyntaxError):
        for node in ast.walk(ast.parse(textwrap.dedent(raised.function))):
            if isinstance(node, ast.FunctionDef):
                names = [parameter.arg for parameter in node.args.args]
                return called.id in names
    return False


def _is_the_students(function: Any) -> bool:
    """Return whether a function is defined in the submission."""
    code = getattr(function, "__code__", None)
    return code is not None and is_statement(code.co_filename)


def _count_of_arguments(call: ast.Call) -> str:
    """Say how many arguments a call has."""
    count = len(call.args) + len(call.keywords)
    return "1 argument" if count == 1 else f"{count} arguments"


def _signature(function: Any) -> inspect.Signature | None:
    """Return a function's parameters; None if they cannot be determined."""
    if function is None:
        return None
    with suppress(TypeError, ValueError):
        return inspect.signature(function)
    return None


def _can_take(signature: inspect.Signature, call: ast.Call) -> bool:
    """Return whether a call has the arguments that it needs, or may have, as with `*rest`."""
    names: dict[str, None] = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            return True
        names[keyword.arg] = None
    if any(isinstance(each, ast.Starred) for each in call.args):
        return True
    try:
        signature.bind(*call.args, **names)
    except TypeError:
        return False
    return True


def place_out_of_range(raised: Raised) -> str:
    """Explain `names[scores.argmax()]`: an index into the flattened array."""
    if not _says(raised, "index out of range", "is out of bounds for axis"):
        return ""
    if ".argmax()" not in raised.line:
        return ""
    return (
        "`argmax()` without an axis counts through all numbers of an array. Look at its shape: "
        "is there one score for each place? `argmax(-1)` takes the best of each row."
    )


def nothing_returned(raised: Raised) -> str:
    """Explain the None of a function without `return`."""
    if not _says(raised, "NoneType"):
        return ""
    if not raised.line:
        return "A value is None. A function that ends without `return` gives None: does yours?"
    return (
        "A value in this line is None. A function that ends without `return` gives None: does one "
        "that is called here lack it?"
    )


def _says(raised: Raised, *texts: str) -> bool:
    """Return whether the exception's text contains one of these."""
    return any(text in raised.text for text in texts)


GENERAL = (
    product_of_shapes,
    unlike_shapes,
    indices_do_not_meet,
    too_many_axes_to_add,
    place_out_of_range,  # before the next, which explains each such index
    index_beyond_the_end,
    a_tuple_in_its_place,
    no_single_truth,
    unpacked,
    other_arguments,
    nothing_returned,
)


def _unpacked_by_the_check(error: BaseException, check: Check) -> str:
    """Explain a failed unpacking in a check: a state that is not returned."""
    if "unpack" not in str(error):
        return ""
    *_, last = _tracebacks(error)
    if is_statement(last.tb_frame.f_code.co_filename):  # the student's own line unpacks it
        return ""
    following = _instructions_from(last.tb_frame.f_code, last.tb_lasti)
    if not following:
        return ""
    unpack, *after = following
    if not unpack.opname.startswith("UNPACK_SEQUENCE"):
        return ""
    count = unpack.arg or 0
    names: list[str] = []
    for instruction in after:
        if instruction.opname.startswith("STORE_FAST_STORE_FAST"):  # two at once, from 3.13 on
            names.extend(str(name) for name in instruction.argval)
        elif instruction.opname.startswith("STORE_"):
            names.append(str(instruction.argval))
    names = names[:count]
    told = ""
    if len(names) == count and all(name.isidentifier() and name != "_" for name in names):
        told = f" ({', '.join(names)})"
    return (
        f"The check takes exactly {count} values{told} from what was returned. Return these, in "
        "the order that the exercise gives."
    )


def _name_that_the_check_looks_for(error: BaseException, check: Check) -> str:
    """Explain a missing name that a check looked for in a returned value."""
    if not isinstance(error, KeyError) or not error.args:
        return ""
    folder = os.path.dirname(check.experiment.__code__.co_filename)
    values: list[Any] = []
    for step in _tracebacks(error):
        code = step.tb_frame.f_code
        if is_statement(code.co_filename):
            return ""  # the student's own line looks for it
        if os.path.dirname(code.co_filename) == folder:
            values = list(step.tb_frame.f_locals.values())
    wanted = error.args[0]
    tables = [names for names in map(_names_in, values) if names and wanted not in names]
    if len(tables) != 1:
        return f"The check looks for {_quoted(wanted)}."
    there = ", ".join(_quoted(name) for name in tables[0][:MOST_NAMES])
    return f"The check looks for {_quoted(wanted)}; what you returned has: {there}."


def _no_array_for_the_check(error: BaseException, check: Check) -> str:
    """Explain a list where the check reads the dtype or the shape of an array."""
    if not isinstance(error, AttributeError) or not hasattr(np.ndarray, error.name or ""):
        return ""
    *_, last = _tracebacks(error)
    folder = os.path.dirname(check.experiment.__code__.co_filename)
    if os.path.dirname(last.tb_frame.f_code.co_filename) != folder:
        return ""
    return f"The check expects an array, and found {type_in_words(error.obj)}."


def _names_in(value: Any) -> list[Any]:
    """Return the keys of a dict, or the columns of a table."""
    if isinstance(value, dict):
        return list(value)
    return list(value.columns) if hasattr(type(value), "columns") else []


def _quoted(name: Any) -> str:
    return f"`{str(name)[:LONGEST_NAME]}`"


def endless_recursion(error: RecursionError) -> str:
    """Explain a function that calls itself endlessly; "" if it only goes too deep.

    The text is a part of the error's own, before the student's line. So a program that calls itself
    for each character of a long text does not raise an error with the same text.
    """
    frames = []
    for step in _tracebacks(error):
        code = step.tb_frame.f_code
        is_named = not code.co_name.startswith("<")  # no lambda, and no comprehension
        if is_named and is_statement(code.co_filename):
            frames.append(step.tb_frame)
    by_code: dict[CodeType, list[FrameType]] = {}
    for frame in frames[-MOST_FRAMES:]:
        by_code.setdefault(frame.f_code, []).append(frame)
    if not by_code:
        return ""
    code, calls = max(by_code.items(), key=lambda pair: len(pair[1]))
    if len(calls) < FEWEST_CALLS:
        return ""
    last = calls[-FEWEST_CALLS:]
    are_plain = all(map(_has_plain_arguments, last))  # otherwise they may have changed since
    if are_plain and len({_arguments(frame) for frame in last}) == 1:
        how = "with the same arguments each time"
    elif _count_down(last):
        how = "and has counted down beyond 0"
    else:
        return ""
    return f"in `{code.co_name}`, which calls itself without end, {how}."


def _arguments(frame: FrameType) -> tuple[str, ...]:
    """Return the arguments of a call, written out."""
    written = map(repr, _values_of_arguments(frame))
    return tuple(f"{text[:MAX_OWN_TEXT]} of {len(text)}" for text in written)


def _values_of_arguments(frame: FrameType) -> list[Any]:
    code = frame.f_code
    names = code.co_varnames[: code.co_argcount]
    return [frame.f_locals.get(name) for name in names]


def _has_plain_arguments(frame: FrameType) -> bool:
    """Return whether all arguments of a call can be compared now: no list, iterator or object."""
    code = frame.f_code
    takes_more = code.co_kwonlyargcount or code.co_flags & (
        inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
    )
    return not takes_more and all(map(_is_plain, _values_of_arguments(frame)))


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_plain, value))
    is_array = hasattr(value, "shape")
    return is_array or callable(value) or isinstance(value, PLAIN)


def _count_down(calls: Sequence[FrameType]) -> bool:
    """Return whether an integer falls from call to call, and ends well below 0."""
    for values in zip(*map(_values_of_arguments, calls), strict=True):
        if not all(isinstance(value, int) for value in values):
            continue
        falls = all(later < earlier for earlier, later in pairwise(values))
        if falls and values[-1] < -FEWEST_CALLS:
            return True
    return False


def _instructions_from(code: CodeType, offset: int) -> list[dis.Instruction]:
    """Return the instructions of code from an offset on."""
    found = []
    for instruction in dis.get_instructions(code):
        if instruction.offset >= offset:
            found.append(instruction)
    return found
