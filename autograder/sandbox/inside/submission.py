"""What a submission defines.

A submission is its definitions, not its cells. When an experiment asks for a name, the statements
that bind it run, with the imports and top-level names that these use in turn. Nothing else of a
file is executed, and nothing in an `autograder.example` block, whose variables may have the name of
a helper.
"""

import ast
import dis
import linecache
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from types import CodeType, ModuleType
from typing import Any

from autograder.errors import UserError
from autograder.parsing import parse
from autograder.sandbox.inside.cells import (
    UNPARSABLE,
    Broken,
    Cell,
    code_cells,
    names_bound,
    names_filled,
    syntax_tree,
    why_unparsed,
)
from autograder.sandbox.inside.locations import statement_filename

# Opcodes that look a name up outside a function's own variables → the bits of their argument with
# another meaning; the last came with Python 3.12, for type aliases and for annotations in a class
_LOOKS_UP = {"LOAD_NAME": 0, "LOAD_GLOBAL": 1, "LOAD_FROM_DICT_OR_GLOBALS": 0}
_BITS = {dis.opmap[name]: bits for name, bits in _LOOKS_UP.items() if name in dis.opmap}
SIMILAR = 0.6  # of 1, by difflib: names nearer than this may be intended


class Missing(UserError):
    """A submission does not define a name; the text names the nearest one that it defines."""


def missing(name: str, defined: Iterable[str]) -> Missing:
    """Return the error for a name that is not defined, with the nearest defined one."""
    message = f"`{name}` is not defined."
    near = get_close_matches(name, sorted(defined), n=1, cutoff=SIMILAR)
    if near:
        (nearest,) = near
        message += f" You defined `{nearest}`: is that what you meant?"
    return Missing(message)


@dataclass
class Statement:
    """A top-level statement of a submission.

    filename: of the submission.
    binds: the names that it binds or changes.
    done: whether it has run.
    futures: the file's `from __future__ import …`, which hold for all of it.
    change: makes the code that is compiled in its place, if not the statement itself should run.
    """

    node: ast.stmt
    cell: Cell
    filename: str
    binds: set[str]
    done: bool = False
    futures: Sequence[ast.stmt] = ()
    change: Callable[["Statement"], ast.stmt] | None = None

    @cached_property
    def code(self) -> CodeType:
        """Return the statement's code, compiled when it is first needed.

        Raises `Broken`, for example for a `return` outside a function.
        """
        name = statement_filename(self.cell.at(0), self.filename)
        self._remember_lines(name)
        node = self.change(self) if self.change else self.node
        module = ast.Module([*self.futures, node], [])
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return compile(module, name, "exec", dont_inherit=True)
        except SyntaxError as error:
            raise Broken(why_unparsed(self.cell, error)) from None

    def _remember_lines(self, name: str) -> None:
        """Register the cell's lines under a file name, so that a traceback can quote one."""
        text = self.cell.text
        size = len(text)
        never_changed = None
        lines = text.splitlines(keepends=True)
        linecache.cache[name] = (size, never_changed, lines, name)

    @cached_property
    def uses(self) -> set[str]:
        """Return the names that it looks up outside itself."""
        return set(globals_used(self.code))

    def binds_name(self, name: str) -> bool:
        """Return whether it binds a name. `from … import *` may bind any."""
        if "*" in self.binds:
            return True
        return name in self.binds


class Submission:
    """A namespace that runs the definitions of a name at its first use.

    Attributes raise `Missing` for a name that is not defined and `Broken` if its definition cannot
    run.
    """

    def __init__(self, source: bytes, filename: str) -> None:
        module = ModuleType("submission")
        sys.modules["submission"] = module  # dataclasses look up their annotations there
        self.namespace = vars(module)
        self._ran: set[str] = set()  # names whose definitions have run
        self._broken: dict[str, str] = {}  # text of a cell that does not parse → the reason
        self._filename = filename
        self._statements = list(self._parse(code_cells(source)))
        futures = []
        for statement in self._statements:
            if getattr(statement.node, "module", "") == "__future__":
                futures.append(statement.node)
        for statement in self._statements:
            statement.futures = futures

    def _parse(self, found: Iterable[Cell]) -> Iterator[Statement]:
        """Yield the statements of cells. Record those that do not parse."""
        for cell in found:
            try:
                tree = syntax_tree(cell.text) or parse(cell.text)
            except UNPARSABLE as error:
                self._broken[cell.text] = why_unparsed(cell, error)
                continue
            for node in tree.body:
                if is_example(node):
                    continue
                binds = {*names_bound(node), *names_filled(node)}
                yield Statement(node, cell, self._filename, binds)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in self._ran:
            self._run(name)
            self._ran.add(name)
        if name in self.namespace:
            return self.namespace[name]
        binding = rf"\b{re.escape(name)}\b\s*(\(|=)"
        for text, reason in self._broken.items():
            if re.search(binding, text):
                raise Broken(f"`{name}` could not be read. {reason}")
        defined: set[str] = set()
        for statement in self._statements:
            defined |= statement.binds
        raise missing(name, defined)

    def _run(self, name: str) -> None:
        """Run the statements that bind a name, and those that these need, in the file's order."""
        needed = self._needed_for(name)
        for statement in self._statements:
            if statement.done or id(statement) not in needed:
                continue
            exec(statement.code, self.namespace)
            statement.done = True

    def _needed_for(self, name: str) -> set[int]:
        """Return the `id` of each statement that binds a name, or anything that these use."""
        needed: set[int] = set()
        queue = [name]
        asked = {name}
        for wanted in queue:  # this grows meanwhile
            for statement in self._statements:
                if id(statement) in needed or not statement.binds_name(wanted):
                    continue
                needed.add(id(statement))
                queue += statement.uses - asked
                asked |= statement.uses
        return needed


def names_run(submission: Submission) -> set[str]:
    """Return the names whose definitions have run.

    It is no method, because a student's function may have the same name.
    """
    names: set[str] = set()
    for statement in submission._statements:
        if statement.done:
            names |= statement.binds
    return names


def is_example(node: ast.stmt) -> bool:
    """Return whether a statement is a block `with autograder.example("…")`."""
    match node:
        case ast.With(
            items=[ast.withitem(ast.Call(ast.Attribute(ast.Name("autograder"), "example"))), *_]
        ):
            return True
    return False


def globals_used(code: CodeType) -> Iterator[str]:
    """Yield the names that code looks up outside itself.

    `symtable` finds them from source, and a test compares the two.
    """
    operations = code.co_code[::2]
    arguments = code.co_code[1::2]
    higher_bits = 0
    for operation, low_bits in zip(operations, arguments, strict=True):
        argument = higher_bits | low_bits
        higher_bits = argument << 8 if operation == dis.EXTENDED_ARG else 0
        if operation in _BITS:
            yield code.co_names[argument >> _BITS[operation]]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from globals_used(constant)
