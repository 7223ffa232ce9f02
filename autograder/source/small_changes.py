"""Small changes of a solution: one place is other, as in a slip that nobody listed.

Each change is an `Edit` of the text, with the slip that it makes. Students read about a slip, which
shows no line of the solution.
"""

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from math import ceil

from autograder.parsing import COMPARISONS, OPERATORS, parse
from autograder.slip import Slip, SlipKind, replaced
from autograder.source.edits import Edit
from autograder.source.solution import lines_of_regions

# what may stand in the place of what, both ways; add-ons have more, among their `counterparts`
COUNTERPARTS = (
    ("mean", "sum"),
    ("max", "min"),
    ("maximum", "minimum"),
    ("argmax", "argmin"),
    ("zeros", "ones"),
    ("zeros_like", "ones_like"),
    ("any", "all"),
    ("cumsum", "cumprod"),
    ("exp", "log"),
    ("std", "var"),
)
PAIRS = (
    *COUNTERPARTS,
    ("mean", "median"),
    ("floor", "ceil", "round", "int"),
    ("first", "last"),
    ("left", "right", "inner", "outer"),
    ("union", "intersection", "difference"),
    ("append", "extend"),
)
OTHER_OPERATORS: Mapping[str, Sequence[str]] = {
    "+": "-*",
    "-": "+",
    "*": "/+",
    "/": ("*", "//"),
    "%": ("//",),
    "//": "%/",
    "**": "*",
}
OTHER_CONJUNCTION = {"and": "or", "or": "and"}
OTHER_COMPARISONS: Mapping[str, Sequence[str]] = {
    "<": ("<=", ">"),
    "<=": "<",
    ">": (">=", "<"),
    ">=": ">",
    "==": ("!=",),
    "!=": ("==",),
}
LEFT_OUT: Mapping[str, Slip] = {
    "+": Slip(SlipKind.TERM),
    "-": Slip(SlipKind.TERM),
    "*": Slip(SlipKind.FACTOR),
    "/": Slip(SlipKind.DIVISION),
    "@": Slip(SlipKind.MATRIX_PRODUCT),
    "**": Slip(SlipKind.POWER),
    "%": Slip(SlipKind.REMAINDER),
    "//": Slip(SlipKind.DIVISION),
}
WITHOUT_SIGN: Mapping[type[ast.unaryop], Slip] = {
    ast.USub: Slip(SlipKind.MINUS),
    ast.Not: Slip(SlipKind.NEGATED),
    ast.Invert: Slip(SlipKind.INVERSION),
}
WITHOUT_PART_OF_SLICE = (
    Slip(SlipKind.SLICE_BEGINNING),
    Slip(SlipKind.SLICE_END),
    Slip(SlipKind.SLICE_STEP),
)
SPREADS = "+-*/"  # operators beside which a function may be applied to too much or too little
TAKES_BACK = "-/@"  # operators whose two sides are not alike
AXIS_OPTIONS = {"axis", "dim", "axes", "dims", "start_dim", "end_dim"}
# functions and methods all of whose whole numbers, by their place among the arguments, are axes;
# add-ons have more, among their `axis_functions`
TAKES_AXIS = {
    *("sum", "mean", "prod", "std", "var", "max", "min", "amax", "amin", "argmax", "argmin"),
    *("cumsum", "cumprod", "any", "all", "flip", "stack", "concatenate", "sort", "argsort"),
    *("squeeze", "expand_dims", "moveaxis", "transpose", "swapaxes"),
}
TAKES_DDOF = {"std", "var"}  # NumPy's divide by the number of entries, and pandas' by one less
AXES = (-1, 0, 1, 2)
OTHER_INDICES = {0: (-1, 1), -1: (0, -2)}  # of any other index those beside it
SIMPLE = ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr | ast.Delete
PLACED = ast.expr | ast.stmt | ast.keyword | ast.arg  # nodes that know where they stand
MOST_VARIABLES = 60  # changes of a solution's definition that take one variable for another


@dataclass(frozen=True)
class _Replacement:
    """What stands in the place of a node, and the slip that this is."""

    node: ast.AST
    code: str
    slip: Slip


def small_changes(
    text: str,
    pairs: Sequence[Sequence[str]] = (),
    axis_functions: Iterable[str] = (),
) -> list[Edit]:
    """Make all small changes of a solution's regions, those of equal text once.

    pairs: names that may stand in each other's place, beside those of Python and NumPy.
    axis_functions: names of functions, beside NumPy's, that take an axis as a positional argument.
    """
    source = Source(text, TAKES_AXIS.union(axis_functions))
    names = in_each_others_place(pairs)
    found: list[Edit] = []
    seen = {sha256(text.encode()).digest()}
    for definition in source.definitions(lines_of_regions(text)):
        for change in changes_of(definition, source, names):
            script = change.script.encode()
            digest = sha256(script).digest()
            if digest not in seen:
                seen.add(digest)
                found.append(change)
    return found


def changes_of(
    definition: "Editable", source: "Source", names: "Names", most_variables: int = MOST_VARIABLES
) -> Iterator[Edit]:
    """Make the small changes of a definition, one after the other.

    names: which may stand in each other's place, `in_each_others_place`.
    most_variables: changes that take one variable for another.
    """
    for made in _replacements(definition, source, names, most_variables):
        if made.code == source.code(made.node):  # two lines that are the same, swapped
            continue
        yield source.edit(made.node, made.code, definition, made.slip)


def in_each_others_place(pairs: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """Return name → all names that pairs lead to from it: where a, b and b, c are pairs, a to c.

    pairs: beside those of Python and NumPy.
    """
    groups: list[set[str]] = []  # no name is in two of them
    for pair in [*PAIRS, *pairs]:
        joined = set(pair)
        untouched = []
        for group in groups:
            if group.isdisjoint(pair):
                untouched.append(group)
            else:
                joined |= group
        groups = [*untouched, joined]
    others = {}
    for group in groups:
        for name in group:
            others[name] = sorted(group - {name})
    return others


@dataclass(frozen=True)
class Editable:
    """A function or method, and those of its nodes that stand in the lines which are changed."""

    name: str
    tree: ast.AST
    nodes: Sequence[ast.AST]


@dataclass(frozen=True)
class Source:
    """A script, with what is needed to find and to replace its nodes."""

    text: str
    takes_axis: frozenset[str] | set[str]

    @cached_property
    def tree(self) -> ast.Module:
        """Return the script's syntax tree."""
        return parse(self.text)

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Map each node to the one that it is a part of."""
        parents = {}
        for node in ast.walk(self.tree):
            for child in ast.iter_child_nodes(node):
                parents[child] = node
        return parents

    @cached_property
    def conditions(self) -> list[tuple[int, int]]:
        """Return where each condition begins and ends, of statements and within expressions."""
        found: list[ast.expr] = []
        for node in ast.walk(self.tree):
            match node:
                case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
                    found.append(test)
                case ast.match_case(guard=ast.expr() as test):
                    found.append(test)
                case ast.comprehension(ifs=tests):
                    found.extend(tests)
        return [self.span(condition) for condition in found]

    @cached_property
    def _modules(self) -> set[str]:
        """Return the names that modules are imported under."""
        names = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    top, _, _ = alias.name.partition(".")
                    names.add(alias.asname or top)
        return names

    def keys_of_entries(self, function: ast.AST) -> list[str]:
        """Return all words that stand in brackets behind a value, as in `weights["Wx"]`."""
        if function not in self._keys:
            keys = set()
            for node in ast.walk(function):
                match node:
                    case ast.Subscript(slice=ast.Constant(value=str(key))):
                        keys.add(key)
            self._keys[function] = sorted(keys)
        return self._keys[function]

    @cached_property
    def _keys(self) -> dict[ast.AST, list[str]]:
        return {}

    def holds_functions(self, node: ast.AST) -> bool:
        """Return whether what a function is taken from is a module, one in a module, or `self`."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and (node.id == "self" or node.id in self._modules)

    @cached_property
    def _bytes(self) -> bytes:
        return self.text.encode()

    @cached_property
    def _line_starts(self) -> list[int]:
        """Return where each line begins, in bytes."""
        starts = [0]
        for line in self._bytes.split(b"\n"):
            next_start = starts[-1] + len(line) + 1
            starts.append(next_start)
        return starts

    def definitions(self, lines: Collection[int]) -> Iterator[Editable]:
        """Yield the functions, and the methods of classes, that have some of these lines."""
        for name, function in self.functions():
            nodes = []
            for node in ast.walk(function):
                if getattr(node, "lineno", 0) in lines:
                    nodes.append(node)
            if nodes:
                yield Editable(name, function, nodes)

    def functions(self) -> Iterator[tuple[str, ast.FunctionDef | ast.expr]]:
        """Yield each function and method with its name, `f` or `Class.method`.

        A function may be made by a `lambda`, also within a call.
        """
        for node in self.tree.body:
            match node:
                case ast.FunctionDef(name=name):
                    yield name, node
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    if any(isinstance(part, ast.Lambda) for part in ast.walk(value)):
                        yield name, value
                case ast.ClassDef(name=name):
                    for part in node.body:
                        if isinstance(part, ast.FunctionDef):
                            yield f"{name}.{part.name}", part

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return where a node begins and where it ends, in bytes."""
        assert isinstance(node, PLACED)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        first_line = self._line_starts[node.lineno - 1]
        last_line = self._line_starts[node.end_lineno - 1]
        start = first_line + node.col_offset
        end = last_line + node.end_col_offset
        return start, end

    def edit(self, node: ast.AST, code: str, definition: "Editable", slip: Slip) -> Edit:
        """Return what puts code in the place of a node of a definition."""
        start, end = self.span(node)
        return Edit(self.text, start, end, code, definition.name, slip)

    def code(self, node: ast.AST) -> str:
        """Return the text of a node."""
        start, end = self.span(node)
        code = self._bytes[start:end]
        return code.decode()

    def code_with(self, node: ast.AST, part: ast.AST, code: str) -> str:
        """Return the text of a node with other code in the place of a part of it."""
        start, end = self.span(node)
        from_part, to_part = self.span(part)
        before = self._bytes[start:from_part]
        after = self._bytes[to_part:end]
        return before.decode() + code + after.decode()


Names = Mapping[str, Sequence[str]]


def _replacements(
    definition: Editable, source: Source, names: Names, most_variables: int
) -> Iterator[_Replacement]:
    for node in definition.nodes:
        match node:
            case ast.BinOp():
                yield from _operations(node, source)
                yield from _applied_to_more(node, source)
            case ast.Compare(ops=[operator], comparators=[right]):
                yield from _comparisons(node, operator, right, source)
            case ast.BoolOp():
                yield from _and_or(node, source)
            case ast.UnaryOp():
                yield from _signs(node, source)
            case ast.Constant():
                yield from _constants(node, source)
                yield from _other_words(node, source, names)
            case ast.Name(ctx=ast.Load()):
                yield from _other_names(node, names)
            case ast.Attribute(ctx=ast.Load()):
                yield from _other_attributes(node, source, names)
            case ast.Call():
                yield from _calls(node, source)
                yield from _other_options(node, source, names)
                yield from _other_divisors(node, source)
                yield from _applied_to_less(node, source)
            case ast.Slice():
                yield from _slices(node, source)
            case ast.Tuple(elts=[one, other]):
                yield from _swapped_pair(node, one, other, source)
            case ast.If() | ast.While() | ast.IfExp():
                test = source.code(node.test)
                yield _Replacement(node.test, f"(not ({test}))", Slip(SlipKind.NEGATED))
            case ast.With():
                yield from _without_with(node, source)
            case ast.AugAssign():
                yield from _augmented(node, source)
        if isinstance(node, SIMPLE) and not _is_text(node):
            yield _Replacement(node, "pass", _statement_left_out(node))
    yield from _other_order(definition, source)
    yield from _other_variables(definition, most_variables)


def _operations(node: ast.BinOp, source: Source) -> Iterator[_Replacement]:
    """Take another operator, leave a side out, swap the two, or double the result."""
    operator = OPERATORS.get(type(node.op))
    if operator is None:
        return
    whole = source.code(node)
    left = source.code(node.left)
    right = source.code(node.right)
    left_out = LEFT_OUT[operator]
    for other in OTHER_OPERATORS.get(operator, ()):
        code = _infix(left, other, right)
        yield _Replacement(node, code, replaced(other, operator))
    yield _Replacement(node, f"({left})", left_out)
    if operator in "*/":
        yield _Replacement(node, f"(2 * ({whole}))", Slip(SlipKind.TWO_TOO_MANY))
        yield _Replacement(node, f"(0.5 * ({whole}))", Slip(SlipKind.TWO_MISSING))
    if operator == "-":
        yield _Replacement(node, f"(-({right}))", left_out)
    elif operator == "/":
        yield _Replacement(node, f"(1 / ({right}))", Slip(SlipKind.ONE_FOR_DIVIDEND))
    elif operator != "**":
        yield _Replacement(node, f"({right})", left_out)
    if operator in TAKES_BACK:
        slip = Slip(SlipKind.SIDES_SWAPPED, (operator,))
        yield _Replacement(node, _infix(right, operator, left), slip)
    if operator == "@":
        yield _Replacement(node, f"(({left}).T @ ({right}))", Slip(SlipKind.TRANSPOSE_TOO_MANY))
        yield _Replacement(node, f"(({left}) @ ({right}).T)", Slip(SlipKind.TRANSPOSE_TOO_MANY))
        yield _Replacement(node, _infix(left, "*", right), replaced("*", "@"))
    elif operator == "*":
        yield _Replacement(node, _infix(left, "@", right), replaced("@", "*"))


def _applied_to_more(node: ast.BinOp, source: Source) -> Iterator[_Replacement]:
    """Take `sqrt(a + b)` for `a + sqrt(b)`, on either side."""
    operator = OPERATORS.get(type(node.op), "")
    if operator not in SPREADS:
        return
    for side, other in ((node.left, node.right), (node.right, node.left)):
        subject = _subject(side, source)
        if subject is None:
            continue
        assert isinstance(side, ast.Call)
        codes = [source.code(other)] * 2
        codes[side is node.right] = source.code(subject)
        inner = _infix(codes[0], operator, codes[1])
        slip = Slip(SlipKind.APPLIED_TO_TOO_MUCH, (_called(side),))
        yield _Replacement(node, source.code_with(side, subject, inner), slip)


def _applied_to_less(node: ast.Call, source: Source) -> Iterator[_Replacement]:
    """Take `sqrt(a) + b`, or `a + sqrt(b)`, for `sqrt(a + b)`."""
    whole = _subject(node, source)
    if not isinstance(whole, ast.BinOp):
        return
    operator = OPERATORS.get(type(whole.op), "")
    if operator not in SPREADS:
        return
    left = f"({source.code(whole.left)})"
    right = f"({source.code(whole.right)})"
    slip = Slip(SlipKind.APPLIED_TO_TOO_LITTLE, (_called(node),))
    yield _Replacement(node, _infix(source.code_with(node, whole, left), operator, right), slip)
    yield _Replacement(node, _infix(left, operator, source.code_with(node, whole, right)), slip)


def _subject(node: ast.expr, source: Source) -> ast.expr | None:
    """Return what a function is applied to: its one argument, or what a method is called on."""
    if not isinstance(node, ast.Call) or not _called(node):
        return None
    match node.func:
        case ast.Attribute(value=owner) if not source.holds_functions(owner):
            return None if isinstance(owner, ast.Constant) else owner
    match node.args:
        case [ast.expr() as argument] if not isinstance(argument, ast.Starred):
            return argument
    return None


def _infix(left: str, operator: str, right: str) -> str:
    return f"(({left}) {operator} ({right}))"


def _comparisons(
    node: ast.Compare, operator: ast.cmpop, right: ast.expr, source: Source
) -> Iterator[_Replacement]:
    sign = COMPARISONS.get(type(operator), "")
    left_code = source.code(node.left)
    right_code = source.code(right)
    for other in OTHER_COMPARISONS.get(sign, ()):
        code = _infix(left_code, other, right_code)
        slip = replaced(other, sign)
        yield _Replacement(node, code, slip)


def _and_or(node: ast.BoolOp, source: Source) -> Iterator[_Replacement]:
    conjunction = "and" if isinstance(node.op, ast.And) else "or"
    other = OTHER_CONJUNCTION[conjunction]
    parts = []
    for value in node.values:
        parts.append(f"({source.code(value)})")
    code = f" {other} ".join(parts)
    slip = replaced(other, conjunction)
    yield _Replacement(node, f"({code})", slip)
    for number in range(len(parts)):
        rest = parts.copy()
        del rest[number]
        code = f" {conjunction} ".join(rest)
        yield _Replacement(node, f"({code})", Slip(SlipKind.PART_OF_CONDITION))


def _signs(node: ast.UnaryOp, source: Source) -> Iterator[_Replacement]:
    if _whole_number(node) is not None:
        yield from _whole_numbers(node, source)
        return
    slip = WITHOUT_SIGN.get(type(node.op))
    if slip:
        operand = source.code(node.operand)
        yield _Replacement(node, f"({operand})", slip)


def _whole_number(node: ast.AST) -> int | None:
    """Return the value of a whole number that is written out, with its sign."""
    match node:
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
            return -value
    return None


def _constants(node: ast.Constant, source: Source) -> Iterator[_Replacement]:
    match node.value:
        case bool(value):
            wanted = str(value)
            other = str(not value)
            slip = replaced(other, wanted, _option_of(node, source))
            yield _Replacement(node, other, slip)
        case int():
            if not _has_minus(node, source):  # else the two are one number
                yield from _whole_numbers(node, source)
        case float(value):
            yield _Replacement(node, repr(2 * value), Slip(SlipKind.TWICE))
            yield _Replacement(node, repr(value / 2), Slip(SlipKind.HALF))
            yield _Replacement(node, "0.0", Slip(SlipKind.ZERO_FOR_NUMBER))
        case str():
            yield from _other_entries(node, source)


def _has_minus(node: ast.AST, source: Source) -> bool:
    match source.parents[node]:
        case ast.UnaryOp(op=ast.USub()):
            return True
    return False


def _option_of(node: ast.AST, source: Source) -> str:
    """Return the keyword whose value a node is; "" if it is no keyword's."""
    match source.parents[node]:
        case ast.keyword(arg=str(name)):
            return name
    return ""


def _whole_numbers(node: ast.expr, source: Source) -> Iterator[_Replacement]:
    value = _whole_number(node)
    assert value is not None
    others: Sequence[int]
    if _is_axis(node, source):
        slip = Slip(SlipKind.AXIS)
        others = AXES
    else:
        slip, others = _slip_of_number(node, value, source)
    for other in others:
        if other != value:
            yield _Replacement(node, f"({other})", slip)


def _slip_of_number(node: ast.expr, value: int, source: Source) -> tuple[Slip, Sequence[int]]:
    """Return what a wrong whole number is called at its place, and which ones may stand there."""
    parent = source.parents[node]
    if isinstance(parent, ast.Tuple):
        around = source.parents[parent]
        if isinstance(around, ast.Subscript):  # as in `x[0, 1]`
            parent = around
    near = (value + 1, value - 1)
    match parent:
        case ast.Slice(step=step) if step is node:
            return Slip(SlipKind.STEP_OF_SLICE), near
        case ast.Slice():
            return Slip(SlipKind.BOUND_OF_SLICE), (*near, -value)
        case ast.Subscript():
            return Slip(SlipKind.INDEX), OTHER_INDICES.get(value, near)
        case ast.Call(func=ast.Name(id="range"), args=[_, _, step]) if step is node:
            return Slip(SlipKind.STEP_OF_LOOP), near
        case ast.Call(func=ast.Name(id="range")):
            return Slip(SlipKind.BOUND_OF_LOOP), near
        case ast.BinOp(op=ast.Pow()):
            return Slip(SlipKind.EXPONENT), near
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return Slip(SlipKind.OFF_BY_ONE), near
    return Slip(SlipKind.NUMBER), (*near, 2 * value, -value)


def _is_axis(node: ast.expr, source: Source) -> bool:
    """Return whether a whole number says along which axis a function works."""
    parent = source.parents[node]
    if isinstance(parent, ast.Tuple):
        node = parent
        parent = source.parents[node]
    if isinstance(parent, ast.keyword):
        return parent.arg in AXIS_OPTIONS
    if not isinstance(parent, ast.Call):
        return False
    if node not in parent.args:
        return False
    if not isinstance(parent.func, ast.Attribute):  # as Python's own `max(x, 1)`
        return False
    return _called(parent) in source.takes_axis


def _called(call: ast.Call) -> str:
    """Return the last part of the name of what is called, "" where it has none."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _other_entries(node: ast.Constant, source: Source) -> Iterator[_Replacement]:
    """Take another entry of a dict, or another option that is a word."""
    if not isinstance(source.parents[node], ast.Subscript):
        return
    function: ast.AST = node
    while not isinstance(function, ast.FunctionDef | ast.Module):
        function = source.parents[function]
    for key in source.keys_of_entries(function):
        if key != node.value:
            yield _Replacement(node, repr(key), Slip(SlipKind.ENTRY))


def _other_words(node: ast.Constant, source: Source, names: Names) -> Iterator[_Replacement]:
    """Take the counterpart of a function that is named by a word, as in `agg(n="sum")`."""
    if not isinstance(source.parents[node], ast.keyword | ast.Call):
        return
    word = node.value
    if not isinstance(word, str):
        return
    for other in names.get(word, ()):
        yield _Replacement(node, f'"{other}"', replaced(other, word))


def _other_divisors(node: ast.Call, source: Source) -> Iterator[_Replacement]:
    """Divide a sum of squares by one less than the number of entries, where all were meant."""
    given = {keyword.arg for keyword in node.keywords}
    if _called(node) not in TAKES_DDOF or "ddof" in given or None in given:
        return
    parts = [*map(source.code, (*node.args, *node.keywords)), "ddof=1"]
    code = f"{source.code(node.func)}({', '.join(parts)})"
    yield _Replacement(node, code, Slip(SlipKind.DIVISOR))


def _other_names(node: ast.Name, names: Names) -> Iterator[_Replacement]:
    for other in names.get(node.id, ()):
        slip = replaced(other, node.id)
        yield _Replacement(node, other, slip)


def _other_attributes(node: ast.Attribute, source: Source, names: Names) -> Iterator[_Replacement]:
    name = node.attr
    owner = f"({source.code(node.value)})"
    for other in names.get(name, ()):
        slip = replaced(other, name)
        yield _Replacement(node, f"{owner}.{other}", slip)
    if name in ("T", "mT"):
        yield _Replacement(node, owner, Slip(SlipKind.TRANSPOSE_MISSING))


def _calls(node: ast.Call, source: Source) -> Iterator[_Replacement]:
    """Leave a call out, or an option of it; swap two arguments."""
    name = _called(node)
    slip = Slip(SlipKind.CALL, (name,) if name else ())
    slip_of_argument = slip
    # `"".join(…)` is no text without its call that somebody may have written
    if isinstance(node.func, ast.Attribute) and not isinstance(node.func.value, ast.Constant):
        owner = source.code(node.func.value)
        yield _Replacement(node, f"({owner})", slip)
        if not source.holds_functions(node.func.value):  # it is a method: its owner goes too
            slip_of_argument = Slip(SlipKind.ARGUMENT_FOR_RESULT, (name,))
    arguments = node.args
    has_starred = any(isinstance(argument, ast.Starred) for argument in arguments)
    if arguments and not has_starred:
        first = source.code(arguments[0])
        yield _Replacement(node, f"({first})", slip_of_argument)
    if len(arguments) > 1 and not has_starred:
        yield _swapped_arguments(node, source)
    for keyword in node.keywords:
        if keyword.arg:
            yield _Replacement(keyword, "**{}", Slip(SlipKind.OPTION, (keyword.arg,)))


def _other_options(node: ast.Call, source: Source, names: Names) -> Iterator[_Replacement]:
    """Take an option for its counterpart, as `max=` for `min=`."""
    given = {keyword.arg for keyword in node.keywords}
    for keyword in node.keywords:
        for other in names.get(keyword.arg or "", ()):
            if other not in given:
                code = f"{other}={source.code(keyword.value)}"
                yield _Replacement(keyword, code, replaced(other, keyword.arg or ""))


def _swapped_arguments(node: ast.Call, source: Source) -> _Replacement:
    """Swap the first two arguments of a call."""
    first, second, *rest = node.args
    arguments = [second, first, *rest, *node.keywords]
    codes = map(source.code, arguments)
    listed = ", ".join(codes)
    function = source.code(node.func)
    name = _called(node)
    slip = Slip(SlipKind.ARGUMENTS_SWAPPED, (name,))
    return _Replacement(node, f"{function}({listed})", slip)


def _slices(node: ast.Slice, source: Source) -> Iterator[_Replacement]:
    """Leave out where a slice begins or ends, or its step; let it begin or end elsewhere."""
    codes = []
    for part in (node.lower, node.upper, node.step):
        codes.append("" if part is None else source.code(part))
    for place, slip in enumerate(WITHOUT_PART_OF_SLICE):
        if codes[place]:
            code = _slice_with(codes, place, "")
            yield _Replacement(node, code, slip)
    lower, upper, step = codes
    if upper and not lower and not step:
        yield _Replacement(node, f"-({upper}):", Slip(SlipKind.END_FOR_BEGINNING))
    if lower and not upper and not step:
        yield _Replacement(node, f":({lower})", Slip(SlipKind.BEGINNING_FOR_END))
    yield from _moved_slices(node, codes)


def _moved_slices(node: ast.Slice, codes: Sequence[str]) -> Iterator[_Replacement]:
    """Let a slice begin or end one place earlier or later; whole numbers are changed elsewhere."""
    slip = Slip(SlipKind.BOUND_OF_SLICE)
    for place, part in enumerate([node.lower, node.upper]):
        if part is None or _whole_number(part) is not None:
            continue
        for off in ("+ 1", "- 1"):
            moved = f"({codes[place]}) {off}"
            code = _slice_with(codes, place, moved)
            yield _Replacement(node, code, slip)


def _slice_with(codes: Sequence[str], place: int, code: str) -> str:
    """Return a slice with other code at one of its three places."""
    changed = list(codes)
    changed[place] = code
    return ":".join(changed)


def _swapped_pair(
    node: ast.Tuple, one: ast.expr, other: ast.expr, source: Source
) -> Iterator[_Replacement]:
    numbers = [_whole_number(one), _whole_number(other)]
    if None not in numbers:
        return
    code = f"{_in_one_piece(other, source)}, {_in_one_piece(one, source)}"
    if source.code(node).startswith("("):
        code = f"({code})"
    yield _Replacement(node, code, Slip(SlipKind.VALUES_SWAPPED))


def _in_one_piece(node: ast.expr, source: Source) -> str:
    """Return the code of a value, in brackets where it has several lines: its own are not in it."""
    code = source.code(node)
    return f"({code})" if "\n" in code else code


def _without_with(node: ast.With, source: Source) -> Iterator[_Replacement]:
    """Do without what a `with` statement asks for."""
    for item in node.items:
        if item.optional_vars is not None:
            continue
        slip = Slip(SlipKind.WITH)
        if isinstance(item.context_expr, ast.Call):
            name = _called(item.context_expr)
            if name:
                slip = Slip(SlipKind.WITH, (name,))
        yield _Replacement(item.context_expr, '__import__("contextlib").nullcontext()', slip)


def _augmented(node: ast.AugAssign, source: Source) -> Iterator[_Replacement]:
    operator = OPERATORS.get(type(node.op))
    if operator is None:
        return
    target = source.code(node.target)
    value = _in_one_piece(node.value, source)
    others = OTHER_OPERATORS.get(operator, ())
    for other in ("", *others):  # first a plain `=`
        sign = f"{other}="
        slip = replaced(sign, f"{operator}=")
        yield _Replacement(node, f"{target} {sign} {value}", slip)


def _is_text(node: ast.stmt) -> bool:
    """Return whether a statement is a docstring."""
    match node:
        case ast.Expr(value=ast.Constant()):
            return True
    return False


def _statement_left_out(node: ast.stmt) -> Slip:
    match node:
        case ast.Expr(value=ast.Call() as call):
            name = _called(call)
            if name:
                return Slip(SlipKind.CALL, (name,))
    return Slip(SlipKind.LINE)


def _other_order(definition: Editable, source: Source) -> Iterator[_Replacement]:
    """Swap two simple statements, one after the other."""
    nodes = set(definition.nodes)
    for block in ast.walk(definition.tree):
        body = getattr(block, "body", None)
        if not isinstance(body, list):
            continue
        for one, other in pairwise(body):
            are_simple = isinstance(one, SIMPLE) and isinstance(other, SIMPLE)
            if are_simple and one in nodes:
                yield _two_lines_swapped(one, other, source)


def _two_lines_swapped(one: ast.stmt, other: ast.stmt, source: Source) -> _Replacement:
    both = ast.Pass(
        lineno=one.lineno,
        col_offset=one.col_offset,
        end_lineno=other.end_lineno,
        end_col_offset=other.end_col_offset,
    )
    indentation = " " * one.col_offset
    first = source.code(one)
    second = source.code(other)
    return _Replacement(both, f"{second}\n{indentation}{first}", Slip(SlipKind.LINES_SWAPPED))


def _other_variables(definition: Editable, most: int) -> Iterator[_Replacement]:
    """Take one of a function's variables for another; of very many such changes, some."""
    known = variables_of(definition.tree)
    variables = sorted(known - {"self"})
    nodes = []
    for node in definition.nodes:
        match node:
            case ast.Name(ctx=ast.Load(), id=name) if name in known:
                nodes.append(node)
    count = len(nodes) * len(variables)  # a list of them all may be very long
    step = max(1, ceil(count / most))
    for number in range(0, count, step):
        row, column = divmod(number, len(variables))
        node = nodes[row]
        other = variables[(row + column) % len(variables)]  # not the same of each node
        if other != node.id:
            yield _Replacement(node, other, Slip(SlipKind.VARIABLE))


def variables_of(function: ast.AST) -> set[str]:
    """Return the names of a function's parameters and of what it assigns."""
    names = set()
    for node in ast.walk(function):
        match node:
            case ast.arg(arg=name) | ast.Name(ctx=ast.Store(), id=name):
                names.add(name)
    return names
