"""Reads a solution's script: what its stub is, and which mistakes it knows."""

import ast
import re
from dataclasses import dataclass, field

from autograder.judging import Mistake

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
# nbgrader's own, so that what it releases equals ours
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
_MISTAKE = re.compile(r"^(\s*)# mistake(?: \(keeps ([\d.]+)\))?: (.*)$")


@dataclass(frozen=True)
class Solution:
    """A solution's script and the mistakes written in it, each with the line range of the statement
    it replaces.
    """

    text: str
    mistakes: tuple[tuple[Mistake, int, int], ...] = field(default=())

    @property
    def stub(self) -> str:
        """The script as students get it: each solution region replaced by the stub."""
        out: list[str] = []
        inside = False
        for line in self.text.split("\n"):
            if line.strip() == BEGIN:
                inside = True
                indent = line[: len(line) - len(line.lstrip())]
                out += [indent + part for part in STUB.split("\n")]
            elif line.strip() == END:
                inside = False
            elif not inside:
                out.append(line)
        return "\n".join(out)

    @property
    def secret_lines(self) -> set[str]:
        """The lines of the solution regions, mistakes and all, that the stub does not hold."""
        regions = re.findall(rf"{BEGIN}\n(.*?){END}", self.text, re.S)
        lines = {line.strip() for region in regions for line in region.split("\n")}
        lines |= {mistake.code for mistake, _, _ in self.mistakes}
        told = {line for line in lines if len(line) > 12 and line not in self.stub}
        # `optimizer.step()` and `return results` are words of the trade, which remarks use too, and
        # no answers
        return {line for line in told if not re.fullmatch(r"(return )?[\w.]+(\(\w*\))?", line)}

    def plain(self) -> str:
        """The solution without its mistakes, as one would write it."""
        out, skip = [], False
        for line in self.text.split("\n"):
            skip = bool(_MISTAKE.match(line)) or (skip and bool(re.match(r"\s*#   ", line)))
            if not skip:
                out.append(line)
        return "\n".join(out)

    def with_mistake(self, *identities: str) -> str:
        """The script with one mistake made, or several that spoil different statements."""
        lines, made = (
            self.text.split("\n"),
            [entry for entry in self.mistakes if entry[0].id in identities],
        )
        for mistake, first, last in sorted(made, key=lambda entry: -entry[1]):
            indent = lines[first - 1][: len(lines[first - 1]) - len(lines[first - 1].lstrip())]
            lines[first - 1 : last] = [indent + mistake.code]
        return "\n".join(lines)


def read_solution(text: str) -> Solution:
    """Parse a solution's script. Raises `ValueError`, with the line, for a mistake that does not
    stand below code.
    """
    ends = {}  # last line of a statement → its first line
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            ends[node.end_lineno or node.lineno] = node.lineno
    mistakes: list[tuple[Mistake, int, int]] = []
    lines, last_code = text.split("\n"), 0
    for number, line in enumerate(lines, 1):
        if match := _MISTAKE.match(line):
            words: list[str] = []
            while number + len(words) < len(lines) and re.match(
                r"\s*#   ", lines[number + len(words)]
            ):
                words.append(lines[number + len(words)].strip()[1:].strip())
            if not words or not last_code:
                raise ValueError(
                    f"line {number}: a `# mistake:` stands below the line it spoils and has words "
                    "below it."
                )
            mistake = Mistake(
                f"m{len(mistakes) + 1:02}", " ".join(words), float(match[2] or 0), match[3]
            )
            mistakes.append((mistake, ends.get(last_code, last_code), last_code))
        elif line.strip() and not line.strip().startswith("#"):
            last_code = number
    return Solution(text, tuple(mistakes))


def without_marks(code: str) -> str:
    """Return code without the lines that mark a solution's region."""
    return "\n".join(line for line in code.split("\n") if line.strip() not in (BEGIN, END))
