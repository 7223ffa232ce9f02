"""Reads a solution's script: its stub, and its known mistakes."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from autograder.errors import BadSource, SourceFault
from autograder.judging import Mistake
from autograder.parsing import parse
from autograder.source.markers import (
    BEGIN,
    END,
    MISTAKE,
    WORDS_OF_A_MISTAKE,
    slips_of_markers,
)

# nbgrader's own, so that its release equals ours
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"

# `optimizer.step()` and `return results` are common terms, which remarks use, too
_NO_ANSWER = re.compile(r"(return )?[\w.]+(\(\w*\))?")
READ = 8  # parsed solutions to cache
SHORTEST_SECRET = 13  # length of a line that could give an answer away


class PlacedMistake(NamedTuple):
    """A known mistake, and the lines of the statement that it replaces, counted from 1."""

    mistake: Mistake
    first_line: int
    last_line: int


@dataclass(frozen=True)
class Solution:
    """A solution's script and the mistakes written in it."""

    text: str
    mistakes: tuple[PlacedMistake, ...] = field(default=())

    @property
    def stub(self) -> str:
        """Return the script for students: each solution region replaced by the stub."""
        stub: list[str] = []
        inside = False
        for line in self.text.split("\n"):
            if line.strip() == BEGIN:
                inside = True
                for part in STUB.split("\n"):
                    stub.append(indentation(line) + part)
            elif line.strip() == END:
                inside = False
            elif not inside:
                stub.append(line)
        return "\n".join(stub)

    @property
    def secret_lines(self) -> set[str]:
        """Return the lines of the regions, mistakes included, that the stub does not show.

        It may show them in its code and in hints, and not in its other text.
        """
        lines = {placed.mistake.code for placed in self.mistakes}
        in_regions = lines_of_regions(self.text)
        for number, line in enumerate(self.text.split("\n"), 1):
            if number in in_regions:
                lines.add(line.strip())
        shown = self.shown
        secret = set()
        for line in lines:
            if len(line) < SHORTEST_SECRET or line in shown:
                continue
            if not _NO_ANSWER.fullmatch(line):
                secret.add(line)
        return secret

    @cached_property
    def shown(self) -> str:
        """Return the code and the hints of the stub, without its other text."""
        kept = []
        is_hint = False
        for line in self.stub.split("\n"):
            is_hint = not line.startswith("# %%") and (is_hint or "<details>" in line)
            if is_hint or not line.lstrip().startswith("#"):
                kept.append(line)
            is_hint &= "</details>" not in line
        return "\n".join(kept)

    def plain(self) -> str:
        """Return the solution without its mistakes, as a person would write it."""
        return plain_text(self.text)

    @cached_property
    def plain_lines(self) -> tuple[tuple[int, str], ...]:
        """List the lines of the solution without its mistakes, each with its number in `text`."""
        return tuple(_plain_lines(self.text))

    def with_mistake(self, *identities: str) -> str:
        """Return the script with one mistake made, or several in different statements."""
        lines = self.text.split("\n")
        last_first = sorted(self.mistakes, key=lambda placed: placed.first_line, reverse=True)
        for mistake, first_line, last_line in last_first:  # so that lines above keep their numbers
            if mistake.id not in identities:
                continue
            start = first_line - 1
            spoilt = indentation(lines[start]) + mistake.code
            lines[start:last_line] = [spoilt]
        return "\n".join(lines)


@lru_cache(maxsize=READ)
def read_solution(text: str, name: str = "the solution") -> Solution:
    """Parse a solution's script; the same text is parsed once.

    name: of the script in an error.
    Raises `BadSource`, with all errors, if a marker or a mistake is malformed.
    """
    slips = slips_of_markers(text) or slips_of_syntax(text)
    if slips:
        raise BadSource({name: slips})
    tree = parse(text)
    first_lines = _first_lines(tree)
    lines = text.split("\n")
    mistakes: list[PlacedMistake] = []
    last_code = 0  # the number of the last line of code so far
    for number, line in enumerate(lines, 1):
        head = MISTAKE.match(line)
        if head:
            below = lines[number:]
            words = " ".join(_words_of_mistake(below))
            _, keeps, code = head.groups()
            identity = f"m{len(mistakes) + 1:02}"
            first_line = first_lines.get(last_code, last_code)
            mistake = Mistake(
                id=identity,
                text=words,
                keeps=float(keeps or 0),
                code=code,
            )
            mistakes.append(PlacedMistake(mistake, first_line, last_code))
        elif line.strip() and not line.strip().startswith("#"):
            last_code = number
    return Solution(text, tuple(mistakes))


def slips_of_syntax(text: str) -> list[SourceFault]:
    """Find syntax errors in a script."""
    try:
        parse(text)
    except SyntaxError as error:
        return [SourceFault(error.lineno or 0, f"Python cannot read it: {error.msg}.")]
    return []


def read_solution_file(path: Path) -> Solution:
    """Read a solution's script. Raises `BadSource`."""
    return read_solution(path.read_text(encoding="utf-8"), str(path))


def plain_text(text: str) -> str:
    """Return a solution's script as `Solution.plain` does, without parsing it."""
    lines = [line for _, line in _plain_lines(text)]
    return "\n".join(lines)


def _plain_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that belong to no mistake, each with its number."""
    in_mistake = False
    for number, line in enumerate(text.split("\n"), 1):
        if MISTAKE.match(line):
            in_mistake = True
        elif not WORDS_OF_A_MISTAKE.match(line):
            in_mistake = False
        if not in_mistake:
            yield number, line


def _first_lines(tree: ast.Module) -> dict[int, int]:
    """Return the first line of each simple statement by its last one."""
    first_lines = {}
    for statement in _simple_statements(tree):
        last_line = statement.end_lineno or statement.lineno
        first_lines[last_line] = statement.lineno
    return first_lines


def _simple_statements(node: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements within a node that hold no others."""
    for name in ("body", "handlers", "orelse", "finalbody", "cases"):
        for part in getattr(node, name, ()):
            if hasattr(part, "body") or hasattr(part, "cases"):
                yield from _simple_statements(part)
            else:
                yield part


def _words_of_mistake(below: Sequence[str]) -> Iterator[str]:
    """Yield the lines of description below the head of a mistake."""
    for line in below:
        if not WORDS_OF_A_MISTAKE.match(line):
            return
        yield line.strip().removeprefix("#").strip()


def indentation(line: str) -> str:
    """Return the leading blanks of a line."""
    code = line.lstrip()
    return line.removesuffix(code)


def without_marks(code: str) -> str:
    """Return code without the markers of a solution's region."""
    kept = []
    for line in code.split("\n"):
        if line.strip() not in (BEGIN, END):
            kept.append(line)
    return "\n".join(kept)


def lines_of_regions(text: str) -> set[int]:
    """Return the numbers of the lines, from 1, that students write."""
    lines = set()
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() == BEGIN:
            inside = True
        elif line.strip() == END:
            inside = False
        elif inside:
            lines.add(number)
    return lines
