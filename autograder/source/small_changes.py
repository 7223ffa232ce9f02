"""Small changes of a solution: one place is other, as in a slip that nobody listed.

Each change is made in the text, at its place, and has words that complete "but for one small change
in `f`: …". They tell what kind of slip it is, and show no line of the solution.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import pairwise

from autograder.parsing import parse
from autograder.source.solution import BEGIN, END

# what may stand in the place of what, both ways; add-ons have more, in `MUTANT_NAMES`
PAIRS = (
    ("mean", "sum"),
    ("max", "min"),
    ("maximum", "minimum"),
    ("argmax", "argmin"),
    ("zeros", "ones"),
    ("zeros_like", "ones_like"),
    ("any", "all"),
    ("cumsum", "cumprod"),
    ("exp", "log"),
    ("floor", "ceil"),
)
OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Mod: "%",
    ast.FloorDiv: "//",
    ast.Pow: "**",
    ast.MatMult: "@",
}
OTHER_OPERATORS: Mapping[str, Sequence[str]] = {
    "+": "-*",
    "-": "+",
    "*": "/+",
    "/": "*",
    "%": ("//",),
    "//": "%",
    "**": "*",
}
COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
OTHER_COMPARISONS: Mapping[str, Sequence[str]] = {
    "<": ("<=", ">"),
    "<=": "<",
    ">": (">=", "<"),
    ">=": ">",
    "==": ("!=",),
    "!=": ("==",),
}
LEFT_OUT: Mapping[str, str] = {
    "+": "a term is left out",
    "-": "a term is left out",
    "*": "a factor is left out",
    "/": "a division is left out",
    "@": "a product with a matrix is left out",
    "**": "a power is left out",
    "%": "a remainder is not taken",
    "//": "a division is left out",
}
TAKES_BACK = "-/@"  # operators whose two sides are not alike
AXIS_OPTIONS = {"axis", "dim", "axes", "dims", "start_dim", "end_dim"}
# functions and methods all of whose whole numbers, by their place among the arguments, are axes;
# add-ons have more, in `AXIS_FUNCTIONS`
TAKES_AXIS = {
    *("sum", "mean", "prod", "std", "var", "max", "min", "amax", "amin", "argmax", "argmin"),
    *("cumsum", "cumprod", "any", "all", "flip", "stack", "concatenate", "sort", "argsort"),
    *("squeeze", "expand_dims", "moveaxis", "transpose", "swapaxes"),
}
AXES = (-1, 0, 1, 2)
SIMPLE = ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr | ast.Delete
MOST_VARIABLES = 60  # changes of a definition that take one variable for another


@dataclass(frozen=True)
class SmallChange:
    """One change of a script: a whole script for each of a thousand would fill the memory.

    text: the script without it. start, end: where `code` stands instead, in bytes.
    function: in which definition, `f` or `Class.method`. words: what was done, for a student.
    """

    text: str
    start: int
    end: int
    code: str
    function: str
    words: str

    @property
    def script(self) -> str:
        """The script with the change made."""
        before = self.text.encode()
        return (before[: self.start] + self.code.encode() + before[self.end :]).decode()


@dataclass(frozen=True)
class _Edit:
    """What stands in the place of a node, and what that is called."""

    node: ast.AST
    code: str
    words: str


def small_changes(
    text: str, pairs: Sequence[Sequence[str]] = (), axis_functions: Iterable[str] = ()
) -> list[SmallChange]:
    """Make all small changes of a solution's regions, those of equal text once.

    pairs: names that may stand in each other's place, beside those of Python and NumPy.
    axis_functions: names of functions, beside NumPy's, that are told an axis by its place.
    """
    source = _Source(text, TAKES_AXIS.union(axis_functions))
    names = _in_each_others_place([*PAIRS, *pairs])
    found: list[SmallChange] = []
    seen = {sha256(text.encode()).digest()}
    for definition in source.definitions():
        for edit in _edits(definition, source, names):
            start, end = source.span(edit.node)
            change = SmallChange(text, start, end, edit.code, definition.name, edit.words)
            digest = sha256(change.script.encode()).digest()
            if digest not in seen:
                seen.add(digest)
                found.append(change)
    return found


def _in_each_others_place(pairs: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """Name → all names that pairs lead to from it: where a, b and b, c are pairs, so are a, c."""
    groups: list[set[str]] = []
    for pair in pairs:
        touched = [group for group in groups if group & {*pair}]
        groups = [group for group in groups if group not in touched]
        groups.append(set(pair).union(*touched))
    return {name: sorted(group - {name}) for group in groups for name in group}


@dataclass(frozen=True)
class _Definition:
    """A function or method, and those of its nodes that stand in a solution's region."""

    name: str
    tree: ast.AST
    nodes: Sequence[ast.AST]


@dataclass(frozen=True)
class _Source:
    """A script, with what is needed to find and to replace its nodes."""

    text: str
    takes_axis: frozenset[str] | set[str]

    @cached_property
    def tree(self) -> ast.Module:
        return parse(self.text)

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def _bytes(self) -> bytes:
        return self.text.encode()

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        for line in self._bytes.split(b"\n"):
            starts.append(starts[-1] + len(line) + 1)
        return starts

    @cached_property
    def lines(self) -> set[int]:
        """The numbers of the lines that students write."""
        lines: set[int] = set()
        inside = False
        for number, line in enumerate(self.text.split("\n"), 1):
            if line.strip() == BEGIN:
                inside = True
            elif line.strip() == END:
                inside = False
            elif inside:
                lines.add(number)
        return lines

    def definitions(self) -> Iterator[_Definition]:
        """Yield the functions, and the methods of classes, that have lines of a region."""
        for node in self.tree.body:
            if isinstance(node, ast.ClassDef):
                for part in node.body:
                    if isinstance(part, ast.FunctionDef):
                        yield from self._definition(f"{node.name}.{part.name}", part)
            elif isinstance(node, ast.FunctionDef):
                yield from self._definition(node.name, node)

    def _definition(self, name: str, tree: ast.FunctionDef) -> Iterator[_Definition]:
        nodes = [node for node in ast.walk(tree) if getattr(node, "lineno", 0) in self.lines]
        if nodes:
            yield _Definition(name, tree, nodes)

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node stands, in bytes."""
        assert isinstance(node, ast.expr | ast.stmt | ast.keyword | ast.arg)
        assert node.end_lineno is not None and node.end_col_offset is not None
        start = self._line_starts[node.lineno - 1] + node.col_offset
        return start, self._line_starts[node.end_lineno - 1] + node.end_col_offset

    def code(self, node: ast.AST) -> str:
        """The text of a node."""
        start, end = self.span(node)
        return self._bytes[start:end].decode()


Names = Mapping[str, Sequence[str]]


def _edits(definition: _Definition, source: _Source, names: Names) -> Iterator[_Edit]:
    for node in definition.nodes:
        match node:
            case ast.BinOp():
                yield from _operations(node, source)
            case ast.Compare(ops=[operator], comparators=[right]):
                yield from _comparisons(node, operator, right, source)
            case ast.BoolOp():
                yield from _and_or(node, source)
            case ast.UnaryOp():
                yield from _signs(node, source)
            case ast.Constant():
                yield from _constants(node, source)
            case ast.Name(ctx=ast.Load()) | ast.Attribute(ctx=ast.Load()):
                yield from _other_names(node, source, names)
            case ast.Call():
                yield from _calls(node, source)
            case ast.Slice():
                yield from _slices(node, source)
            case ast.Tuple(elts=[one, other]):
                yield from _swapped_pair(node, one, other, source)
            case ast.If() | ast.While() | ast.IfExp():
                test = source.code(node.test)
                yield _Edit(node.test, f"(not ({test}))", "a condition is the other way round")
            case ast.With():
                yield from _without_with(node, source)
            case ast.AugAssign():
                yield from _augmented(node, source)
        if isinstance(node, SIMPLE) and not _is_text(node):
            yield _Edit(node, "pass", _statement_left_out(node))
    yield from _other_order(definition, source)
    yield from _other_variables(definition, source)


def _stands_for(code: str, wanted: str) -> str:
    return f"`{code}` stands where `{wanted}` should"


def _operations(node: ast.BinOp, source: _Source) -> Iterator[_Edit]:
    operator = OPERATORS.get(type(node.op))
    if operator is None:
        return
    left, right = source.code(node.left), source.code(node.right)
    for other in OTHER_OPERATORS.get(operator, ()):
        yield _Edit(node, f"(({left}) {other} ({right}))", _stands_for(other, operator))
    yield _Edit(node, f"({left})", LEFT_OUT[operator])
    if operator in "*/":
        whole = source.code(node)
        yield _Edit(node, f"(2 * ({whole}))", "there is a factor of 2 too many")
        yield _Edit(node, f"(0.5 * ({whole}))", "a factor of 2 is missing")
    if operator == "-":
        yield _Edit(node, f"(-({right}))", LEFT_OUT[operator])
    elif operator == "/":
        yield _Edit(node, f"(1 / ({right}))", "1 stands in the place of what is divided")
    elif operator != "**":
        yield _Edit(node, f"({right})", LEFT_OUT[operator])
    if operator in TAKES_BACK:
        yield _Edit(
            node, f"(({right}) {operator} ({left}))", f"the two sides of a `{operator}` are swapped"
        )
    if operator == "@":
        yield _Edit(node, f"(({left}).T @ ({right}))", "there is a transpose too many")
        yield _Edit(node, f"(({left}) @ ({right}).T)", "there is a transpose too many")
        yield _Edit(node, f"(({left}) * ({right}))", _stands_for("*", "@"))
    elif operator == "*":
        yield _Edit(node, f"(({left}) @ ({right}))", _stands_for("@", "*"))


def _comparisons(
    node: ast.Compare, operator: ast.cmpop, right: ast.expr, source: _Source
) -> Iterator[_Edit]:
    sign = COMPARISONS.get(type(operator), "")
    for other in OTHER_COMPARISONS.get(sign, ()):
        code = f"(({source.code(node.left)}) {other} ({source.code(right)}))"
        yield _Edit(node, code, _stands_for(other, sign))


def _and_or(node: ast.BoolOp, source: _Source) -> Iterator[_Edit]:
    parts = [f"({source.code(value)})" for value in node.values]
    is_and = isinstance(node.op, ast.And)
    this, other = ("and", "or") if is_and else ("or", "and")
    yield _Edit(node, f"({f' {other} '.join(parts)})", _stands_for(other, this))
    for number in range(len(parts)):
        rest = parts[:number] + parts[number + 1 :]
        yield _Edit(node, f"({f' {this} '.join(rest)})", "a part of a condition is left out")


def _signs(node: ast.UnaryOp, source: _Source) -> Iterator[_Edit]:
    operand = source.code(node.operand)
    if _whole_number(node) is not None:
        yield from _whole_numbers(node, source)
    elif isinstance(node.op, ast.USub):
        yield _Edit(node, f"({operand})", "a minus is left out")
    elif isinstance(node.op, ast.Not):
        yield _Edit(node, f"({operand})", "a condition is the other way round")
    elif isinstance(node.op, ast.Invert):
        yield _Edit(node, f"({operand})", "a `~` is left out")


def _whole_number(node: ast.AST) -> int | None:
    """The value of a whole number that is written out, with its sign."""
    match node:
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
            return -value
    return None


def _constants(node: ast.Constant, source: _Source) -> Iterator[_Edit]:
    match node.value:
        case bool(value):
            words = f"{_of_option(node, source)}{_stands_for(str(not value), str(value))}"
            yield _Edit(node, str(not value), words)
        case int():
            parent = source.parents[node]
            if not (isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.USub)):
                yield from _whole_numbers(node, source)
        case float(value):
            yield _Edit(node, repr(2 * value), "a number is twice as large as it should be")
            yield _Edit(node, repr(value / 2), "a number is half as large as it should be")
            yield _Edit(node, "0.0", "0 stands in the place of a number")
        case str(value):
            yield from _other_entries(node, source)


def _of_option(node: ast.AST, source: _Source) -> str:
    parent = source.parents[node]
    named = isinstance(parent, ast.keyword) and parent.arg
    return f"in the option `{parent.arg}`, " if named and isinstance(parent, ast.keyword) else ""


def _whole_numbers(node: ast.expr, source: _Source) -> Iterator[_Edit]:
    value = _whole_number(node)
    assert value is not None
    if _is_axis(node, source):
        for other in AXES:
            if other != value:
                yield _Edit(node, f"({other})", "a function works along another axis")
        return
    words, others = _number_in_words(node, value, source)
    for other in others:
        if other != value:
            yield _Edit(node, f"({other})", words)


def _number_in_words(node: ast.expr, value: int, source: _Source) -> tuple[str, Sequence[int]]:
    """What a wrong whole number is called at its place, and which ones may stand there."""
    parent = source.parents[node]
    near = (value + 1, value - 1)
    match parent:
        case ast.Slice():
            return "a slice begins or ends at another place", (*near, -value)
        case ast.Subscript():
            ends = {0: (-1, 1), -1: (0, -2)}
            return "an index is another", ends.get(value, near)
        case ast.Tuple() if isinstance(source.parents[parent], ast.Subscript):
            ends = {0: (-1, 1), -1: (0, -2)}
            return "an index is another", ends.get(value, near)
        case ast.Call(func=ast.Name(id="range")):
            return "a loop begins or ends at another place", near
        case ast.BinOp(op=ast.Pow()):
            return "a power is another", near
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return "it is off by one", near
    return "a number is another", (*near, 2 * value)


def _is_axis(node: ast.expr, source: _Source) -> bool:
    """Whether a whole number says along which axis a function works."""
    parent = source.parents[node]
    if isinstance(parent, ast.Tuple):
        node, parent = parent, source.parents[parent]
    if isinstance(parent, ast.keyword):
        return parent.arg in AXIS_OPTIONS
    if not isinstance(parent, ast.Call) or node not in parent.args:
        return False
    if not isinstance(parent.func, ast.Attribute):  # as Python's own `max(x, 1)`
        return False
    return _called(parent) in source.takes_axis


def _called(call: ast.Call) -> str:
    """The last part of the name of what is called."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _other_entries(node: ast.Constant, source: _Source) -> Iterator[_Edit]:
    """Take another entry of a dict, or another option that is a word."""
    if not isinstance(source.parents[node], ast.Subscript):
        return
    function: ast.AST = node
    while not isinstance(function, ast.FunctionDef | ast.Module):
        function = source.parents[function]
    keys = {
        part.slice.value
        for part in ast.walk(function)
        if isinstance(part, ast.Subscript)
        and isinstance(part.slice, ast.Constant)
        and isinstance(part.slice.value, str)
    }
    for key in sorted(keys - {node.value}):
        yield _Edit(node, repr(key), "another entry of a dict is taken")


def _other_names(node: ast.Name | ast.Attribute, source: _Source, names: Names) -> Iterator[_Edit]:
    name = node.id if isinstance(node, ast.Name) else node.attr
    before = f"({source.code(node.value)})." if isinstance(node, ast.Attribute) else ""
    for other in names.get(name, ()):
        yield _Edit(node, f"{before}{other}", _stands_for(other, name))
    if isinstance(node, ast.Attribute) and name in ("T", "mT"):
        yield _Edit(node, f"({source.code(node.value)})", "a transpose is missing")


def _calls(node: ast.Call, source: _Source) -> Iterator[_Edit]:
    """Leave a call out, or an option of it; swap two arguments."""
    name = _called(node)
    words = f"`{name}` is left out" if name else "a call is left out"
    plain = [one for one in node.args if not isinstance(one, ast.Starred)]
    if isinstance(node.func, ast.Attribute):
        yield _Edit(node, f"({source.code(node.func.value)})", words)
    if plain and len(plain) == len(node.args):
        yield _Edit(node, f"({source.code(plain[0])})", words)
    if len(plain) > 1 and len(plain) == len(node.args):
        yield _swapped_arguments(node, plain[0], plain[1], source)
    for keyword in node.keywords:
        if keyword.arg:
            yield _Edit(keyword, "**{}", f"the option `{keyword.arg}` is left out")


def _swapped_arguments(node: ast.Call, one: ast.expr, other: ast.expr, source: _Source) -> _Edit:
    rest = [source.code(argument) for argument in node.args[2:]]
    options = [source.code(keyword) for keyword in node.keywords]
    arguments = ", ".join([source.code(other), source.code(one), *rest, *options])
    code = f"{source.code(node.func)}({arguments})"
    return _Edit(node, code, f"two arguments of `{_called(node)}` are swapped")


def _slices(node: ast.Slice, source: _Source) -> Iterator[_Edit]:
    """Leave out where a slice begins or ends, or its step."""
    parts = [node.lower, node.upper, node.step]
    without = ("a slice has no beginning", "a slice has no end", "a slice has no step")
    for left_out, said in enumerate(without):
        if parts[left_out] is None:
            continue
        kept = [
            source.code(part) if part is not None and number != left_out else ""
            for number, part in enumerate(parts)
        ]
        yield _Edit(node, ":".join(kept), said)
    if node.lower is None and node.upper is not None and node.step is None:
        words = "a slice takes the end in place of the beginning"
        yield _Edit(node, f"-({source.code(node.upper)}):", words)
    if node.upper is None and node.lower is not None and node.step is None:
        words = "a slice takes the beginning in place of the end"
        yield _Edit(node, f":({source.code(node.lower)})", words)
    for number, part in enumerate((node.lower, node.upper)):
        if part is None or _whole_number(part) is not None:
            continue
        for off in ("+ 1", "- 1"):
            kept = [source.code(one) if one is not None else "" for one in parts]
            kept[number] = f"({source.code(part)}) {off}"
            yield _Edit(node, ":".join(kept), "a slice begins or ends at another place")


def _swapped_pair(
    node: ast.Tuple, one: ast.expr, other: ast.expr, source: _Source
) -> Iterator[_Edit]:
    if _whole_number(one) is not None and _whole_number(other) is not None:
        return
    code = f"{source.code(other)}, {source.code(one)}"
    is_bracketed = source.code(node).startswith("(")
    yield _Edit(node, f"({code})" if is_bracketed else code, "two values are swapped")


def _without_with(node: ast.With, source: _Source) -> Iterator[_Edit]:
    """Do without what a `with` statement asks for."""
    for item in node.items:
        if item.optional_vars is None:
            name = ""
            if isinstance(item.context_expr, ast.Call):
                name = _called(item.context_expr)
            words = f"`with {name}` is left out" if name else "a `with` is left out"
            yield _Edit(item.context_expr, '__import__("contextlib").nullcontext()', words)


def _augmented(node: ast.AugAssign, source: _Source) -> Iterator[_Edit]:
    operator = OPERATORS.get(type(node.op))
    if operator is None:
        return
    target, value = source.code(node.target), source.code(node.value)
    words = f"`=` stands where `{operator}=` should"
    yield _Edit(node, f"{target} = {value}", words)
    for other in OTHER_OPERATORS.get(operator, ()):
        words = _stands_for(f"{other}=", f"{operator}=")
        yield _Edit(node, f"{target} {other}= {value}", words)


def _is_text(node: ast.stmt) -> bool:
    """Whether a statement is a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _statement_left_out(node: ast.stmt) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _called(node.value):
        return f"`{_called(node.value)}` is left out"
    return "a line is left out"


def _other_order(definition: _Definition, source: _Source) -> Iterator[_Edit]:
    """Swap two simple statements, one after the other."""
    nodes = set(definition.nodes)
    for block in ast.walk(definition.tree):
        body = getattr(block, "body", None)
        if not isinstance(body, list):
            continue
        for one, other in pairwise(body):
            if one in nodes and isinstance(one, SIMPLE) and isinstance(other, SIMPLE):
                yield _two_lines_swapped(one, other, source)


def _two_lines_swapped(one: ast.stmt, other: ast.stmt, source: _Source) -> _Edit:
    both = ast.Pass(
        lineno=one.lineno,
        col_offset=one.col_offset,
        end_lineno=other.end_lineno,
        end_col_offset=other.end_col_offset,
    )
    indent = " " * one.col_offset
    code = f"{source.code(other)}\n{indent}{source.code(one)}"
    return _Edit(both, code, "two lines are in the other order")


def _other_variables(definition: _Definition, source: _Source) -> Iterator[_Edit]:
    """Take one of a function's variables for another; of very many such changes, some."""
    local = {node.arg for node in ast.walk(definition.tree) if isinstance(node, ast.arg)}
    local |= {
        node.id
        for node in ast.walk(definition.tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    used = [
        node
        for node in definition.nodes
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in local
    ]
    edits = [
        _Edit(node, other, "one variable stands in the place of another")
        for node in used
        for other in sorted(local - {node.id, "self"})
    ]
    step = max(1, -(-len(edits) // MOST_VARIABLES))
    yield from edits[::step]
