"""Notes which values the expressions of a submission take while an experiment runs.

Each expression in the body of a function that can have a number for a value is wrapped in a call
that returns its value unchanged and notes a *print* of it: a few sums over its entries, of which
all but the last two are the same for any layout of the same entries. What the program does, it does
as before.
"""

import ast
import cmath
import copy
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.check import Arrays
from autograder.sandbox.inside.submission import Statement, Submission
from autograder.sandbox.inside.unused import parameters, unused

# how the function that notes a value is called in a submission: by chance nothing else is
SEEN = f"__seen_{secrets.token_hex(4)}__"
# returns an array of a package other than NumPy as one of NumPy's, and None of anything else
ArrayOf = Callable[[Any], np.ndarray | None]
# roles of questions for values: for all that was noted, or for the prints only
VALUES, PRINTS = "values", "prints"
MOST_SITES = 4000
MOST_ENTRIES = 1 << 16  # of a value that is looked at
MOST_PARTS = 64  # arrays in a list
MOST_PIECES = 32  # of a list, that are noted one by one
DEEPEST = 3  # lists in lists
LONGEST = 100  # characters that are kept of an expression or a statement
# numbers of a print: how many entries, four sums, how many are whole by type, and two sums that
# depend on the order of the entries
WIDTH = 8

# of the sums that depend on the order: entry k is multiplied by the real and the imaginary part of
# exp(ik)
COSINES, SINES = np.cos(np.arange(MOST_ENTRIES)), np.sin(np.arange(MOST_ENTRIES))

# what an expression does
NAME, CONTAINER, MOVE, COMPUTE, CALL, UPDATE, CALLEE, FRESH, FILL = range(9)
KINDS: Mapping[type[ast.expr], int] = {
    ast.Name: NAME,
    ast.Attribute: NAME,
    ast.Subscript: MOVE,
    ast.Tuple: CONTAINER,
    ast.List: CONTAINER,
    ast.ListComp: CONTAINER,
    ast.IfExp: MOVE,
    ast.BoolOp: MOVE,
    ast.NamedExpr: MOVE,
    ast.BinOp: COMPUTE,
    ast.UnaryOp: COMPUTE,
    ast.Compare: COMPUTE,
    ast.Call: CALL,
}
SCOPES = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
# what a target may be made of that is read once more
HARMLESS = (
    *(ast.Name, ast.Attribute, ast.Subscript, ast.Constant),
    *(ast.Tuple, ast.List, ast.Slice, ast.UnaryOp, ast.BinOp),
)
UNTOUCHED = ("super", "locals", "globals", "vars", "dir", "eval", "exec")  # they look around
GROWS = ("append", "extend", "insert")  # methods of a list that is not looked at meanwhile
NEW = ("empty", "new_empty")  # beginnings of names of functions whose entries mean nothing
# statements and expressions that are not looked into; `TypeAlias` came with Python 3.12
LEFT_ALONE = frozenset(
    {
        *("Delete", "Global", "Nonlocal", "Import", "ImportFrom", "TypeAlias"),
        *("Constant", "JoinedStr", "TemplateStr"),
    }
)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
NOWHERE = -1


@dataclass(frozen=True)
class Most:
    """How many values are noted at most, and for how many seconds of CPU they are looked at."""

    records: int
    seconds: float


OF_SUBMISSIONS = Most(5000, 0.25)
OF_RIGHT_ANSWERS = Most(50_000, 3.0)


class Sites:
    """The expressions whose values are noted, each by a number: a table that grows.

    parents: of which expression it is a part, `NOWHERE` of none. inner: whether it is evaluated in
    a scope of its own there, as an element of a comprehension is. results: whether it is what a
    function returns. statements: in which one it stands.
    """

    def __init__(self) -> None:
        self.parents: list[int] = []
        self.inner: list[bool] = []
        self.results: list[bool] = []
        self.kinds: list[int] = []
        self.statements: list[int] = []
        self.iterated: set[int] = set()  # those over whose rows a loop may go
        self.texts: list[str] = []
        self.lines: list[str] = []  # of statements: "line 41"
        self.functions: list[str] = []  # of statements, the functions in which they stand
        self.whole: list[str] = []  # of statements, their text
        # names that nothing in their function reads, `function.name`; where; what becomes of them
        self.unused: list[str] = []
        self.unused_lines: list[str] = []
        self.unused_kinds: list[int] = []
        self.parameters: list[str] = []  # of all functions, `function.name`

    def add(self, parent: int, inner: bool, kind: int, statement: int, text: str) -> int:
        """Add an expression. Return its number."""
        self.parents.append(parent)
        self.inner.append(inner)
        self.results.append(False)
        self.kinds.append(kind)
        self.statements.append(statement)
        self.texts.append(text)
        return len(self.parents) - 1

    def add_statement(self, line: str, function: str, text: str) -> int:
        """Add a statement. Return its number."""
        self.lines.append(line)
        self.functions.append(function)
        self.whole.append(text)
        return len(self.lines) - 1


class Wrapper(ast.NodeTransformer):
    """Wraps expressions in the bodies of functions. It changes the tree that it visits."""

    def __init__(self, statement: Statement, sites: Sites) -> None:
        self._cell = statement.cell
        self._source = [line.encode() for line in statement.cell.text.split("\n")]
        self._sites = sites
        self._names: list[str] = []  # of definitions around the current node
        self._in_function = False
        self._in_class = False
        self._parent = NOWHERE
        self._inner = False
        self._statement = NOWHERE
        self._iterated: set[int] = set()  # `id`s of nodes over whose rows a loop may go

    def visit(self, node: ast.AST) -> Any:
        """Visit a node; what it is decides what is done."""
        if isinstance(node, FUNCTIONS):
            return self._function(node)
        if isinstance(node, ast.ClassDef):
            return self._class(node)
        if isinstance(node, ast.Lambda):
            return self._lambda(node)
        if not self._in_function:
            return self.generic_visit(node)
        if isinstance(node, ast.For | ast.comprehension):
            self._iterated |= _iterated(node.iter)
        if isinstance(node, ast.stmt):
            return self._of_statement(node)
        if isinstance(node, ast.expr):
            return self._expression(node)
        if isinstance(node, ast.pattern):
            return node
        return self.generic_visit(node)

    # ---- definitions

    def _function(self, node: Any) -> Any:
        before = self._in_function, self._in_class
        self._names.append(node.name)
        self._add_names(node)
        self._in_function, self._in_class = True, False
        with self._around(NOWHERE):
            node.body = self._body(node.body)
        self._in_function, self._in_class = before
        self._names.pop()
        return node

    def _add_names(self, node: Any) -> None:
        """Note which names of a function nothing in it reads."""
        sites = self._sites
        function = ".".join(self._names)
        for bound in unused(node, self._in_class):
            sites.unused.append(f"{function}.{bound.name}")
            sites.unused_lines.append(self._cell.at(bound.node.lineno))
            sites.unused_kinds.append(bound.kind)
        for bound in parameters(node, self._in_class):
            sites.parameters.append(f"{function}.{bound.name}")

    def _class(self, node: ast.ClassDef) -> Any:
        before = self._in_function, self._in_class
        self._names.append(node.name)
        self._in_function, self._in_class = False, True
        node.body = self._body(node.body)
        self._in_function, self._in_class = before
        self._names.pop()
        return node

    def _lambda(self, node: ast.Lambda) -> Any:
        before = self._in_function
        self._in_function = True
        if self._statement == NOWHERE:
            self._statement = self._add_statement(node)
        with self._around(NOWHERE):
            node.body = self._result(node.body)
        self._in_function = before
        return node

    def _result(self, node: ast.expr) -> Any:
        """Visit what a function returns."""
        number = len(self._sites.parents)
        visited = self.visit(node)
        if number < len(self._sites.parents):
            self._sites.results[number] = True
        return visited

    # ---- statements

    def _body(self, body: Iterable[ast.stmt]) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for statement in body:
            visited = self.visit(statement)
            if isinstance(visited, list):
                made.extend(visited)
            else:
                made.append(visited)
        return made

    def _of_statement(self, node: ast.stmt) -> Any:
        if type(node).__name__ in LEFT_ALONE:
            return node
        before = self._statement
        self._statement = self._add_statement(node)
        try:
            if isinstance(node, ast.AnnAssign):
                if node.value:
                    node.value = self.visit(node.value)
                return node
            if isinstance(node, ast.AugAssign):
                return self._augmented(node)
            if isinstance(node, ast.Return) and node.value:
                node.value = self._result(node.value)
                return node
            if isinstance(node, ast.Assign):
                return self._assigned(node)
            return self.generic_visit(node)
        finally:
            self._statement = before

    def _add_statement(self, node: ast.stmt | ast.expr) -> int:
        line = self._cell.at(node.lineno)
        text = self._text(node).split("\n")[0]
        return self._sites.add_statement(line, ".".join(self._names), text)

    def _augmented(self, node: ast.AugAssign) -> list[ast.stmt]:
        """Note the target of `h += x` before the statement, and what became of it.

        Of `h[t] += x` also what `h` was and became.
        """
        target = _loaded(node.target)
        base = node.target.value if isinstance(node.target, ast.Subscript) else None
        whole = None if base is None else _loaded(base)
        if whole is None:
            return self._updated(node, target)
        fill = self._add(whole, FILL)
        with self._around(fill):
            before = ast.copy_location(ast.Expr(self.visit(copy.deepcopy(whole))), node)
            statements = self._updated(node, target)
        return [before, *statements, self._looked_at(whole, fill, node)]

    def _updated(self, node: ast.AugAssign, target: ast.expr | None) -> list[ast.stmt]:
        """Note what a target was and became; nothing where it cannot be read once more."""
        update = self._add(node, UPDATE)
        with self._around(update):
            before = None if target is None else self.visit(copy.deepcopy(target))
            node.value = self.visit(node.value)
            node.target = self.visit(node.target)
        if target is None or before is None:
            return [node]
        at_first = ast.copy_location(ast.Expr(before), node)
        return [at_first, node, self._looked_at(target, update, node)]

    def _assigned(self, node: ast.Assign) -> list[ast.stmt]:
        """Note after `h[t] = x` what became of `h`."""
        match node.targets:
            case [ast.Subscript(value=base)]:
                filled = _loaded(base)
            case _:
                filled = None
        if filled is None:
            self.generic_visit(node)
            return [node]
        fill = self._add(filled, FILL)
        with self._around(fill):
            self.generic_visit(node)
        return [node, self._looked_at(filled, fill, node)]

    def _looked_at(self, target: ast.expr, number: int, at: ast.stmt) -> ast.stmt:
        """Make a statement that notes what a target holds."""
        load = copy.deepcopy(target)
        for part in ast.walk(load):
            ast.copy_location(part, at)
        return ast.copy_location(ast.Expr(self._call(number, load)), at)

    # ---- expressions

    def _expression(self, node: ast.expr) -> ast.expr:
        if type(node).__name__ in LEFT_ALONE:
            return node
        kind = self._kind(node)
        is_loaded = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
        if kind is None or not is_loaded or len(self._sites.parents) >= MOST_SITES:
            self._visit_parts(node)
            return node
        number = self._add(node, kind)
        if id(node) in self._iterated:
            self._sites.iterated.add(number)
        with self._around(number):
            self._visit_parts(node)
        return self._call(number, node)

    def _kind(self, node: ast.expr) -> int | None:
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name.startswith(NEW):
                return FRESH
            if name in GROWS:
                return CONTAINER
        return KINDS.get(type(node))

    def _visit_parts(self, node: ast.expr) -> None:
        if isinstance(node, ast.Call):
            self._visit_call(node)
        elif isinstance(node, ast.Subscript):
            node.value = self.visit(node.value)
            self._visit_index(node)
        elif isinstance(node, SCOPES):
            with self._around(self._parent, inner=True):
                self.generic_visit(node)
        else:
            self.generic_visit(node)

    def _visit_call(self, node: ast.Call) -> None:
        """Visit what a call is made of; a function's or a method's own name is left as it is."""
        if isinstance(node.func, ast.Attribute):
            is_plain = isinstance(node.func.value, ast.Name)
            if node.func.attr in GROWS and is_plain:
                node.args = [self.visit(argument) for argument in node.args]
                return
            node.func.value = self.visit(node.func.value)
            if is_plain:
                node.func = self._callee(node.func)
        elif isinstance(node.func, ast.Name):
            if node.func.id not in UNTOUCHED:
                node.func = self._callee(node.func)
        else:
            node.func = self.visit(node.func)
        node.args = [self.visit(argument) for argument in node.args]
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)

    def _callee(self, node: ast.expr) -> ast.expr:
        """Wrap what is called: a layer's weights are parts of what it computes."""
        return self._call(self._add(node, CALLEE), node)

    def _visit_index(self, node: ast.Subscript) -> None:
        """Visit an index; a tuple of slices is no value by itself."""
        if isinstance(node.slice, ast.Tuple):
            node.slice.elts = [self.visit(part) for part in node.slice.elts]
        else:
            node.slice = self.visit(node.slice)

    def _add(self, node: ast.stmt | ast.expr, kind: int) -> int:
        text = self._text(node)
        return self._sites.add(self._parent, self._inner, kind, self._statement, text)

    def _call(self, number: int, node: ast.expr) -> ast.expr:
        """Wrap an expression, at its own place in the file."""
        function = ast.copy_location(ast.Name(SEEN, ast.Load()), node)
        numbered = ast.copy_location(ast.Constant(number), node)
        return ast.copy_location(ast.Call(function, [numbered, node], []), node)

    @contextmanager
    def _around(self, parent: int, inner: bool = False) -> Iterator[None]:
        before = self._parent, self._inner
        self._parent, self._inner = parent, inner
        yield
        self._parent, self._inner = before

    def _text(self, node: ast.stmt | ast.expr) -> str:
        """Return a node's own text, a long one cut."""
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        lines = self._source[first : last + 1]
        if not lines:
            return ""
        if last == first:
            lines = [lines[0][node.col_offset : node.end_col_offset]]
        else:
            lines = [lines[0][node.col_offset :], *lines[1:]]
            lines[-1] = lines[-1][: node.end_col_offset]
        text = b"\n".join(lines[:8]).decode(errors="replace")
        return text[: LONGEST + 1]


def _iterated(node: ast.expr) -> set[int]:
    """Return the `id`s of what a loop goes over: of the arguments of `zip` and the like."""
    match node:
        case ast.Call(func=ast.Name(id="zip" | "enumerate" | "reversed")):
            found = set()
            for argument in node.args:
                found |= _iterated(argument)
            return found
    return {id(node)}


def _loaded(target: ast.expr) -> ast.expr | None:
    """Return a copy of a target that is read, not written; None where reading may do something."""
    load = copy.deepcopy(target)
    for part in ast.walk(load):
        if isinstance(part, ast.expr) and not isinstance(part, HARMLESS):
            return None
        if hasattr(part, "ctx"):
            part.ctx = ast.Load()
    return load


class Recorder:
    """Notes prints of values, up to limits.

    readers: of arrays that are not NumPy's.
    was_cut: whether a limit was reached, so that later values are missing.
    """

    def __init__(self, limits: Most, readers: Sequence[ArrayOf] = ()) -> None:
        self.sites = Sites()
        self._printer = Printer(readers)
        self._limits = limits
        self.was_cut = False
        self._numbers: list[int] = []
        self._frames: list[int] = []
        self._prints: list[Sequence[float]] = []
        self._pieces: list[bool] = []
        self._answer: dict[str, Sequence[float]] = {}
        self._spent = 0.0

    def watch(self, submission: Submission) -> None:
        """Wrap the expressions of a submission that has not run yet."""
        for statement in submission._statements:
            statement.change = self._wrapped
        submission.namespace[SEEN] = self.seen

    def _wrapped(self, statement: Statement) -> ast.stmt:
        """Return a statement with its expressions wrapped; as it is where that is too deep."""
        with suppress(RecursionError):
            node = copy.deepcopy(statement.node)  # a parsed cell is shared
            wrapped: ast.stmt = Wrapper(statement, self.sites).visit(node)
            return wrapped
        return statement.node

    def seen(self, number: int, value: Any) -> Any:
        """Return a value unchanged, and note its print if it holds numbers."""
        if type(value) in IGNORED or self.was_cut:
            return value
        began = time.thread_time()
        with suppress(Exception):
            self._note(number, value, id(sys._getframe(1)))
        self._spent += time.thread_time() - began
        if self._spent > self._limits.seconds or len(self._numbers) >= self._limits.records:
            self.was_cut = True
        return value

    def _note(self, number: int, value: Any, frame: int) -> None:
        """Note a value; before that its parts, of a list or of what a loop takes row by row."""
        pieces: list[Sequence[float]] = []
        if self.sites.kinds[number] == CALLEE:
            whole = self._printer.of_layer(value)
        elif isinstance(value, list | tuple):
            whole = self._printer.of_parts(value, pieces=pieces)
        elif number in self.sites.iterated:
            whole = self._printer.of_rows(value, pieces)
        else:
            whole = self._printer.of(value)
        if whole is None:
            return
        if len(pieces) <= MOST_PIECES:
            for piece in pieces:
                self._add(number, frame, piece, True)
        self._add(number, frame, whole, False)

    def _add(self, number: int, frame: int, print_of: Sequence[float], is_piece: bool) -> None:
        self._numbers.append(number)
        self._frames.append(frame)
        self._prints.append(print_of)
        self._pieces.append(is_piece)

    def note_answer(self, arrays: Arrays) -> None:
        """Note the prints of what an experiment named."""
        for name, array in arrays.items():
            print_of = self._printer.of(array)
            if print_of is not None:
                self._answer[name] = print_of

    def _noted_answer(self) -> Arrays:
        return {
            "answer": np.array([*self._answer], np.str_),
            "answer_prints": np.array([*self._answer.values()], np.float64).reshape(-1, WIDTH),
        }

    def as_arrays(self) -> Arrays:
        """Return all that was noted as arrays, for the wire."""
        sites = self.sites
        _, frames = np.unique(np.array(self._frames, np.int64), return_inverse=True)
        columns = [sites.parents, sites.kinds, sites.statements, sites.inner, sites.results]
        return {
            "numbers": np.array(self._numbers, np.int32),
            "frames": frames.astype(np.int32),
            "prints": np.array(self._prints, np.float64).reshape(-1, WIDTH),
            "pieces": np.array(self._pieces, np.bool_),
            "sites": np.array(columns, np.int32),
            "texts": np.array(sites.texts, np.str_),
            "lines": np.array(sites.lines, np.str_),
            "functions": np.array(sites.functions, np.str_),
            "statements": np.array(sites.whole, np.str_),
            "cut": np.array(self.was_cut),
            "unused": np.array(sites.unused, np.str_),
            "unused_lines": np.array(sites.unused_lines, np.str_),
            "unused_kinds": np.array(sites.unused_kinds, np.int32),
            **self._noted_answer(),
        }

    def prints(self) -> Arrays:
        """Return the prints that were noted, those that are equal up to rounding once.

        With them come those of the answer, the names of parameters, and names that nothing reads.
        """
        noted = np.array(self._prints, np.float64).reshape(-1, WIDTH)
        _, firsts = np.unique(noted.astype(np.float32), axis=0, return_index=True)
        return {
            "prints": noted[firsts],
            "parameters": np.array(self.sites.parameters, np.str_),
            "unused": np.array(self.sites.unused, np.str_),
            **self._noted_answer(),
        }


# types of values that hold no number to be noted
IGNORED = frozenset({int, bool, str, bytes, type(None), type, dict, type(np), type(len), slice})


class Printer:
    """Makes prints of values.

    readers: functions of add-ons, each of which returns its package's arrays as NumPy's.
    """

    def __init__(self, readers: Sequence[ArrayOf]) -> None:
        self._readers = readers

    def of(self, value: Any, depth: int = DEEPEST) -> Sequence[float] | None:
        """Make the print of a value; None where it holds no numbers, or too many.

        depth: how many lists may be in lists.
        """
        if isinstance(value, list | tuple):
            return self.of_parts(value, depth)
        array = self._array(value)
        return None if array is None else _print_of_array(array)

    def of_rows(self, value: Any, pieces: list[Sequence[float]]) -> Sequence[float] | None:
        """Make the print of an array, and those of its rows where they are few.

        pieces: takes the prints of the rows.
        """
        array = self._array(value)
        if array is None:
            return None
        if not array.ndim or len(array) > MOST_PIECES:
            return _print_of_array(array)
        return self.of_parts([*array], 1, pieces)

    def of_layer(self, layer: Any) -> Sequence[float] | None:
        """Make the print of all weights of a layer with parameters; None of anything else."""
        if not hasattr(type(layer), "parameters"):
            return None
        weights = [*layer.parameters(), *layer.buffers()]
        return self.of_parts(weights, 1)

    def of_parts(
        self,
        parts: Sequence[Any],
        depth: int = DEEPEST,
        pieces: list[Sequence[float]] | None = None,
    ) -> Sequence[float] | None:
        """Add up the prints of a list's parts: the print of all their entries.

        pieces: takes the prints of the parts.
        """
        if not depth or not 0 < len(parts) <= MOST_PARTS:
            return None
        if isinstance(parts, tuple) and all(type(part) is int for part in parts):
            return None  # a shape
        of_parts: list[Sequence[float]] = []
        for part in parts:
            number = np.asarray(part) if isinstance(part, int) else part
            of_part = self.of(number, depth - 1)
            if of_part is None:
                return None
            of_parts.append(of_part)
        if pieces is not None:
            pieces.extend(of_parts)
        return _print_of_all(of_parts)

    def _array(self, value: Any) -> np.ndarray | None:
        """Return an array, of whatever package, or a number as an array; None of others."""
        if isinstance(value, np.ndarray):
            return value
        if isinstance(value, float | np.generic):
            return np.asarray(value)
        for array_of in self._readers:
            array = array_of(value)
            if array is not None:
                return array
        return None


def _print_of_array(array: np.ndarray) -> Sequence[float] | None:
    if array.dtype.kind not in "fiub" or not 0 < array.size <= MOST_ENTRIES:
        return None
    entries = array.ravel().astype(np.float64)
    count = entries.size
    sizes = np.abs(entries)
    return (
        float(count),
        float(sizes.sum()),
        float(entries.sum()),
        float(entries @ entries),
        float(entries @ sizes),
        float(count if array.dtype.kind in "iub" else 0),
        float(entries @ COSINES[:count]),
        float(entries @ SINES[:count]),
    )


def _print_of_all(parts: Sequence[Sequence[float]]) -> Sequence[float]:
    """Add up the prints of parts: the print of all their entries, one part after the other."""
    *totals, _, _ = np.sum(parts, axis=0).tolist()
    in_order = 0j
    count = 0.0
    for size, *_, real, imaginary in parts:
        in_order += complex(real, imaginary) * cmath.exp(1j * count)
        count += size
    return (*totals, in_order.real, in_order.imag)
