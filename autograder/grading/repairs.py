"""Which small change mends a wrong answer: tried on the submission itself, asked last.

A worker runs the submission with one change after another, behind the walls of a submission. One
after which the check passes shows what was wrong. What a worker sends back may be forged, and can
add words to a remark, and nothing more.
"""

import ast
import math
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from autograder.check import Answer, Check, Failure
from autograder.judging import is_right, wrong_arrays
from autograder.parsing import parse
from autograder.relations.search import CHANCE
from autograder.relations.small_changes import MOST_WORDS, chance_log10
from autograder.relations.values import quoted
from autograder.sandbox.client import Server
from autograder.sandbox.definitions import Script, script_of
from autograder.source.repairs import leaves_out, restorations, slices_cut, words_of_slip
from autograder.source.small_changes import SmallChange, changes_of_lines

KIND = "repaired"  # what a remark calls this relation
MOST = 300  # changes that are tried of one submission
MOST_SEEN = 2000  # among which these are chosen
SECONDS = 3.0  # that all of them may take together
SECONDS_OF_ONE = 0.25  # of processor time, that one may take
MOST_WORDS_SOUGHT = 5  # changes of a line for which words are looked for
MOST_LATE = 3  # changes that loop without end, after which no other is tried


@dataclass(frozen=True)
class Wrong:
    """A submission with a wrong answer to a check, and the solution's answer.

    pairs, axis_functions: as of `small_changes`.
    """

    server: Server
    source: bytes
    check: Check
    seed: int
    expected: Answer
    answer: Answer
    pairs: Sequence[Sequence[str]] = ()
    axis_functions: Sequence[str] = ()


@dataclass(frozen=True)
class Repaired:
    """What is said of small changes that mend an answer.

    text: a fact. place: the line of all of them, as "line 41".
    says_what: whether the text says what was done there, and not only where.
    """

    text: str
    place: str
    says_what: bool


def repaired(wrong: Wrong, first: str, functions: Collection[str]) -> Repaired | None:
    """Say which small change mends an answer, as a fact; None where none of those tried does.

    first: the place that is tried first, as "line 41"; "" where none is known.
    functions: those that ran, `f` or `Class.method`, with which the search goes on.
    """
    script = script_of(wrong.source)
    if script is None:
        return None
    lines = {place: number for number, place in script.places.items()}
    search = _Search(wrong)
    found: list[SmallChange] = []
    if first in lines:
        statement = _lines_of_statement(script.text, lines[first])
        found = search.that_mend(_of_statement(wrong, script.text, statement))
    if not found:
        in_functions = _lines_of_functions(script.text, functions)
        rest = _changes(wrong, script.text, in_functions)
        found = search.that_mend(rest)
    if not found or search.may_be_chance():
        return None
    return _in_words(wrong, found, script)


def _changes(wrong: Wrong, text: str, lines: Collection[int]) -> Iterator[SmallChange]:
    """Yield the small changes of some lines, those first that leave nothing out."""
    every = chain(
        changes_of_lines(text, lines, wrong.pairs, wrong.axis_functions, most_variables=MOST),
        slices_cut(text, lines),
    )
    leaving_out: list[SmallChange] = []
    for change in islice(every, MOST_SEEN):
        if leaves_out(change):
            leaving_out.append(change)
        else:
            yield change
    yield from leaving_out


def _of_statement(wrong: Wrong, text: str, lines: Collection[int]) -> Iterator[SmallChange]:
    yield from _changes(wrong, text, lines)
    yield from restorations(text, lines)


class _Search:
    """Tries changes of a submission, as long as there is time."""

    def __init__(self, wrong: Wrong) -> None:
        self._wrong = wrong
        self._tried = 0
        self._late = 0
        self._ends = time.monotonic() + SECONDS

    def that_mend(self, changes: Iterable[SmallChange]) -> list[SmallChange]:
        """Return those of some changes after which the check passes, all of them in one line."""
        wrong = self._wrong
        seconds = min(SECONDS_OF_ONE, wrong.check.seconds)
        quick = replace(wrong.check, seconds=seconds)
        found: list[SmallChange] = []
        with wrong.server.worker(wrong.source, "submission.py") as worker:
            for change in changes:
                if self._is_over():
                    break
                if found and change.line != found[0].line:
                    continue
                self._tried += 1
                answer = worker.ask(quick, wrong.seed, source=change.script.encode())
                if answer.failure == Failure.TIMEOUT:
                    self._late += 1
                if is_right(wrong.check, wrong.expected, answer):
                    found.append(change)
        return found

    def _is_over(self) -> bool:
        is_late = self._late > MOST_LATE or time.monotonic() > self._ends
        return is_late or self._tried >= MOST

    def may_be_chance(self) -> bool:
        """Return whether one of the answers to what was tried may be right by chance."""
        wrong = self._wrong
        chance = math.log10(max(1, self._tried))
        for name in wrong_arrays(wrong.check, wrong.expected, wrong.answer):
            if name in wrong.answer.arrays:
                right = wrong.expected.arrays[name]
                chance += chance_log10(wrong.answer.arrays[name], right, apart=0.0)
        return chance > math.log10(CHANCE)


def _lines_of_statement(text: str, line: int) -> range:
    """Return the lines of the innermost statement that stands on a line; of a long one its head."""
    found = range(line, line + 1)
    for node in ast.walk(parse(text)):  # outer statements come first
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            last = node.end_lineno or node.lineno
            if node.lineno <= line <= last:
                found = range(node.lineno, last + 1)
    return found


def _lines_of_functions(text: str, functions: Collection[str]) -> set[int]:
    """Return the lines of functions, by their names, `f` or `Class.method`."""
    last: dict[str, range] = {}  # of several with one name the last counts
    for node in parse(text).body:
        methods = node.body if isinstance(node, ast.ClassDef) else [node]
        of_class = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        for part in methods:
            end = part.end_lineno or part.lineno
            last[of_class + _name(part)] = range(part.lineno, end + 1)
    lines: set[int] = set()
    for name in functions:
        lines.update(last.get(name, ()))
    return lines


def _name(node: ast.stmt) -> str:
    match node:
        case ast.FunctionDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return ""


def _in_words(wrong: Wrong, found: Sequence[SmallChange], script: Script) -> Repaired:
    """Say what mends an answer, and in which words: those of the slip that it takes back.

    Example: "This check passes with one small change in `fit` (line 41: `y = a - b`): `-` stands
    where `+` should."
    """
    function = found[0].function
    line = found[0].line + 1
    place = script.places.get(line, "")
    statement = script.text.split("\n")[line - 1]
    text = f"This check passes with one small change in `{function}` ({place}: {quoted(statement)})"
    slips = set()
    for repair in found[:MOST_WORDS_SOUGHT]:
        slips.add(words_of_slip(repair, wrong.pairs, wrong.axis_functions))
    says_what = "" not in slips and len(slips) <= MOST_WORDS
    if says_what:
        text = f"{text}: {', or '.join(sorted(slips))}"
    return Repaired(f"{text}.", place, says_what)
