"""Which small change mends a wrong answer: tried on the submission itself, asked last.

A worker runs the submission with one change after another, behind the walls of a submission. One
after which the check passes, and no check fails that had passed, shows what was wrong. What a
worker sends back may be forged, and can add words to a remark, and nothing more.
"""

import ast
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

import numpy as np

from autograder.check import Answer, Check, Failure, is_text
from autograder.judging import TOLERANCE, is_right, scale_of, wrong_arrays, wrong_places
from autograder.parsing import parse
from autograder.relations import evidence
from autograder.relations.small_changes import MOST_WORDS, chance_log10
from autograder.relations.values import quoted
from autograder.sandbox.client import Server
from autograder.sandbox.definitions import Script, script_of
from autograder.source.repairs import (
    leaves_out,
    places_moved,
    restorations,
    slip_mended,
    takes_away,
)
from autograder.source.small_changes import SmallChange, Source, changes_of_lines

KIND = "repaired"  # what a remark calls this relation
MOST = 600  # changes of one submission that are tried, and of its changes those that are looked at
MOST_AFTERWARDS = 40  # that are tried once the check has passed with one
MOST_SURE = 8  # with which the check has passed, that are asked again
SECONDS = 8.0  # that all of them may take together
SECONDS_OF_ONE = 0.25  # of processor time, that one may take
MOST_LATE = 3  # changes that loop without end, after which no other is tried
MOST_NODES = 5000  # of the syntax tree of a function: larger ones are not changed
CONDITIONS = ("if ", "elif ", "while ")
# log10 of the chance that one answer is right by chance: a change is told where it is as small, and
# a larger one suffices where all changes that mend an answer are of one line
OF_SEVERAL_LINES, OF_ONE_LINE = -8.0, -2.0
# wrong numbers: of a single one a file could learn which is expected, by the line that is told
FEWEST = 2


@dataclass(frozen=True)
class Asked:
    """A check that was asked of a submission, with the solution's answer."""

    check: Check
    expected: Answer


@dataclass(frozen=True)
class Wrong:
    """A submission with a wrong answer to a check.

    passed: the other checks, as far as they have passed.
    pairs, axis_functions: as of `small_changes`.
    """

    server: Server
    source: bytes
    seed: int
    asked: Asked
    answer: Answer
    passed: Sequence[Asked] = ()
    pairs: Sequence[Sequence[str]] = ()
    axis_functions: Sequence[str] = ()


def repaired(wrong: Wrong, first: str, functions: Iterable[str]) -> str:
    """Say which small change mends an answer, as a fact; "" where none of those tried does.

    Example: "This check passes with one small change in `fit` (line 41: `y = a - b`): `-` stands
    where `+` should."

    first: the place that is tried first, as "line 41"; "" where none is known.
    functions: those that ran, `f` or `Class.method`, with which the search goes on in this order.
    """
    script = script_of(wrong.source)
    chance = _chance_log10(wrong)
    if script is None or chance > OF_ONE_LINE:
        return ""
    search = _Search(wrong, script.text)
    if not search.is_wrong_unchanged():  # what it answers is left to chance
        return ""
    found = search.first_that_mend(_tried(wrong, script, first, functions))
    likely = _most_likely(found, script.text)
    lines = {repair.line for repair in likely}
    if not likely or (len(lines) > 1 and chance > OF_SEVERAL_LINES):
        return ""
    return _in_words(likely, script, first)


def _chance_log10(wrong: Wrong) -> float:
    """Bound the chance that any one answer is right by chance, where this one is wrong.

    Returns its logarithm to base 10, 0 where too few are wrong. Where values are wrong says nothing
    of that.
    """
    check, expected = wrong.asked.check, wrong.asked.expected
    chance = 0.0
    count = 0
    for name in wrong_arrays(check, expected, wrong.answer):
        right = expected.arrays[name]
        if is_text(right):
            found = wrong.answer.arrays.get(name, np.array(""))
            chance += chance_log10(found, right, apart=0.0)
            count += right.size
            continue
        places = wrong_places(check, name, expected, wrong.answer)
        entries = right[places] if places.shape == right.shape else right.ravel()
        entries = entries.astype(float)
        entries = entries[np.isfinite(entries)]
        tolerance = check.tolerance.get(name, TOLERANCE) * scale_of(right)
        chance += evidence.chance_log10(entries + tolerance, entries)
        count += entries.size
    return chance if count >= FEWEST else 0.0


def _tried(
    wrong: Wrong, script: Script, first: str, functions: Iterable[str]
) -> Iterator[Iterator[SmallChange]]:
    """Yield the changes that are tried, those together of which one suffices."""
    text = script.text
    lines = {place: number for number, place in script.places.items()}
    if first in lines:
        statement = _lines_of_statement(text, lines[first])
        yield _changes(wrong, text, statement)
        yield restorations(text, statement)
    lines_of = _lines_of_functions(text)
    yield chain.from_iterable(
        _changes(wrong, text, lines_of[name]) for name in functions if name in lines_of
    )


def _changes(wrong: Wrong, text: str, lines: Collection[int]) -> Iterator[SmallChange]:
    """Yield the small changes of some lines, those first that leave nothing out.

    Their words are of the slip that they mend.
    """
    yield from places_moved(text, lines)
    every = changes_of_lines(text, lines, wrong.pairs, wrong.axis_functions, most_variables=MOST)
    leaving_out = []
    for change in islice(every, MOST):
        mending = replace(change, words=slip_mended(change.words))
        if leaves_out(change):
            leaving_out.append(mending)
        else:
            yield mending
    yield from leaving_out


class _Search:
    """Tries changes of a submission, as long as there is time."""

    def __init__(self, wrong: Wrong, text: str) -> None:
        self._wrong = wrong
        self._text = text
        self._late = 0
        self._left = MOST
        self._ends = time.monotonic() + SECONDS

    def is_wrong_unchanged(self) -> bool:
        """Return whether the submission itself answers wrongly, asked in the same way."""
        return not self._all_right(self._text, [self._wrong.asked])

    def first_that_mend(self, tried: Iterable[Iterator[SmallChange]]) -> list[SmallChange]:
        """Return the first changes, of those that are tried together, with which it passes."""
        for changes in tried:
            found = self._that_mend(changes)
            if found:
                checks = [self._wrong.asked, *self._wrong.passed]
                few = found[:MOST_SURE]
                return [repair for repair in few if self._all_right(repair.script, checks)]
        return []

    def _all_right(self, script: str, checks: Sequence[Asked]) -> bool:
        """Ask a script some checks in a process of its own. Return whether it passes all."""
        wrong = self._wrong
        with wrong.server.worker(script.encode(), "submission.py") as worker:
            for asked in checks:
                answer = worker.ask(_quick(asked.check), wrong.seed)
                if not is_right(asked.check, asked.expected, answer):
                    return False
        return True

    def _that_mend(self, changes: Iterator[SmallChange]) -> list[SmallChange]:
        """Return those of some changes with which the check passes."""
        wrong = self._wrong
        check, expected = wrong.asked.check, wrong.asked.expected
        found: list[SmallChange] = []
        with wrong.server.worker(self._text.encode(), "submission.py") as worker:
            for change in changes:
                if not self._left or self._is_over():
                    break
                self._left -= 1
                answer = worker.ask(_quick(check), wrong.seed, source=change.script.encode())
                if answer.failure == Failure.TIMEOUT:
                    self._late += 1
                if is_right(check, expected, answer):
                    if not found:
                        self._left = min(self._left, MOST_AFTERWARDS)
                    found.append(change)
        return found

    def _is_over(self) -> bool:
        return self._late > MOST_LATE or time.monotonic() > self._ends


def _quick(check: Check) -> Check:
    return replace(check, seconds=min(SECONDS_OF_ONE, check.seconds))


def _lines_of_statement(text: str, line: int) -> Collection[int]:
    """Return the lines of the innermost statement that stands on a line; of one with a body it."""
    found = range(line, line + 1)
    for node in ast.walk(parse(text)):  # outer statements come first
        if isinstance(node, ast.stmt) and not isinstance(node, WITH_BODY):
            last = node.end_lineno or node.lineno
            if node.lineno <= line <= last:
                found = range(node.lineno, last + 1)
    return found


WITH_BODY = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.AsyncFor, ast.While),
    *(ast.If, ast.With, ast.AsyncWith, ast.Match, ast.Try, ast.TryStar),
)


def _lines_of_functions(text: str) -> Mapping[str, Collection[int]]:
    """Return the lines of each function that is not very large, `f` or `Class.method`.

    Those of a `lambda` at the top are of "": what runs there has no other name.
    """
    lines: dict[str, Collection[int]] = {}  # of several with one name the last counts
    of_lambdas: list[int] = []
    for name, node in Source(text, frozenset()).functions():
        is_small = sum(1 for _ in ast.walk(node)) <= MOST_NODES
        last = node.end_lineno or node.lineno
        own = range(node.lineno, last + 1) if is_small else ()
        if isinstance(node, ast.FunctionDef):
            lines[name] = own
        else:
            of_lambdas.extend(own)
    return {**lines, "": of_lambdas}


def _most_likely(found: Sequence[SmallChange], text: str) -> Sequence[SmallChange]:
    """Leave out repairs that only go round a slip, where others take it back.

    A condition that is another one may do that, or lines in the other order; and what is left out
    may, where nothing is too much.
    """
    direct = []
    for repair in found:
        is_of_lines = "\n" in repair.code
        if not is_of_lines and not _is_condition(repair, text):
            direct.append(repair)
    taking_back = [repair for repair in direct if not takes_away(repair)]
    return taking_back or direct or found


def _is_condition(repair: SmallChange, text: str) -> bool:
    line = text.split("\n")[repair.line]
    return line.lstrip().startswith(CONDITIONS)


def _in_words(found: Sequence[SmallChange], script: Script, first: str) -> str:
    """Say what mends an answer, and in which words: those of the slip that it takes back.

    Where changes of several lines do, no line is told, nor where one may only go round the slip,
    unless the line was known before: a condition may keep the wrong line from running, and without
    a part of it a check may pass that does not ask for that part. Of several functions nothing is.
    """
    functions = {repair.function for repair in found}
    if len(functions) > 1:
        return ""
    text = f"This check passes with one small change in `{found[0].function}`"
    lines = {repair.line + 1 for repair in found}
    is_located = first in {script.places[line] for line in lines}
    only_goes_round = _is_condition(found[0], script.text) or takes_away(found[0])
    if len(lines) > 1 or (only_goes_round and not is_located):
        return f"{text}."
    (line,) = lines
    statement = script.text.split("\n")[line - 1]
    text = f"{text} ({script.places[line]}: {quoted(statement)})"
    slips = sorted({repair.words for repair in found})
    if len(slips) > MOST_WORDS:
        return f"{text}."
    return f"{text}: {', or '.join(slips)}."
