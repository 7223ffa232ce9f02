"""What a submission defines.

A submission is its definitions, not its cells. A name is looked up when an experiment asks for it;
then the statements that bind it run, with the imports and top-level names that these use in turn.
Nothing else of a file is executed, and nothing of an `autograder.example` block, whose variables
may be called like a helper.
"""

import ast
import dis
import linecache
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from types import CodeType, ModuleType
from typing import Any

from autograder.errors import UserError
from autograder.sandbox.inside.cells import (
    UNPARSABLE,
    Broken,
    Cell,
    _mended,
    _tree,
    _uncut,
    _unparsed,
    cells,
    names_bound,
    parse_quietly,
)

# What looks a name up outside a function's own variables → the bits of its argument that say
# something else; the last came with Python 3.12, for type aliases and for annotations in a class
_LOOKS_UP = {"LOAD_NAME": 0, "LOAD_GLOBAL": 1, "LOAD_FROM_DICT_OR_GLOBALS": 0}
_BITS = {dis.opmap[name]: bits for name, bits in _LOOKS_UP.items() if name in dis.opmap}


class Missing(UserError):
    """A submission does not define a name; the text says so and names the nearest that it does."""


def missing(name: str, defined: Iterable[str]) -> Missing:
    """The error for a name that is not defined, with the nearest that is."""
    near = get_close_matches(name, sorted(defined), 1, 0.6)
    return Missing(
        f"`{name}` is not defined." + (f" Did you mean it by `{near[0]}`?" if near else "")
    )


@dataclass
class Statement:
    """A top-level statement, its cell, the name of the file, and the names it binds or changes."""

    node: ast.stmt
    cell: Cell
    filename: str
    binds: set[str]
    done: bool = False
    futures: Sequence[
        ast.stmt
    ] = ()  # the file's `from __future__ import …`, which hold for all of it

    @cached_property
    def code(self) -> CodeType:
        """The statement, compiled when it is first needed. Raises `Broken`: a `return` may stand
        outside a function.
        """
        name = f"<{self.cell.at(0)}|{self.filename}>"
        lines = self.cell.text.splitlines(keepends=True)
        # so that an error can quote its line
        linecache.cache[name] = (
            len(self.cell.text),
            None,
            lines,
            name,
        )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return compile(
                    ast.Module([*self.futures, self.node], []), name, "exec", dont_inherit=True
                )
        except SyntaxError as error:
            raise Broken(_unparsed(self.cell, error)) from None

    @cached_property
    def uses(self) -> set[str]:
        """The names that it looks up outside itself."""
        return set(globals_used(self.code))


class Submission:
    """A namespace that runs the definitions of a name when the name is first asked for.

    Attributes raise `Missing` for a name that is not defined and `Broken` where its definition
    cannot run.
    """

    def __init__(self, source: bytes, filename: str) -> None:
        # dataclasses look their annotations up there
        sys.modules["submission"] = module = ModuleType("submission")
        self._names = vars(module)
        self._ran: set[str] = set()  # names whose definitions have run
        self._broken: dict[
            str, str
        ] = {}  # text of a cell that does not parse → what is wrong with it
        self._filename = filename
        self._statements = list(self._parse(_mended(_uncut(cells(source), source))))
        futures = [
            s.node for s in self._statements if getattr(s.node, "module", "") == "__future__"
        ]
        for statement in self._statements:
            statement.futures = futures

    def _parse(self, found: list[Cell]) -> Iterator[Statement]:
        for cell in found:
            try:
                tree = _tree(cell.text) or parse_quietly(cell.text)
            except UNPARSABLE as error:
                self._broken[cell.text] = _unparsed(cell, error)
                continue
            for node in tree.body:
                if not is_example(node):
                    yield Statement(node, cell, self._filename, set(names_bound(node)))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        names, statements = self._names, self._statements
        if name not in self._ran:
            self._run(name)
            self._ran.add(name)
        if name in names:
            return names[name]
        for text, what in self._broken.items():
            if re.search(rf"\b{re.escape(name)}\b\s*(\(|=)", text):
                raise Broken(f"`{name}` could not be read. {what}")
        raise missing(name, {bound for statement in statements for bound in statement.binds})

    def _run(self, name: str) -> None:
        wanted, queue, asked = set[int](), [name], {name}
        for one in queue:
            for statement in self._statements:
                if (one in statement.binds or "*" in statement.binds) and id(
                    statement
                ) not in wanted:
                    wanted.add(id(statement))
                    queue += statement.uses - asked
                    asked |= statement.uses
        for statement in self._statements:
            if id(statement) in wanted and not statement.done:
                exec(statement.code, self._names)
                statement.done = True


def names_run(submission: Submission) -> set[str]:
    """The names whose definitions have run. No method: a student's function may be called as it
    would be.
    """
    return {
        name for statement in submission._statements if statement.done for name in statement.binds
    }


def is_example(node: ast.stmt) -> bool:
    """Whether a statement is a block `with autograder.example("…")`."""
    match node:
        case ast.With(
            items=[ast.withitem(ast.Call(ast.Attribute(ast.Name("autograder"), "example"))), *_]
        ):
            return True
    return False


def globals_used(code: CodeType) -> Iterator[str]:
    """Find the names that code looks up outside itself.

    `symtable` tells them from source, and a test compares the two.
    """
    more = 0
    for operation, argument in zip(code.co_code[::2], code.co_code[1::2], strict=True):
        argument |= more
        more = argument << 8 if operation == dis.EXTENDED_ARG else 0
        if operation in _BITS:
            yield code.co_names[argument >> _BITS[operation]]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from globals_used(constant)
